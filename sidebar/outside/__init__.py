"""The pages that outsiders open: the way out of our mails, the links in them, and the form that asks for an address.

They need no login and no script. A token in the address names one thing for one purpose; nobody else can make one.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from connectors.contract import Clock, Hub
from rules.tokens import Tokens
from sidebar.outside.clicks import Clicks
from sidebar.outside.facts import FormState, LinkTarget, OutsideFacts
from sidebar.outside.form import Form
from sidebar.outside.page import framed
from sidebar.outside.sent import Sent, SentFiles
from sidebar.outside.unsubscribe import Unsubscribe

__all__ = ["FormState", "LinkTarget", "OutsideFacts", "routes"]


def routes(
    hub: Hub,
    tokens: Tokens,
    facts: OutsideFacts,
    clock: Clock,
    frames: Sequence[str] = (),
    *,
    files: SentFiles | None = None,
) -> Sequence[web.RouteDef]:
    """/u/{token}, /r/{token}, /f/{token} and /m/{token}; `frames` are the origins that may frame the form."""
    clicks = Clicks(hub=hub, tokens=tokens, facts=facts, clock=clock)
    form = Form(hub=hub, tokens=tokens, facts=facts, clock=clock)
    leave = Unsubscribe(hub=hub, tokens=tokens, facts=facts, clock=clock, sweeps=clicks.sweeps)
    return (
        web.get("/u/{token}", leave.ask),
        web.post("/u/{token}", leave.act),
        web.get("/r/{token}", clicks.follow),
        web.get("/f/{token}", framed(form.show, frames)),
        *([web.get("/m/{token}", Sent(tokens=tokens, files=files, clock=clock).show)] if files else ()),
        web.post("/f/{token}", framed(form.take, frames)),
    )
