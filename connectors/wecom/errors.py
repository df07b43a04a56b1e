"""How a call to WeCom can end badly, and the one table of what an errcode means for us (WeCom doc 90313).

WeCom answers 200 to everything; only `errcode` counts, never the text beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from connectors.contract import TryLater, Undeliverable, Unknown
from rules.errors import PlatformAway


class CallFailed(PlatformAway):
    """A call that did not give what was asked for."""


class Refusal(CallFailed):
    """WeCom said no, so nothing was done: `errcode` says why."""

    def __init__(self, errcode: int, path: str, *, seen_from: str = "") -> None:
        super().__init__(f"{path}: errcode {errcode}")
        self.errcode = errcode
        self.path = path
        self.seen_from = seen_from
        """The address WeCom saw us under, where its text tells one; for people, nothing is decided by it."""


class NotSent(CallFailed):
    """The call surely never reached WeCom."""


class Unclear(CallFailed):
    """The call may have been done: it broke after it went out, or its answer could not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Later:
    """Nothing was done; the same call may be tried again."""

    reason: str
    seconds: float
    scope: Literal["lane", "app", "platform"] = "lane"
    alarm: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Never:
    """Trying again will not help."""

    reason: str


MEANING: Mapping[int, Later | Never] = {
    -1: Later(reason="throttled", seconds=5),
    40001: Later(reason="wrong_secret", seconds=600, scope="app", alarm=True),
    40013: Later(reason="wrong_secret", seconds=600, scope="app", alarm=True),
    40014: Later(reason="token_refused", seconds=60, scope="app", alarm=True),
    42001: Later(reason="token_refused", seconds=60, scope="app", alarm=True),
    45009: Later(reason="throttled", seconds=60, scope="app"),
    45033: Later(reason="throttled", seconds=3, scope="app"),
    48002: Later(reason="not_permitted", seconds=600, scope="app", alarm=True),
    60020: Later(reason="address_not_trusted", seconds=600, scope="platform", alarm=True),
    301042: Later(reason="address_not_trusted", seconds=600, scope="platform", alarm=True),
    301002: Later(reason="not_permitted", seconds=600, scope="app", alarm=True),
    41096: Later(reason="welcome_racing", seconds=1.5),
    40003: Never(reason="rep_unreachable"),
    40004: Never(reason="file_type_not_taken"),
    40005: Never(reason="file_type_not_taken"),
    40006: Never(reason="file_too_large"),
    40007: Never(reason="file_expired"),
    40031: Never(reason="rep_unreachable"),
    40096: Never(reason="no_address"),
    41050: Never(reason="code_expired"),
    44004: Never(reason="text_empty"),
    45002: Never(reason="text_too_long"),
    60111: Never(reason="rep_unreachable"),
    81013: Never(reason="rep_unreachable"),
    84061: Never(reason="blocked"),
    84083: Never(reason="blocked"),
    84084: Never(reason="blocked"),
    95000: Never(reason="account_unknown"),
    95001: Never(reason="window_spent"),
    95002: Never(reason="window_closed"),
    95004: Never(reason="account_unknown"),
    95013: Never(reason="session_ended"),
    95014: Never(reason="colleague_away"),
    95016: Never(reason="session_state"),
    95018: Never(reason="session_state"),
    95019: Never(reason="colleague_away"),
}
"""Codes that mean success in their place (41051: she was already welcomed) are handled where they occur."""

STALE_TOKEN = frozenset({40001, 40014, 42001})
"""The platform may void a token before its time: renew once, try once more. 40001 from gettoken itself is another
thing, a wrong secret."""
STATE = frozenset({95013, 95016, 95018})
"""The session is not in the state we thought."""


def outcome(failure: CallFailed) -> TryLater | Undeliverable | Unknown:
    """What a failed call means for the job it was made for. Waits are first waits: the hub lets them grow."""
    if isinstance(failure, Refusal):
        return _meaning(failure.errcode)
    if isinstance(failure, NotSent):
        return TryLater(reason="unreachable", seconds=2)
    return Unknown(reason="interrupted")


def _meaning(errcode: int) -> TryLater | Undeliverable:
    match MEANING.get(errcode, Never(reason="refused")):
        case Later(reason=reason, seconds=seconds, scope=scope, alarm=alarm):
            return TryLater(reason=reason, seconds=seconds, scope=scope, alarm=alarm)
        case Never(reason=reason):
            return Undeliverable(reason=reason, detail=f"errcode {errcode}")
