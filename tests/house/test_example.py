"""hub.example.toml holds every key of every table with its default, nothing unknown, and starts as it stands."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import app
from bots import settings
from docs.generate import inner_table
from rules.errors import ConfigError
from tests.house.tree import ROOT, text

EXAMPLE = text(ROOT / "hub.example.toml")
VALUES = {
    "app_id": "11111111-2222-3333-4444-555555555555",
    "tenant_id": "66666666-7777-8888-9999-000000000000",
    "corp_id": "ww1234567890abcdef",
    "from_name": "Tower",
    "from_address": "sales@example.com",
    "reply_domain": "reply.example.com",
    "host": "smtp.example.com",
    "user": "reply@example.com",
}
"""What an operator writes in place of the placeholders."""


def uncommented() -> str:
    """The file with every setting in force; prose and alternatives begin with a blank after the #."""
    return re.sub(r"^#(?! )", "", EXAMPLE, flags=re.MULTILINE)


def environ() -> dict[str, str]:
    """A value for every variable the file names."""
    values = {named: f"{i + 16:02x}" * 32 for i, named in enumerate(sorted(re.findall(r'"env:([A-Z0-9_]+)"', EXAMPLE)))}
    return values | {
        "TOWER_WECOM_AES_KEY": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        "TOWER_WECOM_TOKEN": "QDG6eK",
    }


def load(folder: Path, written: str) -> settings.Loaded:
    path = folder / "hub.toml"
    path.write_text(written, encoding="utf-8")
    return settings.load(path, app.SECTIONS, app.OPTIONAL, environ())


def filled_in() -> str:
    """Everything in force, every placeholder replaced, and one of the two doors for mail."""
    keys = re.sub(r'^(\w+) = "<.*>"', lambda m: f'{m[1]} = "{VALUES[m[1]]}"', uncommented(), flags=re.MULTILINE)
    return keys.replace('"<open_kfid>"', '"wkAJ2GCAAASSm4"').partition("[mail.imap]")[0]


def keys_of(model: type[BaseModel], at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of a table and of the tables inside it, with its default; names of the operator's own are `*`."""
    for name, info in model.model_fields.items():
        inner, named = inner_table(info.annotation)
        if inner is None:
            default = info.get_default(call_default_factory=True, validated_data={})
            yield (*at, name), PydanticUndefined if default is None else default
        else:
            yield from keys_of(inner, (*at, name, "*") if named else (*at, name))


def leaves(
    value: object, known: Mapping[tuple[str, ...], Any], at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and at not in known:
        for key, inner in value.items():
            own = any(k[: len(at) + 1] == (*at, "*") for k in known)
            yield from leaves(inner, known, (*at, "*" if own else key))
    else:
        yield at, value


KNOWN = {key: default for name, model in app.SECTIONS.items() for key, default in keys_of(model, (name,))}


def test_every_key_stands_in_the_example_and_no_unknown_one() -> None:
    written = {key for key, _ in leaves(tomllib.loads(uncommented()), KNOWN, ())}
    assert written == set(KNOWN)


def _plain(value: object) -> object:
    made = json.loads(json.dumps(value, default=lambda v: v.model_dump() if isinstance(v, BaseModel) else list(v)))
    return made


def test_commented_settings_show_their_defaults() -> None:
    wrong = [
        (".".join(key), value, KNOWN[key])
        for key, value in leaves(tomllib.loads(uncommented()), KNOWN, ())
        if KNOWN[key] is not PydanticUndefined and key != ("wecom", "kf") and _plain(KNOWN[key]) != value
    ]
    assert wrong == []


def test_the_example_starts_as_it_stands_when_its_keys_are_given(tmp_path: Path) -> None:
    loaded = load(tmp_path, EXAMPLE)
    assert loaded.section("server", settings.Server) == settings.Server()
    assert set(loaded.sections) == set(app.SECTIONS) - app.OPTIONAL


def test_everything_uncommented_and_filled_in_starts_too(tmp_path: Path) -> None:
    assert set(load(tmp_path, filled_in()).sections) == set(app.SECTIONS)


def test_placeholders_do_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as wrong:
        load(tmp_path, uncommented())
    places = re.findall(r'^(\w+) = "<', uncommented(), re.MULTILINE)
    assert sum("placeholder" in m.found for m in wrong.value.mistakes) == len(places)


def test_alternatives_are_settings_too(tmp_path: Path) -> None:
    """The lines `#   key = value` stand below the table they are about."""
    tables: dict[str, list[str]] = {}
    table = ""
    for line in EXAMPLE.splitlines():
        table = header[1] if (header := re.match(r"#?\[([a-z.]+)\]", line)) else table
        if (found := re.match(r"#   (\w+ = .*)$", line)) and table:
            tables.setdefault(table, []).append(found[1])
    assert {"server", "database", "keys", "teams"} <= set(tables)
    for name, lines in tables.items():
        for line in lines:
            [(key, value)] = tomllib.loads(line).items()
            field = app.SECTIONS[name].model_fields[key]
            assert not field.is_required(), line
            if "<" not in line and not isinstance(value, dict):
                with_it = re.sub(rf"^{key} = (\[\n(?:.*\n)*?\]|.*$)", line, filled_in(), count=1, flags=re.MULTILINE)
                assert load(tmp_path, with_it)
