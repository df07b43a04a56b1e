"""Structured logs: JSON lines, or aligned text on a terminal. One canonical line per turn and per delivery.

Only ids, kinds, counts and codes are logged: never a name, an address, a phone number, a message or a secret. `event`
is a stable word a person can search for.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

ALLOWED = frozenset(
    (
        """
        event level timestamp turn event_kind conversation customer effects ms outcome row job reason
        connector lane attempt path status method count node url port version failpoint database seconds what
        where key detail error pending playbook names kind scope until
        """
    ).split()
)
"""Keys a line may carry; anything else is dropped, so that a careless call cannot leak a person."""


def _only_allowed(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {k: v for k, v in line.items() if k in ALLOWED or k.startswith("_")}


def set_up(*, pretty: bool) -> None:
    """Send all logs to standard error in one form; libraries only from WARNING on and without arguments' payloads."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        _only_allowed,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, last],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s", force=True)


def logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of the hub."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log
