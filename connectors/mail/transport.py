"""Ways for a finished mail to leave the house: our own SMTP client, or Microsoft Graph on behalf of a mailbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from connectors.contract import Delivered, Outcome, TryLater, Undeliverable
from connectors.mail.client import PATIENT_ATTEMPTS
from connectors.mail.message import Letter

Post = Callable[[str, bytes], Awaitable[Outcome]]
"""Hands a whole MIME message to a platform, from a mailbox of ours; Delivered means that it was accepted."""


class Transport(Protocol):
    """Takes letters away."""

    async def send(self, letter: Letter, attempt: int) -> Outcome:
        """Hand one mail over. Never raises for anything the other side does."""

    async def close(self) -> None:
        """Let go of connections."""


class GraphTransport:
    """Microsoft Graph, user: sendMail, MIME form. Exchange takes the mail (202) and delivers it later.

    It chooses the envelope sender itself, so bounces go to the mailbox and not to our bounce addresses. Doubtful:
    whether it keeps our Message-ID and List-Unsubscribe.
    """

    def __init__(self, post: Post, *, mailbox: str) -> None:
        self._post, self._mailbox = post, mailbox

    async def send(self, letter: Letter, attempt: int) -> Outcome:
        """Hand one mail over; an end that nobody can know is Unknown, as the platform's client says."""
        outcome = await self._post(self._mailbox, letter.data)
        match outcome:
            case Delivered():
                return Delivered(wire_id=letter.message_id, extra={"message_id": letter.message_id})
            case Undeliverable(reason="not_permitted" | "root_gone"):  # 403, 404
                # No mail would fare better: the permission or the mailbox is missing, which only an operator can mend.
                return TryLater(reason="mail_server_refuses_us", seconds=300, scope="platform", alarm=True)
            case TryLater() if attempt >= PATIENT_ATTEMPTS:
                return Undeliverable(reason="soft_bounce", detail=outcome.reason)
            case _:
                return outcome

    async def close(self) -> None:
        """Nothing is held here."""
