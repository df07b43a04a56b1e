"""Mail templates: `<name>.<language>.txt` (front matter and plain text) beside `<name>.<language>.mjml`.

Compiled once, at start or when they are published; filled in when a mail is sent. A template may print variables that
its front matter names, ask `if` one of them is filled, and call `link('name')`. Values are never compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from jinja2 import Template as Compiled
from jinja2 import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from mjml import mjml2html
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.mail.reading import clean_line
from connectors.mail.template_check import Reader, link_mistakes, mjml_mistakes, pair_mistakes, syntax_mistake
from rules.errors import Mistake, PlaybookError
from rules.language import spoken, taiwan

_MOST_BYTES = 64 * 1024
_MOST_VALUE = 300

_TEXT = ImmutableSandboxedEnvironment(autoescape=False, keep_trailing_newline=True)
_HTML = ImmutableSandboxedEnvironment(autoescape=True)


class Front(BaseModel):
    """The YAML block at the top of a .txt file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str = Field(min_length=1, max_length=200)
    variables: dict[str, str] = Field(default_factory=dict)
    """Name -> what stands there when the mail has no value for it (may be empty)."""
    links: dict[str, str] = Field(default_factory=dict)
    """Name -> URL. Readers get an address of ours that leads there. New ones are added at the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A mail's words, filled in."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """What a template is compiled from."""

    subject: str
    text: str
    html: str

    def compiled(self, name: str, language: str, front: Front) -> Template:
        """The template. Raises jinja2.TemplateSyntaxError."""
        return Template(
            name=name,
            language=language,
            front=front,
            sources=self,
            subject=_TEXT.from_string(self.subject),
            text=_TEXT.from_string(self.text),
            html=_HTML.from_string(self.html),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """One template in one language, compiled."""

    name: str
    language: str
    front: Front
    sources: Sources = field(repr=False)
    subject: Compiled = field(repr=False)
    text: Compiled = field(repr=False)
    html: Compiled = field(repr=False)

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """(name, URL) in order; the place in this list is the index in click addresses."""
        return tuple(self.front.links.items())

    def render(self, variables: Mapping[str, str], *, click: Callable[[int], str], unsubscribe: str) -> Rendered:
        """Fill in. `click` gives the address of the link with an index; unknown variables are left out."""
        names = list(self.front.links)
        values = {n: clean_line(variables.get(n, ""), _MOST_VALUE) or d for n, d in self.front.variables.items()}
        subject = clean_line(self.subject.render(values), 300)
        given = {"subject": subject, "unsubscribe": unsubscribe, "link": lambda name: click(names.index(name))}
        return Rendered(
            subject=subject,
            text=self.text.render(values | given).strip() + "\n",
            html=self.html.render(values | given),
        )


def in_taiwan(template: Template) -> Template:
    """A Chinese template in the letters and words of Taiwan; what is filled in stays as it is."""
    from_, variables = template.sources, template.front.variables
    html = _LANG.sub(r"\1zh-TW\2", taiwan(from_.html))
    sources = Sources(subject=taiwan(from_.subject), text=taiwan(from_.text), html=html)
    front = template.front.model_copy(
        update={"subject": sources.subject, "variables": {name: taiwan(text) for name, text in variables.items()}}
    )
    return sources.compiled(template.name, "zh-TW", front)


_LANG = re.compile(r"""(\blang=["'])zh(?:-CN)?(["'])""")


class Templates:
    """All templates of a folder."""

    def __init__(self, found: Mapping[tuple[str, str], Template]) -> None:
        self._found = dict(found)
        self._taiwan: dict[str, Template] = {}

    @classmethod
    def load(cls, folder: Path) -> Templates:
        """Compile every template. Raises PlaybookError with all mistakes of all files."""
        found, mistakes = _read(folder)
        if mistakes:
            raise PlaybookError(mistakes)
        return cls(found)

    def get(self, name: str, language: str) -> Template | None:
        """The template in this language, else in one with the same first word, else in English, else in any.

        A reader in Taiwan gets the Chinese one converted, unless there is one of her own.
        """
        languages = [la for n, la in self._found if n == name]
        first = language.partition("-")[0].lower()
        same = [la for la in languages if la.partition("-")[0].lower() == first]
        chosen = next((la for la in (language, *same, "en", *languages) if la in languages), None)
        if chosen is None:
            return None
        if (spoken(language), spoken(chosen)) != ("zh-TW", "zh-CN"):
            return self._found[name, chosen]
        if name not in self._taiwan:
            self._taiwan[name] = in_taiwan(self._found[name, chosen])
        return self._taiwan[name]

    @property
    def languages(self) -> dict[str, frozenset[str]]:
        """The languages each template is written in."""
        return {name: frozenset(la for n, la in self._found if n == name) for name in self.names}

    @property
    def names(self) -> frozenset[str]:
        """Names of the templates, for the check of a playbook that uses them."""
        return frozenset(n for n, _ in self._found)


def check(folder: Path) -> list[Mistake]:
    """Every mistake in every template of a folder; empty when they can be used."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[dict[tuple[str, str], Template], list[Mistake]]:
    if not folder.is_dir():
        return {}, [Mistake(where=str(folder), found="no such folder", expected="a folder with mail templates")]
    mistakes = pair_mistakes(folder)
    found: dict[tuple[str, str], Template] = {}
    for path in sorted(folder.glob("*.txt")):
        if path.with_suffix(".mjml").exists() and path.stem.count(".") == 1:
            template = _one(path, mistakes)
            if template is not None:
                found[template.name, template.language] = template
    return found, mistakes


def _one(path: Path, mistakes: list[Mistake]) -> Template | None:
    before = len(mistakes)
    name, _, language = path.stem.partition(".")
    texts = [_file(p, mistakes) for p in (path, path.with_suffix(".mjml"))]
    front, plain, first_line = _front(path, texts[0], mistakes)
    if front is None or not texts[1]:
        return None
    mistakes += link_mistakes(path, front.links)
    html = _html(path.with_suffix(".mjml"), texts[1], mistakes)
    reader = Reader(variables=frozenset(front.variables), links=frozenset(front.links))
    mistakes += reader.check(str(path), "subject", front.subject, 0, bodies=False)
    mistakes += reader.check(str(path), "text", plain, first_line - 1, bodies=True)
    mistakes += reader.check(str(path.with_suffix(".mjml")), "mjml", texts[1], 0, bodies=True)
    if len(mistakes) > before:
        return None
    try:
        return Sources(subject=front.subject, text=plain, html=html).compiled(name, language, front)
    except TemplateSyntaxError as problem:
        mistakes.append(syntax_mistake(str(path), problem, 0))
        return None


def _file(path: Path, mistakes: list[Mistake]) -> str:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        mistakes.append(Mistake(where=str(path), found="something unreadable", expected="a text file in UTF-8"))
        return ""
    if len(raw) > _MOST_BYTES:
        mistakes.append(Mistake(where=str(path), found=f"{len(raw)} bytes", expected=f"at most {_MOST_BYTES}"))
        return ""
    return text.replace("\r\n", "\n")


def _front(path: Path, text: str, mistakes: list[Mistake]) -> tuple[Front | None, str, int]:
    """The front matter, the text below it, and the line that text begins on."""
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or not body:
        expected = "front matter between two lines `---`, and the plain text below"
        mistakes.append(Mistake(where=f"{path}:1", found="no front matter, or nothing below it", expected=expected))
        return None, "", 1
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(head, Loader=yaml.SafeLoader)):
            raise yaml.YAMLError("an alias; write the value out")
        return Front.model_validate(yaml.safe_load(head)), body, head.count("\n") + 4
    except yaml.YAMLError as problem:
        line = getattr(getattr(problem, "problem_mark", None), "line", 0) + 2
        found = clean_line(str(getattr(problem, "problem", None) or problem), 120)
        mistakes.append(Mistake(where=f"{path}:{line}", found=found, expected="YAML"))
    except ValidationError as problem:
        for error in problem.errors():
            key = ".".join(str(part) for part in error["loc"])
            found = repr(error["input"])[:60]
            mistakes.append(Mistake(where=f"{path}: {key or 'front matter'}", found=found, expected=error["msg"]))
    return None, "", 1


def _html(path: Path, text: str, mistakes: list[Mistake]) -> str:
    mistakes += mjml_mistakes(path, text)
    try:
        return str(mjml2html(text))
    except ValueError as problem:
        mistakes.append(Mistake(where=str(path), found=clean_line(str(problem), 120), expected="MJML"))
        return ""
