"""What people, scanners and mail programs do with the links of a mail. The world has no other network: only
the hub and the simulator itself are asked, every other address is named and left alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar

from simulator.mail.letter import Letter
from simulator.mail.markup import forms_of
from simulator.mail.room import MailRoom
from simulator.wire import beginning

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_PAGE = 2 * 1024 * 1024
_PERSON = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36"}
_SCANNER = {"User-Agent": "LinkScanner/2.1 (+https://scanner.sim)"}
_PROXY = {"User-Agent": "Mozilla/5.0"}
"""Apple's and Google's picture proxies name nobody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What a browser ended up with."""

    status: int
    """0 when nothing was asked because the address lies outside the world."""
    url: str
    html: str

    def as_json(self) -> dict[str, object]:
        """The page as the control API shows it."""
        return {"status": self.status, "url": self.url, "html": self.html, "outside": self.status == 0}


async def click(room: MailRoom, letter: Letter, index: int) -> Page:
    """The reader clicks a link. Raises IndexError, or OSError when the hub cannot be reached."""
    url = letter.links[index]
    async with _browser(room, _PERSON) as browser:
        page = await _get(room, browser, url)
    await room.world.log.add("mail", "clicked", address=letter.address, id=letter.id, index=index, status=page.status)
    return page


async def scan(room: MailRoom, letter: Letter) -> list[dict[str, object]]:
    """A security scanner asks every address in the mail, unsubscribe too, by GET and HEAD."""
    seen: list[dict[str, object]] = []
    urls = [*letter.links, *(u for u in letter.unsubscribe if u.startswith("http"))]
    async with _browser(room, _SCANNER) as browser:
        for url in urls:
            for method in ("GET", "HEAD"):
                page = await _ask(room, browser, method, url)
                seen.append({"method": method, "url": url, "status": page.status})
    await room.world.log.add("mail", "scanned", address=letter.address, id=letter.id, asked=len(seen))
    return seen


async def prefetch(room: MailRoom, letter: Letter) -> list[dict[str, object]]:
    """A picture proxy loads every picture, whether anybody reads the mail or not."""
    seen: list[dict[str, object]] = []
    async with _browser(room, _PROXY) as browser:
        for url in letter.images:
            page = await _ask(room, browser, "GET", url)
            seen.append({"method": "GET", "url": url, "status": page.status})
    await room.world.log.add("mail", "prefetched", address=letter.address, id=letter.id, asked=len(seen))
    return seen


async def unsubscribe(room: MailRoom, letter: Letter) -> Page:
    """One-click unsubscribe as a mailbox provider does it (RFC 8058): a POST without cookies, redirects not
    followed.

    Raises ValueError when the mail does not offer it.
    """
    url = next((u for u in letter.unsubscribe if u.startswith("http")), "")
    if not url or letter.header("List-Unsubscribe-Post").replace(" ", "") != "List-Unsubscribe=One-Click":
        raise ValueError("the mail offers no one-click unsubscribe")
    async with _browser(room, _PROXY) as browser:
        page = await _ask(room, browser, "POST", url, form=[("List-Unsubscribe", "One-Click")])
    await room.world.log.add("mail", "unsubscribed", address=letter.address, id=letter.id, status=page.status)
    return page


async def fill_form(room: MailRoom, url: str, wishes: dict[str, str]) -> Page:
    """A person opens a page, fills its form and sends it.

    The form that has all the fields named is taken. Raises ValueError when there is none, or when a browser
    would not send it; OSError when the hub cannot be reached.
    """
    async with _browser(room, _PERSON) as browser:
        page = await _get(room, browser, url)
        if page.status != 200:
            return page
        forms = [f for f in forms_of(page.html, page.url) if f.method == "post"]
        if not forms:
            raise ValueError("the page has no form to send")
        fitting = [f for f in forms if set(wishes) <= {x.name for x in f.fields}]
        form = (fitting or forms)[0]
        answer = await _ask(room, browser, "POST", form.action, form=form.filled(wishes), origin=_origin(page.url))
        if answer.status in _REDIRECTS:
            answer = await _get(room, browser, answer.url)
    await room.world.log.add("mail", "form_sent", url=form.action, status=answer.status)
    return answer


@asynccontextmanager
async def _browser(room: MailRoom, headers: dict[str, str]) -> AsyncIterator[ClientSession]:
    """A browser of its own for each visit: nobody's cookies reach anybody else."""
    jar = CookieJar(unsafe=True)  # the world lives on bare IP addresses
    with room.calling():
        async with ClientSession(headers=headers, cookie_jar=jar, timeout=ClientTimeout(total=15)) as browser:
            yield browser


async def _get(room: MailRoom, browser: ClientSession, url: str) -> Page:
    """GET with redirects followed, as far as the world goes."""
    page = Page(status=0, url=url, html="")
    for _ in range(10):
        page = await _ask(room, browser, "GET", page.url)
        if page.status not in _REDIRECTS:
            break
    return page


async def _ask(
    room: MailRoom,
    browser: ClientSession,
    method: str,
    url: str,
    *,
    form: list[tuple[str, str]] | None = None,
    origin: str | None = None,
) -> Page:
    """One request. A redirect comes back as its status with the target as url. Raises OSError."""
    if not _inside(room, url):
        return Page(status=0, url=url, html="")
    headers = {"Origin": origin} if origin else {}
    try:
        async with browser.request(method, url, data=form, headers=headers, allow_redirects=False) as response:
            body = await beginning(response.content, _MOST_PAGE)
            target = urljoin(url, response.headers.get("Location", "")) if response.status in _REDIRECTS else url
            return Page(status=response.status, url=target, html=body.decode("utf-8", "replace"))
    except (ClientError, TimeoutError) as trouble:
        raise OSError(f"{method} {_origin(url)}: {trouble or type(trouble).__name__}") from trouble


def _inside(room: MailRoom, url: str) -> bool:
    world = room.world
    return _origin(url) in {_origin(world.settings.hub_url), _origin(world.base_url)} - {""}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
