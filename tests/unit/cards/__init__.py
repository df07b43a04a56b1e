"""The cards as they were when somebody last looked at them, one JSON file per state and language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.teams import cards
from connectors.teams.drawing import Drawing
from tests.cardviews import view

STATES = ("unclaimed", "claimed", "snoozed", "closed")
LANGUAGES = ("zh-CN", "en")


def kept(state: str, language: str) -> Path:
    """Where a card is kept."""
    return Path(__file__).parent / f"{state}.{language}.json"


def snapshot(state: Any, language: str) -> dict[str, Any]:
    """The card as it is drawn now."""
    owner = "" if state == "unclaimed" else "王芳"
    shown = replace(view(state=state, owner=owner, next_owner=owner), sla=None if state == "closed" else view().sla)
    return cards.draw(shown, Drawing(language=language, nonce="n1", readers=("29:wang",)))
