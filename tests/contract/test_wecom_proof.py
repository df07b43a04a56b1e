"""The file by which WeCom proves whose a domain is: served at the root of the pages' address, and no other one."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from tests.contract.wecom_hub import connector_settings, tower

NAME, CONTENT = "WW_verify_Ab3dE6gH9jK2mN5p.txt", "Ab3dE6gH9jK2mN5p"


async def test_only_what_the_operator_named_is_served() -> None:
    async with tower(verify_files={NAME: CONTENT}) as made, ClientSession() as http:
        async with http.get(made.server.make_url(f"/{NAME}")) as answer:
            assert (answer.status, await answer.text(), answer.content_type) == (200, CONTENT, "text/plain")
        for path in ("/WW_verify_other.txt", "/WW_verify_..%2fx.txt", "/index.html"):
            async with http.get(made.server.make_url(path)) as answer:
                assert answer.status == 404, path


async def test_without_one_there_is_no_such_place() -> None:
    async with tower() as made, ClientSession() as http, http.get(made.server.make_url(f"/{NAME}")) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("index.html", "x"),
        ("WW_verify_a/../b.txt", "x"),
        (NAME, "<script>"),
        (NAME, ""),
        (NAME, "a\nb"),
        (NAME, "x" * 200),
    ],
)
def test_nothing_else_can_be_named(name: str, content: str) -> None:
    with pytest.raises(ValidationError, match="WW_verify"):
        connector_settings(verify_files={name: content})
