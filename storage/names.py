"""Finding customers by name though names are sealed: keyed indexes of the whole name, its words and its pieces."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import bindparam, delete, func, select

from rules.model import Customer
from storage.tables import identities, name_pieces
from storage.unit import Unit

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
MAX_PIECES = 64


def index(unit: Unit, customer: Customer) -> None:
    """Index what she is called, and her company, anew."""
    unit.run(_FORGET, [{"of": customer.id}])
    found = pieces(customer.name) | pieces(customer.attributes.get("company", ""))
    rows = [{"piece": _digest(unit, p), "customer_id": customer.id} for p in sorted(found)[:MAX_PIECES]]
    if rows:
        unit.run(_ADD, rows)


_FORGET = delete(name_pieces).where(name_pieces.c.customer_id == bindparam("of"))
_ADD = name_pieces.insert()


def find(unit: Unit, words: str, *, limit: int = 50) -> list[str]:
    """Ids of customers who answer to all the words; a mail address or phone number finds its owner."""
    exact = _by_address(unit, words, limit)
    if exact:
        return exact
    wanted = {_digest(unit, p) for p in _query_pieces(words)}
    if not wanted:
        return []
    hits = (
        select(name_pieces.c.customer_id)
        .where(name_pieces.c.piece.in_(wanted))
        .group_by(name_pieces.c.customer_id)
        .having(func.count() == len(wanted))
        .order_by(name_pieces.c.customer_id)
        .limit(limit)
    )
    return [r.customer_id for r in unit.conn.execute(hits)]


def pieces(name: str) -> set[str]:
    """All pieces a name can be found by: itself, its words, every two neighbouring Chinese characters."""
    text = _normal(name)
    found = {text, *text.split()}
    for run in _HAN.findall(text):
        found |= {run, *(run[i : i + 2] for i in range(len(run) - 1))}
    found.discard("")
    return found


def _query_pieces(words: str) -> set[str]:
    """The pieces every hit must have: per word the word itself, or for Chinese its neighbouring pairs."""
    wanted: set[str] = set()
    for word in _normal(words).split():
        runs = [r for r in _HAN.findall(word) if len(r) >= 2]
        wanted |= {r[i : i + 2] for r in runs for i in range(len(r) - 1)} if runs else {word}
    return wanted


def _by_address(unit: Unit, words: str, limit: int) -> list[str]:
    text = words.strip()
    kind = "mail" if "@" in text else "phone" if sum(c.isdigit() for c in text) >= 7 else ""
    if not kind:
        return []
    known = select(identities.c.customer_id).where(identities.c.index == unit.vault.index(kind, text)).limit(limit)
    return [r.customer_id for r in unit.conn.execute(known)]


def _digest(unit: Unit, piece: str) -> str:
    return unit.vault.digest("name", piece)


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
