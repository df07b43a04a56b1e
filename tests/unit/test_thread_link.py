"""A link into a thread is made of a wire id that looks like one, and of nothing else."""

from __future__ import annotations

import pytest

from connectors.teams.tab import thread_link


def test_a_thread_opens_where_it_stands() -> None:
    link = thread_link("19:a1b2@thread.tacv2;messageid=1700000000001", "tenant-1")
    assert link == (
        "https://teams.microsoft.com/l/message/19%3Aa1b2%40thread.tacv2/1700000000001"
        "?tenantId=tenant-1&parentMessageId=1700000000001"
    )


@pytest.mark.parametrize(
    "thread",
    [
        "",
        "19:a@thread.tacv2",
        "19:a@thread.tacv2;messageid=",
        "19:a@thread.tacv2;messageid=1/../x",
        "javascript:alert(1);messageid=1",
        "19:a/b@thread.tacv2;messageid=1",
    ],
)
def test_anything_else_opens_nothing(thread: str) -> None:
    assert thread_link(thread, "tenant-1") == ""
