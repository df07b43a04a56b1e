"""The pieces of an Adaptive Card that we use, typed: an unknown or misspelt member is refused when the card is built.

Source: Adaptive Cards schema 1.5, and Teams' own additions under `msteams`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
VERSION = "1.5"
MAX_REFRESH_USERS = 60
"""Teams, user specific views: at most so many people in `refresh.userIds`."""

Size = Literal["small", "default", "medium", "large", "extraLarge"]
Weight = Literal["lighter", "default", "bolder"]
Colour = Literal["default", "dark", "light", "accent", "good", "warning", "attention"]
Spacing = Literal["none", "small", "default", "medium", "large", "extraLarge", "padding"]


class _Piece(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=False
    )

    def json_value(self) -> dict[str, Any]:
        """The piece as JSON-ready values, empty members left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


# --- texts ----------------------------------------------------------------------------------------------------------


class TextBlock(_Piece):
    """Words of ours; they may hold markdown, so words of an outsider go through `markdown.escape` first."""

    type: Literal["TextBlock"] = "TextBlock"
    id: str | None = None
    text: str
    size: Size | None = None
    weight: Weight | None = None
    color: Colour | None = None
    is_subtle: bool | None = None
    wrap: bool = True
    max_lines: int | None = None
    spacing: Spacing | None = None
    horizontal_alignment: Literal["left", "center", "right"] | None = None
    style: Literal["default", "heading"] | None = None


class TextRun(_Piece):
    """Words that no client reads as markdown."""

    type: Literal["TextRun"] = "TextRun"
    text: str
    weight: Weight | None = None
    color: Colour | None = None
    is_subtle: bool | None = None
    size: Size | None = None


class RichTextBlock(_Piece):
    """A paragraph of runs."""

    type: Literal["RichTextBlock"] = "RichTextBlock"
    inlines: list[TextRun]
    spacing: Spacing | None = None


class Badge(_Piece):
    """A small label (Teams, badges). Not in schema 1.5: its container says what to show instead."""

    type: Literal["Badge"] = "Badge"
    text: str
    size: Literal["Medium", "Large", "ExtraLarge"] | None = None
    style: Literal["Default", "Subtle", "Informative", "Accent", "Good", "Attention", "Warning"] | None = None
    appearance: Literal["Filled", "Tint"] | None = None
    tooltip: str | None = None


class Fact(_Piece):
    """One row of a fact set."""

    title: str
    value: str


class FactSet(_Piece):
    """Short facts in two columns."""

    type: Literal["FactSet"] = "FactSet"
    facts: list[Fact]
    spacing: Spacing | None = None


# --- inputs ---------------------------------------------------------------------------------------------------------


class InputText(_Piece):
    """A field to type into."""

    type: Literal["Input.Text"] = "Input.Text"
    id: str
    label: str | None = None
    placeholder: str | None = None
    value: str | None = None
    is_multiline: bool | None = None
    is_required: bool | None = None
    error_message: str | None = None
    max_length: int | None = None


class Choice(_Piece):
    """One value of a choice."""

    title: str
    value: str


class InputChoice(_Piece):
    """One value out of several."""

    type: Literal["Input.ChoiceSet"] = "Input.ChoiceSet"
    id: str
    label: str | None = None
    choices: list[Choice]
    value: str | None = None
    style: Literal["compact", "expanded"] | None = None


# --- actions --------------------------------------------------------------------------------------------------------


class Submit(_Piece):
    """What clients without Action.Execute do: the data arrive as a message. Also opens and ends dialogs."""

    type: Literal["Action.Submit"] = "Action.Submit"
    title: str
    data: dict[str, Any]
    style: Literal["default", "positive", "destructive"] | None = None
    mode: Literal["primary", "secondary"] | None = None


class Execute(_Piece):
    """A universal action: the bot's answer may replace the card (Teams, universal actions)."""

    type: Literal["Action.Execute"] = "Action.Execute"
    title: str | None = None
    verb: str
    data: dict[str, Any]
    style: Literal["default", "positive", "destructive"] | None = None
    mode: Literal["primary", "secondary"] | None = None
    associated_inputs: Literal["auto", "none"] | None = None
    fallback: Submit | None = None


class ShowCard(_Piece):
    """Opens a small card in place, with its own fields and button."""

    type: Literal["Action.ShowCard"] = "Action.ShowCard"
    title: str
    card: Card
    mode: Literal["primary", "secondary"] | None = None


class ToggleVisibility(_Piece):
    """Shows or hides parts of the card without asking anybody."""

    type: Literal["Action.ToggleVisibility"] = "Action.ToggleVisibility"
    title: str
    target_elements: list[str]
    mode: Literal["primary", "secondary"] | None = None


class OpenUrl(_Piece):
    """Opens an address: a deep link stays inside the client."""

    type: Literal["Action.OpenUrl"] = "Action.OpenUrl"
    title: str
    url: str = Field(pattern=r"^https://", max_length=2048)
    mode: Literal["primary", "secondary"] | None = None


Action = Annotated[Submit | Execute | ShowCard | ToggleVisibility | OpenUrl, Field(discriminator="type")]


class ActionSet(_Piece):
    """Buttons inside the body."""

    type: Literal["ActionSet"] = "ActionSet"
    actions: list[Action]
    spacing: Spacing | None = None


# --- layout ---------------------------------------------------------------------------------------------------------


class Column(_Piece):
    """One column."""

    type: Literal["Column"] = "Column"
    width: Literal["auto", "stretch"] = "stretch"
    items: list[Element]
    vertical_content_alignment: Literal["top", "center", "bottom"] | None = None


class ColumnSet(_Piece):
    """Columns side by side."""

    type: Literal["ColumnSet"] = "ColumnSet"
    columns: list[Column]
    spacing: Spacing | None = None


class FlowLayout(_Piece):
    """Things side by side, in as many rows as they need (Teams, container layouts)."""

    type: Literal["Layout.Flow"] = "Layout.Flow"
    column_spacing: Spacing | None = None
    row_spacing: Spacing | None = None
    horizontal_items_alignment: Literal["Left", "Center", "Right"] | None = None


class Container(_Piece):
    """Things that belong together."""

    type: Literal["Container"] = "Container"
    id: str | None = None
    items: list[Element]
    style: Literal["default", "emphasis", "good", "attention", "warning", "accent"] | None = None
    bleed: bool | None = None
    layouts: list[FlowLayout] | None = None
    fallback: TextBlock | None = None
    """Shown instead where a client does not know something inside."""
    is_visible: bool | None = None
    spacing: Spacing | None = None
    separator: bool | None = None


Element = Annotated[
    TextBlock | RichTextBlock | Badge | FactSet | InputText | InputChoice | ActionSet | ColumnSet | Container,
    Field(discriminator="type"),
]


class Refresh(_Piece):
    """How a client asks for the newest card by itself (Teams, user specific views).

    Named people do, at most 60; without user ids everybody does in a channel of up to 60 people, and nobody in a larger
    one. Whoever is not asked for finds "refresh card" in the message's menu.
    """

    action: Execute
    user_ids: list[str] | None = Field(default=None, max_length=MAX_REFRESH_USERS)


class MentionedPerson(_Piece):
    """Who is mentioned."""

    id: str
    name: str


class CardMention(_Piece):
    """A mention inside a card: `text` must stand in one of its text blocks."""

    type: Literal["mention"] = "mention"
    text: str
    mentioned: MentionedPerson


class TeamsPart(_Piece):
    """Teams' own additions to a card."""

    width: Literal["full"] | None = None
    entities: list[CardMention] | None = None


class Card(_Piece):
    """An Adaptive Card."""

    type: Literal["AdaptiveCard"] = "AdaptiveCard"
    version: str | None = None
    fallback_text: str | None = None
    lang: str | None = None
    body: list[Element]
    actions: list[Action] | None = None
    refresh: Refresh | None = None
    msteams: TeamsPart | None = None


for _model in (ShowCard, ActionSet, Column, ColumnSet, Container, Card):
    _model.model_rebuild()
