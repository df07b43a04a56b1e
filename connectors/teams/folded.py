"""What a card keeps folded until somebody asks: the last words on both sides, and the why of everything automatic."""

from __future__ import annotations

from connectors.teams import buttons, words
from connectors.teams.drawing import Drawing
from connectors.teams.elements import Container, Element, RichTextBlock, TextBlock, TextRun, ToggleVisibility
from connectors.teams.markdown import shorten
from rules.card import CardView, TouchView

HISTORY, WHYS = "history", "whys"
"""Ids of the folded parts."""
_TOUCHES, _TAGS = 5, 12


def parts(view: CardView, drawing: Drawing) -> list[Element]:
    """The buttons that unfold, and what they unfold."""
    toggles = [ToggleVisibility(title=drawing.say(words.WHYS), target_elements=[WHYS])]
    whys: list[Element] = [_line(text) for text in _whys(view, drawing)]
    folded: list[Element] = [Container(id=WHYS, items=whys, is_visible=False, spacing="small")]
    if drawing.history and view.touches:
        title = drawing.say(words.HISTORY, count=view.touch_count)
        toggles.insert(0, ToggleVisibility(title=title, target_elements=[HISTORY]))
        rows: list[Element] = [_touch(touch, view.zone, drawing) for touch in view.touches[:_TOUCHES]]
        folded.insert(0, Container(id=HISTORY, items=rows, is_visible=False, spacing="small"))
    return [buttons.in_body(*toggles), *folded]


def _touch(touch: TouchView, zone: str, drawing: Drawing) -> RichTextBlock:
    who = {"customer": words.THEY, "us": words.WE, "hub": words.HUB}[touch.who]
    place = words.PLACES.get(touch.where)
    when = [drawing.when(touch.at, zone), drawing.say(who)]
    when += [drawing.say(place)] if place else []
    when += [drawing.say(words.STATES[touch.state])] if touch.state else []
    text = shorten(" ".join(touch.text.split()), 300, "…")
    if touch.files:
        names = shorten(", ".join(f.name or f.id for f in touch.files), 120, "…")
        text = f"{text} {drawing.say(words.FILES, names=names)}".strip()
    runs = [TextRun(text=" · ".join(when) + "  ", is_subtle=True), TextRun(text=text or "–")]
    return RichTextBlock(inlines=runs, spacing="small")


def _whys(view: CardView, drawing: Drawing) -> list[str]:
    """Why here, why this owner, this stage, these tags and this score; whether mail may go; who she is."""
    said = [drawing.say(words.WHY_HERE, text=drawing.sentence(view.why))]
    if view.owner:
        name = drawing.words(view.owner)
        said.append(drawing.say(words.WHY_OWNER, name=name, text=drawing.sentence(view.owner_why)))
    said.append(drawing.say(words.WHY_STAGE, text=drawing.sentence(view.stage_why)))
    for tag in view.tags[:_TAGS]:
        because = drawing.sentence(tag.because)
        said.append(drawing.say(words.WHY_TAG, name=drawing.words(tag.shown, 60), text=because))
    if view.score_lines:
        said.append(drawing.say(words.WHY_SCORE, score=view.score))
    for line in view.score_lines[:5]:
        at, points = drawing.when(line.at, view.zone), f"{line.points:+g}"
        said.append("• " + drawing.say(words.SCORE_LINE, points=points, text=drawing.sentence(line.words), at=at))
    if view.wakeup is not None:
        said.append(drawing.say(words.WHY_WAKEUP, text=drawing.sentence(view.wakeup.why)))
    said.append(drawing.say(words.WHY_MAIL, text=drawing.sentence(view.mail_allowed)))
    unknown = drawing.say(words.NOT_KNOWN)
    kept = {name: drawing.words(getattr(view, name)) or unknown for name in ("segment", "industry", "source")}
    return [*said, drawing.say(words.WHO_SHE_IS, **kept)]


def _line(text: str) -> TextBlock:
    return TextBlock(text=text, is_subtle=True, spacing="none")
