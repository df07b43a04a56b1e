"""The `[manage]` table of hub.toml: where managers sign in."""

from __future__ import annotations

import re

from pydantic import SecretStr, field_validator

from bots.settings import Section

_ADDRESS = re.compile(r"https://[a-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~-]+)*\Z")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::\d{1,5})?(?:/[A-Za-z0-9._~-]+)*\Z")


class ManageSettings(Section):
    """Pages for managers. People sign in with Entra ID, by the app of `[teams]` unless another is named here, or with
    WeCom, by the app of `[wecom]`; whichever is connected is offered. Reply times are the playbook's (`sla`)."""

    authority: str = ""
    """Base address of our tenant at Entra ID (OpenID Connect); empty = https://login.microsoftonline.com/TENANT.
    Sovereign clouds have hosts of their own."""
    issuer: str = ""
    """Issuer of its id tokens; empty = the authority followed by /v2.0."""
    client_id: str = ""
    """App that people sign in to, with the redirect address PUBLIC_URL/manage/back; empty = `teams.app_id`."""
    client_secret: SecretStr | None = None
    """Its secret; none = `teams.app_password`."""

    @field_validator("authority", "issuer")
    @classmethod
    def _safe(cls, address: str) -> str:
        if address and not (_ADDRESS.match(address) or _LOOPBACK.match(address)):
            raise ValueError("an https address without a trailing slash, or http on a loopback address")
        return address
