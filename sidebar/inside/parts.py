"""What the pages for reps are put together from, and what they ask of the hub and the platforms."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.contract import Clock, Inbound, StaffPages
from rules.card import CardView, FileView, TouchView
from rules.decision import Answer
from rules.layout import Layout
from rules.listrow import ListRow
from rules.model import Identity, Rep, RepHandle
from sidebar.inside.settings import SidebarSettings

Wall = Callable[[], float]
"""Epoch seconds of the wall clock: sessions and one-time values never live in business time."""


class PageHub(Protocol):
    """What the pages ask of the hub. Each call may raise Unavailable."""

    async def act(self, inbound: Inbound, *, limit: float) -> Answer | None:
        """See connectors.contract.Hub.act."""

    async def card(self, conversation_id: str, by: RepHandle) -> CardView | None:
        """The card as this rep may see it; None when it is not theirs or not there."""

    async def rows(self, query: str, by: RepHandle, *, limit: int) -> Sequence[ListRow]:
        """Rows for `mine`, `queue` or `find:<words>`; only what this rep may see."""

    async def rep(self, by: RepHandle) -> Rep | None:
        """The person a platform proved; None when the hub does not know them."""

    async def conversation_for(self, identity: Identity, by: RepHandle) -> str | None:
        """The newest conversation of a customer, if this rep may see her."""

    async def follow_found(self, identity: Identity, by: RepHandle) -> None:
        """The platform counts this customer among this rep's contacts, which the hub may have missed: keep it.

        A customer the hub does not know is no error.
        """


class Past(Protocol):
    """A piece of what was said and done."""

    @property
    def touches(self) -> Sequence[TouchView]:
        """Newest first."""

    @property
    def older(self) -> int:
        """Where the next piece begins; 0 at the end."""


class Layouts(Protocol):
    """How a page is laid out for one rep; None: nobody said."""

    @property
    def own(self) -> Layout | None:
        """As she wants it."""

    @property
    def everybody(self) -> Layout | None:
        """As a manager wants it."""

    @property
    def used(self) -> Layout:
        """What counts."""


class PageRecords(Protocol):
    """What the pages ask beyond the card; `bots.records.PageRecords` is one. Each call may raise Unavailable."""

    async def past(self, conversation_id: str, by: RepHandle, *, before: int, limit: int) -> Past | None:
        """Touches of the customer older than `before` (0: the newest); None when not theirs or not there."""

    async def reveal(self, conversation_id: str, by: RepHandle) -> Sequence[Identity] | None:
        """Her names in clear, once the look is written down; None when not theirs or not there."""

    async def layouts(self, by: RepHandle) -> Layouts:
        """How her page is laid out."""

    async def keep_layout(self, by: RepHandle, layout: Layout | None, *, everybody: bool) -> bool:
        """Keep her layout, or, from a manager, everybody's; None forgets it. Whether she may."""

    async def managers(self) -> Sequence[str]:
        """Names of those to ask."""

    async def thread(self, conversation_id: str, by: RepHandle) -> str:
        """The wire id of her thread, for a link into it; empty when there is none, or it is not theirs."""


class OpenedFile(Protocol):
    """A file somebody may open."""

    @property
    def file(self) -> FileView:
        """How it stands."""

    @property
    def content(self) -> bytes | None:
        """None while, or since, it is not here."""


class Files(Protocol):
    """Files beside words; `bots.pagefiles.PageFiles` is one. Each call may raise Unavailable."""

    @property
    def most_bytes(self) -> int:
        """The largest file a rep may send; a platform may take less."""

    async def file(self, file_id: str, by: RepHandle) -> OpenedFile | None:
        """The file; None when it is not theirs or not there."""


class TabTokens(Protocol):
    """How a Teams tab proves who looks; `TeamsConnector` is one."""

    def thread_link(self, thread: str) -> str:
        """Where Teams opens the thread of this wire id; empty when it cannot."""

    async def verify_tab_token(self, token: str) -> RepHandle:
        """The employee behind a single sign-on token. Raises BadSignature, Unavailable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """Everything the pages need. A platform that is not connected is None: its pages then say so."""

    hub: PageHub
    records: PageRecords
    clock: Clock
    key: bytes = field(repr=False)
    """At least 32 random bytes; cookies are sealed with keys derived from it."""
    public_url: str
    """As the world reaches us, without a trailing slash. Its scheme decides how cookies are named."""
    settings: SidebarSettings
    files: Files | None = None
    staff: StaffPages | None = None
    tabs: TabTokens | None = None
    frame_sidebar: tuple[str, ...] = ()
    """Who may frame the pages inside WeCom; nobody when empty."""
    frame_tab: tuple[str, ...] = ()
    """Who may frame the Teams tab; nobody when empty."""
    wall: Wall = time.time
