"""Whether the bot registration, the app package and the tenant are as they must be: the T checks of the doctor.

Reads only. The probes of our own address carry no credentials: a refusal is what they hope for.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import ValidationError

from connectors.contract import Finding, Hub, Site, TryLater
from connectors.teams import manifest
from connectors.teams.outcomes import Ended
from connectors.teams.settings import Settings
from connectors.teams.tokens import Tokens

CHECKS = {
    "T01": "Entra gives the bot a token",
    "T03": "Microsoft Graph shows the team's channels to the app",
    "T05": "The bot's address answers within two seconds",
    "T06": "The app package can be made",
    "T07": "The bot is in every team of the playbook, and the channels stand",
    "T08": "The tab may be framed by Teams",
    "T09": "A call without a signature is refused with 401",
}
"""What each check looks at."""
TRIES, PAUSE = 4, 1.1
"""How often a busy Graph is asked, and the wall seconds between: its limit per team is one of a second."""
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
        t05, t09 = await self._probe()
        found = [t01, await self._graph(t01), t05, self._package(), self._installed(), await self._tab(), t09]
        return found

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

    async def _graph(self, token: Finding) -> Finding:
        """One read that needs what provisioning needs: the list of channels of the first team the bot is in."""
        if token.state != "fine":
            return Finding(id="T03", state="skipped", found="needs T01")
        group = next((c.reference.group_id for c in self.site.channels or () if c.reference), "")
        try:
            bearer = await Tokens(self.settings, self.hub, self.session, self.settings.graph_scope).get()
            if not group:
                return Finding(id="T03", state="skipped", found="a Graph token; the bot is in no team yet (T07)")
            status = await self._status(f"{self.settings.graph_url}/teams/{quote(group)}/channels", bearer)
        except Ended as ended:
            return Finding(id="T03", state="wrong", found=_reason(ended), do="see T01; graph_scope must be Graph's own")
        except _BROKEN as broken:
            found = f"no answer from Graph ({type(broken).__name__})"
            return Finding(id="T03", state="wrong", found=found, do="this machine must reach graph_url by HTTPS")
        if status == 200:
            return Finding(id="T03", state="fine", found="the team's channels")
        roles = ", ".join(_roles(bearer)) or "none"
        return Finding(
            id="T03",
            state="wrong",
            found=f"Graph answered {status}; roles in the token: {roles}",
            do="the team's owner installs the newest app package, which asks for ChannelSettings.Read.Group and "
            "Channel.Create.Group",
        )

    async def _status(self, url: str, bearer: str) -> int:
        """The answer's status; Graph that asks us to slow down is asked again a little later."""
        headers, status = {"Authorization": f"Bearer {bearer}"}, 0
        for _ in range(TRIES):
            async with self.session.get(url, headers=headers, allow_redirects=False, timeout=self._patience) as answer:
                status = answer.status
            if status != 429:
                break
            await asyncio.sleep(PAUSE)
        return status

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
        if quick.state == "wrong" or status == 401:
            state, found = ("fine", "401") if status == 401 else ("skipped", "needs T05")
            return quick, Finding(id="T09", state=state, found=found)  # type: ignore[arg-type]
        mend = "whatever answers there is not this hub: look at the reverse proxy"
        return quick, Finding(id="T09", state="wrong", found=f"{status} instead of 401", do=mend)

    def _package(self) -> Finding:
        try:
            made = manifest.manifest(self.settings, self.site.public_url)
        except ValidationError as wrong:
            keys = ", ".join(sorted({".".join(str(p) for p in e["loc"]) for e in wrong.errors(include_input=False)}))
            return Finding(id="T06", state="wrong", found=f"the manifest does not fit: {keys}", do="mend [teams]")
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


def _roles(token: str) -> list[str]:
    """The app permissions a Graph token carries; they are no secret. Empty when it cannot be read."""
    parts = token.split(".")
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return sorted(str(role) for role in claims.get("roles", []))
    except (IndexError, binascii.Error, ValueError, AttributeError):
        return []
