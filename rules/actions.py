"""What a rule does when its condition holds. Each class's docstring is its documentation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rules.model import Stage
from rules.strict import Name, Said, Strict


class PutTag(Strict):
    """Put a tag on. With `keep: false` it comes off again as soon as the rule's condition no longer holds."""

    do: Literal["tag"]
    name: str
    keep: bool = True


class TakeTag(Strict):
    """Take a tag off that a rule or a source put on."""

    do: Literal["untag"]
    name: str


class Score(Strict):
    """Write one line into the score ledger: a signal from the playbook's list of scores."""

    do: Literal["score"]
    signal: Name


class MoveStage(Strict):
    """Move her to another life-cycle stage."""

    do: Literal["stage"]
    to: Stage


class SetIndustry(Strict):
    """Say which industry she is in."""

    do: Literal["industry"]
    to: Name


class GiveTask(Strict):
    """Give her owner something to do, or the managers if she has none. Not given again while it is still open."""

    do: Literal["task"]
    kind: Name
    title: Said
    due_hours: float = Field(gt=0, le=8760)


class Notify(Strict):
    """Tell her owner at once, in the owner's own chat; the managers if she has none."""

    do: Literal["notify"]
    title: Said
    text: Said


Action = Annotated[PutTag | TakeTag | Score | MoveStage | SetIndustry | GiveTask | Notify, Field(discriminator="do")]
"""Any of them."""

ONCE_ONLY = (Score, GiveTask, Notify)
"""Actions that would repeat themselves at every turn: a rule that is looked at `always` may not hold them."""
