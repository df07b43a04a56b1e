"""The `[teams]` table of hub.toml: who we are, where the services live, which limits hold."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

PLACEHOLDERS = frozenset(("", "app-id", "tenant-id", "change-me", "changeme", "placeholder", "todo", "none", "secret"))

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?\Z")

_VIEW = re.compile(r"(?:/[A-Za-z0-9_-]+)*/v3/attachments/[A-Za-z0-9_=~-]+/views/[A-Za-z0-9_-]+")
"""The path of an attachment's view: names without dots or escapes, so nothing in it climbs out."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Window(_Table):
    """At most `calls` within `seconds`."""

    calls: int = Field(ge=1)
    seconds: float = Field(gt=0)


def _windows(*pairs: tuple[int, float]) -> tuple[Window, ...]:
    return tuple(Window(calls=calls, seconds=seconds) for calls, seconds in pairs)


class Limits(_Table):
    """The service's limits, obeyed before a call is made (Teams, optimise your bot: rate limits)."""

    send: tuple[Window, ...] = _windows((7, 1), (8, 2), (60, 30), (1800, 3600))
    """Messages into one conversation, and new conversations with one channel or person."""
    read: tuple[Window, ...] = _windows((14, 1), (16, 2), (120, 30), (3600, 3600))
    """Member and channel lists of one conversation."""
    app: tuple[Window, ...] = _windows((30, 1))
    """All calls of the app in its tenant."""
    graph_team: tuple[Window, ...] = _windows((4, 1))
    """Graph calls about one team (Graph throttling limits, Teams)."""
    card_bytes: int = Field(default=28_000, ge=2_000)
    """Largest card in bytes of JSON. Doubtful: pages name 28, 40, 80 and 100 KB; 28 KB is safe everywhere."""
    text_bytes: int = Field(default=20_000, ge=500)
    """Longest text of one message, in bytes."""


class Settings(_Table):
    """The `[teams]` table."""

    app_id: str
    """Microsoft app id of the bot registration."""
    app_password: SecretStr
    tenant_id: str
    """Our Entra tenant; activities of another tenant are refused."""
    bot_name: str = "Tower"
    """What people type after the @."""

    issuer: str = "https://api.botframework.com"
    """Issuer of the tokens on inbound calls (Bot Connector authentication reference); sovereign clouds differ."""
    openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    """Names the keys those tokens are signed with."""
    token_url: str = ""
    """Where our own tokens come from; empty = the tenant's endpoint of the public cloud."""
    oauth_scope: str = "https://api.botframework.com/.default"
    service_hosts: tuple[str, ...] = (
        "smba.trafficmanager.net",
        "smba.infra.gcc.teams.microsoft.com",
        "directline.botframework.com",
        "europe.directline.botframework.com",
        "india.directline.botframework.com",
        "webchat.botframework.com",
    )
    """Hosts (`name` or `name:port`) our token may be sent to. Loopback hosts may speak plain HTTP, others may not."""
    content_hosts: tuple[str, ...] = ("*.sharepoint.com",)
    """Hosts, beside those of the services, from which files that colleagues send in Teams are fetched, without our
    token; `*.` stands for any name before it. HTTPS only."""
    content_seconds: float = Field(default=60.0, gt=0)
    """How long the content of one file may take."""
    directline_url: str = "https://directline.botframework.com/"
    webchat_url: str = "https://webchat.botframework.com/"
    """Where web chat conversations are answered whose own service address is not known yet."""
    directline_secret: SecretStr | None = None
    """Secret of the Direct Line channel, for visitors of web sites; none = no web chat."""
    webchat_origins: tuple[str, ...] = ()
    """Origins (`https://www.example.com`) of the pages that may open a web chat."""
    webchat_per_minute: int = Field(default=20, ge=1)
    """Web chats one address may open in a minute, in each process."""
    graph_url: str = "https://graph.microsoft.com/v1.0"
    graph_scope: str = "https://graph.microsoft.com/.default"

    client_url: str = Field(default="https://teams.microsoft.com", pattern=r"^(https://[^/?#]+)?$")
    """The client's address, for links into the tab (Teams, deep links to a tab); empty = cards have no such link."""
    tab_audience: tuple[str, ...] = ()
    """Audiences of tab single sign-on tokens: the app id (v2 tokens) or `api://<host>/<app id>` (v1); none = no tab."""
    tab_issuers: tuple[str, ...] = ()
    """Empty = our tenant's two issuers in the public cloud."""
    tab_clients: tuple[str, ...] = ()
    """Client ids a tab token may have been made for; empty = any client of our tenant."""
    tab_keys_url: str = ""
    """Empty = our tenant's key document in the public cloud."""

    mention_only: bool = False
    """Ignore channel messages that do not address the bot, even if the app may read them all."""
    act_seconds: float = Field(default=3.0, gt=0, le=9)
    """How long a card action may take before the person is told to wait; the service gives up after 10 s."""
    call_seconds: float = Field(default=10.0, gt=0)
    """How long a call to a Microsoft service may take."""
    body_bytes: int = Field(default=262_144, ge=1_024)
    body_seconds: float = Field(default=10.0, gt=0)
    """Largest body of an inbound call, and how long it may take to arrive."""
    jwt_leeway_seconds: float = Field(default=300.0, ge=0, le=300)
    keys_refresh_seconds: float = Field(default=300.0, gt=0)
    """A key id we do not know makes us look for new keys, but not more often than this."""
    limits: Limits = Limits()

    @field_validator("app_id", "tenant_id")
    @classmethod
    def _real(cls, value: str) -> str:
        if value.strip().lower() in PLACEHOLDERS or value.startswith("<"):
            raise ValueError("the real id of your registration in the Azure portal")
        return value

    @field_validator("app_password")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        plain = value.get_secret_value().strip().lower()
        if plain in PLACEHOLDERS or set(plain) <= {"x", "*", "0"}:
            raise ValueError("the real client secret, not a placeholder")
        return value

    @field_validator("webchat_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.match(origin) for origin in value):
            raise ValueError("origins like https://www.example.com, without a path")
        return value

    @property
    def bot_id(self) -> str:
        """The bot's own id in conversations."""
        return f"28:{self.app_id}"

    @property
    def token_address(self) -> str:
        """Where our own tokens come from."""
        return self.token_url or f"https://login.microsoftonline.com/{self.tenant_id}/oauth2/v2.0/token"

    @property
    def tab_keys_address(self) -> str:
        """Where the keys of tab tokens are published."""
        return self.tab_keys_url or f"https://login.microsoftonline.com/{self.tenant_id}/discovery/v2.0/keys"

    @property
    def tab_issuer_names(self) -> tuple[str, ...]:
        """Who may have issued a tab token: Entra's v2 and v1 names for our tenant (tab single sign-on)."""
        return self.tab_issuers or (
            f"https://login.microsoftonline.com/{self.tenant_id}/v2.0",
            f"https://sts.windows.net/{self.tenant_id}/",
        )

    def trusts_content(self, url: str) -> bool:
        """Whether a file may be fetched from this address."""
        try:
            parts = urlsplit(url)
            name, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return False
        plain = parts.scheme == "https" and port in (None, 443) and not parts.username and not parts.password
        named = any(name.endswith(h[1:]) if h.startswith("*.") else name == h for h in self.content_hosts)
        return (plain and named) or self.trusts_attachment(url)

    def trusts_attachment(self, url: str) -> bool:
        """Whether our token may fetch a file here: at a service we trust, and nothing of it but an attachment's view.

        The address stands in a message, and a visitor of a web page writes her own: any other path of the service
        would be a call of hers in our name (Bot Connector, Attachments: Get Attachment).
        """
        return self.trusts(url) and _VIEW.fullmatch(urlsplit(url).path) is not None

    def trusts(self, service_url: str) -> bool:
        """Whether our token may be sent to this service address."""
        try:
            parts = urlsplit(service_url)
            port = parts.port
        except ValueError:
            return False
        name = (parts.hostname or "").lower()
        safe = parts.scheme == "https" or (parts.scheme == "http" and name in ("127.0.0.1", "localhost", "::1"))
        named = f"{name}:{port}" if port else name
        return safe and not parts.username and not parts.password and named in self.service_hosts
