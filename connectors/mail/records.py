"""What the world's name servers say about our domains: M02. SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX.

SPF is looked up by receivers for the envelope sender, which lives in the reply domain; DKIM and DMARC for the domain
people see. Nothing is asked about anybody else's domain.
"""

from __future__ import annotations

from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdatatype import MX, TXT, RdataType

from connectors.contract import Finding
from connectors.mail.settings import MailSettings

_PATIENCE = 5.0
"""Wall seconds for one question, all its tries together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """One look at our own domains."""

    settings: MailSettings

    async def finding(self) -> Finding:
        """M02. Without a name server that answers it is for a person to look."""
        replies, sending = self.settings.reply_domain, self.settings.sending_domain
        mend = f"look up TXT {replies}, TXT _dmarc.{sending}, your DKIM selector, MX {replies}: docs/mail.md"
        try:
            missing = await self._missing(self._resolver())
        except dns.exception.DNSException as away:
            found = f"no name server answers ({type(away).__name__})"
            return Finding(id="M02", state="by hand", found=found, do=mend)
        if missing:
            mend = "publish them: docs/mail.md"
            return Finding(id="M02", state="wrong", found=f"not published: {', '.join(missing)}", do=mend)
        if not self.settings.dkim_selector:
            mend = "name mail.dkim_selector, and its key is looked up too"
            return Finding(id="M02", state="by hand", found="SPF, DMARC and MX stand; DKIM not asked", do=mend)
        return Finding(id="M02", state="fine", found="SPF, DKIM, DMARC and MX stand")

    def _resolver(self) -> dns.asyncresolver.Resolver:
        """Raises NoResolverConfiguration."""
        address, _, port = self.settings.dns.rpartition(":")
        made = dns.asyncresolver.Resolver(configure=not address)
        if address:
            made.port, made.nameservers = int(port), [address]
        made.lifetime = _PATIENCE
        return made

    async def _missing(self, resolver: dns.asyncresolver.Resolver) -> list[str]:
        """What is not there, as its kind and name. Raises DNSException when nobody answers."""
        replies, sending = self.settings.reply_domain, self.settings.sending_domain
        selector = self.settings.dkim_selector
        signs = f"{selector}._domainkey.{sending}"
        found = {
            f"SPF at {replies}": any(t.startswith("v=spf1") for t in await _told(resolver, replies, TXT)),
            f"DMARC at _dmarc.{sending}": await _dmarc(resolver, sending),
            f"MX of {replies}": bool(await _told(resolver, replies, MX)),
        }
        if selector:
            found[f"DKIM at {signs}"] = any("p=" in t for t in await _told(resolver, signs, TXT))
        return [name for name, there in found.items() if not there]


async def _dmarc(resolver: dns.asyncresolver.Resolver, domain: str) -> bool:
    """Whether the domain or one above it has a policy: receivers ask the organisation's domain too (RFC 7489 6.6.3)."""
    labels = domain.split(".")
    names = [f"_dmarc.{'.'.join(labels[n:])}" for n in range(max(1, len(labels) - 1))]
    return any([any(t.startswith("v=DMARC1") for t in await _told(resolver, name, TXT)) for name in names])


async def _told(resolver: dns.asyncresolver.Resolver, name: str, kind: RdataType) -> list[str]:
    """The records of a name as text; none when there are none. Raises DNSException when nobody answers."""
    try:
        answer = await resolver.resolve(name, kind)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(row.strings).decode("ascii", "replace") if kind is TXT else row.to_text() for row in answer]
