"""The app package, and the settings it is made from."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.teams import manifest
from connectors.teams.outcomes import retry_after
from connectors.teams.rates import SLACK, Rates
from connectors.teams.settings import Settings, Window
from tests.unit.test_teams_translate import APP, NOW

GIVEN = {"app_id": APP, "app_password": "a-real-one", "tenant_id": "t-1"}


def settings(**changes: object) -> Settings:
    return Settings.model_validate({**GIVEN, **changes})


def test_the_package_holds_what_teams_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    manifest.write(path, settings(tab_audience=[f"api://tower.example/{APP}"]), "https://tower.example/")
    with zipfile.ZipFile(path) as package:
        assert sorted(package.namelist()) == ["color.png", "manifest.json", "outline.png", "zh-cn.json"]
        made = json.loads(package.read("manifest.json"))
        sizes = {name: struct.unpack(">II", package.read(f"{name}.png")[16:24]) for name in ("color", "outline")}
        json.loads(package.read("zh-cn.json"))
    assert sizes == {"color": (192, 192), "outline": (32, 32)}
    assert made["manifestVersion"] == "1.17" and made["$schema"].endswith("v1.17/MicrosoftTeams.schema.json")
    assert made["bots"][0]["botId"] == made["webApplicationInfo"]["id"] == APP
    assert made["validDomains"] == ["tower.example"]
    assert made["webApplicationInfo"]["resource"] == f"api://tower.example/{APP}"
    assert made["staticTabs"][0]["contentUrl"] == "https://tower.example/sidebar/tab"
    assert "meetingSidePanel" in made["staticTabs"][0]["context"]
    assert "ChannelMessage.Read.Group" in str(made["authorization"])
    again = tmp_path / "again.zip"
    manifest.write(again, settings(tab_audience=[f"api://tower.example/{APP}"]), "https://tower.example/")
    assert again.read_bytes() == path.read_bytes()


def test_the_outline_is_white_on_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    manifest.write(path, settings(), "https://tower.example")
    with zipfile.ZipFile(path) as package:
        data = package.read("outline.png")
    length = struct.unpack(">I", data[33:37])[0]
    rows = zlib.decompress(data[41 : 41 + length])
    pixels = {rows[y * 129 + 1 + x * 4 : y * 129 + 5 + x * 4] for y in range(32) for x in range(32)}
    assert {p[:3] for p in pixels} == {b"\xff\xff\xff"} and {p[3] for p in pixels} >= {0, 255}


def test_a_bot_that_hears_mentions_only_asks_for_no_messages() -> None:
    made = manifest.manifest(settings(mention_only=True), "https://tower.example")
    assert "ChannelMessage.Read.Group" not in made.model_dump_json() and made.static_tabs is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_id": ""},
        {"app_id": "<app id>"},
        {"tenant_id": "TODO"},
        {"app_password": ""},
        {"app_password": "change-me"},
        {"app_password": "xxxxxxx"},
        {"unknown_key": 1},
        {"jwt_leeway_seconds": 3600},
    ],
)
def test_placeholders_and_strange_keys_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_the_secret_is_never_shown() -> None:
    assert "a-real-one" not in repr(settings()) and "a-real-one" not in settings().model_dump_json()


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://smba.trafficmanager.net/emea/", True),
        ("https://smba.trafficmanager.net:444/emea/", False),
        ("http://smba.trafficmanager.net/emea/", False),
        ("https://smba.trafficmanager.net.evil.example/", False),
        ("https://evil.example/smba.trafficmanager.net", False),
        ("https://smba.trafficmanager.net@evil.example/", False),
        ("https://user:pw@smba.trafficmanager.net/", False),
        ("https://SMBA.trafficmanager.net/", True),
        ("ftp://smba.trafficmanager.net/", False),
        ("http://127.0.0.1:8080/smba/", True),
        ("http://127.0.0.1:8081/smba/", False),
        ("https://[broken", False),
        ("https://smba.trafficmanager.net:99999/", False),
        ("", False),
    ],
)
def test_where_our_token_may_go(url: str, *, trusted: bool) -> None:
    assert settings(service_hosts=["smba.trafficmanager.net", "127.0.0.1:8080"]).trusts(url) is trusted


def test_windows_short_and_long_run_on_their_own_clocks() -> None:
    ticks = [0.0]
    rates = Rates(lambda: NOW, monotonic=lambda: ticks[0])
    windows = (Window(calls=2, seconds=1), Window(calls=3, seconds=30))
    assert [rates.take(("k", windows)) for _ in range(3)] == [0.0, 0.0, 1.0 + SLACK]
    ticks[0] = 1.0 + SLACK
    assert rates.take(("k", windows)) == 0.0
    ticks[0] = 5.0
    assert rates.take(("k", windows)) == 30.0  # business time stands still
    assert rates.take(("other", windows)) == 0.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.5), ("99999", 3600.0), ("soon", None), ("", None), (None, None), ("nan", None), ("-5", 0.5)],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.5
    assert retry_after("Fri, 31 Dec 2100 23:59:59 GMT") == 3600.0
