"""Python's garbage collector, told what never becomes garbage."""

from __future__ import annotations

import gc

REST_SECONDS = 10.0
"""Wall seconds after the connectors are up until everything is loaded, msgraph included."""


def settle() -> None:
    """Put all that start-up has made out of the collector's sight; call it once, when loading is over.

    The libraries leave 160,000 tracked objects that live as long as the process. Under load the collector went through
    all of them every second or two and stopped everything for 0.2 to 0.4 s each time: about a quarter of the CPU time
    of taking a message in.
    """
    gc.collect()
    gc.freeze()
