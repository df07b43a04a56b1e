"""The page that lists the pictures: docs/pictures/README.md, written by `python -m docs.pictures`."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

FOLDER = Path(__file__).with_name("pictures")
NAME = re.compile(r"(?P<face>[a-z-]+)-(?P<theme>light|dark|contrast)-(?P<language>zh|en)\.png")
FACES = {
    "world": "The world page: a company in a box",
    "story-over": "The world page when its story is over",
    "card-unclaimed": "The card in a Teams channel, nobody's yet",
    "card-claimed": "The card, claimed",
    "card-closed": "The card, closed",
    "template-card": "The card in WeCom",
    "sidebar": "The page beside WeCom's chat",
    "tab": "The tab in Teams",
    "form": "The form behind a one-time link, on a phone",
    "mail": "The wake-up mail",
    "manage-today": "Manager: today",
    "manage-matrix": "Manager: routing",
    "manage-funnel": "Manager: funnel",
    "manage-dormant": "Manager: gone quiet",
    "manage-people": "Manager: people",
    "manage-talks": "Manager: conversations",
    "manage-deliveries": "Manager: deliveries",
    "manage-rules": "Manager: rules",
    "manage-rule": "Manager: one rule as a form",
    "manage-sources": "Manager: sources",
    "manage-audit": "Manager: what the hub did",
}
"""Every face, in the order of the page."""
_LOOKS = ("light", "dark", "contrast")
_HEAD = """# Pictures

Real pages of a running company, taken in Chromium by `python -m docs.pictures`. Do not edit them: take them anew.

| face | 中文 | English |
|---|---|---|
"""


def page(folder: Path = FOLDER) -> str:
    """The page, from the pictures there are."""
    looks: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in folder.glob("*.png"):
        if match := NAME.fullmatch(path.name):
            looks[match["face"], match["language"]].add(match["theme"])
    rows = [
        f"| {title} | {_links(face, 'zh', looks[face, 'zh'])} | {_links(face, 'en', looks[face, 'en'])} |\n"
        for face, title in FACES.items()
    ]
    return _HEAD + "".join(rows)


def _links(face: str, language: str, looks: set[str]) -> str:
    return " · ".join(f"[{look}]({face}-{look}-{language}.png)" for look in _LOOKS if look in looks) or "–"
