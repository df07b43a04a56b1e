"""Links of our mails: where they lead stands in our table, and who followed them, a person or a machine, is told apart.

Security scanners and picture proxies open links within seconds, and all of them; their clicks are kept but marked.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from connectors.contract import Clock, Hub, Inbound
from rules.errors import Unavailable
from rules.events import LinkClicked
from rules.model import Address
from rules.tokens import Tokens
from sidebar.outside.facts import LinkTarget, OutsideFacts
from sidebar.outside.page import HEADERS, not_ours, reader_language, try_again

_ROBOTS = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|fetch|monitor|curl|wget|python|java/|go-http|okhttp|libwww|headless|phantom"
    r"|safelinks|proofpoint|barracuda|mimecast|symantec|fireeye|trendmicro|imageproxy|externalhit|urlresolver|antivirus",
    re.IGNORECASE,
)
_QUICK_SECONDS = 2.0
_MOST_MAILS = 10_000


@dataclass(kw_only=True, slots=True)
class Sweeps:
    """Remembers for two seconds which links of a mail were asked for: two of them at once is no person."""

    _asked: OrderedDict[str, dict[int, float]] = field(default_factory=OrderedDict)

    def note(self, mail_id: str, index: int, now: float) -> tuple[int, ...]:
        """Note a request (monotonic seconds); the other links asked for within the last two seconds."""
        seen = self._asked.pop(mail_id, {})
        recent = {i: at for i, at in seen.items() if now - at <= _QUICK_SECONDS}
        self._asked[mail_id] = {**recent, index: now}
        while len(self._asked) > _MOST_MAILS:
            self._asked.popitem(last=False)
        return tuple(i for i in recent if i != index)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clicks:
    """GET and HEAD /r/{token}."""

    hub: Hub
    tokens: Tokens
    facts: OutsideFacts
    clock: Clock
    sweeps: Sweeps = field(default_factory=Sweeps)

    async def follow(self, request: web.Request) -> web.Response:
        """Note the click and lead on. If it cannot be noted, the reader is led on all the same."""
        ref = self.tokens.open("click", request.match_info["token"])
        mail_id, _, number = (ref or "").rpartition("-")
        if not mail_id or not number.isdigit() or len(number) > 3:
            return not_ours(request)
        try:
            target = await self.facts.link_target(mail_id, int(number))
        except Unavailable:
            return try_again(reader_language(request))
        if target is None or not _leads_out(target.url):
            return not_ours(request)
        # What she wants to read matters more than our count.
        with contextlib.suppress(Unavailable):
            await self.hub.accept(await self._clicked(request, mail_id, int(number), target))
        return web.Response(status=302, headers={**HEADERS, "Location": target.url})

    async def _clicked(self, request: web.Request, mail_id: str, index: int, target: LinkTarget) -> list[Inbound]:
        others = self.sweeps.note(mail_id, index, time.monotonic())
        if not others:
            robot = looks_like_a_robot(request) or _too_quick(target, time.time())
            return [self._event(mail_id, index, target.url, robot=robot)]
        # A sweep: the links before this one, which looked like a person's click, were the machine's too.
        found = [self._event(mail_id, index, target.url, robot=True)]
        for other in others:
            if other >= 0 and (earlier := await self.facts.link_target(mail_id, other)) is not None:
                found.append(self._event(mail_id, other, earlier.url, robot=True))
        return found

    def _event(self, mail_id: str, index: int, url: str, *, robot: bool) -> Inbound:
        """One link counts once a day for people and once for machines, however often it is asked for."""
        now = self.clock()
        who = "robot" if robot else "person"
        event = LinkClicked(
            id=f"click-{mail_id}-{index}-{who}-{now:%Y%m%d}", at=now, mail_id=mail_id, target=url, robot=robot
        )
        return Inbound(event=event, order=Address(connector="hub", account="customer", wire_id=mail_id))


def looks_like_a_robot(request: web.Request) -> bool:
    """By what it says about itself: HEAD, a prefetch, a scanner's name, or no name at all."""
    agent = request.headers.get("User-Agent", "")[:500]
    fetched = " ".join(request.headers.get(h, "") for h in ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")).lower()
    bare = agent.strip() in ("", "Mozilla/5.0")
    return request.method == "HEAD" or bare or bool(_ROBOTS.search(agent)) or "prefetch" in fetched


def _too_quick(target: LinkTarget, wall: float) -> bool:
    return target.sent_wall is not None and 0 <= wall - target.sent_wall < _QUICK_SECONDS


def _leads_out(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isascii() and url.isprintable()
