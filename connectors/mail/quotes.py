"""What she wrote, without the mail she answers: quoted text, signatures and the lines that announce them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ANNOUNCEMENTS = re.compile(
    r"""^\s*(
        On\ .{0,150}[\d@].{0,150}\ wrote:
      | 在?\s*.{4,200}(写道|写到)\s*[:\uff1a]
      | -{2,}\s*(Original\ Message|Original\ message|Forwarded\ message|原始邮件|原始郵件|转发邮件|回复的原邮件)\s*-{2,}
      | _{20,}
      | (发件人|寄件者|From)\s*[:\uff1a]\s*\S.*(@|<|\uff1c).*
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_SENT_FROM = re.compile(r"^\s*(发自我的|来自我的|Sent from my |Get Outlook for )", re.IGNORECASE)
MOST = 10_000
_LONGEST = 600
"""Characters of a line that may announce a quotation; a longer one is somebody's words, or made to keep us busy."""


def own_words(text: str) -> str:
    """Her own words at the top of a reply, at most 10,000 characters.

    If nothing remains (she wrote below or between the quoted lines), every line that is not quoted is hers.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    top = _above(lines)
    words = _joined(line for line in top if not line.startswith(">"))
    if not words:
        words = _joined(line for line in lines if not line.startswith(">") and not _announces(line))
    return words[:MOST]


def _above(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for number, line in enumerate(lines):
        # Mail programs break the line that announces the quotation; two lines may be one.
        both = f"{line} {lines[number + 1].strip()}" if number + 1 < len(lines) and len(line) > 20 else line
        if line == "--" or _SENT_FROM.match(line) or _announces(line) or _wrapped(both, line):
            break
        kept.append(line)
    return kept


def _announces(line: str) -> bool:
    bare = line.strip()
    return len(bare) <= _LONGEST and _ANNOUNCEMENTS.match(bare) is not None


def _wrapped(both: str, line: str) -> bool:
    return both != line and line.lstrip().lower().startswith(("on ", "在")) and _announces(both)


def _joined(lines: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
