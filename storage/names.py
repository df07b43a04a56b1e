"""Finding customers by name though names are sealed: keyed indexes of the whole name, its words and its pieces."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import Table, bindparam, delete, func, select

from rules.model import Customer
from storage.tables import conversations, identities, name_pieces, note_pieces
from storage.unit import Unit

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_BREAKS = re.compile(r"[^\w@.+-]+|[.](?=\s|$)")
MAX_PIECES = 64
MAX_NOTE_PIECES = 400
"""Of one note; what stands further back in a longer one is not found by."""
FOUND = 1_000


def index(unit: Unit, customer: Customer) -> None:
    """Index what she is called, and her company, anew."""
    unit.run(_FORGET, [{"of": customer.id}])
    found = pieces(customer.name) | pieces(customer.attributes.get("company", ""))
    begun = _beginnings(customer.name) - found
    wanted = [*sorted(found), *sorted(begun)][:MAX_PIECES]
    rows = [{"piece": _digest(unit, p), "customer_id": customer.id} for p in wanted]
    if rows:
        unit.run(_ADD, rows)


_FORGET = delete(name_pieces).where(name_pieces.c.customer_id == bindparam("of"))
_ADD = name_pieces.insert()


def index_note(unit: Unit, customer_id: str, text: str) -> None:
    """Make her findable by the words of one more note about her."""
    rows = [
        {"piece": _digest(unit, p), "customer_id": customer_id} for p in sorted(_note_pieces(text))[:MAX_NOTE_PIECES]
    ]
    if rows:
        unit.run(unit.insert(note_pieces).on_conflict_do_nothing(), rows)


def find(unit: Unit, words: str, *, limit: int = FOUND) -> list[str]:
    """Ids of customers who answer to all the words, those last spoken to first: by name or company, then by the notes
    about them; a mail address or phone number finds its owner alone."""
    exact = _by_address(unit, words, limit)
    if exact:
        return exact
    wanted = {_digest(unit, p) for p in _query_pieces(words)}
    if not wanted:
        return []
    named = _hits(unit, name_pieces, wanted, limit)
    return [*named, *(c for c in _hits(unit, note_pieces, wanted, limit) if c not in named)]


def _hits(unit: Unit, pieces_of: Table, wanted: set[str], limit: int) -> list[str]:
    """The newest customers who have every piece."""
    have = (
        select(pieces_of.c.customer_id)
        .where(pieces_of.c.piece.in_(wanted))
        .group_by(pieces_of.c.customer_id)
        .having(func.count() == len(wanted))
        .subquery()
    )
    newest = (
        select(have.c.customer_id)
        .join(conversations, conversations.c.customer_id == have.c.customer_id)
        .group_by(have.c.customer_id)
        .order_by(func.max(func.coalesce(conversations.c.last_customer_at, conversations.c.opened_at)).desc())
        .limit(limit)
    )
    return [r.customer_id for r in unit.conn.execute(newest)]


def pieces(name: str) -> set[str]:
    """All pieces a name can be found by: itself, its words, every two neighbouring Chinese characters, and what stands
    between Chinese characters."""
    text = _normal(name)
    found = {text, *text.split(), *_HAN.sub(" ", text).split()}
    for run in _HAN.findall(text):
        found |= {run, *(run[i : i + 2] for i in range(len(run) - 1))}
    found.discard("")
    return found


def _note_pieces(text: str) -> set[str]:
    """As `pieces`, for running text: punctuation ends a word."""
    return {p for p in pieces(_BREAKS.sub(" ", text)) if " " not in p}


def _beginnings(name: str) -> set[str]:
    """How a name may be begun: a Chinese one by its first character, any other word by two to eight letters."""
    found: set[str] = set()
    for word in _normal(name).split():
        if _HAN.match(word):
            found.add(word[0])
        else:
            found |= {word[:n] for n in range(2, min(len(word), 8) + 1)}
    return found


def _query_pieces(words: str) -> set[str]:
    """The pieces every hit must have: per word the word itself, or for Chinese its neighbouring pairs and the rest."""
    wanted: set[str] = set()
    for word in _normal(words).split():
        runs = [r for r in _HAN.findall(word) if len(r) >= 2]
        pairs = {r[i : i + 2] for r in runs for i in range(len(r) - 1)}
        wanted |= pairs | set(_HAN.sub(" ", word).split()) if runs else {word}
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
