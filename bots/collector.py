"""Python's garbage collector, told what never becomes garbage."""

from __future__ import annotations

import gc

REST_SECONDS = 10.0
"""Wall seconds after the connectors are up until everything is loaded, msgraph included."""


def settle() -> None:
    """Put all that start-up has made out of the collector's sight; call it once, when loading is over.

    The SDKs leave half a million objects that live as long as the process. Under load the collector went through all
    of them every second or two and stopped everything for up to 0.4 s each time, a third of the CPU time of a message.
    """
    gc.collect()
    gc.freeze()
