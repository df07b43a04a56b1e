"""What colleagues are given to say: reply scripts (话术) with their blanks filled in, and what to ask her."""

from __future__ import annotations

import re

from rules.model import Customer, Stage, Words
from rules.strict import Name, Said, Strict

PLACEHOLDERS = frozenset({"name", "company", "rep"})
"""What a script may hold."""


class Script(Strict):
    """Words a colleague can send as they are (话术). `{name}`, `{company}` and `{rep}` are filled in."""

    id: Name
    title: Said
    """How colleagues find it."""
    text: Said
    """What the customer reads, in her language."""
    stage: tuple[Stage, ...] = ()
    """For customers in these stages; an empty list means any."""
    industry: tuple[Name, ...] = ()
    """For customers of these industries; an empty list means any."""


class Questions(Strict):
    """What to ask a customer for each of the four facts that tell whether she will buy (BANT)."""

    budget: Said = Said(zh="这个项目大概有多少预算？", en="What budget do you have in mind for this project?")
    authority: Said = Said(
        zh="除了您，还有哪位同事会参与决定？", en="Besides you, who else takes part in the decision?"
    )
    need: Said = Said(zh="您最想先解决哪个问题？", en="Which problem would you like to solve first?")
    timing: Said = Said(zh="您希望什么时候用起来？", en="When would you like to have it in use?")


_NOBODY = Words(zh="", en="there")
_COMPANY = Words(zh="贵公司", en="your company")
_COLLEAGUE = Words(zh="客户顾问", en="your consultant")


def fitting(scripts: tuple[Script, ...], customer: Customer) -> tuple[Script, ...]:
    """The scripts for a customer of her stage and industry, those made for her industry first."""
    found = [
        s
        for s in scripts
        if (not s.stage or customer.stage in s.stage) and (not s.industry or customer.industry in s.industry)
    ]
    return tuple(sorted(found, key=lambda s: not s.industry))


def filled(script: Script, customer: Customer, rep: str) -> str:
    """The words as she would read them, in her language. What is not known is left out or said in general."""
    language = customer.language
    known = {
        "name": customer.name or _NOBODY.in_(language),
        "company": customer.attributes.get("company", "") or _COMPANY.in_(language),
        "rep": rep or _COLLEAGUE.in_(language),
    }
    return _BLANK.sub(lambda m: known.get(m[1], m[0]), script.text.in_(language))


_BLANK = re.compile(r"\{(\w+)\}")
