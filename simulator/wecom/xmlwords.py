"""WeCom's XML, written and read: texts in CDATA, numbers bare, a list as its element again and again."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

Value = str | int | Mapping[str, "Value"] | Sequence["Value"]
Fields = Mapping[str, Value]

_CAMEL = re.compile("(?<=[a-z])(?=[A-Z])")
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class BadXmlError(Exception):
    """What the hub answered is no XML we accept."""


def write(fields: Fields) -> str:
    """An `<xml>` element with one child per field."""
    return _element("xml", fields)


def read(text: bytes) -> ET.Element:
    """The root of an XML text that declares nothing. Raises BadXmlError."""
    if b"<!" in text.replace(b"<![CDATA[", b""):
        raise BadXmlError("declarations are not accepted")
    try:
        return ET.fromstring(text)  # noqa: S314 - declarations, and with them entities, are refused above
    except ET.ParseError as error:
        raise BadXmlError(str(error)) from error


def words(element: ET.Element, path: str) -> str:
    """The text at a path below an element, empty when there is none."""
    return element.findtext(path) or ""


def card(element: ET.Element) -> dict[str, object]:
    """A card in XML (`MainTitle`, repeated `ButtonList`) as the same card in JSON (`main_title`, `button_list`)."""
    told: dict[str, object] = {}
    for child in element:
        name = "keyname" if child.tag == "KeyName" else _CAMEL.sub("_", child.tag).lower()
        value: object = card(child) if len(child) else child.text or ""
        if name in ("type", "style") and isinstance(value, str):
            value = int(value) if re.fullmatch("[0-9]{1,3}", value) else value
        if name.endswith("_list"):
            several = told.setdefault(name, [])
            if isinstance(several, list):
                several.append(value)
        else:
            told[name] = value
    return told


def _element(name: str, value: Value) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, str):
        spoken = _UNSPEAKABLE.sub("", value).replace("]]>", "]]]]><![CDATA[>")
        return f"<{name}><![CDATA[{spoken}]]></{name}>"
    if isinstance(value, Mapping):
        return f"<{name}>" + "".join(_element(*pair) for pair in value.items()) + f"</{name}>"
    return "".join(_element(name, one) for one in value)
