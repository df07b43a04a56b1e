"""What the outsiders' pages ask of the hub's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rules.model import Words


@dataclass(frozen=True, kw_only=True, slots=True)
class FormState:
    """A form that was offered to a customer in her own chat."""

    conversation_id: str
    language: str = "zh-CN"
    used: bool = False
    """True from the moment an event `form-<form id>` was accepted, not only after its turn."""
    expired: bool = False
    purpose: str = "wakeup"
    """What her address would be used for; stored with her consent."""
    company: str = ""
    """Who asks, as a customer knows us."""
    industries: tuple[tuple[str, Words], ...] = ()
    """Choices: (key of the playbook, its name). None: the question is left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkTarget:
    """Where a link of a mail of ours leads."""

    url: str
    sent_wall: float | None = None
    """Epoch seconds of the wall clock when the mail was delivered, where known: nobody reads it within two seconds."""


class OutsideFacts(Protocol):
    """Looked up in storage; each may raise Unavailable."""

    async def form_state(self, form_id: str) -> FormState | None:
        """The form with this id; None when there is none."""

    async def link_target(self, mail_id: str, index: int) -> LinkTarget | None:
        """The link of a mail by its place in the template's list; None when there is none."""

    async def mail_language(self, mail_id: str) -> str | None:
        """The language a mail of ours was written in; None when we never sent it."""
