"""The `[sidebar]` table of hub.toml: where the platforms' own scripts come from, and how long a sign-in lasts."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from bots.settings import Section

_INTEGRITY = r"^$|^sha(256|384|512)-[A-Za-z0-9+/]{43,88}={0,2}$"


class SidebarSettings(Section):
    """Pages for reps."""

    teams_sdk: str = "https://res.cdn.office.net/teams-js/2.58.0/js/MicrosoftTeams.min.js"
    """Address of TeamsJS, loaded by the Teams tab alone; empty = no tab."""
    teams_sdk_integrity: str = Field(
        default="sha384-sMo/EOqQPa1OCup2/VBRum7oFeOS22kvs8WGDc45xK53tUVZzFR5WwFYDUYN1LO4", pattern=_INTEGRITY
    )
    """Its hash (the README of @microsoft/teams-js names it, per version)."""
    wecom_sdk: str = ""
    """Address of the WeCom JS-SDK, loaded by the sidebar's first page alone, e.g.
    https://wwcdn.weixin.qq.com/node/open/js/wecom-jssdk-2.0.2.js (WeCom doc 98560). Empty = no script: the page then
    offers the search only. Empty by default because the vendor publishes no hash of that file."""
    wecom_sdk_integrity: str = Field(default="", pattern=_INTEGRITY)
    """Its hash: `curl -s ADDRESS | openssl dgst -sha384 -binary | base64`, put behind `sha384-`."""
    session_hours: float = Field(default=8, gt=0, le=24)
    """How long a sign-in inside WeCom lasts, in hours of the wall clock."""
    views_per_minute: int = Field(default=60, ge=1)
    """Pages with customers' data one rep may open in a minute; every act shows its page again, so it counts twice."""
    act_seconds: float = Field(default=3, gt=0, le=30)
    """How long a page waits for the outcome of an act before it says that the work goes on."""

    @field_validator("teams_sdk", "wecom_sdk")
    @classmethod
    def _address(cls, address: str) -> str:
        """The address goes into a header that decides what may run: nothing but a plain URL."""
        plain = address.isascii() and address.isprintable() and not set(address) & set(" ;,'\"<>")
        if address and not (plain and address.startswith(("https://", "http://127.0.0.1", "http://localhost"))):
            raise ValueError("an https address without spaces, quotes, commas or semicolons")
        return address

    @model_validator(mode="after")
    def _hashed(self) -> SidebarSettings:
        """A script from elsewhere is never loaded without its hash."""
        for name in ("teams_sdk", "wecom_sdk"):
            if getattr(self, name) and not getattr(self, f"{name}_integrity"):
                raise ValueError(f"{name} needs {name}_integrity")
        return self
