"""Which language a customer writes in, guessed from the letters of her own words."""

from __future__ import annotations


def _is_han(c: str) -> bool:
    return "\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf"


def guessed(text: str) -> str:
    """`zh-CN` when three letters in ten are Han, `en` for other words, empty when there is too little to tell."""
    letters = [c for c in text[:400] if c.isalpha()]
    if not letters:
        return ""
    han = sum(1 for c in letters if _is_han(c))
    if han * 10 >= len(letters) * 3:
        return "zh-CN"
    return "en" if len(letters) >= 4 else ""
