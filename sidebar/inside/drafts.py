"""What somebody typed while her sign-in ended: it goes through the new sign-in with her and comes back to its box.

It travels in a sealed cookie of ten minutes, bound to the conversation and to the person who typed it. Whoever else
signs in from the same browser gets nothing of it. What is too long for a cookie stays on the page that told her.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from yarl import URL

from rules.model import RepHandle
from sidebar.inside.parts import Inside
from sidebar.inside.seals import Sealer, Stamp

_SECONDS = 600
_FITS = 3500
"""Longest cookie in characters: browsers keep 4,096 with its name and flags."""
_LONGEST = 16_384


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Words that were not sent."""

    conversation_id: str
    of: str
    """Who typed it, as `Drafts.owner` tells."""
    box: str
    """Which box of the page it was typed in, as `Wish.box` tells."""
    text: str = field(repr=False)


class Drafts:
    """Keeps, gives back and drops."""

    def __init__(self, parts: Inside) -> None:
        self._wall = parts.wall
        self._sealer, self._stamp = Sealer(parts.key), Stamp(parts.key)
        self._secure = URL(parts.public_url).scheme == "https"
        self._name = "__Host-tower_draft" if self._secure else "tower_draft"

    def owner(self, by: RepHandle) -> str:
        """A person, so that nobody else can be told from it or take their place."""
        return self._stamp.of(f"draft|{by.platform}|{by.value.lower()}")

    def keep(self, answer: web.StreamResponse, draft: Draft) -> bool:
        """Send it along; False when it is too long for that, or nothing a box of ours holds."""
        if not draft.box or not draft.text:
            return False
        packed = zlib.compress(draft.text.encode(), 9).hex() if len(draft.text) <= _LONGEST else ""
        value = {"about": draft.conversation_id, "of": draft.of, "box": draft.box, "text": packed}
        sealed = self._sealer.seal("draft", value, until=self._wall() + _SECONDS)
        if not packed or len(sealed) > _FITS:
            return False
        answer.set_cookie(
            self._name, sealed, max_age=_SECONDS, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )
        return True

    def kept(self, request: web.Request, conversation_id: str, by: RepHandle) -> Mapping[str, str]:
        """What she typed on this conversation's page, by box; empty for nobody's or somebody else's."""
        value = self._sealer.open("draft", request.cookies.get(self._name, ""), now=self._wall())
        if value is None or value["about"] != conversation_id or value["of"] != self.owner(by):
            return {}
        return {value["box"]: zlib.decompress(bytes.fromhex(value["text"])).decode()}

    def waiting(self, request: web.Request) -> bool:
        """Whether the browser brings one, whosever it is."""
        return self._name in request.cookies

    def drop(self, answer: web.StreamResponse) -> None:
        """It was given back."""
        answer.del_cookie(self._name, path="/", secure=self._secure, httponly=True, samesite="Lax")
