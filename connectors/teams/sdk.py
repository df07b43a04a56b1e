"""The one module that knows botbuilder: its Teams handler sorts verified activities, its models are what we send.

It is imported late, in a thread (1.5 s, 55 MB). What it is not used for, and why (botbuilder-python 4.17.1): its
authentication, its tokens and its HTTP calls (see verify.py, tokens.py, client.py), and its JSON round trip, which
loses mention details and the tenant: handlers get the raw activity, and models are read and written here by their own
attribute maps, 20 times faster than by msrest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import Any

from azure.core.exceptions import DeserializationError, SerializationError
from botbuilder import schema
from botbuilder.core import BotAdapter, CardFactory, InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.schema import Activity, ActivityTypes
from msrest.serialization import Model

from connectors.teams.desk import Desk
from connectors.teams.heard import Heard, moment
from connectors.teams.invokes import Invokes
from connectors.teams.lines import Post
from rules.errors import BadRequest

logging.getLogger("msrest.serialization").setLevel(logging.ERROR)  # it warns of every member it does not know

Convert = Callable[[object], object]
_HEARD = "tower.heard"
_CARD_ACTION = "adaptiveCard/action"
_ANSWERED = (
    _CARD_ACTION,
    "composeExtension/query",
    "composeExtension/fetchTask",
    "composeExtension/submitAction",
    "task/fetch",
    "task/submit",
)


class Switchboard(TeamsActivityHandler):
    """botbuilder's Teams handler, with our desk and our answers behind its methods."""

    def __init__(self, desk: Desk, invokes: Invokes) -> None:
        super().__init__()
        self._desk, self._invokes = desk, invokes

    async def turn(self, heard: Heard) -> tuple[int, object]:
        """Handle one verified activity; returns status and body of the HTTP answer. Raises Refused, Unavailable."""
        activity = read(Activity, heard.activity)
        if not activity.type:
            raise BadRequest("no_type")
        context = TurnContext(_Door(), activity)
        context.turn_state[_HEARD] = heard
        try:
            await self.on_turn(context)
        except (DeserializationError, SerializationError):
            raise BadRequest("malformed_value") from None
        answer = context.turn_state.get(BotAdapter._INVOKE_RESPONSE_KEY)
        if answer is None:
            return 200, None
        if answer.value.status >= 400:  # its body may hold an exception object
            raise BadRequest("malformed_value")
        return answer.value.status, answer.value.body

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Somebody wrote."""
        await self._desk.message(_heard(turn_context))

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        """The app was installed or removed."""
        await self._desk.installation(_heard(turn_context))

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """Members, channels or the team changed."""
        await self._desk.conversation_update(_heard(turn_context))

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        """An edited message."""
        await self._desk.other(_heard(turn_context), "messageUpdate")

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        """A deleted message."""
        await self._desk.other(_heard(turn_context), "messageDelete")

    async def on_event_activity(self, turn_context: TurnContext) -> None:
        """An event of a client of ours; nothing sends one yet."""
        await self._desk.other(_heard(turn_context), f"event/{turn_context.activity.name}")

    async def on_unrecognized_activity_type(self, turn_context: TurnContext) -> None:
        """A kind of activity that is newer than the SDK."""
        await self._desk.other(_heard(turn_context), str(turn_context.activity.type))

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """A call whose response is the answer; unknown ones are kept and answered empty, never by 501."""
        activity = turn_context.activity
        if activity.name not in _ANSWERED:
            await self._desk.other(_heard(turn_context), f"invoke/{activity.name}")
            response = InvokeResponse(status=200, body={})
        elif not isinstance(activity.value, dict):
            raise BadRequest("no_value")
        else:
            # our answers read the raw activity; the SDK's models choke on odd shapes and get a plain one
            activity.value = {"action": {"type": "Action.Execute"}} if activity.name == _CARD_ACTION else {}
            turn_context.turn_state[_HEARD] = await self._invokes.in_her_language(_heard(turn_context))
            response = await super().on_invoke_activity(turn_context)
        turn_context.turn_state[BotAdapter._INVOKE_RESPONSE_KEY] = Activity(
            type=ActivityTypes.invoke_response, value=response
        )
        return response

    async def on_adaptive_card_invoke(self, turn_context: TurnContext, invoke_value: Any) -> Any:
        """A card's button."""
        return await self._invokes.card_action(_heard(turn_context))

    async def on_teams_messaging_extension_query(self, turn_context: TurnContext, query: Any) -> Any:
        """A search from the compose box."""
        return await self._invokes.search(_heard(turn_context))

    async def on_teams_messaging_extension_fetch_task(self, turn_context: TurnContext, action: Any) -> Any:
        """A command on a message: its dialog."""
        return await self._invokes.notes.opened(_heard(turn_context))

    async def on_teams_messaging_extension_submit_action(self, turn_context: TurnContext, action: Any) -> Any:
        """That dialog's buttons."""
        return await self._invokes.notes.submitted(_heard(turn_context))

    async def on_teams_task_module_fetch(self, turn_context: TurnContext, task_module_request: Any) -> Any:
        """A dialog opens."""
        return await self._invokes.dialog(_heard(turn_context))

    async def on_teams_task_module_submit(self, turn_context: TurnContext, task_module_request: Any) -> Any:
        """A dialog's button."""
        return await self._invokes.submitted(_heard(turn_context))

    @staticmethod
    def _create_invoke_response(body: object = None) -> InvokeResponse:
        return InvokeResponse(status=200, body=body)  # our bodies are JSON already


def _heard(context: TurnContext) -> Heard:
    heard = context.turn_state[_HEARD]
    assert isinstance(heard, Heard)  # noqa: S101 - put there by `turn`, a line above
    return heard


class _Door(BotAdapter):
    """The adapter a turn context demands. Nothing is ever sent from inside a turn: that is the outbox's work."""

    async def send_activities(self, context: TurnContext, activities: list[Any]) -> list[Any]:
        """Never called. Raises NotImplementedError."""
        raise NotImplementedError("sending is the outbox's work")

    async def update_activity(self, context: TurnContext, activity: Any) -> None:
        """Never called. Raises NotImplementedError."""
        raise NotImplementedError("sending is the outbox's work")

    async def delete_activity(self, context: TurnContext, reference: Any) -> None:
        """Never called. Raises NotImplementedError."""
        raise NotImplementedError("sending is the outbox's work")


# --- what we send ---------------------------------------------------------------------------------------------------


def message(post: Post, *, bot_id: str, bot_name: str, reply_to: str = "") -> dict[str, Any]:
    """A message activity: plain text, or a card with the words a notification shows."""
    attachments = [CardFactory.adaptive_card(post.card)] if post.card else []
    if file := post.file:
        attachments.append(schema.Attachment(content_type=file.type, content_url=file.url, name=file.name))
    activity = Activity(
        type=ActivityTypes.message,
        from_property=schema.ChannelAccount(id=bot_id, name=bot_name),
        text=post.text or None,
        text_format=schema.TextFormatTypes.plain if post.text else None,
        summary=post.summary or None,
        attachments=attachments or None,
        reply_to_id=reply_to or None,
    )
    return write(activity)


def new_thread(activity: dict[str, Any], *, bot_id: str, tenant_id: str, channel: str) -> dict[str, Any]:
    """What begins a thread in a channel (Teams, send proactive messages)."""
    data = {"channel": {"id": channel}, "tenant": {"id": tenant_id}}
    wanted = schema.ConversationParameters(is_group=True, bot=schema.ChannelAccount(id=bot_id), channel_data=data)
    return write(wanted) | {"tenantId": tenant_id, "activity": activity}


def new_chat(*, bot_id: str, tenant_id: str, member: str) -> dict[str, Any]:
    """What opens the chat of the bot with one person."""
    wanted = schema.ConversationParameters(
        is_group=False,
        bot=schema.ChannelAccount(id=bot_id),
        members=[schema.ChannelAccount(id=member)],
        channel_data={"tenant": {"id": tenant_id}},
    )
    return write(wanted) | {"tenantId": tenant_id}


# --- models by their own attribute maps -----------------------------------------------------------------------------


def read(kind: type[Model], value: object) -> Any:
    """A botbuilder model from JSON, as msrest reads it; members it does not know and wrong shapes are left out."""
    if not isinstance(value, dict):
        return None
    plan = _plan(kind)  # type: ignore[arg-type]  # a class can be hashed, whatever its instances say
    given = {}
    for key, member in value.items():
        if member is not None and key in plan:
            name, convert = plan[key]
            given[name] = convert(member) if convert else member
    return kind(**given)


@cache
def _plan(kind: type[Model]) -> dict[str, tuple[str, Convert | None]]:
    """For each JSON member of a model: its attribute, and how its value is made."""
    return {spec["key"]: (name, _convert(spec["type"])) for name, spec in kind._attribute_map.items()}


def _convert(kind: str) -> Convert | None:
    """How a value of msrest's type is made from JSON; None where it stays as it is."""
    if kind == "iso-8601":
        return moment
    if kind.startswith("["):
        inner = _convert(kind[1:-1])
        return lambda value: (
            ([inner(item) for item in value] if inner else list(value)) if isinstance(value, list) else None
        )
    model = getattr(schema, kind, None)
    return partial(read, model) if isinstance(model, type) and issubclass(model, Model) else None


def write(model: Model) -> dict[str, Any]:
    """The JSON of a botbuilder model, as msrest writes it; members that are None are left out."""
    pairs = ((spec["key"], getattr(model, name, None)) for name, spec in model._attribute_map.items())
    return {key: _plain(value) for key, value in pairs if value is not None}


def _plain(value: object) -> Any:
    if isinstance(value, Model):
        return {**write(value), **(value.additional_properties or {})}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
