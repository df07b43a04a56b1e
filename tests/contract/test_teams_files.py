"""Files over the simulated Teams and web chat: fetched from the services alone, with our token where they ask."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest
from aiohttp import ClientSession, FormData, web
from aiohttp.test_utils import TestServer

from connectors.contract import (
    CustomerFile,
    Delivered,
    FileFetch,
    Inbound,
    Outcome,
    Reference,
    TryLater,
    Undeliverable,
)
from connectors.teams.contents import Fetcher
from connectors.teams.tokens import Tokens
from rules.events import MessageReceived, RepSpoke
from rules.model import Address
from tests.contract.teams_hub import Bench, bench, connector_settings
from tests.unit.samples import JPEG, PDF, PNG

VISITOR = Address(connector="teams", account="directline", wire_id="v1")
VIEW = "/v3/attachments/a/views/original"


@pytest.fixture
async def b() -> AsyncIterator[Bench]:
    async with bench() as made:
        yield made


def wish(url: str, most: int = 100_000) -> FileFetch:
    return FileFetch(
        row_id="f1", attempt=1, address=VISITOR, reference=None, form="image", wire_id="", url=url, most=most
    )


async def fetch(b: Bench, url: str, *, most: int = 100_000) -> Outcome:
    job = wish(url, most)
    assert b.teams.takes(job)
    assert b.teams.certainty(job) == "again"
    return await b.teams.deliver(job)


@dataclass
class Visitor:
    """Somebody on a web site."""

    url: str
    token: str
    conversation: str
    http: ClientSession

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def uploads(self, form: FormData) -> int:
        where = f"{self.url}/conversations/{self.conversation}/upload"
        async with self.http.post(where, data=form, headers=self.headers, params={"userId": "dl_1"}) as answer:
            return answer.status

    async def uploads_bare(self, content: bytes) -> int:
        """One file as the body itself."""
        where = f"{self.url}/conversations/{self.conversation}/upload"
        named = {"Content-Type": "application/pdf", "Content-Disposition": 'name="file"; filename="a.pdf"'}
        sent, headers = io.BytesIO(content), {**self.headers, **named}
        async with self.http.post(where, data=sent, headers=headers, params={"userId": "dl_1"}) as answer:
            return answer.status

    async def posts(self, activity: Mapping[str, object]) -> int:
        where = f"{self.url}/conversations/{self.conversation}/activities"
        async with self.http.post(where, json=activity, headers=self.headers) as answer:
            return answer.status

    async def reads(self) -> list[dict[str, Any]]:
        where = f"{self.url}/conversations/{self.conversation}/activities"
        async with self.http.get(where, headers=self.headers) as answer:
            return list((await answer.json())["activities"])


async def visitor(b: Bench) -> Visitor:
    url, http = b.company.url("/directline/v3/directline"), b.company.http
    secret = {"Authorization": "Bearer dl-secret"}
    async with http.post(f"{url}/tokens/generate", json={"user": {"id": "dl_1"}}, headers=secret) as answer:
        told = await answer.json()
    return Visitor(url=url, token=told["token"], conversation=told["conversationId"], http=http)


async def came(b: Bench) -> tuple[MessageReceived, Inbound]:
    await b.hub.until(lambda: bool(b.hub.of(MessageReceived)))
    event = b.hub.of(MessageReceived)[0]
    return event, next(i for i in b.hub.stored if i.event is event)


async def test_a_large_upload_comes_whole(b: Bench) -> None:
    guest, content = await visitor(b), PDF + bytes(1_500_000)
    assert await guest.uploads_bare(content) == 200
    event, _ = await came(b)
    assert await fetch(b, event.attachments[0].url, most=2_000_000) == Delivered(content=content)
    form = FormData(quote_fields=False)
    form.add_field("activity", b"{", content_type="application/vnd.microsoft.activity", filename="blob")
    assert await guest.uploads(form) == 400


async def test_what_a_visitor_uploads_is_fetched(b: Bench) -> None:
    guest, form = await visitor(b), FormData(quote_fields=False)
    form.add_field("activity", b'{"text": "here"}', content_type="application/vnd.microsoft.activity", filename="blob")
    form.add_field("file", PDF, content_type="application/pdf", filename="报价.pdf")
    form.add_field("file", PNG, content_type="image/png", filename="a.png")
    assert await guest.uploads(form) == 200
    event, _ = await came(b)
    assert [(a.media, a.name, a.type) for a in event.attachments] == [
        ("file", "报价.pdf", "application/pdf"),
        ("image", "a.png", "image/png"),
    ]
    assert await fetch(b, event.attachments[0].url) == Delivered(content=PDF)
    assert await fetch(b, event.attachments[1].url, most=3) == Undeliverable(reason="file_too_large")
    await b.company.world.clock.jump(b.company.world.clock.now() + timedelta(hours=25))
    assert await fetch(b, event.attachments[0].url) == Undeliverable(reason="file_gone", detail="status 404")


async def test_a_content_that_stands_in_the_message_comes_with_it(b: Bench) -> None:
    guest = await visitor(b)
    whole = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    item = {"contentType": "image/png", "contentUrl": whole, "name": "../../a.png"}
    assert await guest.posts({"type": "message", "text": "", "attachments": [item]}) == 200
    event, inbound = await came(b)
    [attachment] = event.attachments
    [file] = inbound.files
    assert (file.id, file.content, file.name) == (attachment.file_id, PNG, "a.png")
    assert attachment.url == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1.evil.example/a.png",
        "http://user@127.0.0.1/a.png",
        "file:///etc/passwd",
        "gopher://x",
        "http://[::ffff:127.0.0.1]/",
        "https://evilsharepoint.com/a.png",
        "http://corp.sharepoint.com/a.png",
        "https://corp.sharepoint.com:8443/a.png",
        "https://[bad/",
        "",
    ],
)
async def test_nothing_is_fetched_from_addresses_a_visitor_made_up(b: Bench, url: str) -> None:
    assert await fetch(b, url) == Undeliverable(reason="file_host")


async def test_a_colleagues_inline_picture_is_behind_our_token(b: Bench) -> None:
    _, thread, _ = await b.thread()
    coded = base64.b64encode(JPEG).decode()
    pictures = [{"type": "image/jpeg", "base64": coded}]
    said = await b.company.control(
        "teams/say", rep="Wang Fang", conversation=thread, text="@Tower 回复 看图", pictures=pictures
    )
    assert said["delivered"]
    await b.hub.until(lambda: bool(b.hub.of(RepSpoke)))
    [event] = b.hub.of(RepSpoke)
    [attachment] = event.attachments
    assert (attachment.media, attachment.type) == ("image", "image/jpeg")
    async with b.company.http.get(attachment.url) as bare:
        assert bare.status == 401
    assert await fetch(b, attachment.url) == Delivered(content=JPEG)


async def test_an_internal_note_brings_no_files(b: Bench) -> None:
    _, thread, _ = await b.thread()
    pictures = [{"type": "image/png", "base64": base64.b64encode(PNG).decode()}]
    await b.company.control("teams/say", rep="Wang Fang", conversation=thread, text="internal", pictures=pictures)
    await b.hub.until(lambda: bool(b.hub.of(RepSpoke)))
    assert b.hub.of(RepSpoke)[0].attachments == ()


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Content-Encoding": "gzip"}, Undeliverable(reason="refused", detail="packed")),
        ({"Location": "http://169.254.169.254/"}, Undeliverable(reason="file_gone", detail="status 302")),
        ({"Retry-After": "9"}, TryLater(reason="throttled", seconds=9)),
    ],
)
async def test_what_an_answer_says_of_itself_is_not_believed(headers: dict[str, str], found: Outcome) -> None:
    async def answer(_: web.Request) -> web.Response:
        status = 302 if "Location" in headers else 429 if "Retry-After" in headers else 200
        return web.Response(body=b"\x1f\x8b" + b"\0" * 10, status=status, headers=headers)

    app = web.Application()
    app.add_routes([web.get(VIEW, answer)])
    async with TestServer(app) as server, ClientSession() as http:
        settings = connector_settings("http://x", service_hosts=[f"127.0.0.1:{server.port}"])
        fetcher = Fetcher(settings, cast("Tokens", OneToken()), http)
        assert await fetcher.fetch(wish(str(server.make_url(VIEW)))) == found


class OneToken:
    """A token that is always the same."""

    async def get(self) -> str:
        return "t"

    def refuse(self, token: str) -> None:
        """Nothing to do."""


async def test_a_visitor_gets_a_file_as_an_address_of_ours(b: Bench) -> None:
    guest = await visitor(b)
    assert await guest.posts({"type": "message", "text": "hi"}) == 200
    event, _ = await came(b)
    service = Reference(wire_id=event.address.wire_id, service_url=b.company.url("/directline/"))
    job = CustomerFile(
        row_id="s1", attempt=1, address=event.address, reference=service, form="image", name="架构.png",
        type="image/png", content=PNG, url="https://tower.example/m/abc.def",
    )  # fmt: skip
    assert b.teams.takes(job)
    assert b.teams.certainty(job) == "none"
    assert isinstance(await b.teams.deliver(job), Delivered)
    [shown] = [a for a in await guest.reads() if a["from"].get("role") == "bot"]
    assert shown["attachments"] == [
        {"contentType": "image/png", "contentUrl": "https://tower.example/m/abc.def", "name": "架构.png"}
    ]
