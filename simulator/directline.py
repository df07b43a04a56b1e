"""Direct Line 3.0 and Web Chat: visitors of a website talk to the same bot endpoint as Teams.

The client API stands under /directline/v3/directline (channelId `directline`) and /webchat/v3/directline (channelId
`webchat`); the bot answers at the service URL, /directline/ or /webchat/. Log entries, all of place `webchat`:
`said`, `shown`, `visited`, `callback`, `refused`. Tokens live in wall time.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson
from aiohttp import BodyPartReader, StreamReader, web

from simulator.attachments import LARGEST, attachments
from simulator.attachments import routes as attachment_routes
from simulator.botframework import bot_line
from simulator.entra import BOT_AUDIENCE, entra
from simulator.teams import cards
from simulator.teams.room import BOT_NAME
from simulator.wire import Json, answer, beginning, json_body, listed, part, stamp, text_of
from simulator.world import World

TOKEN_LIFE = 1800
"""Wall seconds (Direct Line authentication: `expires_in`)."""
LARGEST_ACTIVITY = 256 * 1024
"""Bytes of one activity (Direct Line, send activity)."""
CHANNELS = ("directline", "webchat")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization, content-type, x-ms-bot-agent",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
}


@dataclass(kw_only=True)
class Visit:
    """One visitor's conversation with the bot."""

    id: str
    channel: str
    begun: bool = False
    activities: list[Json] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    """Client activity ids already counted: a client that posts again does not say it twice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """What a token allows."""

    visit: Visit
    user: Json
    """`id` and `name` the token was made for; empty when the client may name itself."""
    origins: tuple[str, ...]
    ends: float


class WebChat:
    """All visits and their tokens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.visits: dict[str, Visit] = {}
        self.passes: dict[str, Pass] = {}

    def new_visit(self, channel: str) -> Visit:
        """A conversation nobody has spoken in."""
        visit = Visit(id=secrets.token_urlsafe(16), channel=channel)
        self.visits[visit.id] = visit
        return visit

    def issue(self, visit: Visit, user: Json, origins: tuple[str, ...]) -> Json:
        """A token for one conversation, as the API hands it out."""
        token = secrets.token_urlsafe(48)
        ends = time.monotonic() + TOKEN_LIFE
        self.passes[token] = Pass(visit=visit, user=user, origins=origins, ends=ends)
        return {"conversationId": visit.id, "token": token, "expires_in": TOKEN_LIFE}

    def is_secret(self, token: str) -> bool:
        """Whether this is the channel's secret."""
        return hmac.compare_digest(token.encode(), self.world.settings.directline_secret.encode())

    def opened(self, token: str, origin: str) -> Pass:
        """What the token allows. Raises Refusal."""
        found = self.passes.get(token)
        if found is None:
            raise Refusal(403, "BadArgument", "Invalid token or secret")
        if time.monotonic() > found.ends:
            raise Refusal(403, "TokenExpired", "Token has expired")
        if found.origins and origin and origin not in found.origins:
            raise Refusal(403, "BadArgument", "Origin is not trusted")
        return found


class Refusal(Exception):
    """The service does not do it."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def webchat(world: World) -> WebChat:
    """The one web chat of this world."""
    room = world.rooms.get("webchat")
    if not isinstance(room, WebChat):
        room = world.rooms["webchat"] = WebChat(world)
    return room


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of a client, or of the bot."""

    room: WebChat
    channel: str
    request: web.Request
    body: Json

    @property
    def token(self) -> str:
        """The bearer token or secret. Raises Refusal."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(401, "BadArgument", "Missing or malformed Authorization header")
        return token

    def opened(self) -> Pass:
        """What the call's token allows; the secret opens whatever conversation the path names. Raises Refusal."""
        token, cid = self.token, self.request.match_info.get("cid", "")
        if self.room.is_secret(token):
            visit = self.room.visits.get(cid) if cid else self.room.new_visit(self.channel)
            if visit is None:
                raise Refusal(404, "BadArgument", "Conversation not found")
            return Pass(visit=visit, user={}, origins=(), ends=0)
        found = self.room.opened(token, self.request.headers.get("Origin", ""))
        if cid and cid != found.visit.id:
            raise Refusal(403, "BadArgument", "The token belongs to another conversation")
        return found


Work = Callable[[Call], Awaitable[web.StreamResponse]]


async def _guarded(world: World, channel: str, place: str, request: web.Request, work: Work) -> web.StreamResponse:
    """Act out faults, read the body, do the work, and answer refusals as the service does."""

    async def handle(_: web.Request) -> web.StreamResponse:
        try:
            if fault := await world.faults.take(place, "throttle"):
                wait = {"Retry-After": str(max(1, round(fault.seconds)))}
                return answer({"error": {"code": "TooManyRequests"}}, 429, _CORS | wait)
            if fault := await world.faults.take(place, "error"):
                raise Refusal(fault.status, "ServiceError", "The service is not available")
            raw = await request.read()
            if len(raw) > LARGEST_ACTIVITY:
                raise Refusal(413, "MessageSizeTooBig", "The activity is too large")
            body = await json_body(request) if raw else {}
            if body is None:
                raise Refusal(400, "BadArgument", "The body is not a JSON object")
            return await work(Call(room=webchat(world), channel=channel, request=request, body=body))
        except Refusal as refusal:
            await world.log.add("webchat", "refused", rule=refusal.code, status=refusal.status)
            return answer({"error": {"code": refusal.code, "message": refusal.text}}, refusal.status, _CORS)

    return await world.faults.serve(place, request, handle)


async def _generate(call: Call) -> web.StreamResponse:
    """A token for a new conversation; for the holder of the secret only."""
    if not call.room.is_secret(call.token):
        raise Refusal(403, "BadArgument", "Invalid token or secret")
    user = part(call.body, "user")
    if user and not text_of(user.get("id")).startswith("dl_"):
        raise Refusal(400, "BadArgument", "user.id must start with dl_")
    named = call.body.get("trustedOrigins")
    origins = tuple(str(origin) for origin in named) if isinstance(named, list) else ()
    return answer(call.room.issue(call.room.new_visit(call.channel), user, origins))


async def _refresh(call: Call) -> web.StreamResponse:
    """A newer token for the same conversation."""
    old = call.room.opened(call.token, call.request.headers.get("Origin", ""))
    return answer(call.room.issue(old.visit, old.user, old.origins), headers=_CORS)


async def _start(call: Call) -> web.StreamResponse:
    """Begin the conversation; the bot is told once that the visitor joined."""
    found = call.opened()
    visit, first = found.visit, not found.visit.begun
    visit.begun = True
    if first:
        await call.room.world.log.add("webchat", "visited", where=visit.id)
        await _welcome(call.room, found)
    return answer(call.room.issue(visit, found.user, found.origins), 201 if first else 200, _CORS)


async def _welcome(room: WebChat, found: Pass) -> None:
    """Tell the bot who is in the conversation."""
    user = found.user or {"id": "visitor"}
    activity = _outgoing(room, found.visit, user, "conversationUpdate", secrets.token_urlsafe(8))
    await bot_line(room.world).deliver("webchat", activity | {"membersAdded": [_bot(), user]})


async def _reconnect(call: Call) -> web.StreamResponse:
    found = call.opened()
    return answer(call.room.issue(found.visit, found.user, found.origins), headers=_CORS)


def _bot() -> Json:
    return {"id": BOT_NAME.lower(), "name": BOT_NAME}


def _outgoing(room: WebChat, visit: Visit, user: Json, kind: str, activity_id: str) -> Json:
    """An activity from the service to the bot."""
    return {
        "type": kind,
        "id": activity_id,
        "timestamp": stamp(room.world.clock.now()),
        "serviceUrl": f"{room.world.base_url}/{visit.channel}/",
        "channelId": visit.channel,
        "from": {**user, "role": "user"},
        "conversation": {"id": visit.id},
        "recipient": _bot(),
    }


def _user(found: Pass, body: Json) -> Json:
    """Who is speaking: the token's user, else the name the client gives itself. Raises Refusal."""
    if found.user:
        return found.user
    claimed = part(body, "from")
    if not text_of(claimed.get("id")):
        raise Refusal(400, "BadArgument", "Missing from.id")
    return {name: claimed[name] for name in ("id", "name") if name in claimed}


async def _post(call: Call) -> web.StreamResponse:
    """A visitor's activity: kept, told to the bot, answered by how the bot took it."""
    found, body = call.opened(), call.body
    visit, user = found.visit, _user(found, body)
    kind = text_of(body.get("type"))
    if not kind:
        raise Refusal(400, "BadArgument", "Missing activity type")
    activity = _outgoing(call.room, visit, user, kind, _next_id(visit))
    kept = ("text", "textFormat", "locale", "attachments", "value", "name", "channelData", "entities", "replyToId")
    activity |= {name: body[name] for name in kept if name in body}
    visit.activities.append(activity)
    await _log_words(call.room, visit, user, activity)
    result = await bot_line(call.room.world).deliver("webchat", activity)
    if not result.taken:
        status = 502 if result.status else 504
        raise Refusal(status, "BotRejectedActivity", "Failed to send activity: bot returned an error")
    return answer({"id": activity["id"]}, headers=_CORS)


def _next_id(visit: Visit) -> str:
    return f"{visit.id}|{len(visit.activities):07d}"


async def _log_words(room: WebChat, visit: Visit, user: Json, activity: Json) -> None:
    text = text_of(activity.get("text"))
    mark = text_of(part(activity, "channelData").get("clientActivityID")) or text_of(activity["id"])
    if activity["type"] == "message" and text and mark not in visit.said:
        visit.said.add(mark)
        by = text_of(user.get("name")) or text_of(user.get("id"))
        await room.world.log.add("webchat", "said", text=text, toward="team", by=by, where=visit.id)


async def _upload(world: World, channel: str, request: web.Request) -> web.StreamResponse:
    """A visitor's files, alone or beside an activity (Direct Line, send an attachment by upload)."""
    call = Call(room=webchat(world), channel=channel, request=request, body={})
    try:
        found = call.opened()
        body, files = await _uploaded(request)
        user = found.user or {"id": request.query.get("userId", "")}
        if not user["id"] or not files:
            raise Refusal(400, "BadArgument", "Missing userId or file")
        store = attachments(world)
        brought = [store.keep(channel, name, kind, data) for name, kind, data in files]
        return await _post(
            Call(
                room=call.room,
                channel=channel,
                request=request,
                body={**body, "type": "message", "from": user, "attachments": brought},
            )
        )
    except Refusal as refusal:
        await world.log.add("webchat", "refused", rule=refusal.code, status=refusal.status)
        return answer({"error": {"code": refusal.code, "message": refusal.text}}, refusal.status, _CORS)


async def _uploaded(request: web.Request) -> tuple[Json, list[tuple[str, str, bytes]]]:
    """The activity, if one came, and the files as (name, type, bytes). Raises Refusal."""
    body: Json = {}
    files: list[tuple[str, str, bytes]] = []
    if not request.content_type.startswith("multipart/"):
        named = re.search(r'filename="([^"]*)"', request.headers.get("Content-Disposition", ""))
        return {}, [(named[1] if named else "file", request.content_type, await _some(request.content))]
    parts = await request.multipart()
    while (one := await parts.next()) is not None:
        if not isinstance(one, BodyPartReader):
            raise Refusal(400, "BadArgument", "A form in a form")
        kind = one.headers.get("Content-Type", "application/octet-stream")
        data = bytes(await one.read())
        if len(data) > LARGEST:
            raise Refusal(413, "MessageSizeTooBig", "The file is too large")
        if kind.startswith("application/vnd.microsoft.activity"):
            body = _activity(data)
        else:
            files.append((one.filename or "file", kind, data))
    return body, files


def _activity(data: bytes) -> Json:
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Refusal(400, "BadSyntax", "The activity is not JSON") from None
    return told if isinstance(told, dict) else {}


async def _some(stream: StreamReader) -> bytes:
    data = await beginning(stream, LARGEST + 1)
    if len(data) > LARGEST:
        raise Refusal(413, "MessageSizeTooBig", "The file is too large")
    return data


async def _read(call: Call) -> web.StreamResponse:
    """Activities after the watermark, the visitor's own included."""
    visit = call.opened().visit
    mark = call.request.query.get("watermark") or "0"
    if not mark.isdigit():
        raise Refusal(400, "BadArgument", "Invalid watermark")
    page: Json = {"activities": visit.activities[int(mark) :], "watermark": str(len(visit.activities))}
    return answer(page, headers=_CORS)


async def _bot_speaks(call: Call) -> web.StreamResponse:
    """The bot's activity for the visitor."""
    world = call.room.world
    if not entra(world).allows(call.request, BOT_AUDIENCE):
        raise Refusal(401, "Unauthorized", "Authorization has been denied for this request")
    visit = call.room.visits.get(call.request.match_info["cid"])
    if visit is None or visit.channel != call.channel:
        raise Refusal(404, "ConversationNotFound", "Conversation not found")
    body = {name: value for name, value in call.body.items() if name not in ("id", "conversation", "from")}
    fixed: Json = {"id": _next_id(visit), "timestamp": stamp(world.clock.now()), "channelId": visit.channel}
    visit.activities.append(body | fixed | {"conversation": {"id": visit.id}, "from": {**_bot(), "role": "bot"}})
    if body.get("type") == "message":
        text = cards.whole_text(body)
        offered = [text_of(a.get("title")) for a in listed(part(body, "suggestedActions").get("actions"))]
        whole = "\n".join([text, *offered])
        await world.log.add("webchat", "shown", text=whole, toward="customer", by=BOT_NAME, where=visit.id)
    return answer({"id": fixed["id"]}, 201)


def routes(world: World) -> list[web.RouteDef]:
    """Client API and bot service of both channels."""
    webchat(world)
    return [route for channel in CHANNELS for route in _channel_routes(world, channel)]


def _channel_routes(world: World, channel: str) -> list[web.RouteDef]:
    def doing(place: str, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            return await _guarded(world, channel, place, request, work)

        return handler

    async def allowed(_: web.Request) -> web.StreamResponse:
        return answer(None, headers=_CORS)

    async def upload(request: web.Request) -> web.StreamResponse:
        async def handle(inner: web.Request) -> web.StreamResponse:
            return await _upload(world, channel, inner)

        return await world.faults.serve("webchat.client/upload", request, handle)

    client, bot = f"/{channel}/v3/directline", f"/{channel}/v3/conversations/{{cid}}/activities"
    one = f"{client}/conversations/{{cid}}"
    return [
        web.options(f"{client}/{{tail:.*}}", allowed),
        web.post(f"{client}/tokens/generate", doing("webchat.client/generate", _generate)),
        web.post(f"{client}/tokens/refresh", doing("webchat.client/refresh", _refresh)),
        web.post(f"{client}/conversations", doing("webchat.client/start", _start)),
        web.get(one, doing("webchat.client/reconnect", _reconnect)),
        web.post(f"{one}/activities", doing("webchat.client/post", _post)),
        web.get(f"{one}/activities", doing("webchat.client/read", _read)),
        web.post(f"{one}/upload", upload),
        *attachment_routes(world, channel),
        web.post(bot, doing("webchat.service/send", _bot_speaks)),
        web.post(f"{bot}/{{aid}}", doing("webchat.service/send", _bot_speaks)),
    ]
