"""Which language a customer writes in, guessed from the letters of her own words."""

from __future__ import annotations

import re

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


def guessed(text: str) -> str:
    """`zh-CN` when three letters in ten are Han, `en` for other words, empty when there is too little to tell."""
    seen = text[:400]
    letters = sum(map(str.isalpha, seen))
    if letters and len(_HAN.findall(seen)) * 10 >= letters * 3:
        return "zh-CN"
    return "en" if letters >= 4 else ""
