"""Finds the blocks of the conversation page: every module in `blocks/` brings one. A fork adds a file, nothing else."""

from __future__ import annotations

import importlib
import pkgutil
import re

from sidebar.inside import blocks
from sidebar.inside.block import Block

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


def found() -> tuple[Block, ...]:
    """All blocks, from the top. Raises ValueError for a module without one, a wrong name, or a name given twice."""
    made: dict[str, Block] = {}
    for module in pkgutil.iter_modules(blocks.__path__):
        block = getattr(importlib.import_module(f"{blocks.__name__}.{module.name}"), "BLOCK", None)
        if not isinstance(block, Block) or not _NAME.match(block.id) or block.id in made:
            raise ValueError(f"sidebar/inside/blocks/{module.name}.py makes no BLOCK with a name of its own")
        made[block.id] = block
    return tuple(sorted(made.values(), key=lambda b: (b.priority, b.id)))
