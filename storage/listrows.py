"""What the rows of a list are made from: one query for the conversations, one for their scores, however long the list.

No customer is loaded whole: a list shows little of each, and most of them are not opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping, and_, bindparam, func, select

from rules.listrow import Listed
from rules.model import Balance, Stage, Words
from storage import fates, rows
from storage.statements import EMPTY, UNKNOWN
from storage.tables import balances, conversations, customers, outbox, tasks, timeline
from storage.unit import Unit


def listed(unit: Unit, conversation_ids: Sequence[str]) -> list[Listed]:
    """These conversations, in this order; those that are not there are left out."""
    found = {r["id"]: r for r in unit.rows(_ROWS, ids=list(conversation_ids))}
    here = [found[i] for i in conversation_ids if i in found]
    scores = _scores(unit, here)
    fared = fates.fates(unit, [r["said_event"] for r in here if r["said_side"] not in (None, "customer")])
    return [_listed(unit, r, scores.get(r["customer_id"], ()), fared.get(r["said_event"], "")) for r in here]


def _listed(unit: Unit, row: RowMapping, scores: tuple[Balance, ...], fate: fates.Fate) -> Listed:
    told = unit.open("customers.sealed", row["customer_id"], row["her_sealed"])
    task = unit.open("tasks.sealed", row["task_id"], row["task_sealed"]) if row["task_id"] else None
    return Listed(
        talk=rows.conversation_of(unit, row),
        customer_id=row["customer_id"],
        name=told["name"],
        company=told["attributes"].get("company", ""),
        stage=Stage(row["her_stage"]),
        owner=row["her_owner"],
        balances=scores,
        unknown=row["unknown"] is not None,
        failed=fate == "failed",
        mailed=(row["said_side"], row["said_where"]) == ("customer", "mail"),
        task=Words(**task) if task else None,
        has_mail=bool(told["attributes"].get("mail")),
    )


def _scores(unit: Unit, here: Sequence[RowMapping]) -> dict[str, tuple[Balance, ...]]:
    found: dict[str, tuple[Balance, ...]] = {}
    for row in unit.rows(_SCORES, ids=list({r["customer_id"] for r in here})):
        found[row["customer_id"]] = (*found.get(row["customer_id"], ()), rows.balance_of(row))
    return found


_SCORES = (
    select(balances)
    .where(balances.c.customer_id.in_(bindparam("ids", expanding=True)))
    .order_by(balances.c.half_life_days)
)
_said = timeline.alias()
_newest_touch = (
    select(func.max(_said.c.version))
    .where(_said.c.customer_id == customers.c.id, _said.c.side != EMPTY)
    .correlate(customers)
    .scalar_subquery()
)
_due = tasks.alias()
_first_task = (
    select(_due.c.id)
    .where(_due.c.customer_id == customers.c.id, _due.c.open.is_(True))
    .order_by(_due.c.due_at, _due.c.id)
    .limit(1)
    .correlate(customers)
    .scalar_subquery()
)
_unknown = (
    select(func.min(outbox.c.seq))
    .where(outbox.c.state == UNKNOWN, outbox.c.customer_id == customers.c.id)
    .correlate(customers)
    .scalar_subquery()
)
_ROWS = (
    select(
        conversations,
        customers.c.stage.label("her_stage"),
        customers.c.owner.label("her_owner"),
        customers.c.sealed.label("her_sealed"),
        timeline.c.event_id.label("said_event"),
        timeline.c.side.label("said_side"),
        timeline.c.connector.label("said_where"),
        tasks.c.id.label("task_id"),
        tasks.c.sealed.label("task_sealed"),
        _unknown.label("unknown"),
    )
    .select_from(
        conversations.join(customers, customers.c.id == conversations.c.customer_id)
        .outerjoin(timeline, and_(timeline.c.customer_id == customers.c.id, timeline.c.version == _newest_touch))
        .outerjoin(tasks, tasks.c.id == _first_task)
    )
    .where(conversations.c.id.in_(bindparam("ids", expanding=True)))
)
