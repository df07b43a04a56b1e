"""WeCom's XML, written and read: flat elements, texts in CDATA, numbers bare."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class BadXmlError(Exception):
    """What the hub answered is no XML we accept."""


def write(fields: Mapping[str, str | int]) -> str:
    """An `<xml>` element with one child per field."""
    return "<xml>" + "".join(_element(name, value) for name, value in fields.items()) + "</xml>"


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


def _element(name: str, value: str | int) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    spoken = _UNSPEAKABLE.sub("", value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{spoken}]]></{name}>"
