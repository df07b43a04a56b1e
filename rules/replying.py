"""Speaking to the customer: only on purpose, only within the platform's window, and seen in the thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from rules import claiming, customers, quiet
from rules.draft import Draft
from rules.effects import FetchFile, PostLine, RecordTouch, SendFile, new_id
from rules.events import Attachment
from rules.files import FORMS, FileKind, clean_name, fitting
from rules.model import Address, Conversation, FileRule, Rep
from rules.reasons import reason_words
from rules.talk import MEDIA, send_text
from rules.window import why_closed

Inputs = Mapping[str, str]
MOST_DIGITS = 12
"""Of a file's size."""
FORM_ADDRESS_BYTES = 200
"""Room kept for the form's address, which is filled in when the message is sent."""


def reply(draft: Draft, actor: Rep, talk: Conversation, inputs: Inputs) -> None:
    """Send a rep's words to the customer."""
    text = inputs.get("text", "").strip()
    if _stopped(draft, talk, text):
        return
    _send(draft, actor, talk, text, "reply")
    draft.because("act", f"{actor.name}回复客户", f"{actor.name} answers her")
    draft.show_card("已发送，等待送达", "Sent; waiting for delivery")


def form(draft: Draft, actor: Rep, talk: Conversation, _inputs: Inputs) -> None:
    """Send her the one-time address of the form, where she leaves her mail address and her consent herself."""
    text = draft.playbook.texts.form.in_(draft.language)
    if _stopped(draft, talk, text, room=FORM_ADDRESS_BYTES):
        return
    _send(draft, actor, talk, text, "form", form_id=draft.id("form"))
    draft.because("act", f"{actor.name}发送了表单链接", f"{actor.name} sent the form")
    draft.show_card("已发送表单链接", "The form is on its way")


def send_file(draft: Draft, actor: Rep, talk: Conversation, inputs: Inputs) -> None:
    """Send a rep's file to the customer, the way her platform takes such a one."""
    limits, size = draft.limits(talk), inputs.get("size", "")
    length = int(size) if size.isascii() and size.isdecimal() and len(size) < MOST_DIGITS else 0
    way = fitting(limits.files, inputs.get("type", ""), length) if length else "file_empty"
    code = inputs.get("reason", "") or (why_closed(talk, limits, draft.now) if isinstance(way, FileRule) else way)
    if code or not isinstance(way, FileRule):
        _refused(draft, talk, code)
        return
    _speaks(draft, actor, talk)
    piece = _Piece(id=inputs.get("file", ""), form=way.kind, name=inputs.get("name", ""))
    _send_one(draft, actor, talk, piece, "send/file")
    _spoken(draft, talk)
    draft.because("act", f"{actor.name}给客户发送了文件", f"{actor.name} sent her a file", seen={"bytes": size})
    draft.show_card("已发送，等待送达", "Sent; waiting for delivery")


def forward(draft: Draft, actor: Rep, talk: Conversation, came: Address, brought: tuple[Attachment, ...]) -> None:
    """Pictures and files that a rep put beside a reply follow it, as soon as their contents are here. Those that the
    platform takes no more are refused; the ones before them go all the same."""
    if draft.answer is not None and draft.answer.refused:
        return
    limits, sent = draft.limits(talk), 0
    for number, one in enumerate(brought):
        now = draft.conversation or talk
        if code := why_closed(now, limits, draft.now) or ("" if limits.files else "file_not_taken"):
            _refused(draft, now, code)
            break
        _speaks(draft, actor, now)
        piece = _Piece(id=draft.id(f"file/{number}"), form=FORMS[one.media], name=one.name)
        draft.do(_wish(draft, talk, came, piece, one))
        _send_one(draft, actor, talk, piece, f"send/file/{number}")
        sent += 1
    if sent:
        _spoken(draft, talk)
        draft.because("act", f"{actor.name}给客户转发了文件", f"{actor.name} passed files on to her")
    if sent == len(brought):
        draft.show_card("已发送，等待送达", "Sent; waiting for delivery")


def with_content(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """Those that can be passed on: files, not quotations and cards."""
    return tuple(a for a in attachments if a.media in FORMS and (a.url or a.wire_id))


def _wish(draft: Draft, talk: Conversation, came: Address, piece: _Piece, one: Attachment) -> FetchFile:
    return FetchFile(
        id=piece.id,
        conversation_id=talk.id,
        address=came,
        form=piece.form,
        wire_id=one.wire_id,
        url=one.url,
        name=clean_name(one.name, ""),
        type=one.type[:100],
        until=draft.event.at + timedelta(hours=draft.limits(talk).file_hours),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """One file on its way to her."""

    id: str
    form: FileKind
    name: str


def _send_one(draft: Draft, actor: Rep, talk: Conversation, piece: _Piece, what: str) -> None:
    """Queue one file to her and its line in the thread."""
    row = draft.id(what)
    draft.do(
        RecordTouch(conversation_id=talk.id, side="us", at=draft.now, answer=row),
        SendFile(id=row, conversation_id=talk.id, file_id=piece.id, form=piece.form, by=actor.id, report=True),
    )
    line = PostLine(
        id=new_id(row, "line"),
        conversation_id=talk.id,
        after=talk.root,
        who="rep",
        author=actor.name,
        text=f"[{MEDIA[piece.form].in_(draft.playbook.language)}] {clean_name(piece.name, '')}".rstrip(),
        state="waiting",
        about=row,
        files=(piece.id,),
    )
    draft.line(line)
    draft.drawn = True


def _stopped(draft: Draft, talk: Conversation, text: str, *, room: int = 0) -> bool:
    limits = draft.limits(talk)
    if not text:
        code = "text_empty"
    elif len(text.encode()) + room > limits.text_bytes:
        code = "text_too_long"
    else:
        code = why_closed(talk, limits, draft.now)
    return bool(code) and _refused(draft, talk, code)


def _refused(draft: Draft, talk: Conversation, code: str) -> bool:
    words = reason_words(code)
    seen = {
        "sent since her last word": str(talk.sent_since_customer),
        "her last word": talk.last_customer_at.isoformat() if talk.last_customer_at else "-",
    }
    draft.refuse(f"没有发送：{words.zh}", f"Not sent: {words.en}", reason=code, **seen)
    draft.drawn = True
    return True


def _send(draft: Draft, actor: Rep, talk: Conversation, text: str, what: str, *, form_id: str = "") -> None:
    _speaks(draft, actor, talk)
    send_text(draft, talk, text, what, form_id=form_id, by=actor.id, author=actor.name)
    _spoken(draft, talk)


def _speaks(draft: Draft, actor: Rep, talk: Conversation) -> None:
    """Whoever answers an unclaimed customer has her."""
    customers.reopen(draft)
    if not talk.claimed_by:
        claiming.take(draft, actor, talk)


def _spoken(draft: Draft, talk: Conversation) -> None:
    """The wake-up is called off, and quiet begins anew."""
    quiet.call_off(draft, "spoke")
    draft.cancel_timer(f"silent/{talk.id}")
    quiet.arm(draft)
