"""`settings`: a rep looks at how the hub speaks to her, and changes it, by word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rules.draft import Draft
from rules.effects import Prefer
from rules.model import Preferences, Rep, Ways, Words
from rules.peace import OFF, quiet_hours, span_of

_ON = ("on", "开", "打开", "开启", "yes")
_NO = ("off", "关", "关闭", "无", "不要", "none", "no")
_LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "zh-CN": ("zh", "zh-cn", "中文", "简体", "简体中文", "chinese"),
    "zh-TW": ("zh-tw", "繁体", "繁體", "繁体中文", "繁體中文"),
    "en": ("en", "英文", "英语", "english"),
}
_WAYS: Mapping[Ways, tuple[str, ...]] = {
    "teams": ("teams",),
    "wecom": ("wecom", "企业微信", "微信"),
    "both": ("both", "两边", "都要", "都发"),
}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "language": ("language", "语言"),
    "quiet": ("quiet", "安静", "安静时段", "免打扰"),
    "digest": ("digest", "摘要"),
    "notices": ("notices", "notice", "提醒", "通知"),
}
LANGUAGE = {"zh-CN": Words(zh="简体中文", en="Chinese"), "zh-TW": Words(zh="繁体中文", en="Chinese (Taiwan)")}
ENGLISH = Words(zh="英文", en="English")
WAY: Mapping[str, Words] = {
    "teams": Words(zh="Teams", en="Teams"),
    "wecom": Words(zh="企业微信", en="WeCom"),
    "both": Words(zh="Teams 和企业微信", en="Teams and WeCom"),
}
HOW = Words(
    zh="改法：设置 语言 英文 · 设置 安静 21-8（或 关）· 设置 摘要 关（或 开）· 设置 提醒 企业微信（或 Teams、两边）",
    en="Change: settings language zh · settings quiet 21-8 (or off) · settings digest off (or on) · "
    "settings notices wecom (or teams, both)",
)


def settings(draft: Draft, actor: Rep, words: str) -> None:
    """Show her settings, or change one. Whatever is not understood changes nothing and says what can be written."""
    name, _, value = words.strip().partition(" ")
    if not name:
        draft.answer_with(shown(draft, actor))
        draft.because("act", "给出设置", "The settings were shown")
        return
    key = next((k for k, said in _NAMES.items() if name.casefold() in said), "")
    change = _CHANGES.get(key)
    wishes = change(actor, value.strip().casefold()) if change is not None else None
    if wishes is None:
        draft.refuse(f"没有改动。{HOW.zh}", f"Nothing was changed. {HOW.en}")
        return
    draft.do(Prefer(rep=actor.id, wishes=wishes))
    draft.answer_with(shown(draft, replace(actor, wishes=wishes, language=wishes.language or actor.language)))
    draft.because("act", f"{actor.name}改了设置", f"{actor.name} changed a setting", seen={"setting": key})


def shown(draft: Draft, rep: Rep) -> Words:
    """Her settings in words, and how each is changed."""
    reminders = draft.playbook.reminders
    language = LANGUAGE.get(rep.language, ENGLISH)
    quiet = quiet_hours(rep, reminders.quiet_hours)
    times = "、".join(reminders.digests), ", ".join(reminders.digests)
    digest = rep.wishes.digest and reminders.digests
    way = WAY[rep.wishes.notices or ("teams" if rep.aad_id else "wecom")]
    zh = (
        f"语言：{language.zh}",
        f"安静时段：{quiet}（其间的提醒到点合成一条）" if quiet else "安静时段：无",
        f"摘要：每个工作日 {times[0]}" if digest else "摘要：关",
        f"提醒发到：{way.zh}",
        HOW.zh,
    )
    en = (
        f"Language: {language.en}",
        f"Quiet hours: {quiet} (what comes meanwhile is told as one, after)" if quiet else "Quiet hours: none",
        f"Digest: every working day at {times[1]}" if digest else "Digest: off",
        f"Notices go to: {way.en}",
        HOW.en,
    )
    return Words(zh="\n".join(zh), en="\n".join(en))


def _language(actor: Rep, value: str) -> Preferences | None:
    found = next((tag for tag, said in _LANGUAGES.items() if value in said), "")
    return replace(actor.wishes, language=found) if found else None


def _quiet(actor: Rep, value: str) -> Preferences | None:
    span = OFF if value in _NO else span_of(value)
    return replace(actor.wishes, quiet=span) if span else None


def _digest(actor: Rep, value: str) -> Preferences | None:
    return replace(actor.wishes, digest=value in _ON) if value in (*_ON, *_NO) else None


def _notices(actor: Rep, value: str) -> Preferences | None:
    """Only where she is: a choice that nothing could come of is refused."""
    found: Ways = next((way for way, said in _WAYS.items() if value in said), "")
    there = {"teams": bool(actor.aad_id), "wecom": bool(actor.userid), "both": bool(actor.aad_id and actor.userid)}
    return replace(actor.wishes, notices=found) if found and there[found] else None


_CHANGES: Mapping[str, Callable[[Rep, str], Preferences | None]] = {
    "language": _language,
    "quiet": _quiet,
    "digest": _digest,
    "notices": _notices,
}
