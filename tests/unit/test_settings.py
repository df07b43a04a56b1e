"""Reading hub.toml: everything that is wrong is told at once, with its line, and no secret is ever repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

from bots import settings
from connectors.mail.settings import MailSettings
from connectors.teams.settings import Settings as TeamsSettings
from connectors.wecom.settings import Settings as WeComSettings
from rules.errors import ConfigError, Mistake

SECTIONS: Mapping[str, type[BaseModel]] = {
    "server": settings.Server,
    "database": settings.DatabaseSettings,
    "keys": settings.Keys,
    "rules": settings.Rules,
    "teams": TeamsSettings,
    "wecom": WeComSettings,
    "mail": MailSettings,
}
OPTIONAL = frozenset({"teams", "wecom", "mail"})
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ENVIRON = {
    "MASTER": "1a" * 32,
    "INDEX": "2b" * 32,
    "TOKENS": "3c" * 32,
    "OLD": "4d" * 32,
    "APP_SECRET": "s3cr3t-of-the-app",
    "APP_TOKEN": "QDG6eK",
    "APP_AES_KEY": AES_KEY,
    "TEAMS_SECRET": "s3cr3t-of-the-bot",
    "EMPTY": "",
}
KEYS = """\
[keys]
master = "env:MASTER"
index = "env:INDEX"
tokens = "env:TOKENS"
"""
WECOM = """\
[wecom]
corp_id = "ww1234567890abcdef"
[wecom.apps.main]
agent_id = 1000002
secret = "env:APP_SECRET"
token = "env:APP_TOKEN"
aes_key = "env:APP_AES_KEY"
[wecom.kf]
wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q = "main"
"""


def load(folder: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> settings.Loaded:
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return settings.load(path, SECTIONS, OPTIONAL, environ)


def mistakes(folder: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> list[Mistake]:
    with pytest.raises(ConfigError) as wrong:
        load(folder, text, environ)
    for secret in ENVIRON.values():
        assert not secret or secret not in str(wrong.value)
    return wrong.value.mistakes


def only(folder: Path, text: str, environ: Mapping[str, str] = ENVIRON) -> Mistake:
    [mistake] = mistakes(folder, text, environ)
    return mistake


def test_defaults_hold_where_a_table_is_left_out(tmp_path: Path) -> None:
    loaded = load(tmp_path, KEYS)
    assert loaded.section("server", settings.Server).port == 8080
    assert loaded.section("keys", settings.Keys).master.get_secret_value() == ENVIRON["MASTER"]
    assert loaded.optional("teams", TeamsSettings) is None
    assert ENVIRON["MASTER"] not in repr(loaded)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings.load(tmp_path / "hub.toml", SECTIONS, OPTIONAL, {})
    assert "hub.toml: found No such file" in str(wrong.value)
    assert "hub.example.toml" in str(wrong.value)


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    assert "line 2" in only(tmp_path, "[server]\nport = = 1\n").found


def test_an_unknown_table_gets_the_nearest_name(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS + "[serverr]\nport = 1\n")
    assert wrong.where.endswith("hub.toml:5: serverr")
    assert wrong.nearest == "server"


def test_an_unknown_key_gets_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS + "[server]\n# the port\nprot = 1\n")
    assert wrong.where.endswith("hub.toml:7: server.prot")
    assert wrong.nearest == "port"
    assert "host" in wrong.expected


def test_a_single_value_where_a_table_is_due(tmp_path: Path) -> None:
    wrong = only(tmp_path, 'rules = "playbook.yaml"\n' + KEYS)
    assert wrong.where.endswith("hub.toml:1: rules")
    assert wrong.expected == "a table [rules]"


def test_a_missing_key_is_named_even_when_its_table_is_missing(tmp_path: Path) -> None:
    wheres = [m.where for m in mistakes(tmp_path, "[server]\nport = 1\n")]
    assert [w.rpartition(" ")[2] for w in wheres] == ["keys.master", "keys.index", "keys.tokens"]


def test_a_wrong_type_and_a_value_out_of_range(tmp_path: Path) -> None:
    wrong = mistakes(tmp_path, KEYS + '[server]\nport = "many"\n[database]\nlease_seconds = 0\n')
    assert [m.where.rpartition(":")[0].rpartition(":")[2] for m in wrong] == ["6", "8"]
    assert wrong[0].found == "'many'"
    assert wrong[1].expected == "greater than 0"


@pytest.mark.parametrize("value", ['"4d4d4d4d"', "42", '""', '["env:MASTER"]', "true"])
def test_a_secret_in_the_file_is_refused(tmp_path: Path, value: str) -> None:
    wrong = only(tmp_path, KEYS.replace('"env:MASTER"', value))
    assert wrong.where.endswith("hub.toml:2: keys.master")
    assert "env:NAME" in wrong.expected
    assert "4d4d" not in str(wrong)


@pytest.mark.parametrize("placeholder", ["", "change-me", "<secret>", "your-secret", "xxxx", "0" * 64, "Placeholder"])
def test_a_placeholder_is_no_secret(tmp_path: Path, placeholder: str) -> None:
    wrong = only(tmp_path, KEYS, {**ENVIRON, "MASTER": placeholder})
    assert wrong.found == "a placeholder in env:MASTER"


def test_a_placeholder_from_the_example_is_no_value(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS + '[server]\npublic_url = "<https://tower.your-domain>"\n')
    assert wrong.where.endswith("hub.toml:6: server.public_url")
    assert "placeholder" in wrong.found


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS, {k: v for k, v in ENVIRON.items() if k != "INDEX"})
    assert wrong.found == "no variable INDEX in the environment"
    assert wrong.expected == "export INDEX=..."


def test_a_secret_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text(ENVIRON["MASTER"] + "\n", encoding="utf-8")
    loaded = load(tmp_path, KEYS.replace("env:MASTER", "file:master.key"))
    assert loaded.section("keys", settings.Keys).master.get_secret_value() == ENVIRON["MASTER"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_holds_no_secret(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "master.key").write_bytes(content)
    assert only(tmp_path, KEYS.replace("env:MASTER", "file:master.key")).found == "no readable file master.key"


def test_a_key_of_the_wrong_length_is_refused_and_not_shown(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS, {**ENVIRON, "TOKENS": "77aa" * 8})
    assert wrong.found == "a secret that does not fit"
    assert "64 hex digits" in wrong.expected
    assert "77aa" not in str(wrong)


def test_old_keys_are_references_too(tmp_path: Path) -> None:
    keys = load(tmp_path, KEYS + '[keys.old]\nk0 = "env:OLD"\n').section("keys", settings.Keys)
    assert keys.old["k0"].get_secret_value() == ENVIRON["OLD"]
    wrong = only(tmp_path, KEYS + '[keys.old]\nk0 = "env:NOWHERE"\n')
    assert wrong.where.endswith("hub.toml:6: keys.old.k0")
    wrong = only(tmp_path, KEYS + f'old = "{"5e" * 32}"\n')
    assert wrong.found == "a secret that does not fit"


@pytest.mark.parametrize("url", ["mysql://host/name", "tower.db", "postgresql://tower:hunter22@db/tower"])
def test_a_database_url_holds_no_password_and_names_a_known_kind(tmp_path: Path, url: str) -> None:
    wrong = only(tmp_path, KEYS + f'[database]\nurl = "{url}"\n')
    assert wrong.where.endswith("hub.toml:6: database.url")
    assert "hunter22" not in str(wrong)


def test_a_public_url_is_an_address(tmp_path: Path) -> None:
    server = load(tmp_path, KEYS + '[server]\npublic_url = "https://tower.example.com/"\n')
    assert server.section("server", settings.Server).public_url == "https://tower.example.com"
    assert "https://tower.example.com" in only(tmp_path, KEYS + '[server]\npublic_url = "tower"\n').expected


def test_secrets_of_wecom_apps_are_resolved(tmp_path: Path) -> None:
    wecom = load(tmp_path, KEYS + WECOM).section("wecom", WeComSettings)
    assert wecom.apps["main"].secret.get_secret_value() == ENVIRON["APP_SECRET"]
    assert wecom.apps["main"].aes_key.get_secret_value() == AES_KEY
    assert wecom.kf == {"wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q": "main"}


def test_mistakes_inside_wecom_apps_have_their_lines(tmp_path: Path) -> None:
    text = KEYS + WECOM.replace("token =", "tokken =").replace('"env:APP_SECRET"', '"env:NOWHERE"')
    wrong = {m.where.partition("hub.toml:")[2]: m for m in mistakes(tmp_path, text)}
    assert set(wrong) == {"9: wecom.apps.main.secret", "10: wecom.apps.main.tokken", "7: wecom.apps.main.token"}
    assert wrong["10: wecom.apps.main.tokken"].nearest == "token"


def test_a_wecom_app_that_is_no_table(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS + '[wecom]\ncorp_id = "ww1"\n[wecom.apps]\nmain = 3\n')
    assert wrong.where.endswith("hub.toml:8: wecom.apps.main")


def test_a_secret_that_a_platform_refuses_is_not_shown(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS + WECOM, {**ENVIRON, "APP_AES_KEY": "much-too-short"})
    assert wrong.found == "a secret that does not fit"
    assert "43 characters" in wrong.expected
    assert "much-too" not in str(wrong)


def test_a_mistake_of_a_whole_table_shows_none_of_its_secrets(tmp_path: Path) -> None:
    wrong = only(tmp_path, KEYS + WECOM.replace('"main"', '"other"'))
    assert wrong.found == "values that do not fit together"
    assert "'other'" in wrong.expected
    wrong = only(tmp_path, KEYS + WECOM.replace("apps.main", 'apps."Main App"').replace('"main"', '"Main App"'))
    assert "lower-case" in wrong.expected


def test_empty_and_placeholder_ids_of_teams(tmp_path: Path) -> None:
    text = KEYS + '[teams]\napp_id = ""\ntenant_id = "<tenant id>"\napp_password = "env:EMPTY"\n'
    assert [m.where.rpartition(".")[2] for m in mistakes(tmp_path, text)] == ["tenant_id", "app_password", "app_id"]


def test_lists_of_tables_and_lines_after_multi_line_values(tmp_path: Path) -> None:
    text = (
        KEYS
        + """\
[server]  # where we listen
frame_ancestors_tab = [
  "https://one.example.com", # [not a table]
]
prot = 1
[teams]
app_id = "11111111-2222-3333-4444-555555555555"
tenant_id = "66666666-7777-8888-9999-000000000000"
app_password = "env:TEAMS_SECRET"
limits.send = [ { calls = 1, seconds = 1 },
  { calls = 1, secs = 2 } ]
"limits".text_bytes = 1
"""
    )
    wrong = {m.where.partition("hub.toml:")[2]: m for m in mistakes(tmp_path, text)}
    assert set(wrong) == {
        "9: server.prot",
        "14: teams.limits.send.1.secs",
        "14: teams.limits.send.1.seconds",
        "16: teams.limits.text_bytes",
    }
    assert wrong["14: teams.limits.send.1.secs"].nearest == "seconds"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = '[sevrer]\n[server]\nport = 70000\nprot = 1\n[keys]\nmaster = "abc"\nindex = "env:NOWHERE"\n'
    lines = [re.sub(r".*hub\.toml:", "", m.where) for m in mistakes(tmp_path, text)]
    assert sorted(lines) == [
        "1: sevrer",
        "3: server.port",
        "4: server.prot",
        "5: keys.tokens",
        "6: keys.master",
        "7: keys.index",
    ]
