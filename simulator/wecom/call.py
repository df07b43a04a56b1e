"""One API call as its handler sees it: query and body, read field by field with WeCom's own refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from simulator.wecom.answers import Answer, Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call whose token was accepted. The readers raise `Refusal` when a field is not what it must be."""

    path: str
    query: Mapping[str, str]
    body: Mapping[str, object]

    def text(self, name: str, *, missing: int = 40058) -> str:
        """A text that must be there and not be empty."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refusal(missing, f"{name} is missing")
        return value

    def maybe_text(self, name: str) -> str:
        """A text that may be left out: then empty."""
        value = self.body.get(name, "")
        if not isinstance(value, str):
            raise Refusal(40058, f"{name} is no text")
        return value

    def number(self, name: str, default: int) -> int:
        """A whole number, `default` when left out."""
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refusal(40058, f"{name} is no number")
        return value

    def table(self, name: str, *, missing: int = 40058) -> Mapping[str, object]:
        """An object that must be there."""
        value = self.body.get(name)
        if not isinstance(value, dict):
            raise Refusal(missing, f"{name} is missing")
        return value

    def texts(self, name: str, *, at_most: int) -> list[str]:
        """A list of texts, empty when left out."""
        value = self.body.get(name, [])
        if not isinstance(value, list) or len(value) > at_most or not all(isinstance(v, str) for v in value):
            raise Refusal(40058, f"{name} must be a list of at most {at_most} texts")
        return value


Handler = Callable[[Call], Awaitable[Answer]]
"""What answers one path of the API."""
