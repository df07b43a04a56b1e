"""WeCom's XML, written and read: texts in CDATA, numbers bare, a list as its element again and again."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

Value = str | int | Mapping[str, "Value"] | Sequence["Value"]
Fields = Mapping[str, Value]

_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class BadXmlError(Exception):
    """What the hub answered is no XML we accept."""


def write(fields: Fields) -> str:
    """An `<xml>` element with one child per field."""
    return _element("xml", fields)


def read(text: bytes) -> dict[str, str]:
    """The children of an `<xml>` element, deeper ones as `Button.ReplaceName`. Raises BadXmlError."""
    if b"<!" in text.replace(b"<![CDATA[", b""):
        raise BadXmlError("declarations are not accepted")
    try:
        root = ET.fromstring(text)  # noqa: S314 - declarations, and with them entities, are refused above
    except ET.ParseError as error:
        raise BadXmlError(str(error)) from error
    return dict(_leaves(root, ""))


def _leaves(element: ET.Element, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for child in element:
        found += _leaves(child, f"{prefix}{child.tag}.") if len(child) else [(prefix + child.tag, child.text or "")]
    return found


def _element(name: str, value: Value) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, str):
        spoken = _UNSPEAKABLE.sub("", value).replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}><![CDATA[{spoken}]]></{name}>"
    if isinstance(value, Mapping):
        return f"<{name}>" + "".join(_element(*pair) for pair in value.items()) + f"</{name}>"
    return "".join(_element(name, one) for one in value)
