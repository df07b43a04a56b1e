"""The C checks: the playbook and its calendar, and the mail templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.contract import Finding
from rules.book import Playbook
from rules.errors import ConfigError

CHECKS = {
    "C01": "The playbook knows the holidays of this year",
    "C02": "The playbook can be read",
    "C03": "The mail templates can be used, and the playbook's are among them",
}
"""What each check looks at."""
LATE = 11
"""Month from which next year's holidays are asked for: they are announced about then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """One look at everything the operator wrote besides the configuration."""

    playbook: Playbook | ConfigError
    templates: frozenset[str] | ConfigError | None
    """Names of the mail templates; None without mail."""
    now: datetime

    def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        return [self._holidays(), self._readable(), self._templates()]

    def _holidays(self) -> Finding:
        if isinstance(self.playbook, ConfigError):
            return Finding(id="C01", state="skipped", found="needs C02")
        known = sorted({day.year for day in self.playbook.holidays.off})
        years = ", ".join(map(str, known)) or "none"
        wanted = self.now.year + (self.now.month >= LATE)
        if wanted not in known:
            mend = f"add the holidays and make-up work days of {wanted} to the playbook"
            return Finding(id="C01", state="wrong", found=f"years: {years}", do=mend)
        return Finding(id="C01", state="fine", found=f"years: {years}")

    def _readable(self) -> Finding:
        if isinstance(self.playbook, ConfigError):
            mistakes = self.playbook.mistakes
            found = f"{len(mistakes)} mistakes; the first: {mistakes[0]}"
            return Finding(id="C02", state="wrong", found=found, do="python app.py rules check shows all of them")
        book = self.playbook
        found = f"{book.name}: {len(book.matrix)} cells, {len(book.rules)} rules, version {book.version[:12]}"
        return Finding(id="C02", state="fine", found=found)

    def _templates(self) -> Finding:
        if self.templates is None:
            return Finding(id="C03", state="skipped", found="no mail")
        if isinstance(self.templates, ConfigError):
            mistakes = self.templates.mistakes
            found = f"{len(mistakes)} mistakes; the first: {mistakes[0]}"
            return Finding(id="C03", state="wrong", found=found, do="mend the files in mail.templates")
        if isinstance(self.playbook, ConfigError):
            return Finding(id="C03", state="skipped", found="needs C02")
        if missing := sorted(self._wanted(self.playbook) - self.templates):
            mend = "write the template, or name another one in the playbook"
            return Finding(id="C03", state="wrong", found=f"no template {', '.join(missing)}", do=mend)
        return Finding(id="C03", state="fine", found=", ".join(sorted(self.templates)))

    def _wanted(self, book: Playbook) -> frozenset[str]:
        return frozenset({book.wakeup.template})
