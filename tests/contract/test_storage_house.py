"""Our own side: reps, where the bot may speak, notes, cursors, switches, mails, forms, playbooks, audit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from rules import effects
from rules.errors import Conflict
from rules.model import Address, Rep, RepHandle
from storage import audit, mails, notes, orders, outbox, playbooks, references, reps
from storage.database import Database
from storage.mails import Form, TrackedMail
from storage.outbox import End, OutRow
from storage.references import ChannelRow
from storage.tables import audit as audit_table
from tests.contract.people import NOW

ZHANG = Rep(
    id="", name="张伟", aad_id="AAD-1", mail="Zhang@Example.cn", team="presales", industries=("制造业",), capacity=9
)


async def test_a_rep_is_one_person_on_all_platforms(db: Database) -> None:
    first = await db.write(lambda u: reps.upsert(u, ZHANG), label="provision")
    wecom = Rep(id="", name="", userid="ZhangWei", mail="zhang@example.cn", role="manager")
    again = await db.write(lambda u: reps.upsert(u, wecom), label="provision")
    assert again.id == first.id
    assert (again.name, again.userid, again.role, again.industries) == ("张伟", "ZhangWei", "manager", ("制造业",))
    for handle in (
        RepHandle(platform="teams", value="aad-1"),
        RepHandle(platform="wecom", value="zhangwei"),
        RepHandle(platform="hub", value=first.id),
    ):
        assert await db.read(lambda u, h=handle: reps.by_handle(u, h)) == again  # type: ignore[misc]
    assert await db.read(lambda u: reps.by_handle(u, RepHandle(platform="teams", value="nobody"))) is None
    assert await db.read(reps.all_reps) == (again,)


async def test_what_a_rep_reads_is_said_by_her_else_by_her_company_else_by_her_client(db: Database) -> None:
    def reads(name: str) -> Any:
        return db.read(lambda u: next(r.language for r in reps.all_reps(u) if r.name == name))

    def installs(aad: str, language: str) -> Any:
        order = replace(PERSON, member=aad, language=language, address=replace(PERSON.address, wire_id=f"a:{aad}"))
        return db.write(lambda u: orders.carry_out(u, [order], now=NOW), label="turn")

    for name, language in (("unsaid", ""), ("said", "zh-CN")):
        rep = Rep(id="", name=name, language=language, aad_id=name)
        await db.write(lambda u, r=rep: reps.learn(u, r), label="provision")  # type: ignore[misc]
    assert await reads("unsaid") == await reads("said") == "zh-CN"
    await installs("unsaid", "en-GB")
    await installs("said", "en-GB")
    assert (await reads("unsaid"), await reads("said")) == ("en", "zh-CN")
    await db.write(lambda u: reps.upsert(u, Rep(id="", name="", language="zh-TW", aad_id="unsaid")), label="staff")
    await db.write(lambda u: reps.learn(u, Rep(id="", name="unsaid", language="", aad_id="unsaid")), label="provision")
    await installs("unsaid", "en-GB")
    assert await reads("unsaid") == "zh-TW"


TEAM = effects.SaveReference(
    address=Address(connector="teams", account="tenant", wire_id="19:general"),
    scope="team",
    service_url="https://smba.example",
    team_id="19:team",
    group_id="group-1",
)
PERSON = effects.SaveReference(
    address=Address(connector="teams", account="tenant", wire_id="a:1"),
    scope="personal",
    service_url="https://smba.example",
    member="AAD-1",
    member_wire_id="29:1",
)


async def test_references_are_found_by_team_person_and_place(db: Database) -> None:
    await db.write(lambda u: orders.carry_out(u, [TEAM, PERSON], now=NOW), label="turn")
    team = await db.read(lambda u: references.of_team(u, group_id="group-1"))
    assert team is not None and (team.wire_id, team.service_url) == ("19:general", "https://smba.example")
    assert await db.read(lambda u: references.of_team(u, team_id="19:team")) == team
    assert await db.read(references.of_team) is None
    person = await db.read(lambda u: references.of_member(u, "aad-1"))
    assert person is not None and (person.wire_id, person.member_wire_id) == ("a:1", "29:1")
    assert await db.read(lambda u: references.at_address(u, PERSON.address)) == person
    assert await db.read(references.teams) == [team]


async def test_a_removed_bot_does_not_speak(db: Database) -> None:
    gone = effects.SaveReference(
        address=TEAM.address, scope="team", service_url="", team_id="19:team", group_id="group-1", removed=True
    )
    await db.write(lambda u: orders.carry_out(u, [TEAM, gone], now=NOW), label="turn")
    assert await db.read(lambda u: references.of_team(u, team_id="19:team")) is None
    assert await db.read(references.teams) == []


async def test_channels_keep_their_wire_id(db: Database) -> None:
    provisioned = ChannelRow(key="presales", team="sales", name="Presales", wire_id="19:c")
    await db.write(lambda u: references.put_channels(u, [provisioned]), label="provision")
    named = ChannelRow(key="presales", team="sales", name="Pre-sales")
    await db.write(lambda u: references.put_channels(u, [named]), label="provision")
    assert await db.read(lambda u: references.channel(u, "presales")) == ChannelRow(
        key="presales", team="sales", name="Pre-sales", wire_id="19:c"
    )
    assert len(await db.read(references.all_channels)) == 1
    assert await db.read(lambda u: references.channel(u, "none")) is None


async def test_notes_come_back_and_can_be_dropped(db: Database) -> None:
    await db.write(lambda u: notes.keep_note(u, "wecom/token", "secret-1", 1.5), label="note")
    await db.write(lambda u: notes.keep_note(u, "wecom/token", "secret-2", 2.5), label="note")
    assert await db.read(lambda u: notes.note(u, "wecom/token")) == ("secret-2", 2.5)
    await db.write(lambda u: notes.forget_note(u, "wecom/token"), label="note")
    assert await db.read(lambda u: notes.note(u, "wecom/token")) is None


async def test_a_cursor_moves_only_from_where_it_stands(db: Database) -> None:
    def move(before: str, after: str) -> Any:
        return db.write(lambda u: notes.move_cursor(u, "kf1", before=before, after=after), label="page")

    assert await db.read(lambda u: notes.cursor(u, "kf1")) == ""
    results = await asyncio.gather(move("", "c1"), move("", "c2"), return_exceptions=True)
    assert [type(r) for r in results] == [type(None), Conflict]
    await move("c1", "c3")
    with pytest.raises(Conflict):
        await move("c1", "c4")
    assert await db.read(lambda u: notes.cursor(u, "kf1")) == "c3"


async def test_the_managers_switch(db: Database) -> None:
    assert not await db.read(lambda u: notes.switched(u, orders.PAUSED))
    on = effects.SetPause(paused=True, by="r1")
    await db.write(lambda u: orders.carry_out(u, [on], now=NOW), label="turn")
    assert await db.read(lambda u: notes.switched(u, orders.PAUSED))
    off = effects.SetPause(paused=False, by="r1")
    await db.write(lambda u: orders.carry_out(u, [off], now=NOW), label="turn")
    assert not await db.read(lambda u: notes.switched(u, orders.PAUSED))


async def test_orders_reach_the_outbox(db: Database) -> None:
    rows = [
        OutRow(sending=effects.SendText(id="a", text="a"), connector="wecom", lane="l1"),
        OutRow(sending=effects.SendText(id="b", text="b", cancel_key="wake/1"), connector="wecom", lane="l2"),
    ]
    await db.write(lambda u: outbox.put(u, rows, now=NOW), label="turn")
    cancel = effects.CancelSendings(cancel_key="wake/1", reason="she_wrote")
    settle = effects.SettleSending(row_id="a", verdict="arrived", by="r1", wire_id="w", part_id="p")
    [claim] = await db.write(lambda u: outbox.claim_outbox(u, "n1", NOW, limit=1, lease_s=60), label="delivery_claim")
    await db.write(lambda u: outbox.finish_outbox(u, claim, End(state="unknown"), now=NOW), label="delivery")
    await db.write(lambda u: orders.carry_out(u, [cancel, settle], now=NOW), label="turn")
    a, b = [await db.read(lambda u, i=i: outbox.sent(u, i)) for i in "ab"]  # type: ignore[misc]
    assert a is not None and (a.state, a.wire_id, a.part_id) == ("delivered", "w", "p")
    assert b is not None and (b.state, b.reason) == ("skipped", "she_wrote")


async def test_mails_are_known_again(db: Database) -> None:
    mail = TrackedMail(
        id="m1",
        customer_id="k1",
        conversation_id="c1",
        template="quiet",
        purpose="wakeup",
        at=NOW,
        links={"paper": "https://example.cn/paper"},
        message_id="<m1@hub>",
        subject="好久不见",
    )
    await db.write(lambda u: mails.track(u, mail), label="delivery")
    assert await db.read(lambda u: mails.tracked(u, "m1")) == mail
    assert await db.read(lambda u: mails.link(u, "m1", "paper")) == "https://example.cn/paper"
    assert await db.read(lambda u: mails.link(u, "m1", "other")) == ""
    assert await db.read(lambda u: mails.link(u, "m2", "paper")) == ""
    await db.write(lambda u: mails.mark(u, "m1", "sent"), label="delivery")
    marked = await db.read(lambda u: mails.tracked(u, "m1"))
    assert marked is not None and marked.state == "sent"


async def test_a_form_is_used_once(db: Database) -> None:
    form = Form(id="f1", customer_id="k1", conversation_id="c1", at=NOW)
    await db.write(lambda u: mails.offer_form(u, form), label="turn")
    results = await asyncio.gather(
        *(db.write(lambda u: mails.use_form(u, "f1", NOW + timedelta(hours=1)), label="turn") for _ in range(3))
    )
    assert [r is not None for r in results] == [True, False, False]
    await db.write(lambda u: mails.offer_form(u, form), label="turn")
    kept = await db.read(lambda u: mails.form(u, "f1"))
    assert kept is not None and kept.used_at == NOW + timedelta(hours=1)
    assert await db.write(lambda u: mails.use_form(u, "none", NOW), label="turn") is None


async def test_playbook_versions_are_kept(db: Database) -> None:
    assert await db.read(playbooks.newest) is None
    assert await db.write(lambda u: playbooks.keep(u, version="v1", name="default", text="a: 1", now=NOW), label="p")
    later = NOW + timedelta(days=1)
    assert await db.write(lambda u: playbooks.keep(u, version="v2", name="default", text="a: 2", now=later), label="p")
    assert not await db.write(lambda u: playbooks.keep(u, version="v1", name="x", text="y", now=later), label="p")
    newest, first = await db.read(playbooks.newest), await db.read(lambda u: playbooks.version(u, "v1"))
    assert newest is not None and newest.version == "v2"
    assert first is not None and first.text == "a: 1"


async def audited(db: Database, rows: int = 5) -> None:
    for n in range(rows):
        await db.write(
            lambda u, n=n: audit.append(u, at=NOW, who="r1", action="view", about=f"k{n}", details={"n": str(n)}),  # type: ignore[misc]
            label="audit",
        )


async def test_the_audit_is_a_whole_chain(db: Database) -> None:
    await audited(db)
    assert await db.read(audit.verify) == []
    assert [r.about for r in await db.read(audit.newest)] == ["k4", "k3", "k2", "k1", "k0"]
    assert (await db.read(audit.head))[0] == 5


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (update(audit_table).where(audit_table.c.seq == 2).values(who="r2"), ["row 2: changed"]),
        (update(audit_table).where(audit_table.c.seq == 2).values(at=NOW + timedelta(seconds=1)), ["row 2: changed"]),
        (delete(audit_table).where(audit_table.c.seq == 3), ["row 3: missing", "row 4: changed"]),
        (delete(audit_table).where(audit_table.c.seq == 1), ["row 1: missing", "row 2: changed"]),
    ],
)
async def test_a_changed_or_missing_row_shows(db: Database, harm: Any, found: list[str]) -> None:
    await audited(db)
    await db.write(lambda u: u.run(harm).rowcount, label="harm")
    assert await db.read(audit.verify) == found


async def test_a_cut_off_end_shows_by_the_head_kept_outside(db: Database) -> None:
    await audited(db)
    before = await db.read(audit.head)
    await db.write(lambda u: u.run(delete(audit_table).where(audit_table.c.seq == 5)).rowcount, label="harm")
    assert await db.read(audit.verify) == []
    assert await db.read(audit.head) != before
