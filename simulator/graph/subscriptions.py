"""Change notifications: subscriptions with their handshake, and notifications on demand of the control API.

Log entries: `subscribed`, `notified` (status, attempt), `refused`. Expiry runs on virtual time.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import ClientError, ClientTimeout, web

from simulator.botframework import calling
from simulator.graph.gate import V1, Call, Refusal, doing, not_found
from simulator.wire import Json, answer, asked, control_body, part, text_of
from simulator.world import World

SHORTEST = timedelta(minutes=45)
"""Shorter subscriptions are lengthened (Graph, subscription resource)."""
LONGEST = timedelta(days=3)
HANDSHAKE_LIMIT = 10.0
ANSWER_LIMIT = 3.0
"""Wall seconds for the handshake and for a notification (Graph, webhook delivery)."""
PAUSES = (0.1, 0.5, 1.0)
"""Wall seconds between attempts; the real service goes on for four hours."""


@dataclass(kw_only=True)
class Subscription:
    """One subscription of the hub."""

    id: str
    resource: str
    change_types: tuple[str, ...]
    url: str
    lifecycle_url: str
    state: str
    ends: datetime

    def as_json(self) -> Json:
        """The resource as Graph shows it."""
        names: Json = {"id": self.id, "resource": self.resource, "changeType": ",".join(self.change_types)}
        urls: Json = {"notificationUrl": self.url, "lifecycleNotificationUrl": self.lifecycle_url or None}
        return names | urls | {"clientState": None, "expirationDateTime": _iso(self.ends)}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _book(world: World) -> dict[str, Subscription]:
    """The subscriptions of this world, by id."""
    book = world.rooms.setdefault("graph.subscriptions", {})
    if not isinstance(book, dict):
        raise TypeError("the place of the subscriptions holds something else")
    return book


def _end(call: Call) -> datetime:
    """When the wished subscription ends. Raises Refusal."""
    try:
        wished = datetime.fromisoformat(text_of(call.body.get("expirationdatetime")))
    except ValueError:
        raise Refusal(400, "InvalidRequest", "expirationDateTime is missing or no ISO time.") from None
    now = call.world.clock.now()
    wished = wished.replace(tzinfo=wished.tzinfo or UTC)
    if wished - now > LONGEST:
        raise Refusal(400, "InvalidRequest", "Subscription expiration can only be 4320 minutes in the future.")
    return max(wished, now + SHORTEST)


async def _handshake(world: World, url: str) -> None:
    """Ask the hub to repeat a token as plain text. Raises Refusal."""
    token = f"Validation: {secrets.token_urlsafe(24)} <&>"
    target = f"{url}?{urlencode({'validationToken': token})}"
    try:
        async with world.http.post(target, timeout=ClientTimeout(total=HANDSHAKE_LIMIT)) as response:
            good = response.status == 200 and response.content_type == "text/plain"
            if good and await response.text() == token:
                return
    except (ClientError, TimeoutError):
        pass
    raise Refusal(400, "InvalidRequest", "Subscription validation request failed.", inner="ValidationError")


def _url(call: Call, name: str) -> str:
    """A notification address: ours to call only when it is the hub's. Raises Refusal."""
    url = text_of(call.body.get(name))
    if url and not url.startswith(f"{call.world.settings.hub_url}/"):
        raise Refusal(400, "InvalidRequest", f"{name} cannot be reached.")
    return url


async def _create(call: Call) -> web.StreamResponse:
    url, lifecycle = _url(call, "notificationurl"), _url(call, "lifecyclenotificationurl")
    resource, kinds = text_of(call.body.get("resource")), text_of(call.body.get("changetype"))
    state = text_of(call.body.get("clientstate"))
    if not url or not resource or not kinds or len(state) > 128:
        raise Refusal(400, "InvalidRequest", "resource, changeType or notificationUrl is missing or not valid.")
    ends = _end(call)
    for address in (url, lifecycle):
        if address:
            await _handshake(call.world, address)
    made = Subscription(
        id=str(uuid.uuid4()),
        resource=resource.strip("/"),
        change_types=tuple(kinds.split(",")),
        url=url,
        lifecycle_url=lifecycle,
        state=state,
        ends=ends,
    )
    _book(call.world)[made.id] = made
    await call.world.log.add("graph", "subscribed", id=made.id, resource=made.resource)
    return answer(made.as_json(), 201)


def _living(call: Call) -> Subscription:
    found = _book(call.world).get(call.named("id"))
    if found is None or found.ends <= call.world.clock.now():
        raise not_found(call.named("id"))
    return found


async def _renew(call: Call) -> web.StreamResponse:
    found = _living(call)
    found.ends = _end(call)
    return answer(found.as_json())


async def _end_it(call: Call) -> web.StreamResponse:
    del _book(call.world)[_living(call).id]
    return web.Response(status=204)


async def _list(call: Call) -> web.StreamResponse:
    now = call.world.clock.now()
    return call.page([s.as_json() for s in _book(call.world).values() if s.ends > now])


def _notice(world: World, target: Subscription, body: Json) -> Json:
    """One notification, or a lifecycle notification when the call names a lifecycle event."""
    common: Json = {"subscriptionId": target.id, "clientState": target.state}
    common |= {"subscriptionExpirationDateTime": _iso(target.ends), "tenantId": world.settings.tenant_id}
    if event := text_of(body.get("lifecycleEvent")):
        return common | {"lifecycleEvent": event}
    change: Json = {"changeType": text_of(body.get("changeType")) or "updated", "id": str(uuid.uuid4())}
    return common | change | {"resource": asked(body, "resource"), "resourceData": part(body, "resourceData")}


async def _notify(world: World, target: Subscription, notice: Json) -> int:
    """Bring one notification to the hub; returns the last status, 0 for none."""
    url = target.lifecycle_url if "lifecycleEvent" in notice and target.lifecycle_url else target.url
    status = 0
    with calling(world):
        for attempt, pause in enumerate((0.0, *PAUSES), start=1):
            await asyncio.sleep(pause)
            try:
                limit = ClientTimeout(total=ANSWER_LIMIT)
                async with world.http.post(url, json={"value": [notice]}, timeout=limit) as response:
                    status = response.status
            except (ClientError, TimeoutError):
                status = 0
            await world.log.add("graph", "notified", id=target.id, status=status, attempt=attempt)
            if 200 <= status < 300:
                break
    return status


def routes(world: World) -> list[web.RouteDef]:
    """The subscription resource, and the control call that makes notifications."""

    async def notify(request: web.Request) -> web.StreamResponse:
        body, now = await control_body(request), world.clock.now()
        resource = asked(body, "resource").strip("/")
        targets = [s for s in _book(world).values() if s.ends > now and resource.startswith(s.resource)]
        return answer({"statuses": [await _notify(world, s, _notice(world, s, body)) for s in targets]})

    one = f"{V1}/subscriptions/{{id}}"
    return [
        web.post(f"{V1}/subscriptions", doing(world, "subscribe", _create)),
        web.get(f"{V1}/subscriptions", doing(world, "subscriptions", _list)),
        web.patch(one, doing(world, "renew", _renew)),
        web.delete(one, doing(world, "unsubscribe", _end_it)),
        web.post("/control/graph/notify", notify),
    ]
