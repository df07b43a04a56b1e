"""Whether the bot registration, the app package and the tenant are as they must be: the T checks of the doctor.

Reads only. The probes of our own address carry no credentials: a refusal is what they hope for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import ValidationError

from connectors.contract import Finding, Hub, Site, TryLater
from connectors.teams import manifest
from connectors.teams.graph_checks import GraphChecker
from connectors.teams.outcomes import Ended
from connectors.teams.settings import Settings
from connectors.teams.tokens import Tokens

CHECKS = {
    "T01": "Entra gives the bot a token",
    "T02": "The client secret lasts for a while",
    "T03": "Microsoft Graph grants what the hub needs",
    "T04": "Each team granted what the bot needs there",
    "T05": "The bot's address answers within two seconds",
    "T06": "The app package can be made",
    "T07": "The bot is in every team of the playbook, and the channels stand",
    "T08": "The tab may be framed by Teams",
    "T09": "A call without a signature is refused with 401",
}
"""What each check looks at."""
SLOW = 2.0
"""Seconds after which Teams users see an error (Teams, store validation guidelines)."""
_BROKEN = (ClientError, TimeoutError, OSError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """One look at everything."""

    settings: Settings
    hub: Hub
    site: Site
    session: ClientSession

    async def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        t01 = await self._token()
        graph = GraphChecker(settings=self.settings, hub=self.hub, site=self.site, session=self.session)
        t05, t09 = await self._probe()
        rest = [t05, self._package(), self._installed(), await self._tab(), t09]
        return [t01, *await graph.all(t01), *rest]

    async def _token(self) -> Finding:
        try:
            await Tokens(self.settings, self.hub, self.session, self.settings.oauth_scope).get()
        except Ended as ended:
            refused = isinstance(ended.outcome, TryLater) and ended.outcome.alarm
            mend = (
                "app_id, app_password and tenant_id must be those of one registration; a client secret may have expired"
                if refused
                else "this machine must reach the token address by HTTPS"
            )
            return Finding(id="T01", state="wrong", found=_reason(ended), do=mend)
        return Finding(id="T01", state="fine", found="a token")

    async def _probe(self) -> tuple[Finding, Finding]:
        """T05 and T09: post an unsigned message to ourselves."""
        url, began = f"{self.site.public_url}/api/messages", time.monotonic()
        try:
            async with self.session.post(
                url, json={"type": "message"}, allow_redirects=False, timeout=self._patience
            ) as answer:
                status = answer.status
        except _BROKEN as broken:
            found = f"no answer ({type(broken).__name__})"
            mend = "start the hub; public_url and the reverse proxy must lead to it"
            return Finding(id="T05", state="wrong", found=found, do=mend), Finding(
                id="T09", state="skipped", found="needs T05"
            )
        took = time.monotonic() - began
        quick = Finding(id="T05", state="fine", found=f"an answer in {took * 1000:.0f} ms, asked from this machine")
        if took > SLOW or status in (404, 502, 503, 504):
            found = f"{status} after {took:.1f} s"
            quick = Finding(id="T05", state="wrong", found=found, do="the reverse proxy must pass /api/messages on")
        if status == 401:
            return quick, Finding(id="T09", state="fine", found="401")
        if quick.state == "wrong":
            return quick, Finding(id="T09", state="skipped", found="needs T05")
        mend = "whatever answers there is not this hub: look at the reverse proxy"
        return quick, Finding(id="T09", state="wrong", found=f"{status} instead of 401", do=mend)

    def _package(self) -> Finding:
        try:
            made = manifest.manifest(self.settings, self.site.public_url)
        except ValidationError as wrong:
            keys = ", ".join(sorted({".".join(str(p) for p in e["loc"]) for e in wrong.errors(include_input=False)}))
            return Finding(id="T06", state="wrong", found=f"the manifest does not fit: {keys}", do="mend [teams]")
        host = urlsplit(self.site.public_url).netloc
        names = [a for a in self.settings.tab_audience if a.startswith("api://")]
        if foreign := [a for a in names if urlsplit(a).netloc.lower() != host.lower()]:
            mend = "the Application ID URI must name the host of server.public_url (Teams, tab single sign-on)"
            return Finding(id="T06", state="wrong", found=f"{foreign[0]}, but the pages are at {host}", do=mend)
        tab = "with the tab" if made.static_tabs else "without the tab"
        return Finding(id="T06", state="fine", found=f"version {made.version}, {tab}")

    def _installed(self) -> Finding:
        channels = self.site.channels
        if channels is None:
            return Finding(id="T07", state="skipped", found="needs D01, D06 and C02")
        homeless = sorted({c.team for c in channels if c.reference is None})
        if homeless:
            found = f"not in {', '.join(homeless)}"
            mend = "python app.py teams-manifest tower.zip, upload it, and add the app to the team"
            return Finding(id="T07", state="wrong", found=found, do=mend)
        if missing := [c.key for c in channels if not c.wire_id]:
            found, mend = f"no channel yet for {', '.join(missing)}", "python app.py trigger provision; then T03"
            return Finding(id="T07", state="wrong", found=found, do=mend)
        return Finding(id="T07", state="fine", found=f"{len(channels)} channels")

    async def _tab(self) -> Finding:
        if not self.settings.tab_audience:
            return Finding(id="T08", state="skipped", found="no tab_audience: no tab")
        url = f"{self.site.public_url}{manifest.TAB_PATH}"
        try:
            async with self.session.get(url, allow_redirects=False, timeout=self._patience) as answer:
                policy, old = answer.headers.get("Content-Security-Policy", ""), answer.headers.get("X-Frame-Options")
        except _BROKEN:
            return Finding(id="T08", state="skipped", found="needs T05")
        frames = next((p.strip() for p in policy.split(";") if p.strip().startswith("frame-ancestors")), "")
        if old or not frames or "'none'" in frames:
            found = f"X-Frame-Options {old}" if old else frames or "no frame-ancestors"
            mend = "server.frame_ancestors_tab must name the hosts of Teams; the reverse proxy must add no header"
            return Finding(id="T08", state="wrong", found=found, do=mend)
        return Finding(id="T08", state="fine", found=frames)

    @property
    def _patience(self) -> ClientTimeout:
        return ClientTimeout(total=self.settings.call_seconds)


def _reason(ended: Ended) -> str:
    return str(getattr(ended.outcome, "reason", "no token"))
