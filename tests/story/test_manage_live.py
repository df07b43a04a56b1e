"""A manager works from her pages alone, over the real wire: signs in with the company's directory, sees who waits,
answers for a colleague, stops every automatic send and lets a quiet customer be."""

from __future__ import annotations

import html
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.company import Company, company
from tests.contract.page_world import Form, Page
from tests.story.cast import MANAGER, REP, Cast, status_of

CUSTOMER = "王敏"


@dataclass
class Window:
    """A browser without scripts: it keeps cookies and follows where it is led."""

    made: Company
    jar: CookieJar = field(default_factory=CookieJar)

    def get(self, url: str) -> Page:
        """Open a page."""
        return self._page(urllib.request.Request(url))

    def send(self, form: Form, **typed: str) -> Page:
        """Submit a form."""
        data = urllib.parse.urlencode({**form.fields, **typed}).encode()
        sent = {"Origin": self.made.hub, "Sec-Fetch-Site": "same-origin"}
        return self._page(urllib.request.Request(self.made.hub + form.action, data=data, headers=sent))

    def sign_in(self, who: str) -> Page:
        """Pick one's account on the directory's page."""
        self.get(f"{self.made.hub}/manage")
        url = urllib.request.Request(f"{self.made.hub}/manage/sign-in/entra")
        with self._opener().open(url, timeout=30) as answer:
            there, picker = answer.url, answer.read().decode()
        found = re.search(rf'href="([^"]+)">{re.escape(who)}', picker)
        assert found, picker
        return self.get(urllib.parse.urljoin(there, html.unescape(found[1])))

    def _page(self, request: urllib.request.Request) -> Page:
        with self._opener().open(request, timeout=30) as answer:
            return Page(answer.read().decode())

    def _opener(self) -> urllib.request.OpenerDirector:
        return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))


def form(page: Page, action: str, **fits: str) -> Form:
    """The form of a page with this address and these fields."""
    return next(f for f in page.forms if f.action.endswith(action) and fits.items() <= f.fields.items())


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    folder: Path = tmp_path_factory.mktemp("manage")
    with company(folder) as made:
        made.start_world()
        made.start_hub()
        cast = Cast(made=made)
        cast.open_office()
        yield cast


def test_a_managers_morning(cast: Cast) -> None:
    made = cast.made
    with pytest.raises(HTTPError) as refused:
        Window(made).sign_in(REP)
    assert status_of(refused.value) == 404, "a rep finds nothing here"
    window = Window(made)
    page = window.sign_in(MANAGER)
    assert "Nobody is waiting for us." in page.text
    cast.enter(CUSTOMER)
    cast.say(CUSTOMER, "你好，智能工厂方案能报价吗？")
    cast.push(minutes=45)
    page = window.get(f"{made.hub}/manage")
    assert CUSTOMER in page.text and "First reply is 15 min late" in page.text, page.text
    # the number, its rows, her card, an answer
    [card] = {a["href"] for t, a in page.elements if t == "a" and a.get("href", "").startswith("/manage/c/")}
    page = window.get(made.hub + card)
    window.send(form(page, f"{card}/act", verb="claim"))
    cast.settle()
    page = window.get(made.hub + card)
    window.send(form(page, f"{card}/act", verb="reply"), text="王总您好，报价今天给您。")
    cast.settle()
    assert cast.chat(CUSTOMER)[-1] == "王总您好，报价今天给您。"
    page = window.get(f"{made.hub}/manage")
    assert "Nobody is waiting for us." in page.text and "45 min" in page.text
    # the switch
    window.send(form(page, "/pause", verb="pause"))
    page = window.get(f"{made.hub}/manage/people")
    assert "Every automatic send is paused (by Julia Weber" in page.text
    cast.enter("李强")
    assert cast.chat("李强") == [], "no welcome while everything is paused"
    window.send(form(page, "/pause", verb="resume"))
    # who went quiet, and never again
    cast.push(days=8)
    page = window.get(f"{made.hub}/manage/dormant?days=7")
    assert CUSTOMER in page.text
    talk = card.rpartition("/")[2]
    page = window.get(f"{made.hub}/manage/dormant?days=7&never={talk}")
    window.send(form(page, "/manage/act", verb="close", conversation_id=talk))
    cast.settle()
    page = window.get(f"{made.hub}/manage/dormant?days=7")
    assert CUSTOMER not in page.text
    page = window.get(f"{made.hub}/manage/audit")
    assert "Julia Weber closed it" in page.text and "pause" in page.text
    counts = cast.counts()
    assert (counts["lost"], counts["doubled"]) == (0, 0), made.logs()
