"""The doctor's report, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from connectors.contract import Finding
from rules.errors import ConfigError, Mistake

PAGE = "docs/doctor.md"
ROOMS = "TWMDCS"
"""Letters of the checks: Teams, WeCom, mail, data, content, safety."""
_WIDEST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything that was found, in order of the checks."""

    findings: Sequence[Finding]
    titles: Mapping[str, str]
    """What each check looks at, by id."""
    mended: Sequence[str] = ()
    """Ids of what was mended before this look."""

    @property
    def code(self) -> int:
        """The exit code: 1 when something is wrong."""
        return int(any(f.state == "wrong" for f in self.findings))

    def json(self) -> str:
        """One JSON object."""
        checks = [
            {
                "id": f.id,
                "what": self.titles[f.id],
                "state": f.state,
                "found": f.found,
                "do": f.do,
                "see": _anchor(f.id),
            }
            for f in self.findings
        ]
        told = {"ok": self.code == 0, "mended": list(self.mended), "checks": checks}
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()

    def text(self) -> str:
        """A few lines for each check that asks for something, one for the others."""
        lines = [f"{check}  mended" for check in self.mended]
        lines += [line for f in self.findings for line in self._lines(f)]
        wrong = sum(f.state == "wrong" for f in self.findings)
        lines.append("")
        lines.append(f"{len(self.findings)} checks, {wrong} wrong." if wrong else f"{len(self.findings)} checks: fine.")
        return "\n".join(lines)

    def _lines(self, finding: Finding) -> list[str]:
        mark = {"fine": "ok", "wrong": "WRONG", "skipped": "-", "by hand": "?"}[finding.state]
        first = f"{finding.id}  {mark:<5}  {self.titles[finding.id]}: {_plain(finding.found)}"
        if not finding.do:
            return [first]
        return [first, f"{'':12} do:  {_plain(finding.do)}", f"{'':12} see: {_anchor(finding.id)}"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which checks somebody asked for."""

    letters: frozenset[str]
    """Whole rooms."""
    ids: frozenset[str] = frozenset()
    """Single checks."""

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that must be looked at: a check may need another one of its room."""
        return self.letters | {check[0] for check in self.ids}

    def takes(self, check: str) -> bool:
        """Whether this check is shown."""
        return check[0] in self.letters or check in self.ids


def wanted(only: str, known: Iterable[str]) -> Wanted:
    """What somebody asked for, e.g. `TW`, `W04`, `t,d03`; all when nothing was. `known` ids. Raises ConfigError."""
    asked = [word for word in re.split(r"[\s,|]+", only.upper()) if word]
    ids = frozenset(word for word in asked if word in frozenset(known))
    letters = frozenset("".join(word for word in asked if word not in ids))
    if unknown := sorted(letters - frozenset(ROOMS)):
        expected = "letters of T, W, M, D, C, S, or ids like W04"
        raise ConfigError([Mistake(where="--only", found="".join(unknown), expected=expected)])
    return Wanted(letters=letters or (frozenset() if ids else frozenset(ROOMS)), ids=ids)


def report(findings: Iterable[Finding], titles: Mapping[str, str], asked: Wanted) -> Report:
    """The report of what was asked for, in order."""
    order = {letter: n for n, letter in enumerate(ROOMS)}
    kept = [f for f in findings if asked.takes(f.id)]
    return Report(findings=sorted(kept, key=lambda f: (order[f.id[0]], f.id)), titles=titles)


def _anchor(check: str) -> str:
    return f"{PAGE}#{check.lower()}"


def _plain(text: str) -> str:
    """One printable line: some of it came from a platform."""
    return "".join(c if c.isprintable() else " " for c in text)[: _WIDEST * 4]
