"""The scripts with which shells complete our commands, tried in a real bash."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import typer.main

import app
from bots.shells import Shell, script

TREE = app._command_tree(typer.main.get_command(app.app), "")


def completed(folder: Path, *words: str) -> list[str]:
    """What bash offers behind these words, the last of which is just being typed."""
    source = folder / "completion.bash"
    source.write_text(script("bash", TREE), encoding="utf-8")
    quoted = " ".join(f"'{word}'" for word in words)
    asked = (
        f"source '{source}'\n"
        f"function=$(complete -p '{words[0]}' | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n"
        '"$function" "${COMP_WORDS[0]}"\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "--norc", "-c", asked], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("start", [("python", "app.py"), ("python3", "./app.py"), ("app.py",)])
def test_bash_completes_commands(tmp_path: Path, start: tuple[str, ...]) -> None:
    assert {"serve", "demo", "doctor", "backup", "restore", "tail", "trigger"} <= set(completed(tmp_path, *start, ""))
    assert completed(tmp_path, *start, "doc") == ["doctor"]
    assert completed(tmp_path, *start, "trigger", "") == ["message", "quiet", "reconcile", "provision", "--help"]
    assert completed(tmp_path, *start, "doctor", "--config", "hub.toml", "--o") == ["--only"]
    assert completed(tmp_path, *start, "db", "up") == ["upgrade"]


def test_bash_leaves_other_programs_alone(tmp_path: Path) -> None:
    """No words of ours: bash then completes file names as ever."""
    assert completed(tmp_path, "python", "other.py", "") == []
    assert completed(tmp_path, "python", "ap") == []
    assert completed(tmp_path, "python", "app.py", "restore", "tower-2026") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_option_stands_in_every_script(shell: Shell) -> None:
    made = script(shell, TREE)
    for path, words in TREE.items():
        assert path in made
        assert all(word in made for word in words)


def test_the_tree_is_that_of_the_command_line() -> None:
    assert set(TREE[""]) >= {"serve", "completion", "db", "rules", "trigger", "--help"}
    assert "--fix" in TREE["doctor"] and "--config" in TREE["trigger quiet"]
