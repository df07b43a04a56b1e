"""Since when a customer waits, and what each trace is about, as columns: lists and cards find both unopened.

Keep it the last revision of its release: the newest file name must be the head.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whoever waits now waits since her last word: the first unanswered one is not known for older rows."""
    op.add_column("conversations", sa.Column("waiting_since", sa.BigInteger(), nullable=True))
    op.add_column("conversations", sa.Column("waited_since", sa.BigInteger(), nullable=True))
    op.add_column("conversations", sa.Column("answer", sa.Text(), server_default="", nullable=False))
    op.add_column("traces", sa.Column("about", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_traces_customer_id", "traces", ["customer_id", "version"])
    op.create_index("ix_conversations_waiting", "conversations", ["waiting_since"])
    op.execute(
        "UPDATE conversations SET waiting_since = last_customer_at WHERE status != 'closed' "
        "AND last_customer_at IS NOT NULL AND (last_our_at IS NULL OR last_our_at < last_customer_at)"
    )
