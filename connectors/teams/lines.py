"""Draws one message of a thread, or one notice to a rep: plain text where that is enough, a card where it has buttons.

Plain text is sent as `textFormat: plain`, which Teams shows as it is; so a customer's words cannot format anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from connectors.contract import Line, RepNotice
from connectors.teams import words
from connectors.teams.buttons import Press
from connectors.teams.elements import (
    VERSION,
    Action,
    Card,
    CardMention,
    Container,
    Element,
    MentionedPerson,
    OpenUrl,
    RichTextBlock,
    TeamsPart,
    TextBlock,
    TextRun,
)
from connectors.teams.markdown import escape, shorten
from rules.model import Rep

LINE_BYTES = 16_000
"""Longest text inside a line's card."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A file behind an address."""

    name: str
    type: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """What is sent: a text, or a card with the words a notification shows."""

    text: str = ""
    summary: str = ""
    card: dict[str, Any] | None = field(default=None)
    file: Attached | None = None
    """A file that goes with it."""


def draw(line: Line, *, language: str, nonce: str, text_bytes: int, link: str = "") -> Post:
    """One message of a thread. `link`: where Teams opens the conversation's page, on which files are opened."""
    ready = [f for f in line.files if f.state == "ready"]
    addresses = (link, line.file_url + ready[0].id) if ready else ()
    link = next((a for a in addresses if a.startswith("https://")), "")
    bare = "" if link or not ready else line.file_url + ready[0].id
    line = replace(line, text="\n".join(t for t in (_with_files(line, language), bare) if t))
    if not line.actions and line.mention is None and not link:
        limit = text_bytes - 1_000
        return Post(text=_framed(line, shorten(line.text, limit, words.SHORTENED.in_(language)), language))
    press = Press(conversation_id=line.conversation_id, nonce=nonce, language=language, about=line.about)
    framed = _framed(line, shorten(line.text, LINE_BYTES, words.SHORTENED.in_(language)), language)
    actions = [press.offered(verb, label, line.text) for verb, label in line.actions]
    if link:
        actions.append(OpenUrl(title=words.OPEN_FILE.in_(language), url=link))
    body: list[Element] = [Container(style=_style(line), items=[*paragraphs(framed), *_at(line.mention)])]
    return Post(summary=framed[:200], card=_card(body, actions, line.mention))


def _with_files(line: Line, language: str) -> str:
    """The words, and a line for each file that is not open to everybody yet, or that never will be."""
    told = [words.FILE_STATES[f.state].in_(language).format(name=f.name) for f in line.files if f.state != "ready"]
    return "\n".join(t for t in (line.text, *(" ".join(one.split()) for one in told)) if t)


def _style(line: Line) -> Any:
    return {"wakeup": "emphasis", "unknown": "warning"}.get(line.who, "default")


def _framed(line: Line, text: str, language: str) -> str:
    """The words with who said them, and how they fared."""
    if line.author:
        arrow = f"{line.author} → {words.THEY.in_(language)}" if line.who == "rep" else line.author
        text = words.SAYS.in_(language).format(who=arrow) + text
    if line.marked:
        text = f"{words.MAY_REPEAT.in_(language)} {text}"
    if line.state:
        state = words.STATES[line.state].in_(language)
        text = f"{text}\n{state}" + (f" · {line.reason}" if line.reason else "")
    return text


def notice(job: RepNotice, *, nonce: str) -> Post:
    """A notice to one rep in her own chat."""
    title, text = job.title.in_(job.language), job.text.in_(job.language)
    if job.marked:
        title = f"{words.MAY_REPEAT.in_(job.language)} {title}"
    version = job.card.version if job.card else 0
    press = Press(
        conversation_id=job.conversation_id,
        card_version=version,
        nonce=nonce,
        language=job.language,
        about=job.about,
    )
    body: list[Element] = [TextBlock(text=escape(shorten(title, 600, "…")), weight="bolder", style="heading")]
    body += paragraphs(shorten(text, LINE_BYTES, words.SHORTENED.in_(job.language)))
    if job.card is not None:
        about = " · ".join(p for p in (job.card.name, job.card.title, job.card.company) if p)
        body += paragraphs(shorten(about, 600, "…"))
    actions = [press.offered(verb, label) for verb, label in job.actions]
    return Post(summary=title[:200], card=_card(body, actions, None))


def _card(body: list[Element], actions: list[Action], mention: Rep | None) -> dict[str, Any]:
    entities = None
    if mention is not None and mention.teams_id:
        person = MentionedPerson(id=mention.teams_id, name=mention.name)
        entities = [CardMention(text=_tag(mention), mentioned=person)]
    teams = TeamsPart(width="full", entities=entities)
    return Card(version=VERSION, body=body, actions=actions or None, msteams=teams).json_value()


def _at(mention: Rep | None) -> list[Element]:
    """The mention; without a Teams id only the name."""
    if mention is None:
        return []
    text = _tag(mention) if mention.teams_id else f"@{escape(mention.name)}"
    return [TextBlock(text=text, spacing="small")]


def _tag(mention: Rep) -> str:
    name = mention.name.replace("<", "").replace(">", "")
    return f"<at>{name}</at>"


def paragraphs(text: str) -> list[Element]:
    """The text as runs, one paragraph a line: what an outsider wrote stays what it is."""
    lines = text.split("\n")[:200]
    return [RichTextBlock(inlines=[TextRun(text=line or " ")], spacing="none") for line in lines]
