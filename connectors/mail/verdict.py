"""What the trusted mail server says about a sender, and how the hub knows that it was the one who said it.

The listener cannot tell the company's mail server from a stranger by its address alone. So that server, after its own
DMARC check, writes one header on top and drops any that came with the mail:
`X-Tower-MX: v1;t=<unix seconds>;h=<hex>`, where h is HMAC-SHA256 under the shared secret over `v1`, t, the Message-ID,
the lower-case From address and `pass`, joined by line feeds.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field

from connectors.mail.reading import Opened

_HEADER = re.compile(r"v1;t=(\d{1,12});h=([0-9a-f]{64})")
FRESH_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Checks the trusted server's word."""

    keys: tuple[bytes, ...] = field(repr=False)

    def passes(self, mail: Opened, wall: float) -> bool:
        """Whether the server vouches for this sender, said within ten minutes of `wall` (epoch seconds).

        A second From, Message-ID or verdict header makes it worthless: then one could be checked and another believed.
        """
        if any(len(mail.all(name)) != 1 for name in ("x-tower-mx", "from", "message-id")):
            return False
        found = _HEADER.fullmatch(mail.first("x-tower-mx").strip())
        if found is None or abs(wall - int(found[1])) > FRESH_SECONDS or not mail.sender:
            return False
        words = ("v1", found[1], mail.first("message-id").strip(), mail.sender, "pass")
        signed = "\n".join(words).encode("utf-8", "surrogateescape")
        return any(hmac.compare_digest(found[2], hmac.digest(key, signed, "sha256").hex()) for key in self.keys)
