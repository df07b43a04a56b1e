"""What the manager's pages count: first answers, moves between stages, what turns did by name, who published what."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One direction only. Hits of rules and cells count from here on: older traces are sealed."""
    op.add_column("conversations", sa.Column("first_reply_at", sa.BigInteger(), nullable=True))
    op.add_column("traces", sa.Column("marks", sa.Text(), server_default="", nullable=False))
    marked = sa.text("marks != ''")
    op.create_index("ix_traces_marks", "traces", ["at", "marks"], postgresql_where=marked, sqlite_where=marked)
    op.create_table(
        "stage_moves",
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("came", sa.Text(), server_default="", nullable=False),
        sa.Column("went", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.Text(), server_default="", nullable=False),
        sa.Column("known_for", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stayed_for", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_stage_moves_customer_id_customers")),
        sa.PrimaryKeyConstraint("customer_id", "version", name=op.f("pk_stage_moves")),
    )
    op.create_index("ix_stage_moves_at", "stage_moves", ["at"])
    op.create_table(
        "publications",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_publications")),
    )
    op.execute(
        "UPDATE conversations SET first_reply_at = (SELECT min(t.at) FROM timeline t WHERE t.side = 'us' AND "
        "t.customer_id = conversations.customer_id AND t.conversation_id = conversations.id "
        "AND t.at >= conversations.opened_at)"
    )
    _moves_so_far()


def _moves_so_far() -> None:
    """Every move between stages that the timeline tells."""
    connection = op.get_bind()
    told = sa.text(
        "SELECT t.customer_id, t.version, t.at, t.kind, t.changes, c.created_at FROM timeline t "
        "JOIN customers c ON c.id = t.customer_id WHERE t.changes LIKE '%\"set_stage\"%' "
        "ORDER BY t.customer_id, t.version"
    )
    add = sa.text(
        'INSERT INTO stage_moves (customer_id, version, at, came, went, "by", known_for, stayed_for, again) '
        "VALUES (:of, :version, :at, :came, :went, :by, :known_for, :stayed_for, :again)"
    )
    been: dict[str, list[tuple[str, int]]] = {}
    for row in connection.execute(told).all():
        before = been.setdefault(row.customer_id, [("prospect", row.created_at)])
        went = [c["stage"] for c in json.loads(row.changes) if c and c.get("kind") == "set_stage"][-1]
        came, since = before[-1]
        move = {
            "of": row.customer_id,
            "version": row.version,
            "at": row.at,
            "came": came,
            "went": went,
            "by": "rep" if row.kind == "rep_acted" else "rule",
            "known_for": max(0, row.at - row.created_at),
            "stayed_for": max(0, row.at - since),
            "again": went in {stage for stage, _ in before},
        }
        connection.execute(add, move)
        before.append((went, row.at))
