"""What reps do in Teams: write, press buttons, open dialogs, install the app. Each deed is told to the hub.

Log entries: `said` (toward customer), `noted`, `clicked`, `refreshed`, `dialog`, `searched`, `installed`, `edited`,
`refused` when a card action was not answered with a card or a message.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.botframework import Answer, bot_line
from simulator.teams import activities, cards
from simulator.teams.room import BOT_NAME, Conversation, Post, TeamsRoom
from simulator.wire import Json, part, text_of
from simulator.world import Employee

REPLY_VERB = "reply"
_MENTION = re.compile(rf"^\s*@{BOT_NAME}(?![A-Za-z0-9_])[\s:：,，]*", re.IGNORECASE)
_REPLY = re.compile(r"^(?:回复|reply\b)[\s:：,，]*(?P<text>.+)$", re.IGNORECASE | re.DOTALL)
_ANSWERS = ("application/vnd.microsoft.card.adaptive", "application/vnd.microsoft.activity.message")
"""Types of a good answer to `adaptiveCard/action` (Adaptive Cards, universal actions)."""


async def say(
    room: TeamsRoom,
    rep: Employee,
    conversation: Conversation,
    text: str,
    *,
    mention: bool,
    brought: Sequence[Json] = (),
) -> tuple[Post, Answer | None]:
    """A rep writes, perhaps with pictures; the answer is None when the message does not reach the bot at all."""
    if match := _MENTION.match(text):
        text, mention = text[match.end() :], True
    post_id = _id_for(room, conversation)
    activity = activities.message(room, conversation, rep, text, post_id=post_id, mention=mention)
    if brought:
        markup: Json = {"contentType": "text/html", "content": f"<p>{html.escape(text)}</p>"}
        activity["attachments"] = [*brought, markup]
    shown = f"@{BOT_NAME} {text}" if mention else text
    post = room.add_post(conversation, rep.name, shown, [], by_bot=False, post_id=post_id)
    await _log_words(room, rep, post, text, mention=mention)
    if not _hears(room, conversation, mention=mention):
        return post, None
    return post, await bot_line(room.world).deliver("teams", activity)


def _id_for(room: TeamsRoom, conversation: Conversation) -> str:
    """The id of the next post; the first of a thread has the id the thread is named after."""
    if conversation.channel is not None and not conversation.posts:
        return conversation.id.rpartition("=")[2]
    return room.new_id()


async def _log_words(room: TeamsRoom, rep: Employee, post: Post, text: str, *, mention: bool) -> None:
    """Words for the customer are `said`, all others `noted`."""
    seen = {"by": rep.name, "where": post.conversation.id, "activity_id": post.id}
    reply = _REPLY.match(text.strip()) if mention and post.conversation.kind != "personal" else None
    if reply:
        await room.world.log.add("teams", "said", text=reply["text"].strip(), toward="customer", **seen)
    else:
        await room.world.log.add("teams", "noted", text=text, **seen)


def _hears(room: TeamsRoom, conversation: Conversation, *, mention: bool) -> bool:
    """Whether Teams gives this message to the bot (Teams, receive all conversation messages with RSC)."""
    if conversation.blocked or not room.bot_is_in(conversation):
        return False
    return conversation.kind == "personal" or mention or room.hears_all


async def rewrite(room: TeamsRoom, rep: Employee, post: Post, text: str | None) -> Answer | None:
    """A rep edits her message, or deletes it when `text` is None."""
    event = "softDeleteMessage" if text is None else "editMessage"
    activity = activities.changed(room, post.conversation, rep, post.id, event)
    if text is None:
        post.deleted = True
    else:
        post.text, post.edited = text, True
        activity["text"] = text
    await room.world.log.add("teams", "edited", by=rep.name, activity_id=post.id, event=event)
    if not _hears(room, post.conversation, mention=False):
        return None
    return await bot_line(room.world).deliver("teams", activity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """One press of an Action.Execute by a rep, or one run of a card's refresh."""

    room: TeamsRoom
    rep: Employee
    post: Post
    action: Json
    data: Json
    trigger: str = "manual"

    @property
    def verb(self) -> str:
        """What the action is called."""
        return text_of(self.action.get("verb"))

    @property
    def words(self) -> str:
        """What it says to the customer; empty when it says nothing."""
        return text_of(self.data.get("text")).strip() if self.verb == REPLY_VERB else ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes a second press the same wish as the first."""
        return (self.rep.aad_id, self.post.id, self.words)


async def press(wish: Press) -> Answer:
    """Tell the hub; a card in its answer is then the rep's alone."""
    await _log_press(wish)
    pressed: Json = {name: wish.action[name] for name in ("type", "id", "title", "verb") if name in wish.action}
    value: Json = {"action": pressed | {"data": wish.data}, "trigger": wish.trigger}
    room, post = wish.room, wish.post
    activity = activities.invoke(room, post.conversation, wish.rep, "adaptiveCard/action", value)
    result = await bot_line(room.world).invoke("teams", activity | {"replyToId": post.id})
    await _take_answer(wish, result)
    return result


async def _log_press(wish: Press) -> None:
    log, post = wish.room.world.log, wish.post
    seen = {"by": wish.rep.name, "where": post.conversation.id, "activity_id": post.id, "verb": wish.verb}
    if wish.words and wish.key not in wish.room.waiting:
        wish.room.waiting.add(wish.key)
        await log.add("teams", "said", text=wish.words, toward="customer", **seen)
    else:
        await log.add("teams", "refreshed" if wish.trigger == "automatic" else "clicked", **seen)


async def _take_answer(wish: Press, result: Answer) -> None:
    """Show the answer to the rep: a new card of her own, a toast, or the client's error."""
    body = result.body if isinstance(result.body, dict) else {}
    good = result.status == 200 and body.get("statusCode") == 200 and body.get("type") in _ANSWERS
    if not good:
        seen = {"by": wish.rep.name, "activity_id": wish.post.id, "verb": wish.verb, "status": result.status}
        await wish.room.world.log.add("teams", "refused", rule="invoke", body=body, **seen)
        return
    wish.room.waiting.discard(wish.key)
    if body["type"] == cards.CONTENT_TYPE and isinstance(body.get("value"), dict):
        wish.post.views[wish.rep.aad_id] = part(body, "value")


async def dialog(room: TeamsRoom, rep: Employee, post: Post, data: Json, *, submit: bool) -> Answer:
    """A rep opens a dialog (task/fetch) or sends its form (task/submit)."""
    name = "task/submit" if submit else "task/fetch"
    value: Json = {"data": data, "context": {"theme": "default"}, "tabContext": None}
    activity = activities.invoke(room, post.conversation, rep, name, value) | {"replyToId": post.id}
    await room.world.log.add("teams", "dialog", by=rep.name, activity_id=post.id, name=name)
    return await bot_line(room.world).invoke("teams", activity)


async def search(room: TeamsRoom, rep: Employee, command: str, query: str) -> Answer:
    """A rep searches through the message extension, in her chat with the bot."""
    value: Json = {"commandId": command, "queryOptions": {"skip": 0, "count": 25}}
    value["parameters"] = [{"name": "query", "value": query}]
    activity = activities.invoke(room, room.personal(rep), rep, "composeExtension/query", value)
    await room.world.log.add("teams", "searched", by=rep.name)
    return await bot_line(room.world).invoke("teams", activity)


async def save_message(room: TeamsRoom, rep: Employee, post: Post, data: Json | None) -> Answer:
    """A rep uses the app's command on a message: without data its dialog opens, with data the form is sent."""
    payload: Json = {
        "id": post.id,
        "messageType": "message",
        "body": {"contentType": "html", "content": f"<p>{html.escape(post.text)}</p>"},
        "from": {"user": {"displayName": post.author, "userIdentityType": "aadUser"}},
    }
    value: Json = {"commandId": "save_note", "commandContext": "message", "messagePayload": payload}
    name = "composeExtension/fetchTask"
    if data is not None:
        name, value = "composeExtension/submitAction", value | {"data": data}
    activity = activities.invoke(room, post.conversation, rep, name, value)
    await room.world.log.add("teams", "message_command", by=rep.name, name=name)
    return await bot_line(room.world).invoke("teams", activity)


async def install_in_team(room: TeamsRoom, rep: Employee, *, added: bool) -> list[Answer]:
    """The app is added to the team, or removed; the hub hears of it."""
    line = bot_line(room.world)
    if added:
        room.installed = True
    told = [await line.deliver("teams", a) for a in activities.team_installation(room, rep, added=added)]
    room.installed = added
    await room.world.log.add("teams", "installed", where="team", added=added)
    return told


async def install_in_chat(room: TeamsRoom, conversation: Conversation, rep: Employee, *, added: bool) -> list[Answer]:
    """The app is added to a chat, or removed; the hub hears of it."""
    line = bot_line(room.world)
    conversation.bot_in = added
    told = activities.chat_installation(room, conversation, rep, added=added)
    answers = [await line.deliver("teams", activity) for activity in told]
    await room.world.log.add("teams", "installed", where=conversation.id, added=added)
    return answers
