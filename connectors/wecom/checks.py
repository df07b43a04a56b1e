"""Whether corp, app, callback address and kf accounts are as they must be: the W checks of the doctor. Reads only."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from connectors import transfer
from connectors.contract import Finding, Hub, Site
from connectors.wecom.client import Client
from connectors.wecom.company_checks import SIDEBAR, CompanyChecker
from connectors.wecom.crypto import Envelope
from connectors.wecom.errors import CallFailed, Refusal
from connectors.wecom.settings import Settings
from connectors.wecom.wire import read

CHECKS = {
    "W01": "WeCom gives each app a token",
    "W02": "The app sees every colleague",
    "W03": "Customer contact and the kf accounts are the app's to use",
    "W04": "This machine's address is trusted",
    "W05": "The callback address answers WeCom's verification, and the clock is right",
    "W06": "The pages' domain is trusted, and they can be signed for the JS-SDK",
    "W07": "The domain's proof is served",
    "W08": "Customer messages are pulled",
    "W09": "The sidebar is set up in the admin console",
}
"""What each check looks at."""
UNTRUSTED = frozenset({60020, 301042})
"""The calling address is not on the app's list (WeCom doc 90313)."""
_DUE = 3
"""So many rounds of looking may be missed before a pull counts as overdue."""
_BROKEN = (ClientError, TimeoutError, OSError)


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
        company = CompanyChecker(
            settings=self.settings, hub=self.hub, site=self.site, client=self.client, session=self.session
        )
        if w01.state == w04.state == "fine":
            asked = [await company.visible(), await company.accounts(), await company.pages()]
        else:
            asked = [Finding(id=i, state="skipped", found="needs W01 and W04") for i in ("W02", "W03", "W06")]
        w02, w03, w06 = asked
        w05, w07 = await self._callbacks(), await company.proofs()
        return [w01, w02, w03, w04, w05, w06, w07, self._pulled(), self._sidebar()]

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
        if refusal.errcode in UNTRUSTED and refusal.seen_from:
            found += f", and WeCom sees us as {refusal.seen_from}"
        if refusal.errcode in UNTRUSTED:
            mend = "add the address this machine is seen under to the app's 企业可信IP in the admin console"
            return Finding(id="W01", state="fine", found=f"a token for {name}"), Finding(
                id="W04", state="wrong", found=found, do=mend
            )
        mend = f"corp_id and the secret of [wecom.apps.{name}] must be those of the app's page in the admin console"
        return Finding(id="W01", state="wrong", found=found, do=mend), _needs("W04", "W01")

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
                    status, body = answer.status, await transfer.beginning(answer, 100)
            except _BROKEN as broken:
                mend = "start the hub; public_url and the reverse proxy must lead to it"
                return Finding(id="W05", state="wrong", found=f"no answer ({type(broken).__name__})", do=mend)
            if status != 200 or body != echo.encode():
                found = f"{name}: {status}" if status != 200 else f"{name}: another echo"
                mend = "the running hub must have the same token, aes_key and corp_id; the proxy must keep the query"
                return Finding(id="W05", state="wrong", found=found, do=mend)
        return await self._clock(f"the echo of {', '.join(self.settings.apps)}")

    async def _clock(self, fine: str) -> Finding:
        """WeCom's own time, from the Date of an answer that needs no token: signed callbacks carry it."""
        try:
            url = f"{self.settings.api_base}/cgi-bin/getcallbackip"
            async with self.session.get(url, allow_redirects=False, timeout=_patience()) as answer:
                theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        except (*_BROKEN, KeyError, ValueError):
            return Finding(id="W05", state="fine", found=f"{fine}; WeCom did not tell its time")
        apart = abs(theirs - time.time())
        if apart > self.settings.stale_seconds / 2:
            mend = "synchronise this machine's clock (NTP): callbacks whose time is far from ours are refused"
            return Finding(id="W05", state="wrong", found=f"our clock is {apart:.0f} s away from WeCom's", do=mend)
        return Finding(id="W05", state="fine", found=f"{fine}; clocks {apart:.0f} s apart")

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
