"""What a client makes of an Adaptive Card: the text a person reads, the actions she can press, the inputs she fills.

Schema: Adaptive Cards 1.5. Only what Teams itself looks at is understood; everything else passes through.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.wire import Json, listed, part, text_of

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
MAX_REFRESH_USERS = 60
"""Teams, user specific views: at most 60 user ids in `refresh.userIds`."""
_VISIBLE = ("text", "title", "value", "label", "subtitle", "placeholder", "altText")
_HIDDEN = ("data", "refresh", "fallback", "authentication", "msteams", "metadata")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()<>#+\-.!|~])")


def of_activity(activity: Json) -> list[Json]:
    """The Adaptive Cards an activity carries."""
    return [
        part(attachment, "content")
        for attachment in listed(activity.get("attachments"))
        if attachment.get("contentType") == CONTENT_TYPE
    ]


def fault_of(activity: Json) -> str:
    """Why the service would not take the activity's attachments; empty when it would."""
    for attachment in listed(activity.get("attachments")):
        if not text_of(attachment.get("contentType")):
            return "an attachment has no contentType"
        if attachment["contentType"] != CONTENT_TYPE:
            continue
        card = part(attachment, "content")
        if card.get("type") != "AdaptiveCard" or not text_of(card.get("version")):
            return "the card is no AdaptiveCard with a version"
        users = part(card, "refresh").get("userIds")
        if isinstance(users, list) and len(users) > MAX_REFRESH_USERS:
            return "refresh.userIds names more than 60 people"
    return ""


def texts(value: object) -> Iterator[str]:
    """Every text a person can read in a card, top to bottom; text runs hold no markdown (Adaptive Cards, TextRun)."""
    if isinstance(value, list):
        for item in value:
            yield from [readable(item)] if isinstance(item, str) else texts(item)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in _VISIBLE and isinstance(inner, str):
                yield inner if value.get("type") == "TextRun" else readable(inner)
            elif name not in _HIDDEN:
                yield from texts(inner) if isinstance(inner, dict | list) else ()


def readable(text: str) -> str:
    """The text as a person reads it: markdown escapes and character references undone."""
    return html.unescape(_ESCAPED.sub(r"\1", text))


def whole_text(activity: Json) -> str:
    """All a person can read in a post, for the log: message text first (raw when it is plain), then its cards."""
    text = text_of(activity.get("text"))
    said = text if activity.get("textFormat") == "plain" else readable(text)
    return "\n".join(piece for piece in (said, *texts(of_activity(activity))) if piece)


Scope = tuple[int, ...]
"""The cards around an object, outermost first, by number: a ShowCard's inputs are not its parent's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """An Action.Execute and the inputs that go along with it."""

    action: Json
    inputs: dict[str, Json]

    def pressed(self, given: Json) -> Json:
        """The data a client sends: the action's own with the inputs merged in. Raises ValueError when it would not."""
        data = dict(part(self.action, "data"))
        if self.action.get("associatedInputs") == "none":
            return data
        if strange := set(given) - set(self.inputs):
            raise ValueError(f"no input {', '.join(sorted(strange))} goes with this button")
        for name, item in self.inputs.items():
            value = given.get(name, item.get("value"))
            if item.get("isRequired") is True and not value:
                raise ValueError(f"the input {name} is required")
            if value is not None:
                data[name] = value
        return data


def _objects(value: object, scope: Scope) -> Iterator[tuple[Json, Scope]]:
    """Every object inside a card with the cards around it; what is not on the screen is left out."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, scope)
    elif isinstance(value, dict):
        inside = (*scope, id(value)) if value.get("type") == "AdaptiveCard" else scope
        yield value, inside
        for name, inner in value.items():
            if name not in _HIDDEN:
                yield from _objects(inner, inside)


def find_button(cards: list[Json], verb: str, match: Json) -> Button | None:
    """The Action.Execute with this verb whose data contains `match`."""
    found = [pair for card in cards for pair in _objects(card, ())]
    for item, scope in found:
        data = part(item, "data")
        fits = item.get("type") == "Action.Execute" and item.get("verb") == verb
        if fits and all(data.get(name) == wanted for name, wanted in match.items()):
            return Button(action=item, inputs=_inputs_at(found, scope))
    return None


def _inputs_at(found: list[tuple[Json, Scope]], scope: Scope) -> dict[str, Json]:
    """The inputs of the card at `scope` and of the cards around it, by id."""
    return {
        text_of(item.get("id")): item
        for item, where in found
        if text_of(item.get("type")).startswith("Input.") and item.get("id") and scope[: len(where)] == where
    }


def refresh_action(card: Json, teams_id: str) -> tuple[Json, str] | None:
    """The refresh action and its trigger for this person, or None when the card does not refresh."""
    action = part(card, "refresh", "action")
    if action.get("type") != "Action.Execute":
        return None
    users = part(card, "refresh").get("userIds")
    listed_here = users is None or (isinstance(users, list) and teams_id in users)
    return action, "automatic" if listed_here else "manual"
