"""The catalogues: every sentence for people as gettext files, one for each language, made from the pairs in the code.

They are what a translator reads, and the pattern for a company's own wording (docs/languages.md).
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bots.wordings import FILLED, OF_PLAYBOOK
from docs import sentences
from docs.sentences import Sentence
from rules.language import Language, taiwan

ROOT = Path(__file__).resolve().parent.parent
_HEADER = """# Written by `python -m docs.generate`; change the pairs it comes from, not this file.
msgid ""
msgstr ""
"Project-Id-Version: Tower\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def page(language: Language) -> str:
    """The catalogue of one language."""
    out = io.BytesIO()
    write_po(out, catalogue(language), width=0, omit_header=True, include_lineno=False, sort_output=True)
    return _HEADER.format(language=language.replace("-", "_")) + out.getvalue().decode()


def catalogue(language: Language) -> Catalog:
    """Every sentence in one language, by its English; its Chinese is the context where the English stands for two."""
    catalog = Catalog(locale=language.replace("-", "_"))
    found = collected()
    chinese = defaultdict(set)
    for one in found:
        chinese[one.en].add(one.zh)
    for one in found:
        catalog.add(
            one.en,
            string={"en": one.en, "zh-CN": one.zh, "zh-TW": taiwan(one.zh)}[language],
            context=one.zh if len(chinese[one.en]) > 1 else None,
            locations=[(one.path, one.line)],
            auto_comments=[_WHY[flag] for flag in (FILLED, OF_PLAYBOOK) if flag in _flags(one)],
            flags=_flags(one),
        )
    return catalog


def collected() -> list[Sentence]:
    """Every sentence of the hub and its playbooks."""
    return sorted(_all(), key=lambda s: (s.en, s.zh, s.path, s.line))


def _all() -> Iterable[Sentence]:
    yield from sentences.of_code(ROOT)
    yield from sentences.of_playbooks(ROOT)


def _flags(one: Sentence) -> set[str]:
    """What may be done with it elsewhere."""
    if one.path.startswith("playbooks"):
        return {OF_PLAYBOOK}
    if one.filled:
        return {FILLED}
    return {"python-brace-format"} if sentences.places(one.en) else set()


_WHY = {
    FILLED: "Filled in where it is said: cannot be worded otherwise.",
    OF_PLAYBOOK: "Of a playbook: change it there.",
}
