"""Who opened a page of ours inside WeCom, and whether that rep follows a customer (WeCom docs 91022, 91023, 92114)."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from urllib.parse import urlencode

from connectors.wecom.client import Client
from connectors.wecom.errors import Refusal
from connectors.wecom.members import maybe, tables
from connectors.wecom.settings import Settings
from rules.errors import BadSignature, NotAllowed
from rules.model import RepHandle

_CODE = re.compile(r"[0-9A-Za-z_-]{1,512}\Z")
_BAD_CODE = frozenset({40029, 42003, 42022, 50001})
_NO_RELATION = frozenset({40096, 84061, 84083, 84084})
_PAGES = 20
_KEPT = 2000


class OAuth:
    """Sign-in of reps, and the check that makes a customer's id from a browser more than a claim."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._followers: OrderedDict[str, tuple[float, frozenset[str]]] = OrderedDict()

    def sign_in_url(self, redirect: str, state: str) -> str:
        """Where to send her browser; it comes back to `redirect` with `code` and our `state`, bound to that browser."""
        query = {
            "appid": self._settings.corp_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
            "agentid": str(self._settings.apps[self._settings.staff].agent_id),
        }
        return f"{self._settings.open_base}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"

    def scan_url(self, redirect: str, state: str) -> str:
        """The same for a browser outside WeCom: she scans a code with her client (WeCom doc 98152)."""
        query = {
            "login_type": "CorpApp",
            "appid": self._settings.corp_id,
            "agentid": str(self._settings.apps[self._settings.staff].agent_id),
            "redirect_uri": redirect,
            "state": state,
        }
        return f"{self._settings.login_base}/wwlogin/sso/login?{urlencode(query)}"

    async def signed_in(self, code: str) -> RepHandle:
        """The employee behind a code, which works once.

        Raises BadSignature for a code that is none (any more), NotAllowed when it is not an employee's, CallFailed.
        """
        if not _CODE.match(code):
            raise BadSignature("not a code")
        try:
            answer = await self._client.call(self._settings.staff, "/cgi-bin/auth/getuserinfo", query={"code": code})
        except Refusal as refusal:
            if refusal.errcode in _BAD_CODE:
                raise BadSignature("a code that is used up or too old") from None
            raise
        if not (userid := maybe(answer, "userid") or maybe(answer, "UserId")):
            raise NotAllowed("not an employee")
        return RepHandle(platform="wecom", value=userid)

    async def follows(self, userid: str, external_userid: str) -> bool:
        """Whether this employee follows this customer. Raises CallFailed."""
        known = self._followers.get(external_userid)
        if known is None or known[0] < time.monotonic():
            known = (time.monotonic() + self._settings.follow_seconds, await self._ask(external_userid))
            self._followers[external_userid] = known
            self._followers.move_to_end(external_userid)
            while len(self._followers) > _KEPT:
                self._followers.popitem(last=False)
        return userid.lower() in known[1]

    async def _ask(self, external_userid: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        for _ in range(_PAGES):
            query = {"external_userid": external_userid, **({"cursor": cursor} if cursor else {})}
            try:
                answer = await self._client.call(self._settings.contact, "/cgi-bin/externalcontact/get", query=query)
            except Refusal as refusal:
                if refusal.errcode in _NO_RELATION:
                    break
                raise
            found |= {maybe(one, "userid").lower() for one in tables(answer, "follow_user")}
            if not (cursor := maybe(answer, "next_cursor")):
                break
        return frozenset(found - {""})
