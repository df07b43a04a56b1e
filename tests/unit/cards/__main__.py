"""`python -m tests.unit.cards`: keeps the cards as they are drawn now. Look at what changed before you commit it."""

from __future__ import annotations

import orjson

from tests.unit.cards import LANGUAGES, STATES, kept, snapshot

for state in STATES:
    for language in LANGUAGES:
        kept(state, language).write_bytes(orjson.dumps(snapshot(state, language), option=orjson.OPT_INDENT_2) + b"\n")
