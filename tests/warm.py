"""Runs our command line from a process that has loaded it already: each command is a fork, a process of its own.

Starting Python and loading the SDKs costs seconds, and some tests give dozens of commands. `python -m tests.warm` reads
one JSON object a line (`words`, `environ`, `out`, `err`) and answers each with the command's exit code.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(kw_only=True)
class Shell:
    """Gives commands."""

    process: subprocess.Popen[str]
    folder: Path
    _count: int = 0

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """One command of `app.py`, from the beginning to its end."""
        self._count += 1
        out, err = (self.folder / f"{self._count}.{name}" for name in ("out", "err"))
        asked = {"words": words, "environ": environ, "out": str(out), "err": str(err)}
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        said, complained = out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        assert "Traceback" not in complained, complained
        return subprocess.CompletedProcess(["app.py", *words], code, said, complained)


@contextlib.contextmanager
def shell(folder: Path) -> Iterator[Shell]:
    """A shell whose commands print into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warm"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Shell(process=process, folder=folder)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(15)
        if process.stdout:
            process.stdout.close()


def _command(words: list[str], environ: dict[str, str], out: str, err: str) -> None:
    """In a child: be that command."""
    os.environ.update(environ)
    for stream, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
    import app

    sys.argv = ["app.py", *words]
    app.app()


def main() -> None:
    """Serve until the input ends."""
    import app  # noqa: F401 - so that no child has to load it
    import bots.doctor.visit  # noqa: F401
    import connectors.wecom.crypto

    connectors.wecom.crypto.load()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _command(**asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
