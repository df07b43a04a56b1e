"""The C checks: the playbook and its calendar, the mail templates, and the consent that mails rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.contract import Finding
from rules.book import Cell, Playbook
from rules.errors import ConfigError
from rules.gates import may_send
from rules.model import Consent, Customer

CHECKS = {
    "C01": "The playbook knows the holidays of this year",
    "C02": "The playbook can be read, and no line of its matrix is in vain",
    "C03": "The mail templates can be used, in Chinese and in English",
    "C04": "No mail goes to whoever did not agree to it",
}
"""What each check looks at."""
LATE = 11
"""Month from which next year's holidays are asked for: they are announced about then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """One look at everything the operator wrote besides the configuration."""

    playbook: Playbook | ConfigError
    templates: Mapping[str, frozenset[str]] | ConfigError | None
    """The languages of each mail template, by its name; None without mail."""
    purposes: frozenset[str]
    """What the form asks her consent for."""
    now: datetime

    def all(self) -> Sequence[Finding]:
        """The findings, in order of their ids."""
        return [self._holidays(), self._readable(), self._templates(), self._consent()]

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
        if vain := _in_vain(book.matrix):
            mend = "move it up, or take it out: the first line that fits decides"
            return Finding(id="C02", state="wrong", found=vain, do=mend)
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
        wanted = self.playbook.wakeup.template
        if wanted not in self.templates:
            mend = "write the template, or name another one in the playbook"
            return Finding(id="C03", state="wrong", found=f"no template {wanted}", do=mend)
        written = {la.partition("-")[0] for la in self.templates[wanted]}
        if missing := sorted({"zh", "en"} - written):
            mend = f"write {wanted}.<language>.txt and .mjml: customers get another language until then"
            return Finding(id="C03", state="wrong", found=f"{wanted} is not written in {', '.join(missing)}", do=mend)
        return Finding(id="C03", state="fine", found=", ".join(sorted(self.templates)))

    def _consent(self) -> Finding:
        """The playbook's mail is one that the form asks for; and the gate before every mail refuses a customer who said
        nothing, and one who agreed to something else."""
        if isinstance(self.playbook, ConfigError):
            return Finding(id="C04", state="skipped", found="needs C02")
        purpose = self.playbook.wakeup.purpose
        if purpose not in self.purposes:
            known = ", ".join(sorted(self.purposes))
            found = f"the wake-up mail is for {purpose!r}, the form asks for {known}"
            mend = f"wakeup.purpose: one of {known}; another needs words of its own in the form"
            return Finding(id="C04", state="wrong", found=found, do=mend)
        silent = Customer(id="c", created_at=self.now, attributes={"mail": "somebody@example.com"})
        other = Consent(
            purpose=f"not {purpose}", medium="mail", given=True, source="form", text_version="-", at=self.now
        )
        if any(self._may(who, self.playbook) for who in (silent, replace(silent, consents=(other,)))):
            return Finding(id="C04", state="wrong", found="the gate lets mail pass", do="report this fault; pause mail")
        return Finding(id="C04", state="fine", found=f"mail for {purpose!r} waits for consent")

    def _may(self, customer: Customer, book: Playbook) -> bool:
        return may_send(customer, self.now, book, paused=False)[0]


def _in_vain(matrix: Sequence[Cell]) -> str:
    """The first line of the matrix that no customer reaches, because one before it takes all of them; or empty."""
    for n, later in enumerate(matrix):
        for earlier in matrix[:n]:
            pairs = (
                (earlier.segment, later.segment),
                (earlier.industry, later.industry),
                (earlier.stage, later.stage),
            )
            if all(not first or (second and set(second) <= set(first)) for first, second in pairs):
                return f"{later.id} is never reached: {earlier.id} takes all of it"
    return ""
