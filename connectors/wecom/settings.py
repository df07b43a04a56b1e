"""What an operator tells about WeCom in `hub.toml`: the corp, its self-built apps, its kf accounts, and our limits."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from rules.language import Language

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
_PROOF = re.compile(r"WW_verify_[0-9A-Za-z]{1,64}\.txt\Z")
_PROVES = re.compile(r"[0-9A-Za-z]{1,128}\s?\Z")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class App(_Section):
    """One self-built app (自建应用). Its name is the last part of its callback URL, `/wecom/callback/<name>`."""

    agent_id: int = Field(gt=0)
    secret: SecretStr
    """Secret of the app, from its page in the admin console."""
    token: SecretStr
    """Token of "接收消息"; signs callbacks."""
    aes_key: SecretStr
    """EncodingAESKey of "接收消息", 43 characters; encrypts callbacks."""

    @field_validator("secret")
    @classmethod
    def _some_secret(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("the app's secret, not nothing")
        return value

    @field_validator("token")
    @classmethod
    def _token_fits(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.match(value.get_secret_value()):
            raise ValueError("the callback Token: letters, digits, - and _ only")
        return value

    @field_validator("aes_key")
    @classmethod
    def _key_fits(cls, value: SecretStr) -> SecretStr:
        try:
            key = base64.b64decode(value.get_secret_value() + "=", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise ValueError("an EncodingAESKey of 43 characters")
        return value


class Settings(_Section):
    """The table `[wecom]`."""

    corp_id: str = Field(min_length=1, max_length=64)
    api_base: str = "https://qyapi.weixin.qq.com"
    """Where `/cgi-bin/...` is."""
    open_base: str = "https://open.weixin.qq.com"
    """Where `/connect/oauth2/authorize` is."""
    login_base: str = "https://login.work.weixin.qq.com"
    """Where `/wwlogin/sso/login` is."""
    apps: dict[str, App] = Field(min_length=1)
    """By name."""
    kf: dict[str, str] = Field(default_factory=dict)
    """open_kfid -> name of the app that may manage this kf account by API."""
    contact_app: str = ""
    """App used for customer contact (客户联系); empty = the first one."""
    staff_app: str = ""
    """App that writes to reps and carries the sidebar page; empty = the first one."""
    language: Language = "zh-CN"
    """Of answers to what a rep writes to the app."""
    menu: bool = True
    """Give the app a menu of commands at the start, unless somebody made another one in the admin console."""
    first_pull: Literal["skip", "take"] = "skip"
    """The first pull of a kf account brings up to three days of messages: `skip` records those older than
    `first_pull_minutes` as seen and answers none of them."""
    first_pull_minutes: int = Field(default=10, ge=0)
    msgid_is_idempotent: bool = True
    """Whether a kf message sent again under its msgid reaches the customer once. Doubtful: WeCom doc 94677 says that
    the msgid must be unique and not what a second use does; if false, an unclear end waits for a person."""

    ack_seconds: float = Field(default=3.0, gt=0, le=4.5)
    """How long a card click may wait for its turn before WeCom gets its answer; WeCom itself waits 5 seconds."""
    body_seconds: float = Field(default=5.0, gt=0)
    """How long a callback's body may take to arrive."""
    echo_per_minute: int = Field(default=30, ge=1)
    """URL verifications answered per app and wall minute."""
    stale_seconds: float = Field(default=300, gt=0)
    """Callbacks whose time is further from ours are refused; the platform sends again for some seconds only."""
    connect_seconds: float = Field(default=3.0, gt=0)
    call_seconds: float = Field(default=10.0, gt=0)
    file_seconds: float = Field(default=60.0, gt=0)
    """How long the content of one file may take, in or out."""
    connections: int = Field(default=32, ge=1)
    token_margin_seconds: float = Field(default=300, ge=0)
    """Tokens and tickets are renewed this long before they end."""
    pull_items: int = Field(default=1000, ge=1, le=1000)
    pull_pages: int = Field(default=200, ge=1)
    """Pages one job fetches before it lets others have their turn."""
    blind_pull_seconds: float = Field(default=60, ge=0)
    """At least so long between two pulls of an account without a fresh token. Doubtful: the page gives no number."""
    window_hours: float = Field(default=48, gt=0)
    window_messages: int = Field(default=5, ge=1)
    text_bytes: int = Field(default=2048, ge=1)
    welcome_seconds: float = Field(default=18, gt=0, le=20)
    """A welcome code dies after 20 seconds; we stop trying a little earlier."""
    member_per_minute: int = Field(default=30, ge=1)
    """App messages to one rep; WeCom drops more without a word."""
    follow_seconds: float = Field(default=60, ge=0)
    """How long an answer to "does this rep follow this customer" is believed."""
    verify_files: dict[str, str] = Field(default_factory=dict)
    """Files by which WeCom proves that a trusted domain (可信域名) is ours, name -> content as downloaded from the
    admin console; served at the root of `public_url`."""

    @field_validator("api_base", "open_base", "login_base")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("a base URL such as https://qyapi.weixin.qq.com")
        return value.rstrip("/")

    @field_validator("apps")
    @classmethod
    def _names(cls, value: dict[str, App]) -> dict[str, App]:
        wrong = [name for name in value if not _NAME.match(name)]
        if wrong:
            raise ValueError(f"names of lower-case letters, digits and dashes, not {wrong[0]!r}")
        return value

    @field_validator("verify_files")
    @classmethod
    def _proofs(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(_PROOF.match(name) and _PROVES.match(content) for name, content in value.items()):
            raise ValueError('files like "WW_verify_Ab3dE6gH9jK2mN5p.txt" with one short line of letters and digits')
        return value

    @model_validator(mode="after")
    def _known_apps(self) -> Settings:
        for what, name in (*self.kf.items(), ("contact_app", self.contact_app), ("staff_app", self.staff_app)):
            if name and name not in self.apps:
                raise ValueError(f"{what} names the app {name!r}; there are {', '.join(self.apps)}")
        return self

    @property
    def contact(self) -> str:
        """Name of the app for customer contact."""
        return self.contact_app or next(iter(self.apps))

    @property
    def staff(self) -> str:
        """Name of the app that reps see."""
        return self.staff_app or next(iter(self.apps))
