"""The buttons of cards and lines: which verb each sends, and with what."""

from __future__ import annotations

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
    ShowCard,
    Submit,
    ToggleVisibility,
)
from rules.card import CardView
from rules.model import Words

NOTE_INPUT = "note_text"
"""Input ids must be unique in a card and `text` is the reply's; translated to `text` again when it comes back."""
MAX_REPLY = 4_000
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

    def asking(self, verb: str, title: Words, field: Element, send: Words, *, mode: Mode = None) -> ShowCard:
        """A button that opens a field first."""
        send_title = send.in_(self.language)
        execute = Execute(
            title=send_title,
            verb=verb,
            data=self.data(),
            style="positive",
            fallback=Submit(title=send_title, data={**self.data(), "verb": verb}),
        )
        return ShowCard(title=title.in_(self.language), card=Card(body=[field], actions=[execute]), mode=mode)

    def reply(self) -> ShowCard:
        """Answer the customer: the only button whose words she reads."""
        return self.asking("reply", words.REPLY, self.reply_field(), words.SEND)

    def reply_field(self) -> InputText:
        """Where the answer is typed."""
        return self._text("text", words.REPLY_LABEL)

    def note(self, *, mode: Mode = None) -> ShowCard:
        """Write something down that she does not see."""
        return self.asking("note", words.NOTE, self._text(NOTE_INPUT, words.NOTE_LABEL), words.SAVE, mode=mode)

    def _text(self, name: str, label: Words) -> InputText:
        return InputText(id=name, label=label.in_(self.language), is_multiline=True, max_length=MAX_REPLY)

    def snooze(self) -> ShowCard:
        """Rest for some hours."""
        choices = [Choice(title=title.in_(self.language), value=value) for value, title in words.HOURS.items()]
        label = words.SNOOZE_LABEL.in_(self.language)
        field = InputChoice(id="hours", label=label, choices=choices, value="4", style="compact")
        return self.asking("snooze", words.SNOOZE, field, words.SAVE, mode="secondary")

    def reroute(self) -> ShowCard:
        """Send the thread to another channel."""
        field = InputText(id="channel", label=words.REROUTE_LABEL.in_(self.language), max_length=100)
        return self.asking("reroute", words.REROUTE, field, words.SAVE, mode="secondary")

    def offered(self, verb: str, label: Words, text: str = "") -> Action:
        """A button of a line or a notice, by its verb; `text` is what `send_to_customer` would send."""
        if verb == "reply":
            return self.reply()
        if verb == "note":
            return self.note()
        if verb == "send_to_customer":
            return replace(self, text=text).plain(verb, label.in_(self.language))
        return self.plain(verb, label.in_(self.language))


def of_card(view: CardView, press: Press) -> list[Action]:
    """The buttons of a card in its state: at most three in sight, the rest in the overflow menu."""
    why = press.plain("why", words.WHY.in_(press.language), mode="secondary")
    if view.state == "closed":
        return [press.reply(), press.note(mode="secondary"), why]
    actions: list[Action] = []
    if view.state == "unclaimed":
        actions.append(press.plain("claim", words.CLAIM.in_(press.language), style="positive"))
    actions += [press.reply(), press.note()]
    actions.append(press.plain("form", words.FORM.in_(press.language), mode="secondary"))
    actions += [press.snooze(), press.reroute(), why]
    actions.append(press.plain("close", words.CLOSE.in_(press.language), mode="secondary"))
    return actions


def in_body(action: ToggleVisibility) -> ActionSet:
    """A button that stands in the middle of a card."""
    return ActionSet(actions=[action], spacing="small")
