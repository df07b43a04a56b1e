"""Files that customers and colleagues send: what one really is, what a platform takes, and what nobody should open.

A name and a claimed type prove nothing; only the first bytes of the content count. Nothing is ever unpacked here, so an
archive that would grow without end stays as small as it came.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import error as TooShort
from struct import unpack_from
from typing import Literal

from rules.model import FileRule

FileKind = Literal["image", "voice", "video", "file"]
FORMS: Mapping[str, FileKind] = {"image": "image", "voice": "voice", "video": "video", "file": "file"}
"""Kinds of attachments that have a content; places and links are words."""
LONGEST_NAME = 120
MOST_PIXELS = 50_000_000
"""More than a phone's camera makes; a picture of a few bytes can claim more than a page can hold."""
SHOWN: frozenset[str] = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp"))
"""Pictures that a page may draw. SVG is a document with scripts, and is none."""
HEARD: frozenset[str] = frozenset(("audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav"))
"""Sound that browsers play. AMR, what WeChat records, is not among it: it is offered to be saved."""
_FORMS: Mapping[FileKind, frozenset[str]] = {
    "image": SHOWN,
    "voice": HEARD | {"audio/amr"},
    "video": frozenset(("video/mp4", "video/webm", "video/quicktime")),
}
_STARTS: Sequence[tuple[bytes, str]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/x-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"#!", "application/x-executable"),
)
_BRANDS: Sequence[tuple[bytes, str]] = (
    (b"M4A", "audio/mp4"),
    (b"qt  ", "video/quicktime"),
    (b"hei", "image/heic"),
    (b"mif1", "image/heic"),
    (b"avif", "image/avif"),
)
"""What else uses the box format of MP4. Browsers do not all show HEIC and AVIF: such pictures are saved."""
_ENDINGS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "amr": "audio/amr",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
}
"""What a file with this ending must be; other endings promise nothing we check."""
ENDINGS = {kind: f".{ending}" for ending, kind in reversed(_ENDINGS.items())}
"""How a file of a type ends that came without a name."""
_FOR_MACHINES = frozenset(
    "apk app bat cmd com cpl dll dmg exe hta iso jar js jse lnk msc msi pif ps1 reg scr sh vbe vbs wsf".split()
)
_FILL = re.compile(rb"\xff+")
"""How a marker of a JPEG begins: any number of fill bytes may precede it (T.81, B.1.1.2)."""
_FRAMES = frozenset(bytes((marker,)) for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))
_MOST_SEGMENTS = 2000
"""Of a JPEG, before the one that tells its size; a camera writes a few dozen."""
# A comment ends at its first end: were it free to reach over the next ones, some dozens of them would take years.
_MARKUP = re.compile(
    rb"\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype|\?xml|html|svg|head|body|script)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What was found about a content."""

    type: str
    """Content type, by its first bytes."""
    reason: str = ""
    """Why nobody may open it, a code of rules/reasons.py; empty when they may."""


def judge(kind: FileKind, name: str, claimed: str, content: bytes) -> Verdict:
    """Whether a content is what its sender and the platform say it is, and harmless enough to be handed on."""
    found = sniff(content)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if not content:
        return Verdict(type=found, reason="file_empty")
    if found == "application/x-executable" or ending in _FOR_MACHINES:
        return Verdict(type=found, reason="file_dangerous")
    if kind in _FORMS and found not in _FORMS[kind]:
        return Verdict(type=found, reason="file_type_differs")
    promised = {_ENDINGS.get(ending, ""), _plain_type(claimed)} - {""}
    if kind == "file" and any(p in _ENDINGS.values() and p != found for p in promised):
        return Verdict(type=found, reason="file_type_differs")
    if found in SHOWN and pixels(found, content) > MOST_PIXELS:
        return Verdict(type=found, reason="file_pixels")
    return Verdict(type=found)


def _plain_type(claimed: str) -> str:
    plain = claimed.partition(";")[0].strip().lower()
    return {"image/jpg": "image/jpeg", "audio/amr-nb": "audio/amr"}.get(plain, plain)


def sniff(content: bytes) -> str:
    """The content type that the first bytes tell."""
    if (found := next((kind for start, kind in _STARTS if content.startswith(start)), "")) != "":
        return found
    if content[:4] == b"RIFF" and content[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if content[8:12] == b"WEBP" else "audio/wav"
    if content[4:8] == b"ftyp":
        return next((kind for brand, kind in _BRANDS if content[8:].startswith(brand)), "video/mp4")
    head = content[:4096].removeprefix(b"\xef\xbb\xbf")
    if _MARKUP.match(head):
        return "image/svg+xml" if b"<svg" in head.lower() else "text/html"
    return "text/plain" if head and _readable(head) else "application/octet-stream"


def _readable(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as broken:
        if broken.start < len(head) - 3:
            return False
        text = head[: broken.start].decode("utf-8")
    return all(c in "\t\r\n" or unicodedata.category(c) != "Cc" for c in text)


def pixels(kind: str, content: bytes) -> int:
    """How many a picture claims to have; 0 when it does not say."""
    try:
        match kind:
            case "image/png":
                width, height = unpack_from(">II", content, 16)
            case "image/gif":
                width, height = unpack_from("<HH", content, 6)
            case "image/jpeg":
                width, height = _jpeg(content)
            case "image/webp":
                width, height = _webp(content)
            case _:
                return 0
    except TooShort:
        return 0
    return int(width) * int(height)


def _webp(content: bytes) -> tuple[int, int]:
    """Width and height of the canvas (RFC 9649: extended, lossless and lossy form). Raises TooShort."""
    match content[12:16]:
        case b"VP8X":
            low, high, low2, high2 = unpack_from("<HBHB", content, 24)
            return (high << 16 | low) + 1, (high2 << 16 | low2) + 1
        case b"VP8L":
            (bits,) = unpack_from("<I", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case _:
            raise TooShort


def _jpeg(content: bytes) -> tuple[int, int]:
    """Width and height. Raises TooShort when the content ends before it tells them, or goes round the matter."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if (fill := _FILL.match(content, at)) is None or at + 9 >= len(content):
            break
        at = fill.end() - 1
        marker, length = content[at + 1 : at + 2], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            height, width = unpack_from(">HH", content, at + 5)
            return int(width), int(height)
        at += 2 + max(2, length)
    raise TooShort


def form_of(kind: str) -> FileKind:
    """What a content of this type is called."""
    return next((form for form, kinds in _FORMS.items() if kind in kinds), "file")


def clean_name(name: str, kind: str = "file") -> str:
    """A file's name as it may be shown and saved under: no folder, no control or direction sign, not too long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name.replace("\0", "")))[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    kept = re.sub(r'[<>:"|?*]', "_", " ".join(kept.split())).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > LONGEST_NAME and dot and len(ending) <= 10:
        kept = f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return kept[:LONGEST_NAME] or kind


def fitting(taken: Sequence[FileRule], kind: str, size: int) -> FileRule | str:
    """How a platform takes a content of this type and size, or the reason why it does not."""
    if not taken:
        return "file_not_taken"
    of_type = [rule for rule in taken if not rule.types or kind in rule.types]
    if not of_type:
        return "file_type_not_taken"
    fits = (rule for rule in of_type if size <= rule.most)
    return next(fits, "file_too_large")
