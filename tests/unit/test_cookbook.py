"""The cookbook: a customer lives through each recipe of docs/recipes.md, put into the shipped playbook."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from rules.book import Playbook
from rules.effects import NotifyRep, OpenTask, SendText
from rules.events import ContactAdded
from rules.model import RepHandle, Stage
from rules.playbook import parse
from tests.house.test_recipes import merged
from tests.unit.builders import KF, MONDAY, SHE, Life, effects

PAGE = Path("docs/recipes.md").read_text(encoding="utf-8")
COOKED: set[str] = set()


def recipe(title: str) -> Playbook:
    """The shipped playbook with one recipe in it."""
    found = re.search(rf"^## {re.escape(title)}\n.*?```yaml\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    COOKED.add(title)
    return parse(merged(found[1]), "recipe")


def tags(life: Life) -> set[str]:
    return {t.name for t in life.customer.tags if t.active}


def tasks(life: Life) -> set[str]:
    return {e.task.kind for d in life.decisions for e in effects(d, OpenTask)}


def test_a_fair() -> None:
    life = Life(book=recipe("A fair of your own"))
    life.enters(scene_param="munich-2027")
    assert "展会" in tags(life) and life.customer.industry == "manufacturing"
    assert life.customer.source == "munich-2027"


def test_an_industry_with_its_channel() -> None:
    life = Life(book=recipe("An industry with a channel of its own"))
    life.says("我们是一家银行，想了解产品")
    assert (life.customer.industry, life.talk.channel) == ("finance", "finance")
    other = Life(book=life.book)
    other.says("我们是一家工厂")
    assert other.talk.channel == "new-leads"


@pytest.mark.parametrize(("words", "channel"), [("Hello, what does it cost?", "international"), ("你好", "new-leads")])
def test_english_speakers(words: str, channel: str) -> None:
    life = Life(book=recipe("Whoever writes English goes to the international team"))
    life.says(words)
    assert life.talk.channel == channel


def test_she_compares() -> None:
    life = Life(book=recipe("She compares us with somebody"))
    life.says("你们和别家比怎么样")
    life.says("再说说和别家的区别")
    assert "对比竞品" in tags(life)
    given = [e for d in life.decisions for e in effects(d, OpenTask) if e.task.kind == "compare"]
    assert len(given) == 1 and given[0].task.due_at == life.now + timedelta(hours=4)


def test_a_big_company() -> None:
    life = Life(book=recipe("A big company fills the form"))
    life.says("你好")
    before = life.customer.score(life.now)
    decision = life.submits(mail="a@example.com", size="1000-5000")
    assert life.customer.score(life.now) >= before + 25
    assert any("大型企业" in told.title.zh for told in effects(decision, NotifyRep))


def test_signed() -> None:
    life = Life(book=recipe("Signed: a tag moves her on"))
    life.says("你好")
    life.acts("tag", tag="已签约")
    life.says("谢谢")
    assert "已签约" in tags(life) and life.stage() is Stage.CLIENT


def test_looked_after_sooner() -> None:
    book = recipe("Look after interested customers sooner")
    assert book.quiet_days(Stage.INTERESTED) == 4 and book.quiet_days(Stage.CONNECTED) == 14
    assert book.wakeup.preview_hours == 24


def test_handed_over_earlier() -> None:
    life = Life(book=recipe("Hand over earlier"))
    life.says("请问价格")
    life.submits(mail="a@example.com", title="CTO")
    assert 50 <= life.customer.score(life.now) < 70 and life.qualified()


def test_the_ice_is_broken() -> None:
    life = Life(book=recipe("Break the ice after three days"))
    by = RepHandle(platform="wecom", value="WangFang")
    life.happens(ContactAdded(id=life.id(), at=life.now, address=KF, identity=SHE, rep=by))
    life.fire("silent_add")
    assert life.now == MONDAY + timedelta(days=3) and "未开口" in tags(life) and tasks(life) == {"ice-breaker"}


def test_saturdays_and_days_between_the_years() -> None:
    book = recipe("Open on Saturdays, closed between the years")
    saturday, eve = Life(book=book, now=MONDAY + timedelta(days=5)), Life(book=book, now=MONDAY + timedelta(days=36))
    assert not effects(saturday.says("你好"), SendText)
    (said,) = effects(eve.says("你好"), SendText)
    assert "1月" in said.text


def test_a_complaint() -> None:
    life = Life(book=recipe("A complaint reaches a person at once"))
    decision = life.says("投诉")
    assert "投诉" in tags(life) and "complaint" in tasks(life)
    assert effects(decision, SendText)
    assert effects(decision, NotifyRep)


def test_every_recipe_was_lived_through() -> None:
    assert set(re.findall(r"^## (.*)$", PAGE, re.MULTILINE)) == COOKED, "run the whole file"
