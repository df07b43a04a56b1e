"""The outbox: decided and not yet delivered; sent lane by lane in order, each row with a known end or `unknown`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import RowMapping, bindparam, delete, func, select, text, update

from rules.effects import SENDING, PostLine, Sending, kind_of
from rules.errors import Conflict, Unreadable
from storage import waiting
from storage.statements import EMPTY, NEW, OPEN, UNDER_WAY, UNKNOWN
from storage.tables import outbox, rests
from storage.unit import Unit, db_now

State = Literal["new", "sending", "delivered", "undeliverable", "unknown", "skipped"]
Ending = Literal["delivered", "try_later", "undeliverable", "unknown", "skipped"]
Scope = Literal["lane", "app", "platform"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OutRow:
    """One sending on its way into the outbox."""

    sending: Sending
    connector: str
    lane: str
    """Rows of one lane go out in order; kept as a digest."""
    customer_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A row as it stands: how it ended, and under which ids the platform knows it."""

    id: str
    connector: str
    kind: str
    customer_id: str
    conversation_id: str
    state: State
    reason: str
    attempts: int
    wire_id: str
    part_id: str
    facts: Mapping[str, str] = field(repr=False)
    sending: Sending = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One row that this node, and no other, may send now."""

    id: str
    lane: str
    connector: str
    customer_id: str
    sending: Sending = field(repr=False)
    attempt: int
    """1 for the first try."""
    after: Sent | None = None
    """The row it waited for, delivered."""
    interrupted: bool = False
    """Whoever was sending it before never came back: it may have arrived."""
    reason: str = ""
    """Why the try before this one ended, or empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """How one attempt ended."""

    state: Ending
    reason: str = ""
    detail: str = ""
    wire_id: str = ""
    part_id: str = ""
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = 0.0
    """For `try_later`: business seconds to rest, at least."""
    scope: Scope = "lane"
    """For `try_later`: what must rest."""


def put(unit: Unit, rows: Sequence[OutRow], *, now: datetime) -> None:
    """Write sendings into the outbox, in order. One that supersedes takes the place of older unsent ones; one whose
    first row is gone already is skipped as `root_gone`. A row that is there already stays as it is."""
    for row in rows:
        if row.sending.supersedes:
            _supersede(unit, row.sending, now)
    states = _states(unit, [r.sending.after for r in rows if r.sending.after])
    made: list[dict[str, Any]] = []
    for row in rows:
        values = _row(unit, row, states, now)
        states[row.sending.id] = values["state"]
        made.append(values)
    if made:
        unit.run(unit.insert(outbox).on_conflict_do_nothing(index_elements=["id"]), made)


def any_ready(unit: Unit, now: datetime, *, without: Collection[str] = ()) -> bool:
    """Whether a claim would find anything; a look that takes no lock."""
    return bool(_candidates(unit, now, db_now(unit), 1, without))


def claim_outbox(
    unit: Unit, node: str, now: datetime, *, limit: int, lease_s: float, without: Collection[str] = ()
) -> list[Claim]:
    """Take up to `limit` rows: heads of lanes that are ready and not resting, deadlines first, then by age. Rows of the
    connectors in `without` (not up yet) are left where they are.

    Each is `sending` from this commit on. Rows whose sender never came back return with `interrupted`. A row past its
    deadline is returned too: the caller ends it as skipped.
    """
    clock = db_now(unit)
    found = _candidates(unit, now, clock, limit, without, lock=unit.postgres)
    if not found:
        return []
    taken = {"node": node, "lease": clock + lease_s}
    unit.run(_TAKE, [taken | {"row": r["id"]} for r in found])
    firsts = _firsts(unit, [r["after"] for r in found if r["after"]])
    claims = [_claim(unit, r, firsts) for r in found]
    for row, claim in zip(found, claims, strict=True):
        if claim is None:
            _unreadable(unit, row["id"], now)
    return [claim for claim in claims if claim is not None]


def finish_outbox(unit: Unit, claim: Claim, end: End, *, now: datetime) -> None:
    """Record how an attempt ended, and what that means for the rows that waited for it.

    Raises Conflict when the row is not ours any more (the lease ran out and somebody else took it).
    """
    later = end.state == "try_later"
    values = {
        "held": claim.attempt,
        "row": claim.id,
        "state": "new" if later else end.state,
        "reason": end.reason[:200],
        "detail": end.detail[:500],
        "retry_at": now + timedelta(seconds=end.seconds) if later else None,
        "ended_at": None if later else now,
        "wire_id": end.wire_id,
        "part_id": end.part_id,
        "facts": unit.seal("outbox.facts", claim.id, dict(end.facts)) if end.facts else None,
    }
    if unit.run(_FINISH, [values]).rowcount != 1:
        raise Conflict("the row was taken over")
    if not later:
        _release_followers(unit, claim.id, end.state, now)
        return
    _rest(unit, claim, end, now)
    if unit.run(_GIVE_UP, [{"row": claim.id, "now": now}]).rowcount:
        _release_followers(unit, claim.id, "skipped", now)


def settle(
    unit: Unit,
    row_id: str,
    verdict: Literal["arrived", "again"],
    *,
    now: datetime,
    wire_id: str = "",
    part_id: str = "",
) -> bool:
    """A person said how an unknown sending ended; False when it is not unknown (any more)."""
    state = "delivered" if verdict == "arrived" else "new"
    ended = now if verdict == "arrived" else None
    values: dict[str, Any] = {
        "state": state,
        "reason": f"settled_{verdict}",
        "ended_at": ended,
        "retry_at": None,
        "hold": "",
    }
    if wire_id:
        values["wire_id"] = wire_id
    if part_id:
        values["part_id"] = part_id
    unknown = update(outbox).where(outbox.c.id == row_id, outbox.c.state == "unknown")
    if unit.run(unknown.values(**values)).rowcount != 1:
        return False
    _release_followers(unit, row_id, state, now)
    return True


def cancel(unit: Unit, cancel_key: str, reason: str, *, now: datetime) -> list[str]:
    """Take back every unclaimed row with this key; the ids of those taken back.

    One that is being sent cannot be taken back any more, but will not be tried a second time.
    """
    mine = update(outbox).where(OPEN, outbox.c.cancel_key == cancel_key, outbox.c.cancel_key != EMPTY)
    unit.run(mine.where(outbox.c.state == UNDER_WAY).values(hold="cancelled"))
    unsent = mine.where(outbox.c.state == NEW)
    taken = unit.run(unsent.values(state="skipped", reason=reason[:200], ended_at=now).returning(outbox.c.id))
    ids = [r.id for r in taken]
    for row_id in ids:
        _release_followers(unit, row_id, "skipped", now)
    return ids


def sent(unit: Unit, row_id: str) -> Sent | None:
    """One row as it stands."""
    return next(iter(_sent_rows(unit, [row_id])), None)


def unknown_rows(unit: Unit, customer_id: str = "") -> list[Sent]:
    """Rows whose end nobody knows, oldest first: of one customer, or all (at most 200)."""
    which = outbox.c.state == UNKNOWN
    if customer_id:
        which &= outbox.c.customer_id == customer_id
    return [_sent(unit, r) for r in unit.rows(select(outbox).where(which).order_by(outbox.c.seq).limit(200))]


def unknown_ids(unit: Unit, customer_id: str) -> list[str]:
    """Ids of this customer's rows whose end nobody knows, oldest first."""
    return [r["id"] for r in unit.rows(_UNKNOWN_IDS, of=customer_id)]


_UNKNOWN_IDS = (
    select(outbox.c.id)
    .where(outbox.c.state == UNKNOWN, outbox.c.customer_id == bindparam("of"))
    .order_by(outbox.c.seq)
    .limit(200)
)


def on_way(unit: Unit, conversation_id: str, since: datetime) -> int:
    """How many messages to her were not out yet at a moment, or may not have been."""
    return int(unit.rows(_ON_WAY, of=conversation_id, since=since)[0]["count"])


_ON_WAY = select(func.count().label("count")).where(
    outbox.c.conversation_id == bindparam("of"),
    outbox.c.kind.in_(("send_text", "send_file")),
    outbox.c.state.in_(("new", "sending"))
    | (
        outbox.c.state.in_(("delivered", "unknown"))
        & (outbox.c.ended_at >= bindparam("since", type_=outbox.c.ended_at.type))
    ),
)


def line_of(unit: Unit, about: str) -> Sent | None:
    """The newest line in a thread that is about this sending or mail."""
    lines = select(outbox).where(outbox.c.about == about, outbox.c.about != EMPTY, outbox.c.kind == "post_line")
    row = unit.row(lines.order_by(outbox.c.seq.desc()).limit(1))
    return None if row is None else _sent(unit, row)


def root_in(unit: Unit, claim: Claim) -> Sent | None:
    """An older first post of the same conversation in the channel a claimed one is for, if it stands there."""
    older = select(outbox).where(
        outbox.c.conversation_id == claim.sending.conversation_id,
        outbox.c.kind == "post_root",
        outbox.c.state == "delivered",
        outbox.c.part_id != EMPTY,
        outbox.c.id != claim.id,
    )
    for row in unit.rows(older.order_by(outbox.c.seq.desc()).limit(20)):
        found = _sent(unit, row)
        if getattr(found.sending, "channel", "") == getattr(claim.sending, "channel", None):
            return found
    return None


def held(unit: Unit, key: str) -> list[Sending]:
    """Every notice that was held under one key, oldest first: those that newer ones stand for, and the newest."""
    rows = select(outbox).where(outbox.c.supersedes == key, outbox.c.supersedes != EMPTY, _NOTICE)
    found: list[Sending] = []
    for row in unit.rows(rows.order_by(outbox.c.seq)):
        with suppress(Unreadable, ValidationError):
            found.append(opened(unit, row))
    return found


_NOTICE = text("kind = 'notify_rep'")


def noticed(unit: Unit, conversation_id: str, since: datetime) -> list[Sent]:
    """Notices about a conversation that were delivered since a moment, after whatever marked earlier ones."""
    this = {"talk": conversation_id, "since": since}
    return [_sent(unit, r) for r in unit.rows(_NOTICED, **this)]


_marks = outbox.alias("marks")
_NOTICED = (
    select(outbox)
    .where(
        outbox.c.conversation_id == bindparam("talk"),
        outbox.c.kind == "notify_rep",
        outbox.c.state == "delivered",
        outbox.c.ended_at >= bindparam("since", type_=outbox.c.ended_at.type),
        outbox.c.seq
        > select(func.coalesce(func.max(_marks.c.seq), 0))
        .where(
            _marks.c.conversation_id == bindparam("talk"),
            _marks.c.kind == "mark_notices",
            _marks.c.state == "delivered",
        )
        .scalar_subquery(),
    )
    .order_by(outbox.c.seq)
    .limit(50)
)


def hurry(unit: Unit, reason: str) -> None:
    """Rows that rest for this reason may be tried again at once: what they waited for has come."""
    waits = (outbox.c.state == "new") & (outbox.c.reason == reason)
    lanes = [
        f"lane|{r.lane}" for r in unit.run(update(outbox).where(waits).values(retry_at=None).returning(outbox.c.lane))
    ]
    if lanes:
        unit.run(delete(rests).where(rests.c.scope.in_(lanes)))


def rest(unit: Unit, scope: str, until: datetime, *, now: datetime) -> None:
    """Nothing of this scope goes out before `until`; a longer rest stays, rests that are over are forgotten."""
    unit.run(delete(rests).where(rests.c.until <= now))
    insert = unit.insert(rests)
    unit.run(
        insert.values(scope=scope, until=until).on_conflict_do_update(
            index_elements=["scope"], set_={"until": insert.excluded.until}, where=rests.c.until < insert.excluded.until
        )
    )


_TAKE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(state=UNDER_WAY, owner=bindparam("node"), until=bindparam("lease"), attempts=outbox.c.attempts + 1)
)
_itself = outbox.alias("itself")
_OLDER = update(outbox).where(
    OPEN,
    outbox.c.supersedes == bindparam("key"),
    outbox.c.supersedes != EMPTY,
    # A row that is there already is not written again (what is told once): it takes nobody's place either.
    ~select(_itself.c.id).where(_itself.c.id == bindparam("this")).exists(),
)
_OUTLIVED = _OLDER.where(outbox.c.state == UNDER_WAY).values(hold="superseded")
_SUPERSEDE = (
    _OLDER.where(outbox.c.state == NEW)
    .values(state="skipped", reason="superseded", ended_at=bindparam("now"))
    .returning(outbox.c.id)
)
_GIVE_UP = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.hold.in_(("cancelled", "superseded")))
    .values(state="skipped", reason=outbox.c.hold, hold="", ended_at=bindparam("now"))
)
"""A row that was taken back while it was being sent is not tried a second time."""
_FINISH = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.state == "sending", outbox.c.attempts == bindparam("held"))
    .values(
        {
            name: bindparam(name)
            for name in ("state", "reason", "detail", "retry_at", "ended_at", "wire_id", "part_id", "facts")
        }
        | {"owner": "", "until": 0.0}
    )
)
_HOLDS: Mapping[str, str] = {"new": "after", "sending": "after", "unknown": "unknown", "delivered": ""}
_GONE = ("undeliverable", "skipped")


def _candidates(
    unit: Unit, now: datetime, clock: float, limit: int, without: Collection[str], *, lock: bool = False
) -> list[RowMapping]:
    """What may be taken: interrupted rows, then pressing ones, then the oldest."""
    found: dict[str, RowMapping] = {}
    for query in (waiting.INTERRUPTED, *waiting.awake(unit, now, waiting.PRESSING, waiting.OLDEST)):
        if len(found) >= limit:
            break
        ready = query
        if without:
            ready = ready.where(outbox.c.connector.not_in(without))
        if lock:
            ready = ready.with_for_update(skip_locked=True, of=outbox)
        for row in unit.rows(ready.limit(limit), now=now, clock=clock):
            found.setdefault(row["id"], row)
    return list(found.values())[:limit]


def _row(unit: Unit, row: OutRow, states: Mapping[str, str], now: datetime) -> dict[str, Any]:
    sending = row.sending
    first = states.get(sending.after, "skipped") if sending.after else "delivered"
    gone = first in _GONE
    return {
        "id": sending.id,
        "connector": row.connector,
        "lane": unit.vault.digest("outbox lane", row.lane),
        "kind": kind_of(sending),
        "customer_id": row.customer_id,
        "conversation_id": sending.conversation_id,
        "state": "skipped" if gone else "new",
        "hold": _HOLDS.get(first, ""),
        "reason": "root_gone" if gone else "",
        "after": sending.after,
        "supersedes": sending.supersedes,
        "cancel_key": sending.cancel_key,
        "about": sending.about if isinstance(sending, PostLine) else "",
        "report": sending.report,
        "not_before": sending.not_before,
        "deadline": sending.deadline,
        "ended_at": now if gone else None,
        "sealed": unit.vault.seal("outbox.sealed", sending.id, SENDING.dump_json(sending)),
    }


def _supersede(unit: Unit, sending: Sending, now: datetime) -> None:
    this = {"key": sending.supersedes, "this": sending.id}
    unit.run(_OUTLIVED, [this])
    older = unit.conn.execute(_SUPERSEDE, this | {"now": now})
    for row_id in [r.id for r in older]:
        _release_followers(unit, row_id, "skipped", now)


def _states(unit: Unit, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = unit.rows(select(outbox.c.id, outbox.c.state).where(outbox.c.id.in_(set(ids))))
    return {r["id"]: r["state"] for r in rows}


def _sent_rows(unit: Unit, ids: Sequence[str]) -> list[Sent]:
    if not ids:
        return []
    return [_sent(unit, r) for r in unit.rows(select(outbox).where(outbox.c.id.in_(set(ids))))]


def _sent(unit: Unit, row: RowMapping) -> Sent:
    facts = {} if row["facts"] is None else unit.open("outbox.facts", row["id"], row["facts"])
    names = ("id", "connector", "kind", "customer_id", "conversation_id", "state", "reason", "attempts")
    known = {name: row[name] for name in (*names, "wire_id", "part_id")}
    return Sent(**known, facts=facts, sending=opened(unit, row))


def opened(unit: Unit, row: RowMapping) -> Sending:
    """The effect in a row."""
    return SENDING.validate_json(unit.vault.open("outbox.sealed", row["id"], row["sealed"]))


def _firsts(unit: Unit, ids: Sequence[str]) -> dict[str, Sent]:
    """Rows that others waited for, by id; without those that cannot be read any more."""
    if not ids:
        return {}
    found: dict[str, Sent] = {}
    for row in unit.rows(select(outbox).where(outbox.c.id.in_(set(ids)))):
        with suppress(Unreadable, ValidationError):
            found[row["id"]] = _sent(unit, row)
    return found


def _claim(unit: Unit, row: RowMapping, firsts: Mapping[str, Sent]) -> Claim | None:
    """The row to be sent; None for one that cannot be read any more."""
    try:
        sending = opened(unit, row)
    except (Unreadable, ValidationError):
        return None
    return Claim(
        id=row["id"],
        lane=row["lane"],
        connector=row["connector"],
        customer_id=row["customer_id"],
        sending=sending,
        attempt=row["attempts"] + 1,
        after=firsts.get(row["after"]),
        interrupted=row["state"] == "sending",
        reason=row["reason"],
    )


def _unreadable(unit: Unit, row_id: str, now: datetime) -> None:
    """It ends here, where people can see it: a claim that raised would stop every row there is."""
    end = {"state": "undeliverable", "reason": "unreadable", "ended_at": now, "owner": "", "until": 0.0}
    unit.run(update(outbox).where(outbox.c.id == row_id).values(end))
    _release_followers(unit, row_id, "undeliverable", now)


def _rest(unit: Unit, claim: Claim, end: End, now: datetime) -> None:
    until = now + timedelta(seconds=end.seconds)
    match end.scope:
        case "lane":
            rest(unit, f"lane|{claim.lane}", until, now=now)
        case "app":
            rest(unit, f"app|{claim.connector}|{kind_of(claim.sending)}", until, now=now)
        case "platform":
            rest(unit, f"platform|{claim.connector}", until, now=now)


def _release_followers(unit: Unit, row_id: str, state: str, now: datetime) -> None:
    """Rows that waited for this one may go, wait on, or can never go: then what waited for them cannot either."""
    if state not in _GONE:
        unit.conn.execute(_HOLD_FOLLOWERS, {"first": row_id, "held": _HOLDS[state]})
        return
    gone = unit.conn.execute(_SKIP_FOLLOWERS, {"first": row_id, "now": now})
    for follower in [r.id for r in gone]:
        _release_followers(unit, follower, "skipped", now)


_FOLLOWERS = update(outbox).where(outbox.c.after == bindparam("first"), outbox.c.hold != EMPTY, outbox.c.state == NEW)
_HOLD_FOLLOWERS = _FOLLOWERS.values(hold=bindparam("held"))
_SKIP_FOLLOWERS = _FOLLOWERS.values(state="skipped", hold="", reason="root_gone", ended_at=bindparam("now")).returning(
    outbox.c.id
)
