"""The control API of the mailboxes: what tests, the story and the world page do as customers and their mail
servers.

Answers are JSON; 400 with `{"error"}` for a wish that makes no sense, 404 for an unknown mailbox or mail, 502
when the hub refused or was not there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from simulator.mail import postman, visits
from simulator.mail.compose import bounce_for, complaint_for, mail_from, reply_to
from simulator.mail.letter import Letter
from simulator.mail.room import MailRoom
from simulator.world import Person

Answer = dict[str, object]
Act = Callable[[MailRoom, "Ask"], Awaitable[Answer]]


_WORDS = {
    "5.1": "user unknown",
    "5.2": "mailbox full",
    "5.7": "message rejected for policy reasons",
    "4.2": "mailbox over quota, will retry",
    "4.4": "connection timed out, will retry",
}
"""What servers usually write beside a status of this class (RFC 3463)."""


class Ask(BaseModel):
    """The body of any call here; each call reads what it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = ""
    address: str = ""
    text: str = ""
    subject: str = ""
    to: str = ""
    auto: bool = False
    forged: bool = False
    status: str = "5.1.1"
    index: int = 0
    code: int = 550
    url: str = ""
    fields: dict[str, str | bool] = {}


def routes(room: MailRoom) -> list[web.RouteDef]:
    """The routes below /control/mail."""
    acts: dict[str, Act] = {
        "reply": _reply,
        "write": _write,
        "bounce": _bounce,
        "complain": _complain,
        "unsubscribe": _unsubscribe,
        "click": _click,
        "scan": _scan,
        "prefetch": _prefetch,
        "refuse": _refuse,
        "form": _form,
    }
    listed = [web.post(f"/control/mail/{name}", _handler(room, act)) for name, act in acts.items()]
    return [web.get("/control/mail/box", _box(room)), *listed]


def _box(room: MailRoom) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            letters = room.box(request.query.get("address", ""))
        except KeyError:
            return web.json_response({"error": "unknown mailbox"}, status=404)
        return web.json_response([letter.as_json() for letter in letters])

    return handle


def _handler(room: MailRoom, act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            ask = Ask.model_validate(await request.json())
        except (json.JSONDecodeError, UnicodeDecodeError, ValidationError) as trouble:
            return web.json_response({"error": f"not a valid request: {trouble}"}, status=400)
        try:
            return web.json_response(await act(room, ask))
        except KeyError as missing:
            return web.json_response({"error": f"unknown: {missing.args[0]}"}, status=404)
        except (ValueError, IndexError) as trouble:
            return web.json_response({"error": str(trouble)}, status=400)
        except (OSError, postman.MailLostError) as trouble:
            return web.json_response({"error": str(trouble)}, status=502)

    return handle


def _mine(room: MailRoom, ask: Ask) -> Letter:
    """The letter meant, which must lie in the mailbox named (when one is named)."""
    letter = room.letter(ask.id)
    if ask.address and letter.address != ask.address.lower():
        raise KeyError(ask.id)
    return letter


def _name(room: MailRoom, address: str) -> str:
    owner = room.owner(address)
    if owner is None:
        raise KeyError(address)
    return owner.name


def _language(room: MailRoom, address: str) -> str:
    owner = room.owner(address)
    return owner.language if isinstance(owner, Person) else "en"


async def _reply(room: MailRoom, ask: Ask) -> Answer:
    """The owner, her mail program, or a stranger in her name answers a letter."""
    letter = _mine(room, ask)
    raw, to = reply_to(
        letter,
        name=_name(room, letter.address),
        text=ask.text,
        auto=ask.auto,
        language=_language(room, letter.address),
        now=room.world.clock.now(),
    )
    await _log_words(room, ask, letter.address, to)
    # RFC 3834: an automatic answer has the null sender, so that nothing answers it.
    answer = await postman.send(room, raw, sender="" if ask.auto else letter.address, to=to, honest=not ask.forged)
    return {"to": to, "answer": answer}


async def _write(room: MailRoom, ask: Ask) -> Answer:
    """The owner of a mailbox writes a fresh mail."""
    raw = mail_from(
        name=_name(room, ask.address),
        address=ask.address,
        to=ask.to,
        subject=ask.subject,
        text=ask.text,
        now=room.world.clock.now(),
    )
    await _log_words(room, ask, ask.address, ask.to)
    answer = await postman.send(room, raw, sender=ask.address, to=ask.to, honest=not ask.forged)
    return {"to": ask.to, "answer": answer}


async def _log_words(room: MailRoom, ask: Ask, address: str, to: str) -> None:
    """Only a customer's own words count as said; a machine's or a forger's are noted."""
    own = isinstance(room.owner(address), Person) and not ask.auto and not ask.forged
    if own:
        await room.world.log.add("mail", "said", text=ask.text, toward="team", by=address, where=to)
    else:
        await room.world.log.add("mail", "noted", text=ask.text, by=address, where=to, auto=ask.auto, forged=ask.forged)


async def _bounce(room: MailRoom, ask: Ask) -> Answer:
    letter = _mine(room, ask)
    if not letter.sender:
        raise ValueError("a mail with the null sender is never bounced")
    code = "450" if ask.status.startswith("4") else "550"
    words = ask.text or _WORDS.get(ask.status[:3], "mailbox unavailable")
    diagnostic = f"{code} {ask.status} {words}"
    raw = bounce_for(letter.raw, letter.address, ask.status, diagnostic, room.world.clock.now())
    await room.world.log.add(
        "mail", "bounced", address=letter.address, id=letter.id, status=ask.status, to=letter.sender
    )
    return {
        "to": letter.sender,
        "answer": await postman.send(room, raw, sender="", to=letter.sender, honest=not ask.forged),
    }


async def _complain(room: MailRoom, ask: Ask) -> Answer:
    letter = _mine(room, ask)
    to = ask.to or letter.sender
    if not to:
        raise ValueError("the mail names no address for complaints")
    raw = complaint_for(letter, room.world.clock.now())
    await room.world.log.add("mail", "complained", address=letter.address, id=letter.id, to=to)
    return {"to": to, "answer": await postman.send(room, raw, sender="", to=to, honest=not ask.forged)}


async def _unsubscribe(room: MailRoom, ask: Ask) -> Answer:
    return (await visits.unsubscribe(room, _mine(room, ask))).as_json()


async def _click(room: MailRoom, ask: Ask) -> Answer:
    letter = _mine(room, ask)
    if not 0 <= ask.index < len(letter.links):
        raise ValueError(f"the mail has {len(letter.links)} links")
    return (await visits.click(room, letter, ask.index)).as_json()


async def _scan(room: MailRoom, ask: Ask) -> Answer:
    return {"asked": await visits.scan(room, _mine(room, ask))}


async def _prefetch(room: MailRoom, ask: Ask) -> Answer:
    return {"asked": await visits.prefetch(room, _mine(room, ask))}


async def _refuse(room: MailRoom, ask: Ask) -> Answer:
    """Make a mailbox refuse every mail with an SMTP code; 250 makes it take mail again."""
    if room.owner(ask.address) is None:
        raise KeyError(ask.address)
    if ask.code == 250:
        room.refusals.pop(ask.address.lower(), None)
    elif 400 <= ask.code <= 599:
        room.refusals[ask.address.lower()] = ask.code
    else:
        raise ValueError("code is an SMTP code from 400 to 599, or 250")
    return {"refusals": dict(room.refusals)}


async def _form(room: MailRoom, ask: Ask) -> Answer:
    wishes = {k: ("on" if v is True else "off" if v is False else v) for k, v in ask.fields.items()}
    return (await visits.fill_form(room, ask.url, wishes)).as_json()
