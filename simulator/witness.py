"""What the people of a story can see at one moment, and what is new to them since another: the meaning of a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.story import CUSTOMER, Story

LONGEST = 180
"""Characters of one thing seen that are quoted."""
MOST = 5
"""Things that are quoted of one step."""
_HIDDEN = ("Action.", "Input.", "ActionSet")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """One thing that somebody can see."""

    place: str
    """`teams`, `phone` or `mail`: the part of the world page where it stands."""
    text: str


async def sights(story: Story) -> list[Sight]:
    """Everything there is to see of the customer's story: her thread and card, her chat, her mailbox."""
    seen: list[Sight] = []
    if thread := await story.thread():
        seen += [Sight(place="teams", text=line) for post in thread["replies"][::-1] for line in _post(post)]
        seen += [Sight(place="teams", text=line) for line in _visible(thread["root"]["cards"])]
    else:
        channels = (await story.get("/control/teams/threads"))["channels"]
        seen += [Sight(place="teams", text=f"# {channel['name']}") for channel in channels]
    chat = await story.get("/control/wecom/chat", person=CUSTOMER)
    seen += [Sight(place="phone", text=str(line["text"])) for line in chat["lines"] if line["by"] == "hub"]
    seen += [Sight(place="mail", text=str(mail["subject"])) for mail in await story.mails()]
    return seen


def news(before: list[Sight], after: list[Sight]) -> list[Sight]:
    """What stands in `after` alone, cut to what can be read at a glance."""
    fresh = [sight for sight in dict.fromkeys(after) if sight not in before]
    return [Sight(place=sight.place, text=_cut(sight.text)) for sight in fresh[:MOST]]


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _post(post: dict[str, Any]) -> Iterator[str]:
    if text := str(post["text"]).strip():
        yield text
    yield from _visible(post["cards"])


def _visible(card: Any) -> Iterator[str]:
    """Lines that can be read on a card without opening anything; buttons and inputs say nothing new."""
    if isinstance(card, list):
        for part in card:
            yield from _visible(part)
    if not isinstance(card, dict) or card.get("isVisible") is False or _is_hidden(card):
        return
    if isinstance(text := card.get("text"), str) and text.strip():
        yield text
    yield from (f"{fact['title']}: {fact['value']}" for fact in card.get("facts", ()))
    for inner in ("body", "items", "columns"):
        yield from _visible(card.get(inner))


def _is_hidden(card: dict[str, Any]) -> bool:
    return str(card.get("type", "")).startswith(_HIDDEN)
