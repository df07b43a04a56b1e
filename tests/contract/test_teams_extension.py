"""The message extension and typed commands in Teams: find, insert, keep a message as a note, and a sign of work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.teams import manifest
from connectors.teams.notetaking import plain
from rules.decision import Answer
from rules.events import RepActed, RepSpoke
from rules.model import Preferences, Rep, Words
from tests.contract.teams_hub import Bench, bench, connector_settings, view
from tests.contract.teams_world import REP

Json = dict[str, Any]


@pytest.fixture
async def here() -> AsyncIterator[Bench]:
    async with bench() as made:
        yield made


def inputs(answer: Json) -> dict[str, Json]:
    """The fields of the dialog in an answer, by id."""
    value = answer["body"]["task"]["value"]
    return {e["id"]: e for e in value["card"]["content"]["body"] if "id" in e}


def nonce(answer: Json) -> str:
    """What the dialog's buttons carry."""
    return str(answer["body"]["task"]["value"]["card"]["content"]["actions"][0]["data"]["nonce"])


async def spoken(here: Bench, text: str) -> str:
    """A colleague's message in a thread; its id."""
    _, thread, _ = await here.thread()
    said = await here.company.control("teams/say", rep=REP, conversation=thread, text=text, mention=False)
    return str(said["activity_id"])


async def test_a_message_is_kept_as_a_note(here: Bench) -> None:
    post = await spoken(here, "客户要 <b>报价</b> & 合同")
    opened = await here.company.control("teams/message_command", rep=REP, activity_id=post)
    fields = inputs(opened)
    assert fields["text"]["value"] == "Wang Fang：客户要 <b>报价</b> & 合同"
    assert [c["value"] for c in fields["conversation_id"]["choices"]] == ["c1"]
    assert here.hub.queries == ["mine"]
    here.hub.answers["note"] = Answer(show="toast", words=Words(zh="已记下，客户看不到", en="Kept"))
    data = {"step": "save", "conversation_id": "c1", "text": "客户要报价", "query": "", "nonce": nonce(opened)}
    saved = await here.company.control("teams/message_command", rep=REP, activity_id=post, data=data)
    assert saved["body"]["task"] == {"type": "message", "value": "已记下，客户看不到"}
    [act] = here.hub.of(RepActed)
    assert (act.verb, act.conversation_id, dict(act.inputs)) == ("note", "c1", {"text": "客户要报价"})
    assert act.thread is None and not act.activity_id, "the thread of the message is not the customer's"
    await here.company.control("teams/message_command", rep=REP, activity_id=post, data=data)
    assert len(here.hub.of(RepActed)) == 1, "sent twice, kept once"


async def test_another_customer_is_found_by_name(here: Bench) -> None:
    post = await spoken(here, "记一下")
    data = {"step": "search", "conversation_id": "c1", "text": "改过的话", "query": " 张伟 "}
    again = await here.company.control("teams/message_command", rep=REP, activity_id=post, data=data)
    fields = inputs(again)
    assert here.hub.queries[-1] == "find:张伟"
    assert fields["text"]["value"] == "改过的话" and fields["query"]["value"] == "张伟"
    here.hub.shown = None
    empty = await here.company.control("teams/message_command", rep=REP, activity_id=post, data=data)
    assert inputs(empty)["conversation_id"]["choices"] == []
    assert inputs(empty)["conversation_id"]["label"] == "没有找到。"


async def test_a_chosen_language_stands_above_the_clients(here: Bench) -> None:
    here.hub.shown = None
    nothing = await here.company.control("teams/search", rep=REP, query="x")
    assert nothing["body"]["composeExtension"]["text"] == "没有找到。"
    here.hub.staff[REP] = Rep(id="r1", name="Wang Fang", wishes=Preferences(language="en"))
    nothing = await here.company.control("teams/search", rep=REP, query="x")
    assert nothing["body"]["composeExtension"]["text"] == "Nothing found."


async def test_without_a_customer_nothing_is_kept(here: Bench) -> None:
    post = await spoken(here, "记一下")
    data = {"step": "save", "text": "记一下", "query": ""}
    answer = await here.company.control("teams/message_command", rep=REP, activity_id=post, data=data)
    assert answer["body"]["task"]["type"] == "continue" and not here.hub.of(RepActed)


def test_words_of_a_message() -> None:
    assert plain("<p>一<br>二</p><p>a &lt;b&gt; &amp; c</p>") == "一\n二\na <b> & c"
    assert plain("3 > 2") == "3 > 2"
    assert plain("<script>alert(1)</script>") == "alert(1)"


async def test_a_found_customer_is_a_card_without_buttons(here: Bench) -> None:
    here.hub.shown = view(name="张伟")
    found = await here.company.control("teams/search", rep=REP, query="张伟")
    [hit] = found["body"]["composeExtension"]["attachments"]
    assert hit["preview"]["content"]["title"] == "张伟" and "Action." not in str(hit["content"])


def test_the_package_names_both_commands() -> None:
    made = manifest.manifest(connector_settings("https://hub.example"), "https://hub.example")
    told = made.model_dump(by_alias=True, exclude_none=True)
    [extension] = told["composeExtensions"]
    kinds = {c["id"]: c["type"] for c in extension["commands"]}
    assert kinds == {"find": "query", "save_note": "action"}
    assert next(c for c in extension["commands"] if c["id"] == "save_note")["fetchTask"] is True


# --- a sign of work -------------------------------------------------------------------------------------------------


async def signalled(here: Bench) -> list[Json]:
    return here.company.logged("signalled")


async def test_a_slow_command_shows_that_it_is_worked_on(here: Bench) -> None:
    _, thread, _ = await here.thread()
    here.hub.slow = asyncio.Event()
    await here.company.control("teams/say", rep=REP, conversation=thread, text="@Tower queue", mention=True)
    async with asyncio.timeout(2.0):
        while not await signalled(here):
            await asyncio.sleep(0.02)
    [sign] = await signalled(here)
    assert sign["type"] == "typing" and sign["where"] == thread
    assert len(here.hub.of(RepSpoke)) == 1
    here.hub.slow.set()


async def test_a_quick_command_needs_none(here: Bench) -> None:
    _, thread, _ = await here.thread()
    await here.company.control("teams/say", rep=REP, conversation=thread, text="@Tower queue", mention=True)
    await here.hub.until(lambda: bool(here.hub.of(RepSpoke)))
    await here.teams.stop()
    assert await signalled(here) == []
