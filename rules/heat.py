"""How hot a customer is: recency, frequency and depth, as the playbook's conditions say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rules.book import Playbook
from rules.facts import Facts
from rules.model import Words

Degree = Literal["cold", "warm", "hot"]

HEAT_WORDS: Mapping[str, Words] = {
    "cold": Words(zh="低活跃", en="Cold"),
    "warm": Words(zh="活跃", en="Warm"),
    "hot": Words(zh="高活跃", en="Hot"),
}


def heat_of(playbook: Playbook, facts: Facts) -> Degree:
    """Her heat now."""
    if playbook.heat.hot.holds(facts):
        return "hot"
    return "warm" if playbook.heat.warm.holds(facts) else "cold"
