"""Languages: which one a reader is shown, which one a customer writes in, and Chinese in the letters of Taiwan.

Sentences are written twice, in Chinese (mainland) and in English (`rules.model.Words`). Whoever reads zh-TW gets the
Chinese sentence converted, letters and words: 软件 becomes 軟體, 信息 becomes 資訊.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Literal

Language = Literal["zh-CN", "zh-TW", "en"]
"""What the hub speaks."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile("[\u3041-\u30ff]")
_TRADITIONAL_TAG = re.compile(r"zh[-_](hant\b|tw\b|hk\b|mo\b)", re.IGNORECASE)
# The commonest letters that are written so on one side only. Few are enough: a sentence nearly always holds one.
_TRADITIONAL = frozenset(
    "這個們來說時會對過還為麼沒請問嗎價錢報發訂單電話產資訊網與學開關點經於實現樣後從動機應當無長東車"
    "書見聽讀寫買賣給認識讓間門題體頭歲務員業號裡邊幾樓謝費優總線傳檔軟導區廠製試聯絡啟師"
)
_SIMPLIFIED = frozenset(
    "这个们来说时会对过还为么没请问吗价钱报发订单电话产资讯网与学开关点经于实现样从动机应当无长东车"
    "书见听读写买卖给认识让间门题体头岁务员业号边几楼谢费优总线传档软导区厂试联络启师"
)
# Where the converter's word is right in general and wrong here: our own name, weeks of time.
_RATHER = {"塔臺": "塔台", "1 周": "1 週"}


@lru_cache(maxsize=256)
def spoken(tag: str) -> Language:
    """What a reader with this language tag is shown. The first language of a list counts; a third one gets English."""
    first = tag.split(",", 1)[0].strip()
    if not chinese(first):
        return "en"
    return "zh-TW" if _TRADITIONAL_TAG.match(first) else "zh-CN"


def chinese(tag: str) -> bool:
    """Whether a language tag is one of Chinese."""
    return tag.lower().startswith("zh")


def guessed(text: str, known: str = "") -> str:
    """The language of her words: Chinese when three letters in ten are Han, `en` for others, empty when too short.

    Which Chinese it is the letters tell that are written so on one side only; where none is, the one that is `known`
    stays. Japanese, which has Han letters too, is not taken for Chinese.
    """
    seen = text[:400]
    letters = sum(map(str.isalpha, seen))
    if letters and len(_HAN.findall(seen)) * 10 >= letters * 3 and not _KANA.search(seen):
        traditional = sum(letter in _TRADITIONAL for letter in seen)
        simplified = sum(letter in _SIMPLIFIED for letter in seen)
        if traditional == simplified:
            return spoken(known) if chinese(known) else "zh-CN"
        return "zh-TW" if traditional > simplified else "zh-CN"
    return "en" if letters >= 4 else ""


@lru_cache(maxsize=4096)
def taiwan(text: str) -> str:
    """Mainland Chinese in the letters and words of Taiwan; anything else stays as it is."""
    if not _HAN.search(text):
        return text
    text = _conversion()(text)
    for found, meant in _RATHER.items():
        text = text.replace(found, meant)
    return text


@cache
def _conversion() -> Callable[[str], str]:
    # Imported here: reading its tables takes a tenth of a second, and most companies have no reader in Taiwan.
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("s2twp").convert
    return convert
