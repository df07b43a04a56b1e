"""What pages opened inside WeCom may ask of the connector: sign-in, follow check, JS-SDK signatures."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Hub
from connectors.wecom.client import Client
from connectors.wecom.jssdk import JsSdk
from connectors.wecom.oauth import OAuth
from connectors.wecom.settings import Settings
from rules.model import Identity, RepHandle


class Staff:
    """The connector's answer to `connectors.contract.StaffPages`."""

    def __init__(self, settings: Settings, hub: Hub, client: Client) -> None:
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

    async def page_config(self, url: str) -> Mapping[str, str]:
        """What the platform's script needs on the page at `url`."""
        return await self._jssdk.page_config(url)
