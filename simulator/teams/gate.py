"""The door of the connector REST API: token, acted-out faults, limits, and the errors it answers with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from simulator.entra import BOT_AUDIENCE, entra
from simulator.rates import Window
from simulator.teams.room import Conversation, TeamsRoom, teams
from simulator.wire import Json, answer, json_body
from simulator.world import World

SENDING = (
    Window(calls=7, seconds=1),
    Window(calls=8, seconds=2),
    Window(calls=60, seconds=30),
    Window(calls=1800, seconds=3600),
)
READING = (
    Window(calls=14, seconds=1),
    Window(calls=16, seconds=2),
    Window(calls=120, seconds=30),
    Window(calls=3600, seconds=3600),
)
"""Per bot and thread (Teams, optimise your bot: rate limits)."""
WHOLE_APP = Window(calls=30, seconds=1)
"""Per app and tenant, all calls together (same page)."""
Operation = Literal["create", "send", "update", "delete", "members", "team"]


class Refusal(Exception):
    """The service does not do it."""

    def __init__(self, status: int, code: str, text: str, *, retry_after: int = 0, number: int = 0) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text
        self.retry_after, self.number = retry_after, number

    def response(self) -> web.Response:
        """The error as the connector writes it."""
        error: Json = {"code": self.code, "message": self.text}
        body: Json = {"error": error} | ({"errorCode": self.number} if self.number else {})
        extra = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return answer(body, self.status, extra)


NOT_FOUND = (404, "ConversationNotFound", "Conversation not found.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One authenticated call to the connector."""

    world: World
    room: TeamsRoom
    request: web.Request
    body: Json = field(default_factory=dict)

    def named(self, name: str) -> str:
        """A segment of the path, decoded."""
        return self.request.match_info.get(name, "")

    def limit(self, key: str, windows: tuple[Window, ...]) -> None:
        """Count the call in its windows. Raises Refusal."""
        if wait := self.room.rates.take(key, *windows):
            raise Refusal(429, "TooManyRequests", "Too many requests.", retry_after=wait)


Work = Callable[[Call], Awaitable[web.StreamResponse]]


async def guarded(world: World, request: web.Request, operation: Operation, work: Work) -> web.StreamResponse:
    """Authenticate, act out faults, count, do the work, and write refusals into the log."""
    room = teams(world)
    if not entra(world).allows(request, BOT_AUDIENCE):
        await world.log.add("teams", "refused", rule="Unauthorized", status=401, operation=operation)
        return Refusal(401, "Unauthorized", "Authorization has been denied for this request.").response()
    place = f"teams.service/{operation}"

    async def handle(_: web.Request) -> web.StreamResponse:
        try:
            await _bad_day(world, place)
            body = await _body(request) if request.method in ("POST", "PUT") else {}
            call = Call(world=world, room=room, request=request, body=body)
            call.limit("app", (WHOLE_APP,))
            return await work(call)
        except Refusal as refusal:
            rule, status = refusal.code, refusal.status
            await world.log.add("teams", "refused", rule=rule, status=status, operation=operation)
            return refusal.response()

    return await world.faults.serve(place, request, handle)


async def _bad_day(world: World, place: str) -> None:
    """The faults that have a shape of their own here."""
    if fault := await world.faults.take(place, "throttle"):
        raise Refusal(429, "TooManyRequests", "Too many requests.", retry_after=max(1, round(fault.seconds)))
    if fault := await world.faults.take(place, "error"):
        raise Refusal(fault.status, "ServiceError", "The service is not available.")


async def _body(request: web.Request) -> Json:
    body = await json_body(request)
    if body is None:
        raise Refusal(400, "BadSyntax", "The body is not a JSON object.")
    return body


def check_bot(room: TeamsRoom, conversation: Conversation) -> None:
    """Whether the bot may write here. Raises Refusal."""
    if conversation.blocked:
        text = "User has blocked the conversation with the bot."
        raise Refusal(403, "MessageWritesBlocked", text, number=209)
    if not room.bot_is_in(conversation):
        raise Refusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")


def conversation_of(call: Call) -> Conversation:
    """The conversation the path names. Raises Refusal."""
    found = call.room.conversations.get(call.named("cid"))
    if found is None or (found.channel is not None and found.channel.deleted):
        raise Refusal(*NOT_FOUND)
    return found


def doing(world: World, operation: Operation, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A route handler that does `work` behind the door."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await guarded(world, request, operation, work)

    return handler
