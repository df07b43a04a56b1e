"""Whom the app sees, what it may do, and whose the pages' domain is: W02, W03, W06, W07. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from connectors import transfer
from connectors.contract import Finding, Hub, Site
from connectors.wecom.client import Client
from connectors.wecom.crypto import page_signature
from connectors.wecom.errors import CallFailed, Refusal
from connectors.wecom.jssdk import JsSdk
from connectors.wecom.settings import Settings

SIDEBAR = "/sidebar/wecom"
OUTSIDE = frozenset({60011})
"""The member is not within what the app may see (WeCom doc 90313)."""
NOBODY = frozenset({60111, 40003})
"""No member has this userid (WeCom doc 90313)."""
MOST = 200
"""People who are asked about; a call each."""
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
class CompanyChecker:
    """One look; the client is opened by the caller, and its tokens and address are known to be good."""

    settings: Settings
    hub: Hub
    site: Site
    client: Client
    session: ClientSession

    async def visible(self) -> Finding:
        """W02: each colleague of the configuration is asked for by userid (WeCom doc 90196). Nobody is named: their
        places in the configuration are."""
        asked = [(number, userid) for number, userid in enumerate(self.site.staff, 1) if userid][:MOST]
        if not asked:
            return Finding(id="W02", state="skipped", found="no userid in [staff.people]")
        outside, unknown = [], []
        for number, userid in asked:
            code = await self._seen(userid)
            outside += [number] if code in OUTSIDE else []
            unknown += [number] if code in NOBODY else []
            if code and code not in OUTSIDE | NOBODY:
                mend = "the app may read its members (通讯录)? look the code up in WeCom's error list"
                return Finding(id="W02", state="wrong", found=f"errcode {code}", do=mend)
        if outside or unknown:
            parts = [f"outside: {_places(outside)}"] * bool(outside) + [f"no such userid: {_places(unknown)}"] * bool(
                unknown
            )
            mend = "admin console > the app > 可见范围: add them; a userid that nobody has is a mistake in hub.toml"
            return Finding(id="W02", state="wrong", found=f"{'; '.join(parts)} of [staff.people]", do=mend)
        return Finding(id="W02", state="fine", found=f"all {len(asked)} colleagues")

    async def accounts(self) -> Finding:
        """W03: customer contact is open to its app; each kf account is one its app manages, and sees who serves it."""
        try:
            await self.client.call(self.settings.contact, "/cgi-bin/externalcontact/get_follow_user_list")
        except CallFailed as failure:
            mend = "客户联系 > 可调用接口的应用: add the app"
            return Finding(id="W03", state="wrong", found=f"customer contact: {failure}", do=mend)
        for account, app in self.settings.kf.items():
            if wrong := await self._account(account, app):
                return wrong
        return Finding(id="W03", state="fine", found=f"customer contact, {len(self.settings.kf)} kf accounts")

    async def pages(self) -> Finding:
        """W06: the trusted domain is that of our pages; both tickets, and a signature that is the one of the platform's
        page on signatures."""
        app, host = self.settings.staff, urlsplit(self.site.public_url).netloc.lower()
        try:
            query = {"agentid": str(self.settings.apps[app].agent_id)}
            told = await self.client.call(app, "/cgi-bin/agent/get", query=query)
            config = await JsSdk(self.settings, self.hub, self.client).page_config(f"{self.site.public_url}{SIDEBAR}")
        except CallFailed as failure:
            mend = "the app must be visible to its members and its trusted domain (可信域名) be set"
            return Finding(id="W06", state="wrong", found=str(failure), do=mend)
        trusted = str(told.get("redirect_domain") or "").lower()
        if trusted != host:
            mend = "admin console > the app > 网页授权及JS-SDK: exactly this name; www.x and x are two"
            found = f"trusted is {trusted or 'nothing'}, the pages are at {host}"
            return Finding(id="W06", state="wrong", found=found, do=mend)
        if config["signature"] == config["agent_signature"] or page_signature(**_SAMPLE) != _SIGNED:
            return Finding(id="W06", state="wrong", found="a signature that cannot be right", do="report this fault")
        return Finding(id="W06", state="fine", found=f"{trusted}; two tickets, two signatures")

    async def proofs(self) -> Finding:
        """W07: what WeCom looks for when a trusted domain is saved."""
        files = self.settings.verify_files
        if not files:
            return Finding(id="W07", state="skipped", found="no verify_files: none needed, or served elsewhere")
        for name, content in files.items():
            try:
                patience = ClientTimeout(total=10)
                url = f"{self.site.public_url}/{name}"
                async with self.session.get(url, allow_redirects=False, timeout=patience) as answer:
                    status, body = answer.status, await transfer.beginning(answer, 1000)
            except _BROKEN as broken:
                mend = "start the hub; public_url and the reverse proxy must lead to it"
                return Finding(id="W07", state="wrong", found=f"no answer ({type(broken).__name__})", do=mend)
            if status != 200 or body.decode(errors="replace").strip() != content.strip():
                found = f"{name}: {status}" if status != 200 else f"{name}: another content"
                mend = "the running hub must have the same verify_files; the reverse proxy must pass /WW_verify_ on"
                return Finding(id="W07", state="wrong", found=found, do=mend)
        return Finding(id="W07", state="fine", found=", ".join(files))

    async def _seen(self, userid: str) -> int:
        """0 when the staff app may see this member, else the errcode; -1 for a call that broke."""
        try:
            await self.client.call(self.settings.staff, "/cgi-bin/user/get", query={"userid": userid})
        except Refusal as refusal:
            return refusal.errcode
        except CallFailed:
            return -1
        return 0

    async def _account(self, account: str, app: str) -> Finding | None:
        """What is wrong with one kf account (WeCom docs 94661 and 94645)."""
        try:
            told = await self.client.call(app, "/cgi-bin/kf/account/list", {"offset": 0, "limit": 100})
            known = {str(a.get("open_kfid")): a for a in _rows(told.get("account_list"))}
            if account not in known:
                mend = "the key in [wecom.kf] must be an open_kfid the app manages"
                return Finding(id="W03", state="wrong", found=f"{account} is not among {len(known)}", do=mend)
            if known[account].get("manage_privilege") is False:
                mend = "微信客服 > API: let this app manage the account"
                return Finding(id="W03", state="wrong", found=f"{account} is not managed by {app}", do=mend)
            served = await self.client.call(app, "/cgi-bin/kf/servicer/list", query={"open_kfid": account})
        except CallFailed as failure:
            mend = "let the app manage kf accounts (微信客服 > API > 可调用接口的应用)"
            return Finding(id="W03", state="wrong", found=str(failure), do=mend)
        ours = {userid.lower() for userid in self.site.staff}
        serving = [str(row.get("userid") or "") for row in _rows(served.get("servicer_list"))]
        others = [userid for userid in serving if userid and userid.lower() not in ours]
        hidden = [userid for userid in others[:MOST] if await self._seen(userid) in OUTSIDE]
        if hidden:
            mend = "admin console > the app > 可见范围: add those who serve the account"
            return Finding(id="W03", state="wrong", found=f"{len(hidden)} servicers outside of {app}'s view", do=mend)
        return None


def _rows(value: object) -> Sequence[Mapping[str, object]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _places(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
