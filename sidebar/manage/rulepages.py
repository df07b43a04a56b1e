"""A rule as a form, checked as the file is, shown as a change, and published as a new version of the playbook.

Nothing is in force before somebody has seen the change and pressed Publish; an older version comes back at one press.
"""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aiohttp import web

from rules.book import Playbook, Rule
from rules.errors import BadRequest, ConfigError, Mistake, NotAllowed, PlaybookError
from rules.model import Rep
from rules.playbook import parse
from rules.ruletext import data_text, read_rule, rule_text, with_rule
from sidebar.inside.page import headers
from sidebar.inside.session import Said, Visitor
from sidebar.manage import ruleform
from sidebar.manage.ask import HOME, Ask
from sidebar.manage.door import Door
from sidebar.manage.page import draw_page
from sidebar.manage.rulechoices import choices
from sidebar.manage.ruleform import Draft
from sidebar.manage.words import SAID
from storage import playbooks
from storage.unit import Unit

RULES = f"{HOME}/rules"
NEW = "new"
MOST_COMMENT = 400
_ONE = RULES + "/{rule:[a-z0-9][a-z0-9_-]*}"
_RULE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")
_WHERE = re.compile(r"\(rules\.\d+\.([^)]*)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A playbook that somebody proposes."""

    text: str
    block: str
    """The rule's own lines."""
    book: Playbook | None
    """None: it has mistakes."""
    rule: Rule | None = None
    mistakes: Sequence[Mistake] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Who looks at a page of rules."""

    request: web.Request
    visitor: Visitor
    rep: Rep
    ask: Ask
    banner: str


class RulePages:
    """/manage/rules/{rule}, /check, /publish, /back, /v/{seq} and the downloads."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """What is mounted."""
        get, post, guard = web.get, web.post, self._door.guard
        return [
            get(f"{RULES}/playbook.yaml", guard(self.download)),
            post(f"{RULES}/publish", guard(self.publish)),
            post(f"{RULES}/back", guard(self.back)),
            get(f"{RULES}/v/{{seq}}", guard(self.version)),
            get(_ONE, guard(self.show)),
            post(_ONE, guard(self.edit)),
        ]

    # --- looking ----------------------------------------------------------------------------------------------------

    async def show(self, request: web.Request) -> web.Response:
        """The form of one rule."""
        if self._door.signing.sessions.visitor(request) is None:
            return self._door.signing.begin(request)
        visitor = self._door.visitor(request)
        look = await self._look(request, visitor, await self._door.look(request, visitor))
        name = _name(request)
        if name != NEW and all(r.id != name for r in look.ask.book.rules):
            raise NotAllowed("no such rule")
        return self._form(look, name, _standing(look.ask.book, name), yaml="")

    async def download(self, request: web.Request) -> web.Response:
        """The playbook that holds, as the file it is."""
        rep = await self._door.look(request, self._door.visitor(request))
        await self._door.record(rep.id, "export", "rules/playbook")
        sent = {**headers(self._door.family), "Content-Disposition": 'attachment; filename="playbook.yaml"'}
        text = self._door.parts.playbook.text
        return web.Response(body=text.encode(), content_type="application/yaml", charset="utf-8", headers=sent)

    async def version(self, request: web.Request) -> web.Response:
        """What one publication changed."""
        if self._door.signing.sessions.visitor(request) is None:
            return self._door.signing.begin(request)
        visitor = self._door.visitor(request)
        look = await self._look(request, visitor, await self._door.look(request, visitor))
        wanted = request.match_info["seq"]
        seq = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 0
        texts = await self._door.parts.db.read(lambda unit: (_text(unit, seq - 1), _text(unit, seq)))
        if not texts[1]:
            raise NotAllowed("no such version")
        frame = self._door.frame(request, visitor, look.ask, look.banner)
        title = look.ask.say("see_diff")
        return draw_page("rulediff", title, "rules", frame, diff=diff(*texts), again=None, publish=None, note="")

    # --- editing ----------------------------------------------------------------------------------------------------

    async def edit(self, request: web.Request) -> web.Response:
        """A press on the form: a row more or less, or what would change."""
        visitor, rep, form = await self._door.form(request)
        look, name, press = await self._look(request, visitor, rep), _name(request), form.get("press", "check")
        draft = _standing(look.ask.book, name) if press == "yaml" else ruleform.of_fields(form)
        if press not in ("check", "yaml", "remove"):
            return self._form(look, name, ruleform.pressed(draft, press), yaml="")
        typed = form.get("yaml", "")
        try:
            data = None if press == "remove" else read_rule(typed) if press == "yaml" else ruleform.data_of(draft)
            change = await asyncio.to_thread(proposed, look.ask.book, name, data)
        except PlaybookError as wrong:
            change = Change(text="", block="", book=None, mistakes=wrong.mistakes)
        if change.book is None:
            yaml = typed if press == "yaml" else ""
            return self._form(look, name, draft, yaml=yaml, mistakes=change.mistakes, status=422)
        return self._change(look, name, change)

    def _form(
        self,
        look: Look,
        name: str,
        draft: Draft,
        *,
        yaml: str,
        mistakes: Sequence[Mistake] = (),
        status: int = 200,
    ) -> web.Response:
        ask = look.ask
        title = ask.say("rule_title_new") if name == NEW else ask.say("rule_title", id=name)
        frame = self._door.frame(look.request, look.visitor, ask, look.banner, to=RULES)
        told = told_mistakes(ask, draft, mistakes)
        return draw_page(
            "rule",
            title,
            "rules",
            frame,
            status=status,
            draft=draft,
            yaml=yaml or data_text(ruleform.data_of(draft)),
            to=f"{RULES}/{name}",
            new=name == NEW,
            choices=choices(ask),
            wrong=told,
            loose=told.get("", ()),
        )

    def _change(self, look: Look, name: str, change: Change, *, note: str = "") -> web.Response:
        """What would change, with a button that does it."""
        ask, lines = look.ask, diff(look.ask.book.text, change.text)
        frame = self._door.frame(look.request, look.visitor, ask, look.banner, to=RULES)
        publish = {"rule": name, "yaml": change.block, "base": ask.book.version} if lines else None
        return draw_page(
            "rulediff",
            ask.say("diff_title"),
            "rules",
            frame,
            status=409 if note else 200,
            diff=lines,
            again=ruleform.fields_of(ruleform.of_rule(change.rule)) if change.rule else None,
            publish=publish,
            to=f"{RULES}/{name}",
            note=note or ("" if lines else ask.say("same")),
            most=MOST_COMMENT,
        )

    # --- bringing into force ----------------------------------------------------------------------------------------

    async def publish(self, request: web.Request) -> web.Response:
        """The change that was shown comes into force."""
        visitor, rep, form = await self._door.form(request)
        look, name = await self._look(request, visitor, rep), form.get("rule", "")
        typed = form.get("yaml", "")
        if name != NEW and not _RULE_ID.match(name):
            raise BadRequest("no such rule")
        try:
            data = read_rule(typed) if typed else None
            change = await asyncio.to_thread(proposed, look.ask.book, name, data)
            if change.book is None:
                raise PlaybookError(list(change.mistakes))
            comment = " ".join(form.get("comment", "").split())[:MOST_COMMENT]
            done = await self._door.parts.publishing.publish(
                change.book, by=rep.id, comment=comment, base=form.get("base", ""), origin="page"
            )
        except ConfigError as wrong:
            draft = _standing(look.ask.book, name)
            return self._form(look, name, draft, yaml=typed, mistakes=wrong.mistakes, status=422)
        if done:
            words = SAID["published"].in_(look.ask.language).format(version=change.book.version[:8])
            return self._door.told(RULES, Said(text=words))
        # What is shown now is the change to what another has published meanwhile, on this node or another.
        fresh = await self._look(request, visitor, rep)
        change = await asyncio.to_thread(proposed, fresh.ask.book, name, data)
        if change.book is None:
            draft = _standing(fresh.ask.book, name)
            return self._form(fresh, name, draft, yaml=typed, mistakes=change.mistakes, status=422)
        return self._change(fresh, name, change, note=look.ask.say("moved_on"))

    async def back(self, request: web.Request) -> web.Response:
        """An older version comes into force again."""
        _, rep, form = await self._door.form(request)
        wanted = form.get("seq", "")
        if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 10):
            raise BadRequest("no such version")
        text = await self._door.parts.db.read(lambda unit: _text(unit, int(wanted)))
        if not text:
            raise NotAllowed("no such version")
        language = rep.language
        try:
            book = await asyncio.to_thread(parse, text, self._door.parts.playbook.name)
            done = await self._door.parts.publishing.publish(
                book, by=rep.id, comment="", base=form.get("base", ""), origin="back"
            )
        except ConfigError as wrong:
            return self._door.told(RULES, Said(text=str(wrong.mistakes[0]), refused=True))
        key = "rolled_back" if done else "moved_on"
        return self._door.told(
            RULES, Said(text=SAID[key].in_(language).format(version=book.version[:8]), refused=not done)
        )

    async def _look(self, request: web.Request, visitor: Visitor, rep: Rep) -> Look:
        ask, banner = await self._door.parts.db.read(lambda unit: self._door.asked(unit, request, rep))
        return Look(request=request, visitor=visitor, rep=rep, ask=replace(ask, query={}), banner=banner)


# --- pure -----------------------------------------------------------------------------------------------------------


def proposed(book: Playbook, name: str, data: object) -> Change:
    """The playbook with one rule put in its place, checked as the file is; without data, taken out.

    Raises PlaybookError where it has no place.
    """
    rule_id = "" if name == NEW else name
    if data is None:
        return _checked(book, with_rule(book.text, rule_id, ""), "", None)
    block = data_text(data)
    found = _checked(book, with_rule(book.text, rule_id, block), block, _index(book, rule_id))
    if found.rule is None or (canonical := rule_text(found.rule)) == block:
        return found
    return _checked(book, with_rule(book.text, rule_id, canonical), canonical, _index(book, rule_id))


def _standing(book: Playbook, name: str) -> Draft:
    """The form of a rule as it is in force; of a new one, the beginning."""
    rule = next((r for r in book.rules if r.id == name), None)
    return ruleform.of_rule(rule) if rule else Draft(deeds=(ruleform.Deed(do="tag", inputs={"keep": "true"}),))


def _index(book: Playbook, rule_id: str) -> int:
    """Where the rule stands, or will stand."""
    return next((i for i, r in enumerate(book.rules) if r.id == rule_id), len(book.rules))


def _checked(book: Playbook, text: str, block: str, index: int | None) -> Change:
    try:
        made = parse(text, book.name)
    except PlaybookError as wrong:
        return Change(text=text, block=block, book=None, mistakes=wrong.mistakes)
    return Change(text=text, block=block, book=made, rule=None if index is None else made.rules[index])


def diff(before: str, after: str) -> list[tuple[str, str]]:
    """The lines around what differs: (`+`, `-`, ` ` or `@`, line)."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    return [(line[0], line[1:]) for line in list(found)[2:]]


def told_mistakes(ask: Ask, draft: Draft, mistakes: Sequence[Mistake]) -> dict[str, list[str]]:
    """Each mistake in words, at the field it is about: `id`, `when`, `if-3`, `then-0`, `zh`, `en`; empty = none."""
    rows = {".".join(str(p) for p in path): i for path, i in ruleform.places(draft).items()}
    told: dict[str, list[str]] = {}
    for one in mistakes:
        found = _WHERE.search(one.where)
        field = _field(found[1] if found else "", rows)
        nearest = ask.say("nearest", name=one.nearest) if one.nearest else ""
        words = ask.say("mistake", found=one.found, expected=one.expected, nearest=nearest)
        told.setdefault(field, []).append(words if field else f"{one.where}: {words}")
    return told


def _field(path: str, rows: Mapping[str, int]) -> str:
    head, *rest = path.split(".")
    if head == "if":
        parts = path.split(".")
        fits = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        return next((f"if-{rows[p]}" for p in fits if p in rows), "")
    if head == "then" and rest and rest[0].isdigit():
        return f"then-{rest[0]}"
    if head == "because":
        return rest[0] if rest and rest[0] in ("zh", "en") else "zh"
    return head if head in ("id", "when") else ""


def _name(request: web.Request) -> str:
    found = request.match_info["rule"]
    if not _RULE_ID.match(found):
        raise NotAllowed("no such rule")
    return found


def _text(unit: Unit, seq: int) -> str:
    """The playbook of one publication; empty when there is none."""
    found = playbooks.published(unit, seq) if seq > 0 else None
    kept = playbooks.version(unit, found.version) if found else None
    return kept.text if kept else ""
