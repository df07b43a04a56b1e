"""What a page needs to speak with the WeCom client around it: two signatures over its address (WeCom doc 90506).

`wx.config` goes by the corp's ticket, `agentConfig` by the app's; one in place of the other is an invalid signature.
"""

from __future__ import annotations

import secrets
import time
from functools import partial
from urllib.parse import urldefrag

from connectors.contract import Hub
from connectors.wecom.client import Client, lease
from connectors.wecom.crypto import page_signature
from connectors.wecom.settings import Settings
from connectors.wecom.shared import Lease, Shared


class JsSdk:
    """Signs pages of the staff app."""

    def __init__(self, settings: Settings, hub: Hub, client: Client) -> None:
        self._settings = settings
        self._client = client
        shared = partial(Shared, hub=hub, margin=settings.token_margin_seconds)
        corp, app = settings.corp_id, settings.staff
        self._corp = shared(key=f"wecom/ticket/{corp}/{app}/corp", fetch=self._fetch_corp)
        self._agent = shared(key=f"wecom/ticket/{corp}/{app}/agent", fetch=self._fetch_agent)

    async def page_config(self, url: str) -> dict[str, str]:
        """Both signatures for the page at `url`, exactly as it was loaded. The caller signs only pages of its own.

        Raises CallFailed, StorageError.
        """
        nonce, timestamp = secrets.token_hex(8), str(int(time.time()))
        page = urldefrag(url).url
        corp, agent = await self._corp.get(), await self._agent.get()
        return {
            "corp_id": self._settings.corp_id,
            "agent_id": str(self._settings.apps[self._settings.staff].agent_id),
            "nonce": nonce,
            "timestamp": timestamp,
            "signature": page_signature(ticket=corp, nonce=nonce, timestamp=timestamp, url=page),
            "agent_signature": page_signature(ticket=agent, nonce=nonce, timestamp=timestamp, url=page),
        }

    async def _fetch_corp(self) -> Lease:
        return lease(await self._client.call(self._settings.staff, "/cgi-bin/get_jsapi_ticket"), "ticket")

    async def _fetch_agent(self) -> Lease:
        path = "/cgi-bin/ticket/get"
        return lease(await self._client.call(self._settings.staff, path, query={"type": "agent_config"}), "ticket")
