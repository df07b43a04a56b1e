"""How a rep arranges her page: nothing is lost, nothing is doubled, and blocks that came later find their place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.layout import LAYOUT, Layout
from sidebar.inside import blocks, registry
from sidebar.inside.drawing import BAR, BLOCKS, visible


@dataclass(frozen=True)
class Made:
    id: str
    priority: int


THINGS = [Made("who", 10), Made("state", 20), Made("next", 30), Made("tags", 40)]
NAMES = st.sampled_from([t.id for t in THINGS] + ["gone", "never_there"])


def ids(layout: Layout, things: list[Made] = THINGS) -> list[str]:
    return [t.id for t in layout.arranged(things)]


@given(st.lists(NAMES), st.lists(NAMES))
def test_whatever_was_kept_every_block_stands_once(order: list[str], hidden: list[str]) -> None:
    layout = Layout(order=tuple(order), hidden=tuple(hidden))
    assert sorted(ids(layout)) == sorted(t.id for t in THINGS)
    known = [n for n in dict.fromkeys(order) if n in {t.id for t in THINGS}]
    assert [n for n in ids(layout) if n in known] == known
    assert LAYOUT.validate_json(LAYOUT.dump_json(layout)) == layout


@given(st.lists(st.tuples(NAMES, st.sampled_from([-1, 1])), max_size=20))
def test_moving_moves_one_step_and_undoes_itself(moves: list[tuple[str, int]]) -> None:
    layout = Layout()
    for name, by in moves:
        before = ids(layout)
        layout = layout.moved(THINGS, name, by)
        if ids(layout) != before:
            assert ids(layout.moved(THINGS, name, -by)) == before
            assert abs(ids(layout).index(name) - before.index(name)) == 1


def test_a_block_that_came_later_stands_by_its_priority() -> None:
    layout = Layout().moved(THINGS[:3], "next", -1)
    assert ids(layout, THINGS[:3]) == ["who", "next", "state"]
    assert ids(layout, [*THINGS, Made("sla", 25)]) == ["who", "next", "state", "sla", "tags"]
    assert ids(Layout(order=("state",)), THINGS) == ["who", "state", "next", "tags"]


@pytest.mark.parametrize("kept", ['{"order": ["<b>"]}', '{"order": "x"}', '{"hidden": ["../x"]}', "[]"])
def test_a_layout_that_is_none_is_refused(kept: str) -> None:
    with pytest.raises(ValidationError):
        LAYOUT.validate_json(kept)


def test_our_blocks_stand_in_the_order_of_the_design() -> None:
    names = [b.id for b in BLOCKS]
    design = ["who", "state", "risk", "next", "tags", "bant", "history", "channel", "more"]
    assert [n for n in names if n in design] == design
    assert set(BAR) <= set(names) and all(b.title.zh and b.title.en for b in BLOCKS)


def test_what_tells_who_and_what_is_wrong_cannot_be_hidden() -> None:
    everything = Layout(hidden=tuple(b.id for b in BLOCKS))
    left = {b.id for b in visible(everything, "rep")}
    assert left == {b.id for b in BLOCKS if b.stays} and left >= {"who", "risk", "unknown"}


def test_a_fork_adds_a_block_by_adding_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders.py").write_text(
        '"""Her orders."""\n'
        "from rules.model import Words\n"
        "from sidebar.inside.block import Block\n"
        'BLOCK = Block(id="orders", title=Words(zh="订单", en="Orders"), priority=75,\n'
        '              roles=frozenset({"manager"}), html="<h2>{{ pick(card.stage_words) }}</h2>")\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(blocks, "__path__", [*blocks.__path__, str(tmp_path)])
    found = registry.found()
    assert [b.id for b in found] == sorted(
        [*(b.id for b in BLOCKS), "orders"], key=lambda n: next((b.priority, b.id) for b in found if b.id == n)
    )
    orders = next(b for b in found if b.id == "orders")
    assert orders.roles == {"manager"} and "pick(card" in orders.html


@pytest.mark.parametrize("body", ["X = 1", "BLOCK = 1", "from sidebar.inside.blocks.who import BLOCK"])
def test_a_file_that_is_no_block_is_told_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    name = f"wrong{abs(hash(body)) % 10_000}"
    (tmp_path / f"{name}.py").write_text(f'"""Wrong."""\n{body}\n', encoding="utf-8")
    monkeypatch.setattr(blocks, "__path__", [*blocks.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match=name):
        registry.found()
