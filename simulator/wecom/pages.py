"""A rep's WeCom client as a browser: it opens pages of the hub, goes through OAuth with her cookies, submits forms.

Log entries: `opened`, `said` when a submitted field speaks to the customer, `noted` for other forms.
"""

from __future__ import annotations

from html.parser import HTMLParser

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar, web
from yarl import URL

from simulator.wecom.control import ImpossibleError, Wish, post
from simulator.wecom.oauth import COOKIE, OAuth
from simulator.wire import beginning
from simulator.world import World

_REDIRECTS = 10
_PAGE_BYTES = 4 * 1024 * 1024
_AGENT = "Mozilla/5.0 wxwork/4.1.36 MicroMessenger/7.0.1 Language/zh"


class _Open(Wish):
    userid: str
    url: str


class _Submit(Wish):
    userid: str
    url: str
    fields: dict[str, str]
    action: str = ""
    """A part of the form's action, when several forms of the page have these fields."""
    says: str = ""
    """The field whose words are meant for the customer."""


class _Page(Wish):
    status: int
    url: str
    html: str


class _Form:
    """One form of a page: where it goes, and what it carries without anybody's doing."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.names: set[str] = set()
        self.hidden: dict[str, str] = {}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(told.get("action", ""), told.get("method", "get").lower()))
            self._inside = True
        elif self._inside and tag in ("input", "textarea", "select", "button") and told.get("name"):
            form = self.forms[-1]
            form.names.add(told["name"])
            if tag == "input" and told.get("type") == "hidden":
                form.hidden[told["name"]] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class RepPages:
    """The browsers of all reps, one cookie jar each."""

    def __init__(self, world: World, oauth: OAuth) -> None:
        self._world = world
        self._oauth = oauth
        self._jars: dict[str, CookieJar] = {}

    def routes(self) -> list[web.RouteDef]:
        """The control calls."""
        return [post("/open", _Open, self.open), post("/submit", _Submit, self.submit)]

    async def open(self, wish: _Open) -> object:
        """She opens a page in her client."""
        userid = self._world.employee(wish.userid).userid
        page = await self._visit(userid, "GET", URL(wish.url), None)
        await self._world.log.add("wecom", "opened", userid=userid, path=URL(page.url).path, status=page.status)
        return page.model_dump()

    async def submit(self, wish: _Submit) -> object:
        """She opens a page, fills in a form of it and sends it, hidden fields included."""
        employee = self._world.employee(wish.userid)
        page = await self._visit(employee.userid, "GET", URL(wish.url), None)
        form = _pick(page, wish)
        if wish.says:
            text = wish.fields[wish.says]
            await self._world.log.add(
                "wecom", "said", text=text, toward="customer", by=employee.name, where="wecom.page"
            )
        else:
            await self._world.log.add(
                "wecom", "noted", fields=wish.fields, by=employee.name, where="wecom.page"
            )  # fmt: skip
        target = URL(page.url).join(URL(form.action)) if form.action else URL(page.url)
        fields = {**form.hidden, **wish.fields}
        if form.method == "get":
            sent = await self._visit(employee.userid, "GET", target.with_query(fields), None)
        else:
            sent = await self._visit(employee.userid, "POST", target, fields)
        return sent.model_dump()

    async def _visit(self, userid: str, method: str, url: URL, fields: dict[str, str] | None) -> _Page:
        """Follow redirects as a browser does, but only between the hub and our own pages."""
        self._world.calls_out += 1
        try:
            connector = self._world.http.connector
            async with ClientSession(
                cookie_jar=self._jar(userid), connector=connector, connector_owner=False, headers={"User-Agent": _AGENT}
            ) as browser:
                for _ in range(_REDIRECTS):
                    page, url, onward = await self._step(browser, method, url, fields)
                    if not onward:
                        return page
                    method, fields = "GET", None
        except (ClientError, TimeoutError) as error:
            raise ImpossibleError(f"{url} does not answer: {type(error).__name__}") from error
        finally:
            self._world.calls_out -= 1
        raise ImpossibleError(f"more than {_REDIRECTS} redirects, the last to {url}")

    async def _step(
        self, browser: ClientSession, method: str, url: URL, fields: dict[str, str] | None
    ) -> tuple[_Page, URL, bool]:
        if url.origin() not in (URL(self._world.settings.hub_url).origin(), URL(self._world.base_url).origin()):
            raise ImpossibleError(f"{url.origin()} is not part of this world")
        headers = {"Origin": str(url.origin()), "Sec-Fetch-Site": "same-origin"} if method == "POST" else {}
        async with browser.request(
            method, url, data=fields, headers=headers, allow_redirects=False, timeout=ClientTimeout(total=30)
        ) as answer:
            if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                onward = url.join(URL(answer.headers["Location"]))
                return _Page(status=answer.status, url=str(onward), html=""), onward, True
            body = (await beginning(answer.content, _PAGE_BYTES)).decode(errors="replace")
            return _Page(status=answer.status, url=str(url), html=body), url, False

    def _jar(self, userid: str) -> CookieJar:
        """Her cookies. Loopback counts as secure, as it does in real browsers."""
        if userid not in self._jars:
            jar = CookieJar(unsafe=True, treat_as_secure_origin=self._world.settings.hub_url)
            jar.update_cookies({COOKIE: self._oauth.session(userid)}, URL(self._world.base_url))
            self._jars[userid] = jar
        return self._jars[userid]


def _pick(page: _Page, wish: _Submit) -> _Form:
    parser = _Forms()
    parser.feed(page.html)
    for form in parser.forms:
        if set(wish.fields) <= form.names and wish.action in form.action:
            return form
    there = [(form.action, sorted(form.names)) for form in parser.forms]
    raise ImpossibleError(f"{page.status} {page.url} has no form with {sorted(wish.fields)}; there are {there}")
