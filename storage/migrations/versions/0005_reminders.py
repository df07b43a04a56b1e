"""How reps want to be spoken to, when they are reminded, notices held over night, and notes that can be found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One direction only: a step back is a restored backup. Notes written before are not findable by their words."""
    op.create_table(
        "preferences",
        sa.Column("rep_id", sa.String(length=64), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("quiet", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("notices", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("rep_id", name=op.f("pk_preferences")),
    )
    op.create_table(
        "reminders",
        sa.Column("rep_id", sa.String(length=64), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rep_id", "about", name=op.f("pk_reminders")),
    )
    op.create_index(op.f("ix_reminders_due_at"), "reminders", ["due_at"])
    op.create_table(
        "note_pieces",
        sa.Column("piece", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_note_pieces_customer_id_customers")),
        sa.PrimaryKeyConstraint("piece", "customer_id", name=op.f("pk_note_pieces")),
    )
    op.create_index("ix_note_pieces_customer_id", "note_pieces", ["customer_id"])
    held = sa.text("kind = 'notify_rep' AND supersedes != ''")
    op.create_index("ix_outbox_held", "outbox", ["supersedes"], postgresql_where=held, sqlite_where=held)
