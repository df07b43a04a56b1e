"""What Microsoft Graph tells about our registration and about what was granted to it: T02, T03, T04. Reads only.

A fact that the app is not allowed to see is `by hand`, never fine.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

from connectors import transfer
from connectors.contract import Finding, Hub, Reference, Site
from connectors.teams.manifest import consents
from connectors.teams.outcomes import Ended
from connectors.teams.settings import Settings
from connectors.teams.tokens import Tokens

TRIES, PAUSE = 4, 1.1
"""How often a busy Graph is asked, and the wall seconds between: its limit per team is one of a second."""
_BROKEN = (ClientError, TimeoutError, OSError)
_PORTAL = "Azure portal > App registrations > Certificates & secrets"
_LARGEST = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An answer of Graph."""

    status: int
    body: Mapping[str, object]
    """Empty where there was no JSON object."""

    @property
    def rows(self) -> list[Mapping[str, object]]:
        """The members of a collection."""
        return _rows(self.body.get("value"))


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphChecker:
    """One look at what Graph knows of us."""

    settings: Settings
    hub: Hub
    site: Site
    session: ClientSession

    async def all(self, token: Finding) -> Sequence[Finding]:
        """The findings; `token` is T01's."""
        if token.state != "fine":
            return [_skipped(i, "needs T01") for i in ("T02", "T03", "T04")]
        try:
            bearer = await Tokens(self.settings, self.hub, self.session, self.settings.graph_scope).get()
            t03 = await self._granted(bearer)
            if t03.state == "wrong":
                return [_skipped("T02", "needs T03"), t03, _skipped("T04", "needs T03")]
            return [await self._secret(bearer), t03, await self._consents(bearer)]
        except Ended as ended:
            found, mend = str(getattr(ended.outcome, "reason", "no token")), "see T01; graph_scope must be Graph's own"
        except _BROKEN as broken:
            found, mend = (
                f"no answer from Graph ({type(broken).__name__})",
                "this machine must reach graph_url by HTTPS",
            )
        t03 = Finding(id="T03", state="wrong", found=found, do=mend)
        return [_skipped("T02", "needs T03"), t03, _skipped("T04", "needs T03")]

    # --- T02 ----------------------------------------------------------------------------------------------------------

    async def _secret(self, bearer: str) -> Finding:
        """Until when our client secret is good (Graph, get application; needs Application.Read.All). Wall time."""
        select = "?$select=passwordCredentials"
        told = await self._get(f"/applications(appId='{quote(self.settings.app_id)}'){select}", bearer)
        if told.status != 200:
            found = f"Graph does not show the app its own registration ({told.status})"
            mend = f"look there: {_PORTAL}; or grant Application.Read.All"
            return Finding(id="T02", state="by hand", found=found, do=mend)
        ends = self._ends(_rows(told.body.get("passwordCredentials")))
        if ends is None:
            found = "the registration lists no secret like ours"
            return Finding(id="T02", state="by hand", found=found, do=f"look there: {_PORTAL}")
        days = (ends.timestamp() - time.time()) / 86400
        found = f"the client secret ends on {ends:%Y-%m-%d}, in {max(days, 0):.0f} days"
        if days < self.site.secret_days:
            mend = f"make a new one ({_PORTAL}), give it as teams.app_password, restart, then remove the old one"
            return Finding(id="T02", state="wrong", found=found, do=mend)
        return Finding(id="T02", state="fine", found=found)

    def _ends(self, secrets: Sequence[Mapping[str, object]]) -> datetime | None:
        """When ours ends: of those whose hint (the first characters of a secret) fits, the one that lasts longest."""
        ours = self.settings.app_password.get_secret_value()
        hinted = [s for s in secrets if (hint := str(s.get("hint") or "")) and ours.startswith(hint)]
        moments = [m for s in hinted if (m := _moment(s.get("endDateTime"))) is not None]
        return max(moments, default=None)

    # --- T03 ----------------------------------------------------------------------------------------------------------

    async def _granted(self, bearer: str) -> Finding:
        """Permissions in the token against those the hub needs, and one read that shows that Graph answers."""
        roles = _roles(bearer)
        if missing := sorted(set(self.site.graph_roles) - set(roles)):
            mend = "Azure portal > App registrations > API permissions: add them (Application) and grant admin consent"
            found = f"missing: {', '.join(missing)}; granted: {', '.join(roles) or 'none'}"
            return Finding(id="T03", state="wrong", found=found, do=mend)
        found = f"granted: {', '.join(roles) or 'none, and none is needed'}"
        if self.site.teams:
            told = await self._get(_team(self.site.teams[0], "channels"), bearer)
            if told.status not in (200, 403):
                mend = "graph_url must be Graph's own; 404: the team is gone"
                return Finding(id="T03", state="wrong", found=f"Graph answered {told.status}", do=mend)
        return Finding(id="T03", state="fine", found=found)

    # --- T04 ----------------------------------------------------------------------------------------------------------

    async def _consents(self, bearer: str) -> Finding:
        """What each team's owner granted (Graph, list permissionGrants of a team)."""
        if not self.site.teams:
            return _skipped("T04", "the bot is in no team yet (T07)")
        wanted = set(consents(self.settings))
        lacking, hidden = [], 0
        for number, team in enumerate(self.site.teams, 1):
            told = await self._get(_team(team, "permissionGrants"), bearer)
            if told.status == 200:
                missing = wanted - self._ours(told.rows)
                lacking += [f"team {number}: {', '.join(sorted(missing))}"] if missing else []
            elif (await self._get(_team(team, "channels"), bearer)).status == 200:
                hidden += 1
            else:
                lacking.append(f"team {number}: ChannelSettings.Read.Group")
        mend = "the team's owner installs the newest app package: python app.py teams-manifest tower.zip"
        if lacking:
            return Finding(id="T04", state="wrong", found=f"not granted in {'; '.join(lacking)}", do=mend)
        if hidden:
            found = f"{hidden} of {len(self.site.teams)} teams do not show what they granted"
            return Finding(id="T04", state="by hand", found=found, do=f"{mend}; or look at the app's page in the team")
        return Finding(id="T04", state="fine", found=f"{len(wanted)} permissions in {len(self.site.teams)} teams")

    def _ours(self, grants: Iterable[Mapping[str, object]]) -> set[str]:
        app = self.settings.app_id.lower()
        return {str(g.get("permission")) for g in grants if str(g.get("clientAppId", "")).lower() == app}

    async def _get(self, path: str, bearer: str) -> Told:
        """One read; Graph that asks us to slow down is asked again a little later. Raises what breaks the call."""
        headers, told = {"Authorization": f"Bearer {bearer}"}, Told(status=0, body={})
        patience = ClientTimeout(total=self.settings.call_seconds)
        for _ in range(TRIES):
            url = f"{self.settings.graph_url}{path}"
            async with self.session.get(url, headers=headers, allow_redirects=False, timeout=patience) as answer:
                told = Told(status=answer.status, body=_object(await transfer.beginning(answer, _LARGEST)))
            if told.status != 429:
                break
            await asyncio.sleep(PAUSE)
        return told


def _team(team: Reference, what: str) -> str:
    return f"/teams/{quote(team.group_id)}/{what}"


def _skipped(check: str, found: str) -> Finding:
    return Finding(id=check, state="skipped", found=found)


def _object(raw: bytes) -> Mapping[str, object]:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _rows(value: object) -> list[Mapping[str, object]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _roles(token: str) -> list[str]:
    """The app permissions a Graph token carries; they are no secret. Empty when it cannot be read."""
    parts = token.split(".")
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return sorted(str(role) for role in claims.get("roles", []))
    except (IndexError, binascii.Error, ValueError, AttributeError):
        return []
