"""Whether mail goes out, comes in and can be refused: the M checks of the doctor. No mail is sent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout

from connectors.contract import Finding, Site
from connectors.mail.client import SmtpClient
from connectors.mail.records import Records
from connectors.mail.settings import MailSettings
from rules.tokens import Tokens

CHECKS = {
    "M01": "The mail server takes our connection",
    "M02": "SPF, DKIM, DMARC and MX are published",
    "M03": "The way out of our mails answers",
    "M04": "Replies and bounces have a door",
    "M05": "Bounce and reply addresses belong to the sender's domain",
    "M06": "The day's mails are below their limit",
}
"""What each check looks at."""
_PATIENCE = 10.0
_NO_MAIL = "0"
"""A mail that never was; its token is good all the same, and the page only asks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """One look at everything."""

    settings: MailSettings
    tokens: Tokens
    site: Site

    async def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        records = await Records(settings=self.settings).finding()
        return [await self._server(), records, await self._way_out(), await self._door(), self._aligned(), self._pace()]

    async def _server(self) -> Finding:
        smtp = self.settings.smtp
        if smtp is None or self.settings.transport == "graph":
            mailbox = self.settings.from_address
            return Finding(
                id="M01", state="by hand", found="Microsoft Graph sends", do=f"the app may send as {mailbox}"
            )
        client = SmtpClient(smtp, hello=self.settings.reply_domain)
        try:
            failed = await client.greet()
        finally:
            await client.close()
        if failed is None:
            safety = "in the clear" if smtp.tls == "none" else smtp.tls
            return Finding(id="M01", state="fine", found=f"{smtp.host}:{smtp.port}, {safety}")
        refused = failed.reason == "mail_server_refuses_us"
        mend = "host, port, tls, user and password of [mail.smtp]" if refused else "the server must be reachable"
        return Finding(id="M01", state="wrong", found=failed.reason, do=mend)

    async def _way_out(self) -> Finding:
        """Open the page as a mail program would; opening it changes nothing."""
        url = f"{self.site.public_url}/u/{self.tokens.mint('unsubscribe', _NO_MAIL)}"
        try:
            patience = ClientTimeout(total=_PATIENCE)
            async with ClientSession(timeout=patience) as session, session.get(url, allow_redirects=False) as answer:
                status = answer.status
        except (ClientError, TimeoutError, OSError) as broken:
            mend = "start the hub; public_url and the reverse proxy must lead to it"
            return Finding(id="M03", state="wrong", found=f"no answer ({type(broken).__name__})", do=mend)
        if status == 200:
            return Finding(id="M03", state="fine", found="the page")
        mend = "the reverse proxy must pass /u/ on; the running hub must have the same keys.tokens"
        return Finding(id="M03", state="wrong", found=str(status), do=mend)

    async def _door(self) -> Finding:
        listener, imap = self.settings.listener, self.settings.imap
        if listener is not None:
            if not listener.port:
                return Finding(id="M04", state="by hand", found="any free port", do="name the port in [mail.listener]")
            host, port, tls, sign, mend = listener.host, listener.port, False, b"220", "start the hub: it listens here"
        elif imap is not None:
            host, port, tls, sign, mend = imap.host, imap.port, imap.tls == "tls", b"* ", "[mail.imap] host, port, tls"
        else:
            mend = "[mail.listener] or [mail.imap]: without one no reply and no bounce is seen"
            return Finding(id="M04", state="wrong", found="no door", do=mend)
        try:
            greeting = await asyncio.wait_for(_greeting(host, port, tls=tls), _PATIENCE)
        except (OSError, TimeoutError, ssl.SSLError, ValueError) as broken:
            return Finding(id="M04", state="wrong", found=f"{host}:{port}: {type(broken).__name__}", do=mend)
        if not greeting.startswith(sign):
            return Finding(id="M04", state="wrong", found=f"{host}:{port} speaks something else", do=mend)
        return Finding(id="M04", state="fine", found=f"{host}:{port}")

    def _aligned(self) -> Finding:
        """Relaxed alignment needs one organisational domain (RFC 7489 3.1); without a list of public suffixes we ask
        that one domain stands below the other or both share all but their first label."""
        sending, replies = self.settings.sending_domain, self.settings.reply_domain
        if _related(sending, replies):
            return Finding(id="M05", state="fine", found=f"{replies} beside {sending}")
        mend = "take a reply_domain below the domain of from_address, or DMARC rests on DKIM alone"
        return Finding(id="M05", state="wrong", found=f"{replies} is not of {sending}", do=mend)

    def _pace(self) -> Finding:
        """How many went out in the last 24 hours, against the most that may."""
        if self.site.mailed is None:
            return Finding(id="M06", state="skipped", found="needs D01")
        found = f"{self.site.mailed} of {self.settings.per_day} in 24 hours"
        if self.site.mailed < self.settings.per_day:
            return Finding(id="M06", state="fine", found=found)
        mend = "further mails wait; raise mail.per_day if your mail server takes more, or find out what sends so much"
        return Finding(id="M06", state="wrong", found=found, do=mend)


async def _greeting(host: str, port: int, *, tls: bool) -> bytes:
    reader, writer = await asyncio.open_connection(host, port, ssl=tls or None)
    try:
        return await reader.readline()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _related(one: str, other: str) -> bool:
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return True
    first, second = one.split(".")[1:], other.split(".")[1:]
    return len(first) > 1 and first == second
