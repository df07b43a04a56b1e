"""What comes with her words: each file is noted at once and its content fetched, and the thread shows how it stands."""

from __future__ import annotations

from datetime import timedelta

from rules.counts import Count
from rules.draft import Draft
from rules.effects import EditLine, FetchFile
from rules.events import Attachment, DeliveryReported
from rules.files import FORMS, clean_name
from rules.model import Address
from rules.reasons import reason_words


def take_in(draft: Draft, address: Address | None, attachments: tuple[Attachment, ...]) -> tuple[str, ...]:
    """The ids of the files that came. Contents that are not here yet are fetched before the platform forgets them.

    `address`: where they came in; None where the contents came with the words.
    """
    talk = draft.conversation
    if talk is None:
        return ()
    found: list[str] = []
    for number, one in enumerate(attachments):
        if one.file_id:
            found.append(one.file_id)
        elif address is not None and one.media in FORMS and (one.wire_id or one.url):
            found.append(_fetched(draft, address, one, number))
    if found:
        came = Count(len(found))
        draft.because("act", f"收到 {came} 个文件", f"{came} {came:file|files} came", seen={"files": str(came)})
    return tuple(found)


def _fetched(draft: Draft, address: Address, one: Attachment, number: int) -> str:
    talk, file_id = draft.conversation, draft.id(f"file/{number}")
    assert talk is not None  # noqa: S101 - looked at by the caller
    draft.do(
        FetchFile(
            id=file_id,
            conversation_id=talk.id,
            address=address,
            form=FORMS[one.media],
            wire_id=one.wire_id,
            url=one.url,
            name=clean_name(one.name, ""),
            type=one.type[:100],
            until=draft.event.at + timedelta(hours=draft.limits(talk).file_hours),
            line=draft.id("line"),
            report=True,
        )
    )
    return file_id


def fetched(draft: Draft, event: DeliveryReported) -> None:
    """A content is here, or will never be: the line of her words says so."""
    talk = draft.conversation
    words = reason_words(event.reason)
    if event.outcome == "waiting":
        draft.skip("文件稍后再取", "The file is fetched later", reason=event.reason)
        return
    if talk is not None and event.line:
        draft.do(
            EditLine(
                id=draft.id(f"edit/{event.row_id}"),
                conversation_id=talk.id,
                after=event.line,
                supersedes=f"files/{event.line}",
                who="customer",
            )
        )
    draft.drawn = True
    if event.outcome == "delivered":
        draft.because("act", "文件已取回并加密保存", "The file was fetched and sealed")
    else:
        draft.because("act", f"文件未取回：{words.zh}", f"The file did not come: {words.en}", rule=event.reason)
