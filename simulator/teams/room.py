"""What Teams remembers: the team, its channels and threads, chats with the bot, and every post in them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from simulator.rates import Rates
from simulator.wire import Json
from simulator.world import Employee, World

BOT_NAME = "Tower"


@dataclass(kw_only=True)
class Post:
    """One message in a conversation, as everybody sees it now."""

    id: str
    conversation: Conversation = field(repr=False)
    author: str
    """Name of the rep, or of the bot."""
    by_bot: bool
    at: datetime
    text: str = ""
    cards: list[Json] = field(default_factory=list)
    edited: bool = False
    deleted: bool = False
    views: dict[str, Json] = field(default_factory=dict)
    """Cards that one person alone sees since a refresh or a click, by aad id; an edit ends them."""

    def cards_for(self, aad_id: str) -> list[Json]:
        """The cards this person sees."""
        view = self.views.get(aad_id)
        return [view, *self.cards[1:]] if view else self.cards

    def as_json(self) -> Json:
        """The post for the control API."""
        shown: Json = {"id": self.id, "conversation": self.conversation.id, "author": self.author}
        shown |= {"by_bot": self.by_bot, "at": self.at.isoformat(), "text": self.text, "cards": self.cards}
        return shown | {"edited": self.edited, "deleted": self.deleted, "views": self.views}


@dataclass(kw_only=True)
class Conversation:
    """A thread in a channel, a group chat, or a person's chat with the bot."""

    id: str
    kind: str
    """`channel`, `groupChat` or `personal`, as `conversationType` says it."""
    channel: Channel | None = None
    members: list[str] = field(default_factory=list)
    """aad ids; empty for a thread, whose members are the team's."""
    posts: list[Post] = field(default_factory=list)
    bot_in: bool = True
    """Whether the app is installed in this chat."""
    blocked: bool = False
    """Whether the person of this chat blocked the bot."""


@dataclass(kw_only=True)
class Channel:
    """One channel of the team."""

    id: str
    name: str
    description: str = ""
    deleted: bool = False
    threads: list[Conversation] = field(default_factory=list)


class TeamsRoom:
    """The whole state of Teams in this world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.installed = False
        """Whether the app is in the team."""
        self.hears_all = True
        """Resource-specific consent: every channel message reaches the bot, else mentions only."""
        self.rates = Rates(world.clock.now)
        self.conversations: dict[str, Conversation] = {}
        self.posts: dict[str, Post] = {}
        self.waiting: set[tuple[str, str, str]] = set()
        """Replies (rep, card, text) that were asked for and not yet taken: asking again is not saying it twice."""
        self._last_id = 0
        self._offset = secrets.randbelow(10**9)
        team = world.settings.team
        general = Channel(id=team.thread_id, name="General")
        self.channels: dict[str, Channel] = {general.id: general}

    def new_id(self) -> str:
        """An activity id: thirteen digits, rising, of another start in each run."""
        moment = int(self.world.clock.now().timestamp() * 1000) - self._offset
        self._last_id = max(self._last_id + 1, moment)
        return str(self._last_id)

    def add_channel(self, name: str, description: str = "") -> Channel:
        """A new standard channel. Names are checked by the caller."""
        channel = Channel(id=f"19:{secrets.token_hex(16)}@thread.tacv2", name=name, description=description)
        self.channels[channel.id] = channel
        return channel

    def open_thread(self, channel: Channel, root: str) -> Conversation:
        """A new thread under the root post with this id."""
        thread = Conversation(id=f"{channel.id};messageid={root}", kind="channel", channel=channel)
        channel.threads.append(thread)
        self.conversations[thread.id] = thread
        return thread

    def personal(self, employee: Employee) -> Conversation:
        """This employee's chat with the bot; its id is the same in every run."""
        seed = f"{self.world.settings.app_id}|{employee.aad_id}"
        cid = f"a:{hashlib.sha256(seed.encode()).hexdigest()}"
        if cid not in self.conversations:
            self.conversations[cid] = Conversation(id=cid, kind="personal", members=[employee.aad_id], bot_in=False)
        return self.conversations[cid]

    def open_group(self, members: list[str]) -> Conversation:
        """A new group chat with the bot in it."""
        cid = f"19:{secrets.token_hex(16)}@thread.v2"
        self.conversations[cid] = Conversation(id=cid, kind="groupChat", members=members)
        return self.conversations[cid]

    def members(self, conversation: Conversation | None) -> list[Employee]:
        """The people of a chat, or of the team."""
        keys = conversation.members if conversation else []
        return [self.world.employee(key) for key in keys or self.world.settings.team.members]

    def bot_is_in(self, conversation: Conversation) -> bool:
        """Whether the bot may speak and listen here."""
        if conversation.channel is None:
            return conversation.bot_in
        return self.installed and not conversation.channel.deleted

    def add_post(
        self, conversation: Conversation, author: str, text: str, cards: list[Json], *, by_bot: bool, post_id: str
    ) -> Post:
        """Put a post at the end of a conversation."""
        post = Post(
            id=post_id,
            conversation=conversation,
            author=author,
            by_bot=by_bot,
            at=self.world.clock.now(),
            text=text,
            cards=cards,
        )
        conversation.posts.append(post)
        self.posts[post.id] = post
        return post


def teams(world: World) -> TeamsRoom:
    """The one Teams of this world."""
    room = world.rooms.get("teams")
    if not isinstance(room, TeamsRoom):
        room = world.rooms["teams"] = TeamsRoom(world)
    return room
