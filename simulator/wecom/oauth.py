"""Who an employee is, for pages inside WeCom: the authorize page, its one-time code, and what the code says.

WeCom docs 91022 and 91023. Codes and sessions live in wall time.
"""

from __future__ import annotations

import html
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from simulator.wecom.answers import Answer, Refusal
from simulator.wecom.call import Call, Handler
from simulator.wecom.limits import Limits
from simulator.world import World

AUTHORIZE = "/wecom-open/connect/oauth2/authorize"
SCAN_LOGIN = "/wecom-open/wwlogin/sso/login"
"""The page a desktop browser goes to for signing in by scanning (doc 98152)."""
LOGIN = "/wecom-open/login"
COOKIE = "wecom_member"
_STATE = re.compile(r"[0-9A-Za-z]{0,128}\Z")
_SCOPES = ("snsapi_base", "snsapi_privateinfo")


@dataclass(kw_only=True)
class _Code:
    userid: str
    scope: str
    born: float
    used: bool = False


class OAuth:
    """The identity provider. Its own pages know an employee by a cookie, as the client or a scanned code would."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits
        self._codes: dict[str, _Code] = {}
        self._sessions: dict[str, str] = {}

    def paths(self) -> Mapping[str, Handler]:
        """Path below /cgi-bin -> handler."""
        return {"/auth/getuserinfo": self.getuserinfo}

    def routes(self) -> list[web.RouteDef]:
        """The pages."""
        return [
            web.get(AUTHORIZE, self.authorize),
            web.get(SCAN_LOGIN, self.authorize),
            web.post(LOGIN, self.login),
        ]

    def session(self, userid: str) -> str:
        """A cookie value that makes the pages know this employee."""
        value = secrets.token_urlsafe(24)
        self._sessions[value] = userid
        return value

    async def authorize(self, request: web.Request) -> web.Response:
        """Send a known employee back with a code; ask an unknown one who she is."""
        query = request.query
        if wrong := self._wrong(request.path, query):
            await self._world.log.add("wecom", "refused", rule=f"authorize: {wrong}", status=400, path=request.path)
            return _page(f"<h1>无法打开页面</h1><p>{html.escape(wrong)}</p>", 400)
        userid = self._sessions.get(request.cookies.get(COOKIE, ""))
        if userid is None:
            return _page(self._who(request.path_qs), 200)
        target = URL(query["redirect_uri"]).update_query(
            code=self._issue(userid, query.get("scope", "snsapi_base")), state=query.get("state", "")
        )
        return web.Response(status=302, headers={"Location": str(target), "Cache-Control": "no-store"})

    async def login(self, request: web.Request) -> web.Response:
        """The employee says who she is (the real one scans a code) and goes back to where she came from."""
        form = await request.post()
        back = _url(str(form.get("back", "")))
        userid = str(form.get("userid", ""))
        known = any(e.userid == userid for e in self._world.settings.employees)
        if back.absolute or back.path not in (AUTHORIZE, SCAN_LOGIN) or not known:
            return _page("<h1>无法登录</h1>", 400)
        answer = web.Response(status=303, headers={"Location": str(back)})
        answer.set_cookie(COOKIE, self.session(userid), httponly=True, samesite="Lax", path="/wecom-open")
        return answer

    async def getuserinfo(self, call: Call) -> Answer:
        """What a code says: 40029 for an unknown or used one, 42003 for one older than five minutes."""
        code = self._codes.get(call.query.get("code", ""))
        if code is None or code.used:
            raise Refusal(40029, "code unknown or used")
        if time.monotonic() - code.born > self._limits.oauth_code_seconds:
            raise Refusal(42003, "code is too old")
        code.used = True
        if code.scope == "snsapi_privateinfo":
            return {"userid": code.userid, "user_ticket": secrets.token_urlsafe(32), "expires_in": 1800}
        return {"userid": code.userid}

    def _issue(self, userid: str, scope: str) -> str:
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Code(userid=userid, scope=scope, born=time.monotonic())
        return code

    def _wrong(self, path: str, query: Mapping[str, str]) -> str:
        """What is wrong with a request to authorize, or nothing."""
        if query.get("appid") != self._world.settings.corp_id:
            return "appid 参数错误"
        if path == AUTHORIZE and (query.get("response_type") != "code" or query.get("scope") not in _SCOPES):
            return "response_type 或 scope 参数错误"
        if not _STATE.match(query.get("state", "")):
            return "state: a-zA-Z0-9, 128 bytes"
        target = _url(query.get("redirect_uri", ""))
        if not target.absolute or target.origin() != URL(self._world.settings.hub_url).origin():
            return "redirect_uri 需使用应用可信域名 (50001)"
        return ""

    def _who(self, back: str) -> str:
        buttons = "".join(
            f'<p><button name="userid" value="{html.escape(e.userid)}">{html.escape(e.name)}</button></p>'
            for e in self._world.settings.employees
        )
        hidden = f'<input type="hidden" name="back" value="{html.escape(back)}">'
        return f'<h1>企业微信登录</h1><form method="post" action="{LOGIN}">{hidden}{buttons}</form>'


def _url(text: str) -> URL:
    """The address, or an empty one for what is none."""
    try:
        return URL(text)
    except ValueError:
        return URL()


def _page(body: str, status: int) -> web.Response:
    head = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<link rel="icon" href="data:,"><title>企业微信</title>'
    )
    return web.Response(text=f"{head}<body>{body}</body></html>", content_type="text/html", status=status)
