"""The one-time form behind a link in her own chat: her address, and whether she agrees to get mail from us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web
from email_validator import EmailNotValidError, validate_email

from connectors.contract import Clock, Hub, Inbound
from rules.errors import BadRequest, Unavailable
from rules.events import FormSubmitted
from rules.model import Address
from rules.tokens import Tokens
from sidebar.outside.facts import FormState, OutsideFacts
from sidebar.outside.page import not_ours, read_body, reader_language, show, try_again
from sidebar.outside.words import SAID, TEXT_VERSION

_MOST_BODY = 16 * 1024
_FIELDS = ("mail", "name", "company", "title", "industry")
_MOST = {"mail": 254, "name": 60, "company": 100, "title": 60, "industry": 60}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What she typed, and what is wrong with it."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    consented: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)
    """Field -> sentence in her language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """GET and POST /f/{token}. The token in the address is the secret; there is no cookie that a stranger could use."""

    hub: Hub
    tokens: Tokens
    facts: OutsideFacts
    clock: Clock

    async def show(self, request: web.Request) -> web.Response:
        """The empty form, or why there is none."""
        try:
            form_id, state = await self._open(request)
        except Unavailable:
            return try_again(reader_language(request))
        if form_id is None or state is None:
            return not_ours(request)
        return _closed(state) or _page(state, Filled())

    async def take(self, request: web.Request) -> web.Response:
        """Take what she typed; wrong values come back with what she typed kept."""
        try:
            form_id, state = await self._open(request)
            if form_id is None or state is None:
                return not_ours(request)
            if (closed := _closed(state)) is not None:
                return closed
            filled = check(_pairs(request, await read_body(request, _MOST_BODY)), state)
            if filled.errors:
                return _page(state, filled, status=422)
            await self.hub.accept([self._event(form_id, state, filled)])
        except Unavailable:
            return try_again(reader_language(request))
        text = "thanks_consented" if filled.consented else "thanks_plain"
        return show("message", state.language, title="thanks_title", text=text)

    async def _open(self, request: web.Request) -> tuple[str | None, FormState | None]:
        form_id = self.tokens.open("form", request.match_info["token"])
        return form_id, await self.facts.form_state(form_id) if form_id else None

    def _event(self, form_id: str, state: FormState, filled: Filled) -> Inbound:
        event = FormSubmitted(
            id=f"form-{form_id}",
            at=self.clock(),
            conversation_id=state.conversation_id,
            form_id=form_id,
            fields={n: v for n, v in filled.values.items() if v},
            consented=filled.consented,
            purpose=state.purpose,
            text_version=text_version(state.language),
        )
        order = Address(connector="hub", account="customer", wire_id=state.conversation_id)
        return Inbound(event=event, order=order)


def text_version(language: str) -> str:
    """Which words she agreed to, in which language."""
    return f"{TEXT_VERSION}-{'zh' if language.lower().startswith('zh') else 'en'}"


def check(given: Mapping[str, str], state: FormState) -> Filled:
    """What she typed, cleaned and judged. Fields that the form does not have are left out."""
    values = {n: " ".join(_CONTROL.sub(" ", given.get(n, "")).split()) for n in _FIELDS}
    errors: dict[str, str] = {}
    for name, most in _MOST.items():
        if len(values[name]) > most:
            label = SAID[name].in_(state.language)
            errors[name] = SAID["too_long"].in_(state.language).format(field=label, most=most)
            values[name] = values[name][:most]
    if "mail" not in errors:
        values["mail"], wrong = _mail(values["mail"])
        if wrong:
            errors["mail"] = SAID[wrong].in_(state.language)
    if values["industry"] and values["industry"] not in dict(state.industries):
        errors["industry"] = SAID["industry_wrong"].in_(state.language)
        values["industry"] = ""
    if given.get("text_version") != text_version(state.language):
        errors["consent"] = SAID["text_changed"].in_(state.language)
    return Filled(values=values, consented=given.get("consent") == "yes", errors=errors)


def _mail(text: str) -> tuple[str, str]:
    """The address in its normal form, and the name of the sentence about what is wrong with it."""
    if not text:
        return "", "mail_missing"
    try:
        # `.test` is let through: it is reserved (RFC 6761), so it harms nobody, and rehearsals live there.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return text, "mail_wrong"
    return found.normalized, ""


def _pairs(request: web.Request, body: bytes) -> dict[str, str]:
    """The fields of a form as browsers send it; the first of a name counts. Raises BadRequest."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequest("not a form", status=415)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=30)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("not a form") from None
    return dict(reversed(pairs))


def _closed(state: FormState) -> web.Response | None:
    for gone, name in ((state.used, "used"), (state.expired, "expired")):
        if gone:
            return show("message", state.language, status=410, title=f"{name}_title", text=f"{name}_text")
    return None


def _page(state: FormState, filled: Filled, *, status: int = 200) -> web.Response:
    return show(
        "form",
        state.language,
        status=status,
        state=state,
        values={n: filled.values.get(n, "") for n in _FIELDS},
        consented=filled.consented,
        errors=filled.errors,
        most=_MOST,
        who=state.company or SAID["we"].in_(state.language),
        text_version=text_version(state.language),
    )
