"""The base of everything a playbook file holds: frozen, and no unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rules.wording import told

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""How things in a playbook are called by other things in it: lower-case letters, digits, dash, underscore."""

Text = Annotated[str, Field(min_length=1, max_length=200)]
"""A short text in one language."""


class Strict(BaseModel):
    """A part of a playbook."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Said(Strict):
    """One sentence in both languages, as written in a playbook."""

    zh: str = Field(min_length=1, max_length=2000)
    en: str = Field(min_length=1, max_length=2000)

    def in_(self, language: str) -> str:
        """The sentence for a language tag: zh-TW is converted, anything that is not Chinese gets English."""
        return told(self.zh, self.en, language)
