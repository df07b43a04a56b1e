"""The world's name server: the records the company publishes for its mail, over UDP. Switches take some of them away.

Log entry of place `mail`: `asked` (name, record).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dns.rdatatype import MX, TXT, RdataType

from simulator.world import World

SELECTOR = "tower"
"""Name of the key the company's mail server signs with."""
_TTL = 60
_PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""The example key of RFC 8463, appendix A."""


class Names(asyncio.DatagramProtocol):
    """Answers questions about the company's domains; nobody else has any."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._transport: asyncio.DatagramTransport | None = None
        self.missing: set[str] = set()
        """Records the admin forgot: `spf`, `dkim`, `dmarc`, `mx`."""

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(host, port))

    def stop(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Listening."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """One question; what is none gets no answer."""
        with suppress(dns.exception.DNSException):
            asked = dns.message.from_wire(data)
            if self._transport is not None and asked.question:
                self._transport.sendto(self._answer(asked).to_wire(), addr)

    def _answer(self, asked: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(asked)
        made.flags |= dns.flags.AA
        question = asked.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        rows = self._records().get(name)
        if rows is None:
            made.set_rcode(dns.rcode.NXDOMAIN)
        elif text := rows.get(question.rdtype):
            made.answer.append(dns.rrset.from_text(question.name, _TTL, "IN", question.rdtype, text))
        return made

    def _records(self) -> dict[str, dict[RdataType, str]]:
        """What is published, by name."""
        settings = self._world.settings
        sending = settings.mail_domain
        rows: list[tuple[str, str, RdataType, str]] = [
            ("dkim", f"{SELECTOR}._domainkey.{sending}", TXT, f'"v=DKIM1; k=ed25519; p={_PUBLIC_KEY}"'),
            ("dmarc", f"_dmarc.{sending}", TXT, '"v=DMARC1; p=none"'),
        ]
        for replies in (settings.reply_domain, settings.former_reply_domain):
            rows.append(("spf", replies, TXT, '"v=spf1 ip4:127.0.0.1 -all"'))
            rows.append(("mx", replies, MX, f"10 mx.{sending}."))
        found: dict[str, dict[RdataType, str]] = {sending: {}}
        for what, name, kind, text in rows:
            if what not in self.missing:
                found.setdefault(name, {})[kind] = text
        return found
