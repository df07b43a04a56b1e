"""Timeline, traces and the queues."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One direction only: a step back is a restored backup."""
    op.create_table(
        "dedupe",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_dedupe")),
    )
    op.create_table(
        "inbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_inbox")),
        sa.UniqueConstraint("id", name=op.f("uq_inbox_id")),
    )
    op.create_index(
        "ix_inbox_deadline",
        "inbox",
        ["deadline"],
        unique=False,
        postgresql_where=sa.text("state = 'new' AND deadline IS NOT NULL"),
        sqlite_where=sa.text("state = 'new' AND deadline IS NOT NULL"),
    )
    op.create_index(
        "ix_inbox_lane",
        "inbox",
        ["lane", "seq"],
        unique=False,
        postgresql_where=sa.text("state = 'new'"),
        sqlite_where=sa.text("state = 'new'"),
    )
    op.create_index(
        "ix_inbox_ready",
        "inbox",
        ["seq"],
        unique=False,
        postgresql_where=sa.text("state = 'new'"),
        sqlite_where=sa.text("state = 'new'"),
    )
    op.create_table(
        "lanes",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_lanes")),
    )
    op.create_index(op.f("ix_lanes_owner"), "lanes", ["owner"], unique=False)
    op.create_table(
        "nodes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_nodes")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("connector", sa.Text(), server_default="", nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("conversation_id", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("hold", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("after", sa.Text(), server_default="", nullable=False),
        sa.Column("supersedes", sa.Text(), server_default="", nullable=False),
        sa.Column("cancel_key", sa.Text(), server_default="", nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("report", sa.Boolean(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("until", sa.Double(), server_default="0", nullable=False),
        sa.Column("wire_id", sa.Text(), server_default="", nullable=False),
        sa.Column("part_id", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index(
        "ix_outbox_about",
        "outbox",
        ["about"],
        unique=False,
        postgresql_where=sa.text("about != ''"),
        sqlite_where=sa.text("about != ''"),
    )
    op.create_index(
        "ix_outbox_after",
        "outbox",
        ["after"],
        unique=False,
        postgresql_where=sa.text("hold != ''"),
        sqlite_where=sa.text("hold != ''"),
    )
    op.create_index(
        "ix_outbox_cancel_key",
        "outbox",
        ["cancel_key"],
        unique=False,
        postgresql_where=sa.text("state IN ('new', 'sending') AND cancel_key != ''"),
        sqlite_where=sa.text("state IN ('new', 'sending') AND cancel_key != ''"),
    )
    op.create_index("ix_outbox_conversation_id", "outbox", ["conversation_id", "kind"], unique=False)
    op.create_index(
        "ix_outbox_deadline",
        "outbox",
        ["deadline"],
        unique=False,
        postgresql_where=sa.text("state = 'new' AND deadline IS NOT NULL"),
        sqlite_where=sa.text("state = 'new' AND deadline IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_lane",
        "outbox",
        ["lane", "seq"],
        unique=False,
        postgresql_where=sa.text("state IN ('new', 'sending')"),
        sqlite_where=sa.text("state IN ('new', 'sending')"),
    )
    op.create_index(
        "ix_outbox_new",
        "outbox",
        ["seq"],
        unique=False,
        postgresql_where=sa.text("state = 'new'"),
        sqlite_where=sa.text("state = 'new'"),
    )
    op.create_index(
        "ix_outbox_not_before",
        "outbox",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("state = 'new' AND not_before IS NOT NULL"),
        sqlite_where=sa.text("state = 'new' AND not_before IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_sending",
        "outbox",
        ["until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
        sqlite_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_outbox_supersedes",
        "outbox",
        ["supersedes"],
        unique=False,
        postgresql_where=sa.text("state IN ('new', 'sending') AND supersedes != ''"),
        sqlite_where=sa.text("state IN ('new', 'sending') AND supersedes != ''"),
    )
    op.create_index(
        "ix_outbox_thread",
        "outbox",
        ["wire_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'post_root' AND wire_id != ''"),
        sqlite_where=sa.text("kind = 'post_root' AND wire_id != ''"),
    )
    op.create_index(
        "ix_outbox_unknown",
        "outbox",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("state = 'unknown'"),
        sqlite_where=sa.text("state = 'unknown'"),
    )
    op.create_table(
        "rests",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_rests")),
    )
    op.create_table(
        "traces",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), server_default="", nullable=False),
        sa.Column("conversation_id", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("playbook", sa.Text(), server_default="", nullable=False),
        sa.Column("routed", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_traces")),
    )
    op.create_index("ix_traces_conversation_id", "traces", ["conversation_id", "routed", "version"], unique=False)
    op.create_table(
        "timeline",
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), server_default="", nullable=False),
        sa.Column("connector", sa.Text(), server_default="", nullable=False),
        sa.Column("changes", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_timeline_customer_id_customers")),
        sa.PrimaryKeyConstraint("customer_id", "version", name=op.f("pk_timeline")),
        sa.UniqueConstraint("event_id", name=op.f("uq_timeline_event_id")),
    )
    op.create_index(
        "ix_timeline_touches",
        "timeline",
        ["customer_id", "version"],
        unique=False,
        postgresql_where=sa.text("side != ''"),
        sqlite_where=sa.text("side != ''"),
    )
