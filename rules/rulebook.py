"""Looking at the playbook's rules after something has happened, and doing what they say."""

from __future__ import annotations

from datetime import timedelta

from rules import scoring, segments
from rules.actions import Action, GiveTask, MoveStage, Notify, PutTag, Score, SetIndustry, TakeTag
from rules.book import Rule
from rules.draft import Draft
from rules.effects import AddTag, Classify, DropTag, OpenTask, SetStage
from rules.model import STAGE_WORDS, Tag, Task, Words


def consider(draft: Draft) -> None:
    """All rules for this event, then what follows from them: segment, qualification, the next re-check."""
    for rule in draft.playbook.rules_for(draft.kind):
        facts = draft.facts()
        if rule.matches(facts):
            _apply(draft, rule, rule.seen(facts))
        else:
            _let_go(draft, rule)
    segments.classify(draft)
    scoring.qualify(draft)
    scoring.recheck(draft)


def _apply(draft: Draft, rule: Rule, seen: dict[str, str]) -> None:
    done = [_act(draft, rule, i, action) for i, action in enumerate(rule.then)]
    if any(done):
        draft.because("rule", rule.because.zh, rule.because.en, rule=rule.id, seen=seen)


def _let_go(draft: Draft, rule: Rule) -> None:
    """Take off the tags that only stay while a rule's condition holds."""
    for action in rule.then:
        if not isinstance(action, PutTag) or action.keep:
            continue
        tag = next((t for t in draft.customer.tags if t.name == action.name and t.active), None)
        if tag is not None and tag.by == "rule" and tag.rule == rule.id:
            draft.do(DropTag(name=tag.name, by="rule", rule=rule.id, at=draft.now))
            draft.drawn = True
            draft.because(
                "rule", f"取消标签「{tag.name}」：条件不再成立", f"Tag {tag.name} off: no longer so", rule=rule.id
            )


def _act(draft: Draft, rule: Rule, place: int, action: Action) -> bool:
    """Do one action; False when it would change nothing."""
    match action:
        case PutTag():
            return _tag(draft, rule, action.name)
        case TakeTag():
            return _untag(draft, rule, action.name)
        case Score():
            scoring.add(draft, action.signal, rule.id)
        case MoveStage():
            return _stage(draft, rule, action)
        case SetIndustry():
            if draft.customer.industry == action.to:
                return False
            draft.do(Classify(industry=action.to))
        case GiveTask():
            return _task(draft, rule, place, action)
        case Notify():
            words = Words(zh=action.text.zh, en=action.text.en)
            draft.tell_owner(Words(zh=action.title.zh, en=action.title.en), words)
    draft.drawn = True
    return True


def _tag(draft: Draft, rule: Rule, name: str) -> bool:
    """A tag a person took off stays off: AddTag leaves it so, and so there is nothing to do."""
    if any(t.name == name for t in draft.customer.tags):
        return False
    draft.do(AddTag(tag=Tag(name=name, by="rule", rule=rule.id, at=draft.now)))
    draft.drawn = True
    return True


def _untag(draft: Draft, rule: Rule, name: str) -> bool:
    """What a person put on stays on."""
    tag = next((t for t in draft.customer.tags if t.name == name and t.active), None)
    if tag is None or tag.by == "rep":
        return False
    draft.do(DropTag(name=name, by="rule", rule=rule.id, at=draft.now))
    draft.drawn = True
    return True


def _stage(draft: Draft, rule: Rule, action: MoveStage) -> bool:
    before = draft.customer.stage
    if before == action.to:
        return False
    draft.do(SetStage(stage=action.to))
    draft.drawn = True
    old, new = STAGE_WORDS[before], STAGE_WORDS[action.to]
    draft.because("stage", f"阶段：{old.zh} → {new.zh}", f"Stage: {old.en} → {new.en}", rule=rule.id)
    return True


def _task(draft: Draft, rule: Rule, place: int, action: GiveTask) -> bool:
    if any(t.kind == action.kind for t in draft.customer.tasks):
        return False
    title = Words(zh=action.title.zh, en=action.title.en)
    task = Task(
        id=draft.id(f"task/{rule.id}/{place}"),
        kind=action.kind,
        title=title,
        rep=next(iter(draft.keepers()), ""),
        due_at=draft.now + timedelta(hours=action.due_hours),
    )
    draft.do(OpenTask(task=task))
    draft.tell_owner(title, scoring.insight_of(draft, draft.customer.score(draft.now)), about=task.id)
    draft.drawn = True
    return True
