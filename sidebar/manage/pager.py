"""Ways to the pages before and after, in the address."""

from __future__ import annotations

from sidebar.manage.ask import Ask, address
from sidebar.manage.table import Choice


def pager(ask: Ask, name: str, total: int) -> list[Choice]:
    """Earlier and later rows of a page's long table; nothing where all of them stand on one page."""
    last = max(1, -(-total // ask.most))
    query = {k: v for k, v in ask.query.items() if k != "page"}
    found: list[Choice] = []
    if ask.page > 1:
        before = str(min(ask.page - 1, last))
        found.append(Choice(label=ask.say("page_before"), href=address(name, **query, page=before)))
    if ask.page < last:
        found.append(Choice(label=ask.say("page_after"), href=address(name, **query, page=str(ask.page + 1))))
    if found:
        found.insert(1 if ask.page > 1 else 0, Choice(label=ask.say("page_of", n=ask.page, last=last), href=""))
    return found
