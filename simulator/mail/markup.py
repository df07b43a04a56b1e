"""What a mail program and a browser see in HTML: words, links, pictures and forms. Nothing is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

_BLOCKS = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "table"}
_SILENT = {"script", "style", "head", "title"}


class _Reader(HTMLParser):
    """Collects words, links and pictures."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links, pictures and line breaks."""
        values = dict(attrs)
        if tag in _SILENT:
            self._silent += 1
        if tag in _BLOCKS:
            self.words.append("\n")
        if tag == "a" and (values.get("href") or "").startswith(("http://", "https://")):
            self.links.append(values["href"] or "")
        if tag == "img" and (values.get("src") or "").startswith(("http://", "https://")):
            self.images.append(values["src"] or "")

    def handle_endtag(self, tag: str) -> None:
        """Leave what is not shown."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        """Keep shown words."""
        if not self._silent:
            self.words.append(data)


def plain_of(html: str) -> str:
    """The words of a page, one line per block."""
    reader = _Reader()
    reader.feed(html)
    lines = (" ".join(line.split()) for line in "".join(reader.words).split("\n"))
    return "\n".join(line for line in lines if line)


def references_of(html: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The http(s) links and pictures of a page, in order."""
    reader = _Reader()
    reader.feed(html)
    return tuple(reader.links), tuple(reader.images)


@dataclass(kw_only=True)
class Field:
    """One control of a form."""

    name: str
    kind: str
    """`text`, `hidden`, `checkbox`, `radio`, `select`, `submit`, ..."""
    value: str = ""
    chosen: bool = True
    """Whether its value is sent if nobody touches it."""
    required: bool = False


@dataclass(kw_only=True)
class Form:
    """A form as a browser holds it before it is filled."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def filled(self, wishes: dict[str, str]) -> list[tuple[str, str]]:
        """The pairs a browser would send with `wishes` typed, ticked and chosen.

        Raises ValueError naming a field that is not there, an option not offered or a required field left
        empty.
        """
        unknown = sorted(set(wishes) - {f.name for f in self.fields})
        if unknown:
            raise ValueError(f"the form has no field {', '.join(unknown)}")
        pairs: list[tuple[str, str]] = []
        pressed = False
        for f in self.fields:
            if f.kind == "submit":
                if pressed or (f.name in wishes and wishes[f.name] != f.value):
                    continue
                pressed = f.name in wishes or not any(s.kind == "submit" and s.name in wishes for s in self.fields)
                if pressed and f.name:
                    pairs.append((f.name, f.value))
            elif (value := _sent(f, wishes)) is not None and f.name:
                pairs.append((f.name, value))
        self._demand(pairs, wishes)
        return pairs

    def _demand(self, pairs: list[tuple[str, str]], wishes: dict[str, str]) -> None:
        sent = {name for name, value in pairs if value}
        missing = sorted({f.name for f in self.fields if f.required and f.name not in sent})
        if missing:
            raise ValueError(f"a browser would not send the form: {', '.join(missing)} is required")
        for f in self.fields:
            if f.kind in ("radio", "select") and f.name in wishes and (f.name, wishes[f.name]) not in pairs:
                raise ValueError(f"{f.name} offers no choice {wishes[f.name]!r}")


def _sent(f: Field, wishes: dict[str, str]) -> str | None:
    """What one control contributes, or None."""
    if f.kind in ("button", "reset", "image", "file"):
        return None
    if f.kind == "checkbox":
        ticked = wishes.get(f.name, "on" if f.chosen else "").lower() not in ("", "false", "off", "0", "no")
        return f.value if ticked else None
    if f.kind in ("radio", "select"):
        wanted = wishes[f.name] == f.value if f.name in wishes else f.chosen
        return f.value if wanted else None
    return wishes.get(f.name, f.value)


class _FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._url = url
        self._form: Form | None = None
        self._select: Field | None = None
        self._area: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a form, or add a control to the open one."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(
                action=urljoin(self._url, values.get("action") or self._url),
                method=values.get("method", "get").lower(),
            )
            self.forms.append(self._form)
        elif self._form is not None and "disabled" not in values:
            self._control(self._form, tag, values)

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        """The words inside a textarea are its value."""
        if self._area is not None:
            self._area.value += data

    def _control(self, form: Form, tag: str, values: dict[str, str]) -> None:
        name, required = values.get("name", ""), "required" in values
        if tag == "input":
            kind = values.get("type", "text").lower()
            value = values.get("value", "on" if kind in ("checkbox", "radio") else "")
            chosen = kind not in ("checkbox", "radio") or "checked" in values
            form.fields.append(Field(name=name, kind=kind, value=value, chosen=chosen, required=required))
        elif tag == "button" and values.get("type", "submit") == "submit":
            form.fields.append(Field(name=name, kind="submit", value=values.get("value", "")))
        elif tag == "textarea":
            self._area = Field(name=name, kind="text", required=required)
            form.fields.append(self._area)
        elif tag == "select":
            self._select = Field(name=name, kind="select", required=required)
        elif tag == "option" and self._select is not None:
            self._option(form, self._select, values)

    def _option(self, form: Form, select: Field, values: dict[str, str]) -> None:
        """An option without a value attribute is not supported: our pages always write it."""
        siblings = [f for f in form.fields if f.kind == "select" and f.name == select.name]
        chosen = "selected" in values or not siblings
        if "selected" in values:
            for other in siblings:
                other.chosen = False
        form.fields.append(
            Field(
                name=select.name,
                kind="select",
                value=values.get("value", ""),
                chosen=chosen,
                required=select.required,
            )
        )


def forms_of(html: str, url: str) -> list[Form]:
    """The forms of the page at `url`, actions made absolute."""
    reader = _FormReader(url)
    reader.feed(html)
    return reader.forms
