"""What is committed, and what Python code there is: the files that house tests look at."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HUB = ("rules", "storage", "connectors", "bots", "sidebar")
"""The rooms of the hub."""
ROOMS = (*HUB, "simulator", "docs", "tests")
"""Every folder with code of ours."""


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, committed or about to be."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.splitlines()
        found = [ROOT / line.strip('"') for line in listed]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        found = [p for p in ROOT.rglob("*") if not {".venv", ".git", ".tower"} & set(p.parts)]
    return tuple(sorted(p for p in found if p.is_file()))


def modules(*rooms: str) -> tuple[Path, ...]:
    """Every Python file in these folders."""
    return tuple(p for p in files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in rooms)


def name(path: Path) -> str:
    """A file as people call it."""
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    """What stands in a text file."""
    return path.read_text(encoding="utf-8")
