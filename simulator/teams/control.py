"""The control API of Teams: tests, the story and the world page play the reps through it."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.attachments import attachments
from simulator.botframework import Answer, bot_line
from simulator.entra import entra
from simulator.teams import cards, reps
from simulator.teams.room import Conversation, Post, TeamsRoom, teams
from simulator.wire import Json, answer, asked, control_body, listed, missing, part, text_of, wrong
from simulator.world import Employee, World

Deed = Callable[[TeamsRoom, Json], Awaitable[Json]]


def rep_of(room: TeamsRoom, body: Json, name: str = "rep") -> Employee:
    """The employee a call names. Raises HTTPNotFound."""
    key = asked(body, name)
    try:
        return room.world.employee(key)
    except KeyError:
        missing(f"nobody here is called {key!r}")


def _post_of(room: TeamsRoom, body: Json) -> Post:
    key = asked(body, "activity_id")
    post = room.posts.get(key)
    if post is None or post.deleted:
        missing(f"there is no message {key!r}")
    return post


def _conversation_of(room: TeamsRoom, body: Json, rep: Employee) -> Conversation:
    """Where the rep writes: her own chat, a thread, a group chat, or a channel, where a new thread begins."""
    if body.get("personal") is True:
        return room.personal(rep)
    cid = asked(body, "conversation")
    if (channel := room.channels.get(cid)) and not channel.deleted:
        return room.open_thread(channel, room.new_id())
    conversation = room.conversations.get(cid)
    if conversation is None:
        missing(f"there is no conversation {cid!r}")
    return conversation


def _told(result: Answer | None) -> Json:
    """How the hub took it; `delivered` is false too when the message was not for the bot to hear."""
    return {"delivered": result.taken, "status": result.status} if result else {"delivered": False, "status": None}


def _answered(result: Answer) -> Json:
    return {"status": result.status, "body": result.body}


async def _install(room: TeamsRoom, body: Json) -> Json:
    added = body.get("remove") is not True
    if body.get("team") is True:
        if isinstance(body.get("hears_all"), bool):
            room.hears_all = body["hears_all"] is True
        told = await reps.install_in_team(room, room.members(None)[0], added=added)
    else:
        rep = rep_of(room, body)
        told = await reps.install_in_chat(room, room.personal(rep), rep, added=added)
    return _told(told[-1])


async def _say(room: TeamsRoom, body: Json) -> Json:
    rep, text = rep_of(room, body), asked(body, "text")
    conversation = _conversation_of(room, body, rep)
    brought = [_picture(room, p) for p in listed(body.get("pictures"))]
    post, result = await reps.say(room, rep, conversation, text, mention=body.get("mention") is True, brought=brought)
    return {"activity_id": post.id, "conversation": conversation.id} | _told(result)


def _picture(room: TeamsRoom, told: Json) -> Json:
    """An inline picture (`type`, `base64`), as an activity carries it: without a name, behind the bot's token."""
    try:
        data = base64.b64decode(asked(told, "base64"), validate=True)
    except ValueError:
        wrong("`base64` is not that")
    found = attachments(room.world).keep("smba", "", asked(told, "type"), data)
    return {name: value for name, value in found.items() if value}


async def _card(room: TeamsRoom, body: Json) -> Json:
    """Press the button with this verb; `match` picks one among several by its data."""
    rep, post, verb = rep_of(room, body), _post_of(room, body), asked(body, "verb")
    button = cards.find_button(post.cards_for(rep.aad_id), verb, part(body, "match"))
    if button is None:
        wrong(f"the card has no button {verb!r}")
    try:
        data = button.pressed(part(body, "inputs"))
    except ValueError as mistake:
        wrong(str(mistake))
    wish = reps.Press(room=room, rep=rep, post=post, action=button.action, data=data)
    return _answered(await reps.press(wish))


async def _refresh(room: TeamsRoom, body: Json) -> Json:
    """The rep's client opens the card; answers status 0 when the card does not refresh for her."""
    rep, post = rep_of(room, body), _post_of(room, body)
    found = cards.refresh_action(post.cards[0], rep.teams_id) if post.cards else None
    if found is None:
        return {"status": 0, "body": None}
    action, trigger = found
    data = part(action, "data")
    wish = reps.Press(room=room, rep=rep, post=post, action=action, data=data, trigger=trigger)
    return _answered(await reps.press(wish))


async def _task(room: TeamsRoom, body: Json) -> Json:
    rep, post = rep_of(room, body), _post_of(room, body)
    return _answered(await reps.dialog(room, rep, post, part(body, "data"), submit=body.get("submit") is True))


async def _search(room: TeamsRoom, body: Json) -> Json:
    command = text_of(body.get("command")) or "find"
    return _answered(await reps.search(room, rep_of(room, body), command, text_of(body.get("query"))))


async def _message_command(room: TeamsRoom, body: Json) -> Json:
    data = body.get("data")
    wish = data if isinstance(data, dict) else None
    return _answered(await reps.save_message(room, rep_of(room, body), _post_of(room, body), wish))


async def _edit(room: TeamsRoom, body: Json) -> Json:
    rep, post = rep_of(room, body), _post_of(room, body)
    if post.by_bot or post.author != rep.name:
        wrong("a rep changes her own messages only")
    return _told(await reps.rewrite(room, rep, post, asked(body, "text")))


async def _remove(room: TeamsRoom, body: Json) -> Json:
    """Delete a message: a rep's own is told to the bot; a bot's message just disappears, by a moderator's hand."""
    rep, post = rep_of(room, body), _post_of(room, body)
    if not post.by_bot:
        return _told(await reps.rewrite(room, rep, post, None))
    post.deleted = True
    await room.world.log.add("teams", "deleted", where=post.conversation.id, activity_id=post.id, by=rep.name)
    return {"delivered": False, "status": None}


async def _block(room: TeamsRoom, body: Json) -> Json:
    conversation = room.personal(rep_of(room, body))
    conversation.blocked = body.get("blocked") is not False
    return {"blocked": conversation.blocked}


async def _group(room: TeamsRoom, body: Json) -> Json:
    """A group chat of some reps with the bot."""
    keys = body.get("members")
    people = [rep_of(room, {"rep": key}) for key in keys] if isinstance(keys, list) else []
    if not people:
        wrong("`members` is missing or empty")
    conversation = room.open_group([person.aad_id for person in people])
    told = await reps.install_in_chat(room, conversation, people[0], added=True)
    return {"conversation": conversation.id} | _told(told[-1])


async def _rotate_keys(room: TeamsRoom, body: Json) -> Json:
    """A new signing key; `retire` withdraws the older ones at once."""
    return {"kid": bot_line(room.world).keys.rotate(retire=body.get("retire") is True)}


async def _tab_token(room: TeamsRoom, body: Json) -> Json:
    return {"token": entra(room.world).tab_token(rep_of(room, body))}


def threads_json(room: TeamsRoom) -> Json:
    """Channels with their threads, and group chats, as they look now."""
    team = room.world.settings.team
    found: list[Json] = []
    for channel in room.channels.values():
        threads = [
            {"id": thread.id, "root": posts[0], "replies": posts[1:]}
            for thread in channel.threads
            if (posts := [post.as_json() for post in thread.posts])
        ]
        found.append({"id": channel.id, "name": channel.name, "deleted": channel.deleted, "threads": threads})
    about: Json = {"id": team.thread_id, "group_id": team.group_id, "name": team.name}
    groups: list[Json] = [
        {"id": chat.id, "members": chat.members, "messages": [post.as_json() for post in chat.posts]}
        for chat in room.conversations.values()
        if chat.kind == "groupChat"
    ]
    about |= {"installed": room.installed, "hears_all": room.hears_all}
    return {"team": about, "channels": found, "groups": groups}


def routes(world: World) -> list[web.RouteDef]:
    """The endpoints under /control/teams."""
    room = teams(world)

    def doing(deed: Deed) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            return answer(await deed(room, await control_body(request)))

        return handler

    async def threads(_: web.Request) -> web.Response:
        return answer(threads_json(room))

    async def personal(request: web.Request) -> web.Response:
        chat = room.personal(rep_of(room, dict(request.query)))
        messages = [post.as_json() for post in chat.posts]
        state: Json = {"installed": chat.bot_in, "blocked": chat.blocked}
        return answer({"conversation": chat.id, "messages": messages} | state)

    deeds: dict[str, Deed] = {
        "install": _install,
        "say": _say,
        "card": _card,
        "refresh": _refresh,
        "task": _task,
        "search": _search,
        "message_command": _message_command,
        "edit": _edit,
        "delete": _remove,
        "block": _block,
        "group": _group,
        "rotate_keys": _rotate_keys,
        "tab_token": _tab_token,
    }
    posts = [web.post(f"/control/teams/{name}", doing(deed)) for name, deed in deeds.items()]
    return [*posts, web.get("/control/teams/threads", threads), web.get("/control/teams/personal", personal)]
