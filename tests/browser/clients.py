"""The clients around our pages, with the platforms' real scripts in them: only the bridge to the client is ours.

Teams: a page at Teams' own address frames the tab and answers what TeamsJS asks by `postMessage`. WeCom: the bridge
that the client puts into its web view; it asks the simulated WeCom whether our signatures are right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, FrameLocator, Page, Route

from tests.browser.packages import TEAMS_JS, TEAMS_JS_FILE, WECOM_JS, WECOM_JS_FILE, integrity_of

TEAMS = "https://teams.microsoft.com"
TEAMS_CDN = "https://res.cdn.office.net"
WECOM_CDN = "https://wwcdn.weixin.qq.com"
WECOM_SDK = f"{WECOM_CDN}/node/open/js/wecom-jssdk-{WECOM_JS.version}.js"
AGENT = "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0 wxwork/4.1.36"
OPEN = {"Access-Control-Allow-Origin": "*"}

_HOST = """<!doctype html><html lang="en"><title>Teams</title>
<style>html, body, iframe { margin: 0; border: 0; width: 100%; height: 100%; } iframe { display: block; }</style>
<iframe title="Tower" id="tab" src="SRC"></iframe>
<script>
  var host = HOST, said = [], frame = document.getElementById("tab");
  function answer(func, args) {
    if (func === "initialize") return [host.frame, "desktop", JSON.stringify({apiVersion: 4, isLegacyTeams: false,
      supports: {pages: {}, dialog: {}, appLifecycle: {}}}), "2.58.0"];
    if (func === "getContext") return [{
      theme: host.theme, locale: host.locale, frameContext: host.frame, entityId: "tower", subEntityId: host.sub,
      userObjectId: "u", tid: "t", hostClientType: "desktop", hostName: "Teams", sessionId: "s", appSessionId: "a"}];
    if (func === "authentication.getAuthToken") return host.token ? [true, host.token] : [false, "consent_required"];
    return [true];
  }
  window.addEventListener("message", function (event) {
    var asked = event.data;
    if (event.source !== frame.contentWindow || !asked || !asked.func) return;
    said.push({func: asked.func, args: asked.args || []});
    if (host.silent) return;
    frame.contentWindow.postMessage({id: asked.id, uuidAsString: asked.uuidAsString,
      args: answer(asked.func, asked.args || [])}, event.origin);
  });
  function turn(theme) {
    host.theme = theme;
    frame.contentWindow.postMessage({func: "themeChange", args: [theme]}, "*");
  }
</script></html>"""

_BRIDGE = """
window.WeixinJSBridge = {
  on: function () {},
  invoke: function (name, params, done) { window.native(name, JSON.stringify(params || {})).then(done); }
};
"""


@dataclass
class TeamsClient:
    """A Teams window with the tab in it."""

    page: Page
    tab: FrameLocator

    async def theme(self, name: str) -> None:
        """The person changes the look of Teams."""
        await self.page.evaluate("(name) => turn(name)", name)

    async def said(self) -> list[dict[str, Any]]:
        """What the tab asked of Teams, in order."""
        told: list[dict[str, Any]] = await self.page.evaluate("said")
        return told

    async def host(self, **changes: object) -> None:
        """Change what Teams answers from now on."""
        await self.page.evaluate("(changes) => { Object.assign(host, changes); }", changes)


async def serve_teams(context: BrowserContext) -> None:
    """TeamsJS at its own address, as published; its list of other hosts is empty."""

    async def cdn(route: Route) -> None:
        if route.request.url.endswith(".js"):
            body = TEAMS_JS.file(TEAMS_JS_FILE)
            await route.fulfill(body=body, content_type="text/javascript", headers=OPEN)
        else:
            await route.fulfill(body='{"validOrigins": []}', content_type="application/json", headers=OPEN)

    await context.route(f"{TEAMS_CDN}/**", cdn)


async def open_teams(context: BrowserContext, address: str, token: str, **answers: object) -> TeamsClient:
    """Open the tab at `address` inside Teams, for the person of this token."""
    host = {"theme": "default", "locale": "zh-cn", "sub": "", "frame": "content", "token": token, **answers}
    text = _HOST.replace("SRC", address).replace("HOST", json.dumps(host), 1)
    await serve_teams(context)
    await context.route(f"{TEAMS}/**", lambda route: route.fulfill(body=text, content_type="text/html"))
    page = await context.new_page()
    await page.goto(f"{TEAMS}/_")
    return TeamsClient(page=page, tab=page.frame_locator("#tab"))


@dataclass
class WeComClient:
    """The WeCom client around a page: what it answers, and what it was asked."""

    control: Any
    """Asks the simulated WeCom."""
    entry: str = "single_kf_tools"
    external_userid: str = "wm-9"
    """Whom the chat beside the page is with; empty: with no customer."""
    refuses: dict[str, str] = field(default_factory=dict)
    """Call -> error it ends with."""
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    """Texts put into the chat."""

    async def native(self, name: str, params: str) -> dict[str, Any]:
        """One call over the bridge."""
        told = json.loads(params)
        self.asked.append(name)
        if name in self.refuses:
            return {"errMsg": f"{name}:{self.refuses[name]}"}
        if name == "agentConfig":
            return await self._judged(told)
        if name == "getContext":
            return {"errMsg": "getContext:ok", "entry": self.entry}
        if name == "getCurExternalContact":
            if not self.external_userid:
                return {"errMsg": "getCurExternalContact:fail without context of external contact"}
            return {"errMsg": "getCurExternalContact:ok", "userId": self.external_userid}
        if name == "sendChatMessage":
            self.sent.append(told["text"]["content"])
        return {"errMsg": f"{name}:ok"}

    async def _judged(self, told: dict[str, Any]) -> dict[str, Any]:
        answer = await self.control(
            "/signature",
            kind="agent_config",
            url=told["url"],
            noncestr=told["nonceStr"],
            timestamp=int(told["timestamp"]),
            signature=told["signature"],
        )
        return {"errMsg": "agentConfig:ok" if answer == {"ok": True} else "agentConfig:fail invalid signature"}

    async def put_around(self, context: BrowserContext) -> None:
        """Every page of this browser is inside the client from now on."""

        async def sdk(route: Route) -> None:
            await route.fulfill(body=WECOM_JS.file(WECOM_JS_FILE), content_type="text/javascript", headers=OPEN)

        await context.route(f"{WECOM_CDN}/**", sdk)

        async def native(source: dict[str, Any], name: str, params: str) -> dict[str, Any]:
            # The client checks a signature against the address that was loaded.
            told = {**json.loads(params), "url": source["page"].url.split("#")[0]}
            return await self.native(name, json.dumps(told))

        await context.expose_binding("native", native)
        await context.add_init_script(_BRIDGE)


def wecom_settings() -> dict[str, Any]:
    """The settings that name the real WeCom script."""
    return {"wecom_sdk": WECOM_SDK, "wecom_sdk_integrity": integrity_of(WECOM_JS.file(WECOM_JS_FILE))}
