"""Every table, in one place. The timeline is the truth; customers and all that hangs on them are projections of it.

Names, words, wire ids of people and raw payloads are in sealed columns, one blob of JSON per row; what must be found
by them has a keyed index beside it. SQL selects on plain and indexed columns only.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from storage.columns import SERIAL, Moment, indexed, plain, sealed

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _customer(*, primary_key: bool = False) -> Column[Any]:
    return plain("customer_id", String(64), ForeignKey("customers.id"), primary_key=primary_key)


def _text(name: str, **more: Any) -> Column[Any]:
    more.setdefault("server_default", "")
    return plain(name, Text(), **more)


def _key(name: str, **more: Any) -> Column[Any]:
    return plain(name, Text(), **more)


def _count(name: str, default: int = 0) -> Column[Any]:
    return plain(name, Integer(), server_default=str(default))


# --- who she is -----------------------------------------------------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    plain("id", String(64), primary_key=True),
    _count("version"),
    plain("created_at", Moment()),
    _text("language"),
    _text("zone"),
    _text("segment"),
    _text("industry"),
    _text("source"),
    _text("stage"),
    _text("owner", index=True),
    plain("qualified", Boolean()),
    _text("suppressed"),
    _count("touches"),
    _text("recent", server_default="[]"),
    _text("pages", server_default="[]"),
    _text("woken", server_default="[]"),
    sealed(),
)
"""`recent`, `pages`, `woken`: bounded lists as JSON. Sealed: name, attributes."""

identities = Table(
    "identities",
    metadata,
    indexed("index", primary_key=True),
    _customer(primary_key=True),
    _text("platform"),
    _text("kind"),
    plain("verified", Boolean()),
    plain("locates", Boolean()),
    plain("linked_at", Moment()),
    sealed(),
    Index("ix_identities_customer_id", "customer_id"),
)
"""`locates`: the one customer this verified name leads to. Others who were said to bear it too are kept beside it."""
Index(
    "uq_identities_locates",
    identities.c.index,
    unique=True,
    postgresql_where=text("locates"),
    sqlite_where=text("locates"),
)

name_pieces = Table(
    "name_pieces",
    metadata,
    indexed("piece", primary_key=True),
    _customer(primary_key=True),
    Index("ix_name_pieces_customer_id", "customer_id"),
)

note_pieces = Table(
    "note_pieces",
    metadata,
    indexed("piece", primary_key=True),
    _customer(primary_key=True),
    Index("ix_note_pieces_customer_id", "customer_id"),
)
"""Keyed digests of the words in notes about her, as in `name_pieces`."""

follows = Table(
    "follows",
    metadata,
    _customer(primary_key=True),
    plain("rep_id", String(64), primary_key=True),
    plain("since", Moment()),
)
"""Which reps are her contacts on a platform: they may see her."""

tags = Table(
    "tags",
    metadata,
    _customer(primary_key=True),
    _key("name", primary_key=True),
    _text("by"),
    _text("rule"),
    plain("at", Moment()),
    plain("active", Boolean()),
    _count("position"),
)

balances = Table(
    "balances",
    metadata,
    _customer(primary_key=True),
    plain("half_life_days", Double(), primary_key=True),
    plain("value", Double()),
    plain("at", Moment()),
)

ledger = Table(
    "ledger",
    metadata,
    plain("id", String(64), primary_key=True),
    _customer(),
    _text("signal"),
    plain("weight", Double()),
    plain("half_life_days", Double()),
    plain("rank", Double()),
    plain("at", Moment()),
    Index("ix_ledger_rank", "customer_id", "half_life_days", "rank"),
)
"""`rank` orders the entries of one half-life by what they are worth, at any moment: all of them fade alike."""

consents = Table(
    "consents",
    metadata,
    _customer(primary_key=True),
    _key("purpose", primary_key=True),
    _key("medium", primary_key=True),
    plain("given", Boolean()),
    plain("at", Moment()),
    _text("source"),
    _text("text_version"),
    _count("position"),
)

suppressions = Table(
    "suppressions",
    metadata,
    indexed("mail", primary_key=True),
    _text("reason"),
    plain("at", Moment()),
)
"""Addresses no mail may go to; kept by index alone, so that it outlives whoever had the address."""

conversations = Table(
    "conversations",
    metadata,
    plain("id", String(64), primary_key=True),
    _customer(),
    indexed("lane", unique=True),
    _text("connector"),
    _text("account"),
    _text("status"),
    _text("channel"),
    _text("cell"),
    _text("claimed_by"),
    plain("claimed_at", Moment(), nullable=True),
    plain("opened_at", Moment()),
    plain("last_customer_at", Moment(), nullable=True),
    plain("last_our_at", Moment(), nullable=True),
    plain("waiting_since", Moment(), nullable=True),
    plain("waited_since", Moment(), nullable=True),
    _text("answer"),
    plain("first_reply_at", Moment(), nullable=True),
    _count("sent_since_customer"),
    plain("taken_over", Boolean()),
    _count("card_version"),
    _text("root"),
    plain("wakeup", Text(), nullable=True),
    _count("position"),
    sealed(),
    Index("ix_conversations_customer_id", "customer_id"),
    Index("ix_conversations_claimed_by", "claimed_by"),
    Index("ix_conversations_queue", "status", "channel", "opened_at"),
    Index("ix_conversations_waiting", "waiting_since"),
)
"""`lane`: digest of the order key. `first_reply_at`: when a colleague first answered. Sealed: the wire id."""

timers = Table(
    "timers",
    metadata,
    _customer(primary_key=True),
    _key("key", primary_key=True),
    _text("kind"),
    _text("conversation_id"),
    plain("due_at", Moment()),
    _text("episode"),
    _text("state"),
)
"""`state`: set, or fired and not yet looked at by a turn."""
Index(
    "ix_timers_due",
    timers.c.due_at,
    postgresql_where=text("state = 'set'"),
    sqlite_where=text("state = 'set'"),
)

tasks = Table(
    "tasks",
    metadata,
    plain("id", String(64), primary_key=True),
    _customer(),
    _text("kind"),
    _text("rep"),
    plain("due_at", Moment()),
    plain("open", Boolean()),
    _count("position"),
    sealed(),
    Index("ix_tasks_customer_id", "customer_id", "open"),
    Index("ix_tasks_rep", "rep", "open"),
)

# --- what happened and why ------------------------------------------------------------------------------------------

timeline = Table(
    "timeline",
    metadata,
    _customer(primary_key=True),
    plain("version", Integer(), primary_key=True),
    _key("event_id", unique=True),
    _text("conversation_id"),
    _text("kind"),
    plain("at", Moment()),
    _text("side"),
    _text("connector"),
    _text("changes"),
    sealed(),
)
"""Append-only, one row per turn, in the order of the customer's versions. `changes` holds the effects without personal
arguments (null where one is sealed); sealed: the event, the other effects, the words that were said."""
Index(
    "ix_timeline_touches",
    timeline.c.customer_id,
    timeline.c.version,
    postgresql_where=text("side != ''"),
    sqlite_where=text("side != ''"),
)

traces = Table(
    "traces",
    metadata,
    _key("event_id", primary_key=True),
    _text("customer_id"),
    _text("conversation_id"),
    _count("version"),
    _text("kind"),
    plain("at", Moment()),
    _text("playbook"),
    plain("routed", Boolean()),
    _text("about"),
    _text("marks"),
    sealed(),
    Index("ix_traces_conversation_id", "conversation_id", "routed", "version"),
    Index("ix_traces_customer_id", "customer_id", "version"),
)
"""`about`: what its steps are about, each between blanks, so that the newest one about a thing is found unopened.
`marks`: which rule, cell, signal or act it was, `rule:asked-price cell:default`, to be counted unopened."""
_marked = text("marks != ''")
Index("ix_traces_marks", traces.c.at, traces.c.marks, postgresql_where=_marked, sqlite_where=_marked)

stage_moves = Table(
    "stage_moves",
    metadata,
    _customer(primary_key=True),
    plain("version", Integer(), primary_key=True),
    plain("at", Moment(), index=True),
    _text("came"),
    _text("went"),
    _text("by"),
    _text("rule"),
    plain("known_for", BigInteger(), server_default="0"),
    plain("stayed_for", BigInteger(), server_default="0"),
    plain("again", Boolean()),
)
"""Every move of a customer from one stage to another, drawn from the timeline. `by`: rule or rep. `known_for`: since we
met her; `stayed_for`: since the move before, both in microseconds. `again`: she had been there before."""

files = Table(
    "files",
    metadata,
    plain("id", String(64), primary_key=True),
    _text("customer_id"),
    _text("conversation_id", index=True),
    _text("event_id", index=True),
    _text("rep"),
    _text("form"),
    _text("state"),
    _text("reason"),
    _text("type"),
    plain("size", BigInteger(), server_default="0"),
    plain("at", Moment()),
    plain("ended_at", Moment(), nullable=True),
    sealed(),
)
"""What came or went beside words. `rep`: the colleague who brought it, or empty. Sealed: its name."""

file_contents = Table("file_contents", metadata, plain("id", String(64), primary_key=True), sealed())
"""The contents, apart from what lists read."""

# --- queues ---------------------------------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    plain("seq", SERIAL, primary_key=True, autoincrement=True),
    _key("id", unique=True),
    indexed("lane"),
    _text("kind"),
    _text("state", server_default="new"),
    _count("attempts"),
    plain("at", Moment()),
    plain("deadline", Moment(), nullable=True),
    _text("error"),
    sealed(),
    sealed("raw", nullable=True),
    sealed("answer", nullable=True),
)
"""`state`: new, done, parked. Sealed: the event; the payload as it came; what the actor was answered."""
_waiting = text("state = 'new'")
Index("ix_inbox_ready", inbox.c.seq, postgresql_where=_waiting, sqlite_where=_waiting)
Index("ix_inbox_lane", inbox.c.lane, inbox.c.seq, postgresql_where=_waiting, sqlite_where=_waiting)
_pressing = text("state = 'new' AND deadline IS NOT NULL")
Index("ix_inbox_deadline", inbox.c.deadline, postgresql_where=_pressing, sqlite_where=_pressing)

dedupe = Table("dedupe", metadata, indexed("key", primary_key=True), _text("event_id"))

lanes = Table(
    "lanes",
    metadata,
    indexed("key", primary_key=True),
    _text("owner", index=True),
    plain("until", Double()),
    plain("fence", BigInteger()),
)
"""Who takes the turns of a lane until when (database clock); the fence rises with every claim."""

outbox = Table(
    "outbox",
    metadata,
    plain("seq", SERIAL, primary_key=True, autoincrement=True),
    plain("id", String(64), unique=True),
    _text("connector"),
    indexed("lane"),
    _text("kind"),
    _text("customer_id"),
    _text("conversation_id"),
    _text("state", server_default="new"),
    _text("hold"),
    _text("reason"),
    _text("detail"),
    _count("attempts"),
    _text("after"),
    _text("supersedes"),
    _text("cancel_key"),
    _text("about"),
    plain("report", Boolean()),
    plain("not_before", Moment(), nullable=True),
    plain("retry_at", Moment(), nullable=True),
    plain("deadline", Moment(), nullable=True),
    plain("ended_at", Moment(), nullable=True),
    _text("owner"),
    plain("until", Double(), server_default="0"),
    _text("wire_id"),
    _text("part_id"),
    sealed(),
    sealed("facts", nullable=True),
    Index("ix_outbox_conversation_id", "conversation_id", "kind"),
)
"""`state`: new, sending, delivered, undeliverable, unknown, skipped. `hold`: empty, `after` (its first row is not out
yet), `unknown` (nobody knows whether its first row is out), `cancelled` or `superseded` (taken back while being sent).
Sealed: the effect; what the platform told us."""


def _outbox_index(name: str, where: Any, *columns: Column[Any]) -> None:
    Index(name, *columns, postgresql_where=where, sqlite_where=where)


_outbox_index("ix_outbox_new", text("state = 'new'"), outbox.c.seq)
_outbox_index("ix_outbox_deadline", text("state = 'new' AND deadline IS NOT NULL"), outbox.c.deadline)
_outbox_index("ix_outbox_not_before", text("state = 'new' AND not_before IS NOT NULL"), outbox.c.not_before)
_outbox_index("ix_outbox_sending", text("state = 'sending'"), outbox.c.until)
_outbox_index("ix_outbox_lane", text("state IN ('new', 'sending')"), outbox.c.lane, outbox.c.seq)
_outbox_index("ix_outbox_after", text("hold != ''"), outbox.c.after)
_outbox_index("ix_outbox_supersedes", text("state IN ('new', 'sending') AND supersedes != ''"), outbox.c.supersedes)
_outbox_index("ix_outbox_cancel_key", text("state IN ('new', 'sending') AND cancel_key != ''"), outbox.c.cancel_key)
_outbox_index("ix_outbox_held", text("kind = 'notify_rep' AND supersedes != ''"), outbox.c.supersedes)
_outbox_index("ix_outbox_unknown", text("state = 'unknown'"), outbox.c.customer_id)
_outbox_index("ix_outbox_about", text("about != ''"), outbox.c.about)
_outbox_index("ix_outbox_thread", text("kind = 'post_root' AND wire_id != ''"), outbox.c.wire_id)

rests = Table("rests", metadata, _key("scope", primary_key=True), plain("until", Moment()))
"""What must not be written to before a moment: `lane|...`, `app|connector|kind`, `platform|connector`."""

nodes = Table(
    "nodes",
    metadata,
    _key("name", primary_key=True),
    plain("seen", Double()),
    plain("clock", BigInteger()),
)

# --- our own side ---------------------------------------------------------------------------------------------------

reps = Table(
    "reps",
    metadata,
    plain("id", String(64), primary_key=True),
    _text("role"),
    _text("team"),
    _text("language"),
    _text("zone"),
    _text("regions", server_default="[]"),
    _text("industries", server_default="[]"),
    plain("active", Boolean()),
    _count("load"),
    _count("capacity", 50),
    indexed("aad", unique=True, nullable=True),
    indexed("userid", unique=True, nullable=True),
    indexed("mail", unique=True, nullable=True),
    sealed(),
)

preferences = Table(
    "preferences",
    metadata,
    plain("rep_id", String(64), primary_key=True),
    _text("language"),
    _text("quiet"),
    plain("digest", Boolean()),
    _text("notices"),
)
"""How a rep wants to be spoken to; kept apart from `reps`, which the configuration brings up to date."""

reminders = Table(
    "reminders",
    metadata,
    plain("rep_id", String(64), primary_key=True),
    _key("about", primary_key=True),
    plain("due_at", Moment(), index=True),
)
"""The next moment at which a rep is told something that nobody has just caused."""

speaking = Table(
    "speaking",
    metadata,
    indexed("lane", primary_key=True),
    _text("connector"),
    _text("account"),
    _text("scope"),
    _text("team_id"),
    _text("group_id"),
    indexed("member", nullable=True),
    plain("removed", Boolean()),
    sealed(),
    Index("ix_speaking_member", "member"),
)
"""Where and how the bot may speak. Sealed: wire ids and the service's address."""

channels = Table(
    "channels",
    metadata,
    _key("key", primary_key=True),
    _text("team"),
    _text("name"),
    _text("wire_id"),
)

notes = Table("notes", metadata, _key("key", primary_key=True), plain("expires", Double()), sealed())
cursors = Table("cursors", metadata, _key("account", primary_key=True), _text("value"))
switches = Table(
    "switches",
    metadata,
    _key("key", primary_key=True),
    plain("on", Boolean()),
    _text("by"),
    plain("at", Moment()),
)

mails = Table(
    "mails",
    metadata,
    plain("id", String(64), primary_key=True),
    _text("customer_id"),
    _text("conversation_id", index=True),
    _text("template"),
    _text("purpose"),
    _text("state", server_default="queued"),
    plain("at", Moment()),
    sealed(),
)
"""Sealed: links (name -> address), Message-ID, subject."""

forms = Table(
    "forms",
    metadata,
    plain("id", String(64), primary_key=True),
    _text("customer_id"),
    _text("conversation_id"),
    plain("at", Moment()),
    plain("used_at", Moment(), nullable=True),
)

playbooks = Table(
    "playbooks",
    metadata,
    plain("version", String(64), primary_key=True),
    _text("name"),
    plain("text", Text()),
    plain("at", Moment()),
)

publications = Table(
    "publications",
    metadata,
    plain("seq", SERIAL, primary_key=True, autoincrement=True),
    plain("version", String(64)),
    plain("at", Moment()),
    _text("by"),
    _text("comment"),
    _text("origin"),
)
"""Which version of the playbook came into force when, by whom; the newest one holds. `origin`: file, page, back."""

audit = Table(
    "audit",
    metadata,
    plain("seq", BigInteger(), primary_key=True, autoincrement=False),
    plain("at", Moment()),
    _text("who"),
    _text("action"),
    _text("about"),
    _text("details", server_default="{}"),
    plain("hash", LargeBinary()),
)
"""Append-only; `hash` covers the row and the hash before it, so a changed, moved or missing row shows."""
