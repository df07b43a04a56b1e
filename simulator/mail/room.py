"""The mailboxes of the simulated world and the rules by which they take mail.

Log entries of place `mail`: `mail_arrived` (id, address, by, subject, message_id, tower_mail, customer),
`shown` for a customer's mailbox, `mail_refused` (address, by, code, rule), and what the other modules of this
package write: `said`, `mail_sent`, `bounced`, `complained`, `unsubscribed`, `clicked`, `scanned`,
`prefetched`, `form_sent`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.mail.compose import bounce_for
from simulator.mail.letter import Letter, address_in, open_letter, read_headers
from simulator.world import Employee, Person, World


class MailRoom:
    """Every mailbox of the world, and the switches that make them refuse."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.letters: list[Letter] = []
        self.refusals: dict[str, int] = {}
        """Address -> SMTP code answered to RCPT."""
        self.smtp_port = 0
        self.server: asyncio.Server | None = None
        self.held: list[tuple[bytes, str, str]] = []
        """Mails to the hub that the fault `reorder` keeps back until the next one has gone: raw, sender,
        recipient.
        """

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Count as one call to the hub for as long as the block runs, for a push of the clock to wait for."""
        self.world.calls_out += 1
        try:
            yield
        finally:
            self.world.calls_out -= 1

    def owner(self, address: str) -> Person | Employee | None:
        """Whose mailbox it is; None when the address does not exist."""
        wanted = address.lower()
        settings = self.world.settings
        everybody: list[Person | Employee] = [*settings.people, *settings.employees]
        return next((one for one in everybody if one.mail.lower() == wanted), None)

    def box(self, address: str) -> list[Letter]:
        """The letters of one mailbox, oldest first. Raises KeyError for an unknown address."""
        if self.owner(address) is None:
            raise KeyError(address)
        return [letter for letter in self.letters if letter.address == address.lower()]

    def letter(self, letter_id: str) -> Letter:
        """The letter with this id. Raises KeyError."""
        for letter in self.letters:
            if letter.id == letter_id:
                return letter
        raise KeyError(letter_id)

    def verdict(self, address: str) -> str | None:
        """The SMTP answer that refuses a recipient, or None when it is taken."""
        if (code := self.refusals.get(address.lower())) is not None:
            if code < 500:
                return f"{code} 4.2.0 greylisted, please try again later"
            return f"{code} 5.7.1 this mailbox refuses your mail"
        if self.owner(address) is None:
            return "550 5.1.1 no such mailbox"
        return None

    async def refuse(self, address: str, sender: str, answer: str) -> None:
        """Write a refusal to the log."""
        await self.world.log.add("mail", "mail_refused", address=address, by=sender, code=int(answer[:3]), rule=answer)

    async def take(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        """Put an accepted mail into the mailboxes of `recipients`, all of which exist."""
        for address in recipients:
            number = len(self.letters) + 1
            letter = open_letter(raw, letter_id=f"m{number}", address=address, sender=sender, at=self.world.clock.now())
            self.letters.append(letter)
            await self._announce(letter)

    async def deliver(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        """Take a mail that a server of this world already accepted for sending (Graph sendMail).

        Such a server answers before it knows: whoever cannot be reached comes back to `sender` as a bounce.
        """
        for address in recipients:
            refusal = self.verdict(address)
            if refusal is None:
                await self.take(raw, sender, [address])
                continue
            await self.refuse(address, sender, refusal)
            if self.owner(sender) is not None:
                report = bounce_for(raw, address, refusal[4:9], refusal, self.world.clock.now())
                await self.take(report, "", [sender])

    async def _announce(self, letter: Letter) -> None:
        customer = isinstance(self.owner(letter.address), Person)
        by = address_in(letter.raw, "From")
        await self.world.log.add(
            "mail",
            "mail_arrived",
            id=letter.id,
            address=letter.address,
            by=by,
            subject=letter.header("Subject"),
            message_id=letter.header("Message-ID"),
            tower_mail=letter.header("X-Tower-Mail"),
            customer=customer,
        )
        if customer:
            text = f"{letter.header('Subject')}\n{letter.text}"
            await self.world.log.add(
                "mail", "shown", text=text, toward="customer", where=letter.address, by=by, id=letter.id
            )


def missing_headers(raw: bytes) -> list[str]:
    """What a big mailbox provider would refuse a mail for: RFC 5322 headers absent or standing more than
    once.
    """
    headers = {name.lower(): value for name, value in read_headers(raw).items()}
    return [name for name in ("From", "Date", "Message-ID") if not _single(headers.get(name.lower(), ""))]


def _single(value: str) -> bool:
    return bool(value.strip()) and "\n" not in value
