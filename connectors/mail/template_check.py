"""What can be wrong with a mail template, found before anybody gets a mail made from it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, TemplateSyntaxError, nodes

from rules.errors import Mistake

GIVEN = frozenset(("subject", "unsubscribe", "link"))
"""Names every template's bodies have besides their own variables."""

_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Call, nodes.Const)
_SYNTAX = Environment(autoescape=True)
_TAG = re.compile(r"<(mj-[a-z-]+|mjml)\b")
_TAGS = frozenset(
    """
    mjml mj-head mj-body mj-title mj-preview mj-attributes mj-all mj-class mj-style mj-font mj-breakpoint mj-section
    mj-column mj-group mj-wrapper mj-text mj-button mj-divider mj-spacer mj-image mj-table mj-raw mj-hero mj-social
    mj-social-element mj-navbar mj-navbar-link mj-accordion mj-accordion-element mj-accordion-title mj-accordion-text
    mj-html-attributes mj-selector mj-html-attribute
    """.split()
)
"""MJML's own elements; the compiler passes over unknown ones without a word."""


def pair_mistakes(folder: Path) -> list[Mistake]:
    """Files without their other half, names that are none, and a folder without templates."""
    files = sorted((*folder.glob("*.txt"), *folder.glob("*.mjml")))
    mistakes = [Mistake(where=str(folder), found="no templates", expected="<name>.<language>.txt and .mjml")]
    if files:
        mistakes = []
    for path in files:
        other = path.with_suffix(".txt" if path.suffix == ".mjml" else ".mjml")
        if not re.fullmatch(r"[a-z0-9-]+\.[a-z]{2,3}(-[A-Za-z]{2,4})?", path.stem):
            mistakes.append(Mistake(where=str(path), found="this name", expected="a name like wakeup.zh-CN.txt"))
        elif not other.exists():
            mistakes.append(Mistake(where=str(path), found="one half of a mail", expected=f"{other.name} beside it"))
    return mistakes


def link_mistakes(path: Path, links: Mapping[str, str]) -> list[Mistake]:
    """Targets that are no web addresses."""
    return [
        Mistake(
            where=f"{path}: links.{name}", found=repr(url)[:80], expected="an address like https://example.com/page"
        )
        for name, url in links.items()
        if not is_web_address(url)
    ]


def is_web_address(url: str) -> bool:
    """Whether a link may lead there: http(s), a host, nothing that hides; other letters than ASCII percent-encoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    safe = url.isascii() and url.isprintable() and " " not in url
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and safe


def mjml_mistakes(path: Path, text: str) -> list[Mistake]:
    """Elements that MJML does not know. `mj-include` is none: nothing is pulled in from other files."""
    mistakes = []
    for number, line in enumerate(text.split("\n"), 1):
        for tag in _TAG.findall(line):
            if tag not in _TAGS:
                near = difflib.get_close_matches(tag, _TAGS, n=1)
                found = Mistake(
                    where=f"{path}:{number}", found=f"<{tag}>", expected="an MJML element", nearest="".join(near)
                )
                mistakes.append(found)
    return mistakes


def syntax_mistake(where: str, problem: TemplateSyntaxError, offset: int) -> Mistake:
    """A template that cannot be read."""
    return Mistake(
        where=f"{where}:{problem.lineno + offset}",
        found=str(problem.message)[:120],
        expected="{{ variable }}, {% if variable %} or {{ link('name') }}",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads one template's texts against the names it declares."""

    variables: frozenset[str]
    links: frozenset[str]

    def check(self, where: str, what: str, text: str, offset: int, *, bodies: bool) -> list[Mistake]:
        """Every mistake in one text; `offset` lines stand above it in its file. Bodies must offer the way out."""
        try:
            tree = _SYNTAX.parse(text)
        except TemplateSyntaxError as problem:
            return [syntax_mistake(where, problem, offset)]
        mistakes = [m for node in _walk(tree) if (m := self._node(where, node, offset, bodies=bodies))]
        names = {n.name for n in tree.find_all(nodes.Name)}
        if bodies and "unsubscribe" not in names:
            mistakes.append(
                Mistake(where=where, found=f"a {what} without a way out", expected="{{ unsubscribe }} as a link")
            )
        return mistakes

    def _node(self, where: str, node: nodes.Node, offset: int, *, bodies: bool) -> Mistake | None:
        line = f"{where}:{node.lineno + offset}"
        if not isinstance(node, _ALLOWED):
            expected = "only {{ variable }}, {% if variable %} and {{ link('name') }}"
            return Mistake(where=line, found=type(node).__name__.lower(), expected=expected)
        if isinstance(node, nodes.Call):
            return self._call(line, node)
        if isinstance(node, nodes.Name):
            known = self.variables | (GIVEN if bodies else frozenset())
            return None if node.name in known else _unknown(line, node.name, known)
        return None

    def _call(self, line: str, node: nodes.Call) -> Mistake | None:
        plain = isinstance(node.node, nodes.Name) and node.node.name == "link" and len(node.args) == 1
        name = node.args[0].value if plain and isinstance(node.args[0], nodes.Const) else None
        if name is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return Mistake(where=line, found="a call", expected="{{ link('name') }} with a name in quotes")
        return None if name in self.links else _unknown(line, str(name), self.links)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _unknown(where: str, name: str, known: frozenset[str]) -> Mistake:
    near = difflib.get_close_matches(name, known, n=1)
    expected = "one of " + ", ".join(sorted(known)) if known else "a name declared in the front matter"
    return Mistake(where=where, found=f"an unknown name {name!r}", expected=expected, nearest="".join(near))
