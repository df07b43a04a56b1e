"""Who opened the Teams tab: proved by the single sign-on token, never by what the page says about itself."""

from __future__ import annotations

from connectors.teams.settings import Settings
from connectors.teams.verify import Verifier
from connectors.teams.wire import text_of
from rules.errors import BadSignature
from rules.model import RepHandle

SCOPE = "access_as_user"


class Tab:
    """Checks tab tokens (Teams, tab single sign-on: validate the token)."""

    def __init__(self, settings: Settings, verifier: Verifier) -> None:
        self._settings, self._verifier = settings, verifier

    async def verify(self, token: str) -> RepHandle:
        """The employee a tab token speaks for. Raises BadSignature, or Unavailable while no key is known.

        Identity is tenant and object id; names and addresses in the token can change hands and are not looked at.
        """
        if not self._settings.tab_audience:
            raise BadSignature("no_tab")
        claims = (await self._verifier.check(token)).claims
        if claims.get("tid") != self._settings.tenant_id:
            raise BadSignature("tenant")
        if SCOPE not in text_of(claims.get("scp")).split():
            raise BadSignature("scope")
        client = text_of(claims.get("azp")) or text_of(claims.get("appid"))
        if self._settings.tab_clients and client not in self._settings.tab_clients:
            raise BadSignature("client")
        person = text_of(claims.get("oid"))
        if not person:
            raise BadSignature("no_person")
        return RepHandle(platform="teams", value=person)
