"""What pages opened inside WeCom may ask of the connector: sign-in, follow check, JS-SDK signatures."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Contact, Hub
from connectors.wecom.client import Client
from connectors.wecom.jssdk import JsSdk
from connectors.wecom.oauth import OAuth
from connectors.wecom.settings import Settings
from connectors.wecom.translate import contact_chat
from rules.model import Identity, RepHandle


class Staff:
    """The connector's answer to `connectors.contract.StaffPages`."""

    def __init__(self, settings: Settings, hub: Hub, client: Client) -> None:
        self._corp_id = settings.corp_id
        self._oauth = OAuth(settings, client)
        self._jssdk = JsSdk(settings, hub, client)

    def sign_in_url(self, redirect: str, state: str) -> str:
        """Where a browser goes to be recognised."""
        return self._oauth.sign_in_url(redirect, state)

    def scan_url(self, redirect: str, state: str) -> str:
        """Where a browser outside WeCom goes to be recognised."""
        return self._oauth.scan_url(redirect, state)

    async def signed_in(self, code: str) -> RepHandle:
        """Who came back with this one-time code."""
        return await self._oauth.signed_in(code)

    async def follows(self, by: RepHandle, who: Identity) -> bool:
        """Whether this rep has this customer among her contacts."""
        if by.platform != "wecom" or (who.platform, who.kind) != ("wecom", "external_userid"):
            return False
        return await self._oauth.follows(by.value, who.value)

    async def contact(self, by: RepHandle, who: Identity) -> Contact | None:
        """Her, if she is among this rep's contacts."""
        if not await self.follows(by, who):
            return None
        known = await self._oauth.known(who.value)
        return Contact(name=known.name, address=contact_chat(self._corp_id, by.value, who.value))

    async def page_config(self, url: str) -> Mapping[str, str]:
        """What the platform's script needs on the page at `url`."""
        return await self._jssdk.page_config(url)
