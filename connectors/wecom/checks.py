"""Whether corp, app, callback address and kf accounts are as they must be: the W checks of the doctor. Reads only."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from connectors.contract import Finding, Hub, Site
from connectors.wecom.client import Client
from connectors.wecom.crypto import Envelope, page_signature
from connectors.wecom.errors import CallFailed, Refusal
from connectors.wecom.jssdk import JsSdk
from connectors.wecom.settings import Settings
from connectors.wecom.wire import read

CHECKS = {
    "W01": "WeCom gives each app a token",
    "W03": "The kf accounts exist and the app manages them",
    "W04": "This machine's address is trusted",
    "W05": "The callback address answers WeCom's verification",
    "W06": "Pages can be signed for the JS-SDK",
    "W08": "Customer messages are pulled",
    "W09": "The sidebar is set up in the admin console",
}
"""What each check looks at."""
UNTRUSTED = frozenset({60020, 301042})
"""The calling address is not on the app's list (WeCom doc 90313)."""
SIDEBAR = "/sidebar/wecom"
_DUE = 3
"""So many rounds of looking may be missed before a pull counts as overdue."""
_BROKEN = (ClientError, TimeoutError, OSError)
_SAMPLE = {
    "ticket": "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
    "nonce": "Wm3WZYTPz0wzccnW",
    "timestamp": "1414587457",
    "url": "http://mp.weixin.qq.com?params=value",
}
_SIGNED = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
"""The worked example of the page on signatures (WeCom doc 90506)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """One look at everything. The client is opened by the caller."""

    settings: Settings
    hub: Hub
    site: Site
    client: Client
    session: ClientSession

    async def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        w01, w04 = await self._tokens()
        usable = w01.state == w04.state == "fine"
        w03 = await self._accounts() if usable else Finding(id="W03", state="skipped", found="needs W01 and W04")
        w06 = await self._pages() if usable else Finding(id="W06", state="skipped", found="needs W01 and W04")
        return [w01, w03, w04, await self._callbacks(), w06, self._pulled(), self._sidebar()]

    async def _tokens(self) -> tuple[Finding, Finding]:
        """W01 and W04: one harmless call per app, which needs a token and a trusted address."""
        for name in self.settings.apps:
            try:
                await self.client.call(name, "/cgi-bin/getcallbackip")
            except Refusal as refusal:
                return self._refused(name, refusal)
            except CallFailed as failure:
                mend = "this machine must reach api_base by HTTPS"
                return Finding(id="W01", state="wrong", found=f"{name}: {failure}", do=mend), _needs("W04", "W01")
        apps = ", ".join(self.settings.apps)
        return Finding(id="W01", state="fine", found=f"a token for {apps}"), Finding(
            id="W04", state="fine", found="calls are taken"
        )

    def _refused(self, name: str, refusal: Refusal) -> tuple[Finding, Finding]:
        found = f"{name}: errcode {refusal.errcode}"
        if refusal.errcode in UNTRUSTED:
            mend = "add the address this machine is seen under to the app's 企业可信IP in the admin console"
            return Finding(id="W01", state="fine", found=f"a token for {name}"), Finding(
                id="W04", state="wrong", found=found, do=mend
            )
        mend = f"corp_id and the secret of [wecom.apps.{name}] must be those of the app's page in the admin console"
        return Finding(id="W01", state="wrong", found=found, do=mend), _needs("W04", "W01")

    async def _accounts(self) -> Finding:
        for account, app in self.settings.kf.items():
            try:
                told = await self.client.call(app, "/cgi-bin/kf/account/list", {"offset": 0, "limit": 100})
            except CallFailed as failure:
                mend = "let the app manage kf accounts (微信客服 > API > 可调用接口的应用)"
                return Finding(id="W03", state="wrong", found=str(failure), do=mend)
            listed = told.get("account_list")
            known = [a.get("open_kfid") for a in listed if isinstance(a, dict)] if isinstance(listed, list) else []
            if account not in known:
                mend = "the key in [wecom.kf] must be an open_kfid the app manages"
                return Finding(id="W03", state="wrong", found=f"{account} is not among {len(known)}", do=mend)
        return Finding(id="W03", state="fine", found=f"{len(self.settings.kf)} kf accounts")

    async def _callbacks(self) -> Finding:
        """Do to ourselves what WeCom does when the callback address is saved."""
        for name, app in self.settings.apps.items():
            envelope = Envelope(corp_id=self.settings.corp_id, token=app.token, aes_key=app.aes_key)
            echo, stamp, nonce = str(secrets.randbelow(10**18)), str(int(time.time())), secrets.token_hex(8)
            sealed = read(envelope.seal(echo, stamp, nonce).encode())
            query = {"msg_signature": sealed.need("MsgSignature"), "timestamp": stamp, "nonce": nonce}
            url = URL(f"{self.site.public_url}/wecom/callback/{name}").with_query(
                query | {"echostr": sealed.need("Encrypt")}
            )
            try:
                async with self.session.get(url, allow_redirects=False, timeout=_patience()) as answer:
                    status, body = answer.status, await answer.content.read(100)
            except _BROKEN as broken:
                mend = "start the hub; public_url and the reverse proxy must lead to it"
                return Finding(id="W05", state="wrong", found=f"no answer ({type(broken).__name__})", do=mend)
            if status != 200 or body != echo.encode():
                found = f"{name}: {status}" if status != 200 else f"{name}: another echo"
                mend = "the running hub must have the same token, aes_key and corp_id; the proxy must keep the query"
                return Finding(id="W05", state="wrong", found=found, do=mend)
        return Finding(id="W05", state="fine", found=f"the echo of {', '.join(self.settings.apps)}")

    async def _pages(self) -> Finding:
        """Both tickets, and a signature that is the one of the platform's page on signatures."""
        try:
            told = await JsSdk(self.settings, self.hub, self.client).page_config(f"{self.site.public_url}{SIDEBAR}")
        except CallFailed as failure:
            mend = "the app must be visible to its members and its trusted domain (可信域名) be set"
            return Finding(id="W06", state="wrong", found=str(failure), do=mend)
        if told["signature"] == told["agent_signature"] or page_signature(**_SAMPLE) != _SIGNED:
            return Finding(id="W06", state="wrong", found="a signature that cannot be right", do="report this fault")
        return Finding(id="W06", state="fine", found="two tickets, two signatures")

    def _pulled(self) -> Finding:
        if not self.settings.kf:
            return Finding(id="W08", state="skipped", found="no kf account")
        if self.site.channels is None:
            return Finding(id="W08", state="skipped", found="needs D01, D06 and C02")
        if self.site.pulled_at is None:
            return Finding(id="W08", state="wrong", found="never pulled", do="start the hub; then W01, W04, W03")
        age = self.site.now - self.site.pulled_at
        if age > timedelta(seconds=_DUE * self.site.reconcile_seconds + 60):
            return Finding(id="W08", state="wrong", found=f"last pulled {age} ago", do="is the hub running? W01, W04")
        return Finding(id="W08", state="fine", found=f"last pulled {int(age.total_seconds())} s ago")

    def _sidebar(self) -> Finding:
        mend = f"admin console > 客户联系 > 聊天工具栏 must lead to {self.site.public_url}{SIDEBAR}"
        return Finding(id="W09", state="by hand", found="no API tells", do=mend)


def _needs(check: str, other: str) -> Finding:
    return Finding(id=check, state="skipped", found=f"needs {other}")


def _patience() -> ClientTimeout:
    return ClientTimeout(total=10)
