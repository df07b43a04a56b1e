"""sendMail: the JSON form and the MIME form. What is taken goes to the world's mail room.

Log entries: `mail_taken` (by, to, form), `refused`.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses, parseaddr
from typing import Protocol, runtime_checkable

from aiohttp import web

from simulator.graph.gate import V1, Call, Refusal, doing
from simulator.graph.registration import need_role
from simulator.wire import Json, listed, part, text_of
from simulator.world import Employee, World

LARGEST = 4 * 2**20
"""Bytes of one request (Graph, sendMail: 4 MB)."""
MOST_HEADERS = 5
"""Custom headers of one message; the number is doubtful (known from practice only)."""


@runtime_checkable
class Postman(Protocol):
    """The mail room as Graph needs it."""

    async def deliver(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        """Bring a mail to its recipients."""


def _addresses(message: Json, *names: str) -> list[str]:
    """Addresses in `emailAddress.address` of these members."""
    rows = [row for name in names for row in listed(message.get(name))]
    return [text_of(part(row, "emailaddress").get("address")) for row in rows]


def _compose(call: Call, sender: Employee, message: Json) -> EmailMessage:
    """The mail that Exchange makes of the JSON form. Raises Refusal."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = f"{sender.name} <{sender.mail}>"
    mail["Date"] = format_datetime(call.world.clock.now())
    domain = sender.mail.rpartition("@")[2]
    mail["Message-ID"] = text_of(message.get("internetmessageid")) or f"<{secrets.token_hex(16)}@{domain}>"
    mail["Subject"] = text_of(message.get("subject"))
    for header, member in (("To", "torecipients"), ("Cc", "ccrecipients"), ("Reply-To", "replyto")):
        if found := _addresses(message, member):
            mail[header] = ", ".join(found)
    _add_headers(mail, listed(message.get("internetmessageheaders")))
    body = part(message, "body")
    kind = "html" if text_of(body.get("contenttype")).lower() == "html" else "plain"
    mail.set_content(text_of(body.get("content")), subtype=kind)
    return mail


def _add_headers(mail: EmailMessage, headers: list[Json]) -> None:
    """Custom headers must begin with x- (Graph, internetMessageHeader). Raises Refusal."""
    if len(headers) > MOST_HEADERS:
        raise Refusal(400, "InvalidInternetMessageHeaderCollection", "Too many internet message headers.")
    for header in headers:
        name = text_of(header.get("name"))
        if not name.lower().startswith("x-"):
            text = f"The internet message header name '{name}' should start with 'x-' or 'X-'."
            raise Refusal(400, "InvalidInternetMessageHeader", text)
        mail[name] = text_of(header.get("value"))


def _from_json(call: Call, sender: Employee) -> tuple[bytes, list[str]]:
    message = part(call.body, "message")
    if not message:
        raise Refusal(400, "ErrorInvalidRequest", "The message is missing.")
    recipients = _addresses(message, "torecipients", "ccrecipients", "bccrecipients")
    return _compose(call, sender, message).as_bytes(), recipients


def _from_mime(sender: Employee, encoded: bytes) -> tuple[bytes, list[str]]:
    """The mail a client wrote itself; blind copies are taken out. Raises Refusal."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Refusal(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.") from None
    mail = BytesParser(policy=policy.SMTP).parsebytes(raw)
    if parseaddr(str(mail["From"]))[1].lower() != sender.mail.lower():
        raise Refusal(403, "ErrorSendAsDenied", "The user account is not allowed to send as this sender.")
    headers = [str(value) for name in ("To", "Cc", "Bcc") for value in mail.get_all(name, [])]
    del mail["Bcc"]
    return mail.as_bytes(), [address for _, address in getaddresses(headers)]


async def _send(call: Call) -> web.StreamResponse:
    need_role(call, "Mail.Send")
    sender, postman = call.person(), call.world.rooms.get("mail")
    if not isinstance(postman, Postman):
        raise Refusal(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive or hosted elsewhere.")
    body = await call.request.read()
    if len(body) > LARGEST:
        raise Refusal(413, "RequestEntityTooLarge", "The request is too large.")
    mime = call.request.content_type == "text/plain"
    raw, recipients = _from_mime(sender, body) if mime else _from_json(call, sender)
    if not recipients or not all("@" in address for address in recipients):
        raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    form = "mime" if mime else "json"
    await call.world.log.add("graph", "mail_taken", by=sender.name, to=recipients, form=form)
    await postman.deliver(raw, sender.mail, recipients)
    return web.Response(status=202)


def routes(world: World) -> list[web.RouteDef]:
    """The one call."""
    return [web.post(f"{V1}/users/{{user}}/sendMail", doing(world, "sendMail", _send))]
