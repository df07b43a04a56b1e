"""Who opened a page of ours inside WeCom, and whether that rep follows a customer (WeCom docs 91022, 91023, 92114)."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A customer as the platform knows her."""

    name: str = field(default="", repr=False)
    followers: frozenset[str] = frozenset()
    """Employees whose contact she is, in lower case."""


class OAuth:
    """Sign-in of reps, and the check that makes a customer's id from a browser more than a claim."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._known: OrderedDict[str, tuple[float, Known]] = OrderedDict()

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
        return userid.lower() in (await self.known(external_userid)).followers

    async def known(self, external_userid: str) -> Known:
        """A customer as the platform knows her now, or knew her a moment ago. Raises CallFailed."""
        kept = self._known.get(external_userid)
        if kept is None or kept[0] < time.monotonic():
            kept = (time.monotonic() + self._settings.follow_seconds, await self._ask(external_userid))
            self._known[external_userid] = kept
            self._known.move_to_end(external_userid)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return kept[1]

    async def _ask(self, external_userid: str) -> Known:
        found: set[str] = set()
        name = cursor = ""
        for _ in range(_PAGES):
            query = {"external_userid": external_userid, **({"cursor": cursor} if cursor else {})}
            try:
                answer = await self._client.call(self._settings.contact, "/cgi-bin/externalcontact/get", query=query)
            except Refusal as refusal:
                if refusal.errcode in _NO_RELATION:
                    break
                raise
            found |= {maybe(one, "userid").lower() for one in tables(answer, "follow_user")}
            contact = answer.get("external_contact")
            name = name or (maybe(contact, "name") if isinstance(contact, dict) else "")
            if not (cursor := maybe(answer, "next_cursor")):
                break
        return Known(name=name, followers=frozenset(found - {""}))
