"""The connector REST API under /smba: what the bot may do in Teams, with the service's own refusals and limits.

Log entries: `card`, `card_updated`, `shown`, `told` (1:1 message from the bot), `deleted`, `refused` (rule, status).
"""

from __future__ import annotations

import orjson
from aiohttp import web

from simulator.teams import cards
from simulator.teams.gate import NOT_FOUND, SENDING, Call, Refusal, check_bot, doing
from simulator.teams.room import BOT_NAME, Channel, Conversation, Post, TeamsRoom
from simulator.wire import Json, answer, folded, listed, part, text_of
from simulator.world import World

MESSAGE_UNITS = 51_200
"""UTF-16 units of one message, about 100 KB (Teams, format your bot messages; older pages say 28 and 40 KB)."""


def _check_activity(activity: Json) -> None:
    """Size and shape of an outgoing activity. Raises Refusal."""
    if len(orjson.dumps(activity).decode().encode("utf-16-le")) // 2 > MESSAGE_UNITS:
        raise Refusal(413, "MessageSizeTooBig", "Message size too large.")
    if fault := cards.fault_of(activity):
        raise Refusal(400, "BadSyntax", fault)
    if not text_of(activity.get("type")):
        raise Refusal(400, "BadSyntax", "The activity has no type.")


async def _place(room: TeamsRoom, conversation: Conversation, activity: Json, post_id: str) -> Post | None:
    """Put the bot's activity into a conversation and log what people see of it; None for typing and the like."""
    if activity.get("type") != "message":
        await room.world.log.add("teams", "signalled", type=activity.get("type"), where=conversation.id)
        return None
    found = cards.of_activity(activity)
    text = text_of(activity.get("text"))
    post = room.add_post(conversation, BOT_NAME, text, found, by_bot=True, post_id=post_id)
    whole = cards.whole_text(activity)
    seen = {"where": conversation.id, "activity_id": post.id, "by": BOT_NAME}
    if conversation.kind == "personal":
        await room.world.log.add("teams", "told", text=whole, **seen)
    else:
        await room.world.log.add("teams", "shown", text=whole, toward="team", **seen)
    for card in found:
        await room.world.log.add("teams", "card", card=card, conversation=conversation.id, **seen)
    return post


async def _create(call: Call) -> web.StreamResponse:
    """A new thread in a channel, or a chat with one person (names are read in any case)."""
    body = folded(call.body)
    channel_id = text_of(part(body, "channeldata", "channel").get("id"))
    if part(body).get("isgroup") is True and channel_id:
        return await _create_thread(call, channel_id)
    members = [text_of(member.get("id")) for member in listed(part(body).get("members"))]
    if part(body).get("isgroup") is True or len(members) != 1:
        raise Refusal(400, "BadSyntax", "Incorrect conversation creation parameters.")
    tenant = text_of(part(body).get("tenantid")) or text_of(part(body, "channeldata", "tenant").get("id"))
    if tenant != call.world.settings.tenant_id:
        raise Refusal(400, "BadSyntax", "The tenant id is missing or wrong.")
    return await _create_chat(call, members[0])


def _activity_of(call: Call) -> Json:
    """The first message a creation brings, read by its name in any case."""
    return next((part(value) for name, value in call.body.items() if name.lower() == "activity"), {})


async def _create_thread(call: Call, channel_id: str) -> web.StreamResponse:
    activity = _activity_of(call)
    channel = call.room.channels.get(channel_id)
    if channel is None or channel.deleted:
        raise Refusal(*NOT_FOUND)
    call.limit(f"create|{channel_id}", SENDING)
    _check_activity(activity)
    thread = await _new_thread(call.room, channel, activity)
    return answer({"id": thread.id, "activityId": thread.posts[0].id}, 201)


async def _new_thread(room: TeamsRoom, channel: Channel, activity: Json) -> Conversation:
    """Post a root into a channel. Raises Refusal."""
    if not room.installed:
        raise Refusal(403, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
    if activity.get("type") != "message":
        raise Refusal(400, "BadSyntax", "The first activity of a thread must be a message.")
    root = room.new_id()
    thread = room.open_thread(channel, root)
    await _place(room, thread, activity, root)
    return thread


async def _create_chat(call: Call, teams_id: str) -> web.StreamResponse:
    people = [e for e in call.world.settings.employees if e.teams_id == teams_id]
    if not people:
        raise Refusal(400, "BadArgument", "Failed to decrypt pairwise id.")
    call.limit(f"create|{teams_id}", SENDING)
    conversation = call.room.personal(people[0])
    check_bot(call.room, conversation)
    activity = _activity_of(call)
    if not activity:
        return answer({"id": conversation.id}, 201)
    _check_activity(activity)
    post = await _place(call.room, conversation, activity, call.room.new_id())
    return answer({"id": conversation.id, "activityId": post.id if post else ""}, 201)


async def _send(call: Call) -> web.StreamResponse:
    """A message into a conversation; into a bare channel it is a reply by id, or the root of a new thread."""
    cid = call.named("cid")
    channel = call.room.channels.get(cid)
    if channel is None:
        return await _send_into(call, call.room.conversations.get(cid))
    parent = call.room.posts.get(call.named("aid"))
    if parent is not None and parent.conversation.channel is channel:
        return await _send_into(call, parent.conversation)
    if channel.deleted:
        raise Refusal(*NOT_FOUND)
    call.limit(f"send|{cid}", SENDING)
    _check_activity(call.body)
    thread = await _new_thread(call.room, channel, call.body)
    return answer({"id": thread.posts[0].id}, 201)


async def _send_into(call: Call, conversation: Conversation | None) -> web.StreamResponse:
    gone = conversation is None or (conversation.channel is not None and conversation.channel.deleted)
    if conversation is None or gone or _root_gone(conversation):
        raise Refusal(*NOT_FOUND)
    check_bot(call.room, conversation)
    call.limit(f"send|{conversation.id}", SENDING)
    _check_activity(call.body)
    post_id = call.room.new_id()
    await _place(call.room, conversation, call.body, post_id)
    return answer({"id": post_id}, 201)


def _root_gone(conversation: Conversation) -> bool:
    """Whether the root post of a thread was deleted. Doubtful: the real answer to a reply there is not documented."""
    return conversation.channel is not None and bool(conversation.posts) and conversation.posts[0].deleted


def _own_post(call: Call) -> Post:
    """The bot's living post the path names. Raises Refusal."""
    post = call.room.posts.get(call.named("aid"))
    cid = call.named("cid")
    here = post is not None and (
        post.conversation.id == cid or (post.conversation.channel is not None and post.conversation.channel.id == cid)
    )
    if post is None or not here or post.deleted:
        raise Refusal(404, "ActivityNotFoundInConversation", "The activity was not found in the conversation.")
    if not post.by_bot:
        raise Refusal(403, "Forbidden", "Only the sender may change a message.")
    return post


async def _update(call: Call) -> web.StreamResponse:
    post = _own_post(call)
    check_bot(call.room, post.conversation)
    _check_activity(call.body)
    post.text, post.cards = text_of(call.body.get("text")), cards.of_activity(call.body)
    post.edited, post.views = True, {}
    whole = cards.whole_text(call.body)
    seen = {"where": post.conversation.id, "conversation": post.conversation.id, "activity_id": post.id}
    await call.world.log.add("teams", "card_updated", card=post.cards, text=whole, **seen)
    return answer({"id": post.id})


async def _delete(call: Call) -> web.StreamResponse:
    post = _own_post(call)
    post.deleted = True
    await call.world.log.add("teams", "deleted", where=post.conversation.id, activity_id=post.id)
    return web.Response(status=200)


def routes(world: World) -> list[web.RouteDef]:
    """The connector's writes."""
    one = "/smba/v3/conversations/{cid}/activities"
    return [
        web.post("/smba/v3/conversations", doing(world, "create", _create)),
        web.post(one, doing(world, "send", _send)),
        web.post(f"{one}/{{aid}}", doing(world, "send", _send)),
        web.put(f"{one}/{{aid}}", doing(world, "update", _update)),
        web.delete(f"{one}/{{aid}}", doing(world, "delete", _delete)),
    ]
