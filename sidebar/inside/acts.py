"""What a rep can do on a page: which verbs there are, what each must bring, and the event it becomes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import parse_qsl

from aiohttp import web

from connectors.contract import Inbound
from rules.card import CardView
from rules.errors import BadRequest
from rules.events import RepActed
from rules.model import Address, Rep, RepHandle
from sidebar.inside.shown import anchor
from sidebar.outside.page import read_body

MOST = {
    "text": 4000,
    "tag": 40,
    "hours": 8,
    "channel": 100,
    "about": 100,
    "fact": 20,
    "said_in": 300,
    "stage": 40,
}
"""Longest input in characters. What a platform takes may be less; the rules say so then."""
VERBS: Mapping[str, tuple[str, ...]] = {
    "claim": (),
    "reply": ("text",),
    "note": ("text",),
    "tag": ("tag",),
    "untag": ("tag",),
    "snooze": ("hours",),
    "reroute": ("channel",),
    "close": (),
    "reopen": (),
    "form": (),
    "why": (),
    "release": (),
    "take_over": (),
    "hand_back": (),
    "task": ("text", "hours"),
    "stage": ("stage",),
    "fact": ("fact", "text", "said_in"),
    "done": ("about",),
    "wake_now": ("about",),
    "wake_hold": ("about",),
    "wake_mine": ("about",),
    "settle_arrived": ("about",),
    "settle_again": ("about",),
}
TYPED = {"reply": "text", "note": "text", "task": "text", "fact": "text", "tag": "tag", "reroute": "channel"}
"""The input a person types; it is kept when something is wrong."""
_MAY_BE_EMPTY = ("fact",)
"""Where saying nothing takes back what was said."""
_MOST_BODY = 64 * 1024
_NONCE = re.compile(r"[0-9a-f]{32}\Z")
_NUMBER = re.compile(r"\d{1,9}\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One act a person asked for, not yet done."""

    verb: str
    inputs: Mapping[str, str] = field(repr=False)
    card_version: int
    nonce: str
    problem: str = ""
    """Name of the sentence that says what is wrong with the input; empty when nothing is."""

    @property
    def box(self) -> str:
        """Which box of the page it came from."""
        return box_of(self.verb, self.inputs)

    @property
    def typed(self) -> str:
        """What was typed."""
        return self.inputs.get(TYPED.get(self.verb, ""), "")


def box_of(verb: str, inputs: Mapping[str, str]) -> str:
    """Which box of the page an act comes from: the verb, and for a fact which one; empty where nothing is typed."""
    if verb not in TYPED:
        return ""
    return f"fact-{inputs.get('fact', '')[: MOST['fact']]}" if verb == "fact" else verb


async def read_form(request: web.Request, *, most: int = 30) -> dict[str, str]:
    """The fields of a form as browsers send it, at most so many; the first of a name counts. Raises BadRequest."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequest("not a form", status=415)
    body = await read_body(request, _MOST_BODY)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("not a form") from None
    return {name: value.replace("\r\n", "\n").replace("\0", "") for name, value in reversed(pairs)}


def read(form: Mapping[str, str]) -> Wish:
    """What the form asks for. Raises BadRequest for what no page of ours sends."""
    verb, nonce, version = form.get("verb", ""), form.get("nonce", ""), form.get("card_version", "")
    if verb not in VERBS or not _NONCE.match(nonce) or not _NUMBER.match(version):
        raise BadRequest("no such act")
    inputs = {name: form.get(name, "").strip() for name in VERBS[verb]}
    long = [name for name, text in inputs.items() if len(text) > MOST[name]]
    if any(name != TYPED.get(verb) for name in long):
        raise BadRequest("longer than anything our pages offer")
    problem = f"{long[0]}_long" if long else ""
    if not problem and verb in TYPED and verb not in _MAY_BE_EMPTY and not inputs[TYPED[verb]]:
        problem = f"{TYPED[verb]}_missing"
    return Wish(verb=verb, inputs=inputs, card_version=int(version), nonce=nonce, problem=problem)


def pointed(wish: Wish, card: CardView) -> Wish:
    """The same with the message it points at by its real id; pointing at none that is on the card points nowhere."""
    if "said_in" not in wish.inputs:
        return wish
    named = wish.inputs["said_in"]
    found = next((t.id for t in card.touches if named and anchor(t.id) == named), "")
    return replace(wish, inputs={**wish.inputs, "said_in": found})


def inbound(wish: Wish, conversation_id: str, by: RepHandle, rep: Rep, now: datetime) -> Inbound:
    """The event of an act. The same form of the same rendering sent twice is one act; other words are another."""
    named = [conversation_id, by.platform, by.value, wish.verb, str(wish.card_version), wish.nonce]
    named += [f"{name}={text}" for name, text in sorted(wish.inputs.items())]
    event = RepActed(
        id=f"page/{hashlib.blake2b(chr(31).join(named).encode(), digest_size=16).hexdigest()}",
        at=now,
        by=by,
        by_name=rep.name,
        verb=wish.verb,
        inputs={name: text for name, text in wish.inputs.items() if text},
        conversation_id=conversation_id,
        card_version=wish.card_version,
    )
    return Inbound(event=event, order=Address(connector="hub", account="page", wire_id=conversation_id))
