"""Sentences that reps read in WeCom, in Chinese and English, and how a text is made to fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from rules.model import Words

DONE: Mapping[str, Words] = {
    "claim": Words(zh="{name} 已认领", en="{name} took it"),
    "release": Words(zh="已交回", en="Given back"),
    "hand_back": Words(zh="已交还", en="Handed back"),
    "close": Words(zh="已结束", en="Closed"),
    "done": Words(zh="已完成", en="Done"),
    "form": Words(zh="已发送", en="Asked"),
    "settle_again": Words(zh="将再发", en="Will resend"),
    "settle_arrived": Words(zh="已确认", en="Confirmed"),
    "snooze": Words(zh="已稍后", en="Snoozed"),
    "wake_hold": Words(zh="已暂缓", en="On hold"),
    "wake_mine": Words(zh="由我写", en="Yours"),
    "wake_now": Words(zh="已安排", en="Queued"),
}
"""What stands in place of a card's buttons once an act was done. Verbs that only ask leave the buttons alone."""
LONGEST_LABEL = 20
"""Ideographs on a pressed button. Doubtful: no page names a limit, longer ones were seen cut in the client."""
NOTHING = Words(zh="没有内容。", en="Nothing there.")
OPEN = Words(zh="打开", en="Open")
MARKED = Words(zh="（可能重复）", en="(may be a repeat) ")
BRAND = Words(zh="塔台", en="Tower")
SCORE = Words(zh="评分", en="Score")
OWNER = Words(zh="负责人", en="Owner")
NOBODY = Words(zh="无", en="nobody")
CHANNEL = Words(zh="频道", en="Channel")
WINDOW = Words(zh="可回复", en="Reply")
TAGS = Words(zh="标签", en="Tags")
SLA = Words(zh="时效", en="Time left")
NEXT = Words(zh="下一步：{text}", en="Next: {text}")
NO_NAME = Words(zh="未具名客户", en="Unnamed customer")
OPEN_PAGE = Words(zh="打开客户页", en="Open her page")
MINUTES_LEFT = Words(zh="{minutes} 分钟", en="{minutes} min")
HOURS_LEFT = Words(zh="{hours} 小时", en="{hours} h")
MESSAGES_LEFT = Words(zh="{left}/{total} 条", en="{left} of {total}")
NO_LIMIT = Words(zh="不限", en="no limit")
CLOSED = Words(zh="已过期", en="closed")


def fit(text: str, length: int) -> str:
    """`text` in at most `length` characters, with a sign that something is missing."""
    text = text.strip()
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def fit_wide(text: str, ideographs: int) -> str:
    """`text` in the width of so many ideographs (字); other letters take half of that."""
    text = " ".join(text.split())
    room = 2 * ideographs
    if sum(map(_columns, text)) <= room:
        return text
    taken = 1
    for number, letter in enumerate(text):
        taken += _columns(letter)
        if taken > room:
            return text[:number].rstrip() + "…"
    return text


def ideographs(text: str) -> int:
    """How wide a text is, in ideographs (字), rounded up."""
    return -(-sum(map(_columns, text)) // 2)


def _columns(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def fit_bytes(text: str, size: int) -> str:
    """`text` in at most `size` bytes of UTF-8, cut at a line end if one is near, with a sign that more was there."""
    if len(text.encode()) <= size:
        return text
    short = text.encode()[: size - len("…".encode())].decode(errors="ignore")
    head, line_end, _ = short.rpartition("\n")
    return (head + line_end if len(head) > len(short) // 2 else short) + "…"
