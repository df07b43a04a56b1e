"""The buttons of cards and lines: which verb each sends, and with what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from connectors.teams import words
from connectors.teams.elements import (
    Action,
    ActionSet,
    Card,
    Choice,
    Element,
    Execute,
    InputChoice,
    InputText,
    OpenUrl,
    ShowCard,
    Submit,
    TextBlock,
    ToggleVisibility,
)
from connectors.teams.markdown import shorten
from rules.card import CardView, FactView, TaskView
from rules.model import Words

INPUT_NAMES = {
    "note_text": "text",
    "task_text": "text",
    "task_hours": "hours",
    "untag_tag": "tag",
    "fact_text": "text",
}
"""Input ids must be unique in a card: these mean another one's name again when they come back."""
MAX_REPLY = 4_000
MOST_CHOICES = 25
LONGEST_TAG = 40
"""Characters; a longer one cannot be typed, nor chosen."""
REFRESH = "refresh"
Style = Literal["default", "positive", "destructive"] | None
Mode = Literal["primary", "secondary"] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """What every button of one rendering carries."""

    conversation_id: str
    card_version: int = 0
    nonce: str
    language: str
    about: str = ""
    """Outbox or mail id, for buttons that are about one sending."""
    text: str = ""
    """Words the button already brings along."""

    def data(self) -> dict[str, Any]:
        """The data as the invoke brings them back."""
        data: dict[str, Any] = {
            "conversation_id": self.conversation_id,
            "card_version": self.card_version,
            "nonce": self.nonce,
        }
        more = {"about": self.about, "text": self.text}
        return data | {name: value for name, value in more.items() if value}

    def plain(self, verb: str, title: str, *, style: Style = None, mode: Mode = None) -> Execute:
        """A button that needs nothing typed."""
        return Execute(
            title=title,
            verb=verb,
            data=self.data(),
            style=style,
            mode=mode,
            associated_inputs="none",
            fallback=Submit(title=title, data={**self.data(), "verb": verb}),
        )

    def refresh(self) -> Execute:
        """What a client sends to see the newest card."""
        return Execute(verb=REFRESH, data=self.data())

    def asking(self, verb: str, title: Words, fields: list[Element], send: Words, *, mode: Mode = None) -> ShowCard:
        """A button that opens fields first."""
        send_title = send.in_(self.language)
        execute = Execute(
            title=send_title,
            verb=verb,
            data=self.data(),
            style="positive",
            fallback=Submit(title=send_title, data={**self.data(), "verb": verb}),
        )
        return ShowCard(title=title.in_(self.language), card=Card(body=fields, actions=[execute]), mode=mode)

    def reply(self, left: str = "") -> ShowCard:
        """Answer the customer: the only button whose words she reads. `left`: what is left of the platform's window."""
        window: list[Element] = [TextBlock(text=left, is_subtle=True)] if left else []
        return self.asking("reply", words.REPLY, [*window, self.reply_field()], words.SEND)

    def reply_field(self) -> InputText:
        """Where the answer is typed."""
        return self._text("text", words.REPLY_LABEL)

    def note(self, *, mode: Mode = None) -> ShowCard:
        """Write something down that she does not see."""
        return self.asking("note", words.NOTE, [self._text("note_text", words.NOTE_LABEL)], words.SAVE, mode=mode)

    def _text(self, name: str, label: Words) -> InputText:
        return InputText(id=name, label=label.in_(self.language), is_multiline=True, max_length=MAX_REPLY)

    def _line(self, name: str, label: Words, most: int) -> InputText:
        return InputText(id=name, label=label.in_(self.language), max_length=most)

    def _choice(self, name: str, label: Words, choices: Iterable[tuple[str, str]], value: str | None) -> InputChoice:
        offered = [Choice(title=shorten(title, 120, "…"), value=value) for value, title in choices]
        return InputChoice(id=name, label=label.in_(self.language), choices=offered, value=value, style="compact")

    def _spans(self, spans: Mapping[str, Words]) -> list[tuple[str, str]]:
        return [(value, title.in_(self.language)) for value, title in spans.items()]

    def task(self) -> ShowCard:
        """Note something to do, with its day."""
        fields: list[Element] = [
            self._line("task_text", words.TASK_LABEL, 200),
            self._choice("task_hours", words.TASK_DUE, self._spans(words.TASK_HOURS), "24"),
        ]
        return self.asking("task", words.TASK, fields, words.SAVE, mode="secondary")

    def tag(self) -> ShowCard:
        """Put a tag on."""
        return self.asking("tag", words.TAG, [self._line("tag", words.TAG_LABEL, 40)], words.SAVE, mode="secondary")

    def untag(self, names: Sequence[tuple[str, str]]) -> ShowCard:
        """Take a tag off, for good."""
        field = self._choice("untag_tag", words.UNTAG_LABEL, names, names[0][0])
        return self.asking("untag", words.UNTAG, [field], words.SAVE, mode="secondary")

    def stage(self, stages: Sequence[tuple[str, Words]]) -> ShowCard:
        """Move her to another stage."""
        offered = [(value, title.in_(self.language)) for value, title in stages]
        field = self._choice("stage", words.STAGE_LABEL, offered, offered[0][0])
        return self.asking("stage", words.STAGE, [field], words.SAVE, mode="secondary")

    def fact(self, facts: Sequence[FactView]) -> ShowCard:
        """Note one of the four facts; the first that nobody knows is offered."""
        offered = [(fact.name, fact.words.in_(self.language)) for fact in facts]
        first = next((fact.name for fact in facts if not fact.value), facts[0].name)
        fields: list[Element] = [
            self._choice("fact", words.FACT_LABEL, offered, first),
            self._line("fact_text", words.FACT_TEXT, 200),
        ]
        return self.asking("fact", words.FACT, fields, words.SAVE, mode="secondary")

    def snooze(self) -> ShowCard:
        """Rest for some hours."""
        field = self._choice("hours", words.SNOOZE_LABEL, self._spans(words.HOURS), "4")
        return self.asking("snooze", words.SNOOZE, [field], words.SAVE, mode="secondary")

    def reroute(self, channels: Sequence[tuple[str, str]] = ()) -> ShowCard:
        """Send the thread to another channel: chosen from a list, or typed where there are too many."""
        field: Element = self._line("channel", words.REROUTE_LABEL, 100)
        if 0 < len(channels) <= MOST_CHOICES:
            field = self._choice("channel", words.REROUTE_CHOOSE, channels, channels[0][0])
        return self.asking("reroute", words.REROUTE, [field], words.SAVE, mode="secondary")

    def offered(self, verb: str, label: Words, text: str = "") -> Action:
        """A button of a line or a notice, by its verb; `text` is what `send_to_customer` would send."""
        if verb == "reply":
            return self.reply()
        if verb == "note":
            return self.note()
        if verb == "send_to_customer":
            return replace(self, text=text).plain(verb, label.in_(self.language))
        return self.plain(verb, label.in_(self.language))


def of_card(view: CardView, press: Press, *, left: str = "", open_url: str = "") -> list[Action]:
    """The buttons of a card in its state: at most two in sight, the rest in the overflow menu.

    Doubtful: that every client opens a ShowCard from the overflow menu; each also works as a typed command.
    """
    language = press.language
    opened = [OpenUrl(title=words.OPEN_TAB.in_(language), url=open_url, mode="secondary")] if open_url else []
    if view.state == "closed":
        return [press.reply(left), press.note(mode="secondary"), *_knowing(view, press), *opened]
    actions: list[Action] = []
    if view.state == "unclaimed":
        actions.append(press.plain("claim", words.CLAIM.in_(language), style="positive"))
    actions += [press.reply(left), press.snooze(), press.reroute(view.channels), *opened]
    actions += [press.note(mode="secondary"), *_knowing(view, press)]
    actions.append(press.plain("form", words.FORM.in_(language), mode="secondary"))
    actions += [press.plain(verb, title.in_(language), mode="secondary") for verb, title in _endings(view)]
    return actions


def _knowing(view: CardView, press: Press) -> list[Action]:
    """What a colleague may write down about her."""
    actions: list[Action] = [_done(task, press) for task in view.tasks[:1]]
    actions += [press.task(), press.tag()]
    removable = [(tag.name, tag.shown) for tag in view.tags[:MOST_CHOICES] if len(tag.name) <= LONGEST_TAG]
    if removable:
        actions.append(press.untag(removable))
    if view.stages:
        actions.append(press.stage(view.stages))
    if view.bant:
        actions.append(press.fact(view.bant))
    return [*actions, press.plain("why", words.WHY.in_(press.language), mode="secondary")]


def _done(task: TaskView, press: Press) -> Execute:
    title = words.TASK_DONE.in_(press.language).format(title=shorten(task.title.in_(press.language), 60, "…"))
    return replace(press, about=task.id).plain("done", title, mode="secondary")


def _endings(view: CardView) -> list[tuple[str, Words]]:
    """How a colleague lets go of it: one tap each."""
    found = [("release", words.RELEASE)] if view.state == "claimed" else []
    if view.can_take_over:
        found.append(("hand_back", words.HAND_BACK) if view.taken_over else ("take_over", words.TAKE_OVER))
    return [*found, ("close", words.CLOSE)]


def in_body(*actions: ToggleVisibility) -> ActionSet:
    """Buttons that stand in the middle of a card."""
    return ActionSet(actions=list(actions), spacing="small")
