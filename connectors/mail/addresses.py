"""The hub's own mail addresses: each stands for one mail of ours and one purpose, and nobody else can make one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rules.tokens import Purpose, Tokens

_LETTERS: dict[str, Purpose] = {"r": "reply", "b": "bounce", "u": "unsubscribe"}
_MESSAGE_ID = re.compile(r"<([^<>@\s]{1,200})@([^<>@\s]{1,255})>")
_MOST_REFERENCES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """What one of our addresses stands for."""

    mail_id: str
    purpose: Literal["reply", "bounce", "unsubscribe"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Makes and opens the hub's addresses."""

    tokens: Tokens
    reply_domain: str
    sending_domain: str

    def reply(self, mail_id: str) -> str:
        """Where an answer to a mail goes."""
        return f"r+{self.tokens.mint('reply', mail_id)}@{self.reply_domain}"

    def bounce(self, mail_id: str) -> str:
        """The envelope sender of a mail (VERP): where its bounces go."""
        return f"b+{self.tokens.mint('bounce', mail_id)}@{self.reply_domain}"

    def unsubscribe(self, mail_id: str) -> str:
        """Where a mail that asks for no more mail goes."""
        return f"u+{self.tokens.mint('unsubscribe', mail_id)}@{self.reply_domain}"

    def message_id(self, mail_id: str) -> str:
        """The Message-ID of a mail, the same for every attempt. It carries the reply token, so that threading headers
        prove as much as the address does.
        """
        return f"<{self.tokens.mint('reply', mail_id)}@{self.sending_domain}>"

    def open(self, address: str) -> Recipient | None:
        """What an address stands for; None if it is not one of ours."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        letter, plus, token = local.partition("+")
        purpose = _LETTERS.get(letter.lower())
        if not plus or purpose is None or domain.lower() != self.reply_domain:
            return None
        mail_id = self.tokens.open(purpose, token)
        return Recipient(mail_id=mail_id, purpose=purpose) if mail_id else None  # type: ignore[arg-type]

    def answered(self, headers: str) -> Recipient | None:
        """Which mail of ours the words of In-Reply-To and References name; None if none of them is ours."""
        for local, domain in _MESSAGE_ID.findall(headers)[-_MOST_REFERENCES:][::-1]:
            mail_id = self.tokens.open("reply", local) if domain.lower() == self.sending_domain else None
            if mail_id:
                return Recipient(mail_id=mail_id, purpose="reply")
        return None
