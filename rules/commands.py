"""What a rep types to the bot, in Chinese or English: a known first word is a command, anything else is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.model import Words

WORDS: Mapping[str, tuple[str, ...]] = {
    "help": ("help", "hi", "hello", "?", "？", "帮助", "你好"),
    "thanks": ("thanks", "thank", "thx", "谢谢", "多谢"),
    "settings": ("settings", "setting", "设置"),
    "queue": ("queue", "队列", "排队"),
    "mine": ("me", "mine", "我的"),
    "unknown": ("unknown", "待核实"),
    "find": ("find", "查找", "找"),
    "claim": ("claim", "认领"),
    "snooze": ("snooze", "稍后"),
    "note": ("note", "备注", "记"),
    "tag": ("tag", "标签", "加标签"),
    "untag": ("untag", "去标签", "删标签"),
    "why": ("why", "为什么"),
    "close": ("close", "关闭", "结束"),
    "reply": ("reply", "回复"),
    "form": ("form", "表单"),
    "settle": ("settle", "核实"),
    "reroute": ("reroute", "move", "转到"),
    "pause": ("pause", "暂停"),
    "resume": ("resume", "恢复"),
    "done": ("done", "完成"),
    "take_over": ("takeover", "接管"),
    "hand_back": ("handback", "交还"),
    "release": ("release", "交回"),
    "stage": ("stage", "阶段"),
    "task": ("task", "待办"),
}
"""Each verb with the words that mean it."""

HELP = Words(
    zh=(
        "我听得懂：队列 / 我的 / 待核实 / 找 <名字> / 认领 / 交回 / 回复 <内容> / 备注 <内容> / "
        "标签 <名字> / 去标签 <名字> / 阶段 <名字> / 待办 <内容> / "
        "完成 / 稍后 2小时 / 转到 <频道> / 表单 / 为什么 / 关闭 / 接管 / 交还 / "
        "核实 <编号> 到达（或 重发）/ 设置。"
        "经理还可以：暂停 / 恢复。会话帖里不带 @Tower 的话是内部备注，客户看不到。"
    ),
    en=(
        "I understand: queue / me / unknown / find <name> / claim / release / reply <text> / note <text> / "
        "tag <name> / untag <name> / stage <name> / task <text> / "
        "done / snooze 2h / move <channel> / form / why / close / "
        "takeover / handback / settle <id> arrived (or again) / settings. Managers also: pause / resume. "
        "Plain words in a thread are internal notes; the customer never sees them."
    ),
)

WELCOME = Words(zh="不客气。", en="You are welcome.")

_VERBS = {word: verb for verb, words in WORDS.items() for word in words}
_HAN = tuple(sorted((w for w in _VERBS if not w.isascii() and len(w) > 1), key=len, reverse=True))
GLUED = ("reply", "note", "tag", "untag", "find")
"""Verbs whose Chinese words of two letters or more may be glued to what follows them."""
_COLONS = ":,!.\uff1a\uff0c\uff01\u3002"
_TO_US = ("", "you", "a lot", "so much", "you so much", "you very much", "tower", "你", "塔台")
"""What may follow a thank-you that is meant for us."""
_AGAIN = ("again", "重发", "重新发送", "没到")
_ARRIVED = ("arrived", "到达", "已到", "到了", "送达")
_SPAN = re.compile(r"^(\d{1,4}(?:\.\d{1,2})?)\s*(m|min|分钟|h|小时|d|天)?$", re.IGNORECASE)
_HOURS = {"m": 1 / 60, "min": 1 / 60, "分钟": 1 / 60, "h": 1.0, "小时": 1.0, "d": 24.0, "天": 24.0}
_INPUT = {
    **dict.fromkeys(("reply", "note", "task"), "text"),
    **dict.fromkeys(("tag", "untag"), "tag"),
    "reroute": "channel",
    "done": "about",
    "stage": "stage",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A verb with its inputs, as a button would have sent it."""

    verb: str
    inputs: Mapping[str, str] = field(default_factory=dict)


def parse(text: str) -> Command | None:
    """The command that words after a mention are; None when the first word is none."""
    plain = text.strip()
    word, _, rest = plain.partition(" ") if " " in plain else plain.partition("\n")
    verb = _VERBS.get(word.casefold().rstrip(_COLONS))
    if verb is None:
        # Chinese is written without blanks: a verb of two letters or more may be glued to its words. Shorter ones
        # may not: a sentence that happens to begin with such a letter stays a sentence.
        glued = next((w for w in _HAN if plain.startswith(w) and _VERBS[w] in GLUED), "")
        if not glued:
            return None
        verb, rest = _VERBS[glued], plain[len(glued) :].lstrip(_COLONS)
    if verb == "thanks" and rest.strip(_COLONS + " ").casefold() not in _TO_US:
        return None  # "thanks for waiting, ..." is a sentence that somebody may want to send on
    return Command(verb=verb, inputs=_inputs(verb, rest.strip()))


def _inputs(verb: str, rest: str) -> Mapping[str, str]:
    if verb in _INPUT:
        return {_INPUT[verb]: rest}
    if verb in ("find", "settings"):
        return {"words": rest}
    if verb == "snooze":
        return {"hours": _hours(rest)}
    if verb == "settle":
        row, _, verdict = rest.partition(" ")
        return {"about": row, "verdict": _verdict(verdict.strip().casefold())}
    return {}


def _verdict(word: str) -> str:
    if word in _AGAIN:
        return "again"
    return "arrived" if word in _ARRIVED else ""


def _hours(rest: str) -> str:
    if not rest:
        return ""
    match = _SPAN.match(rest.strip())
    if match is None:
        return "?"
    return f"{float(match[1]) * _HOURS[(match[2] or 'h').lower()]:g}"
