"""What a shell needs to complete our command line. The words stand in the script itself: no Python starts for a TAB.

Bash is tested; the scripts for zsh and fish are doubtful: written after those shells' manuals, not tried in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Shell = Literal["bash", "zsh", "fish"]
Tree = Mapping[str, Sequence[str]]
"""For each command (`""` the program itself, `db`, `db upgrade`) the words that may follow it."""
PYTHONS = ("python", "python3")
"""What starts `app.py`, besides itself; a path in front of the name is completed too."""

_BASH = """\
# Completion of Tower's command line: source this in ~/.bashrc
_tower_completion() {{
    local word where="" started="" current="${{COMP_WORDS[COMP_CWORD]}}" words=""
    for word in "${{COMP_WORDS[@]:0:COMP_CWORD}}"; do
        if [[ -z $started ]]; then
            [[ $word == app.py || $word == */app.py ]] && started=yes
            continue
        fi
        case "${{where:+$where }}$word" in
            {groups}) where="${{where:+$where }}$word" ;;
        esac
    done
    [[ -n $started ]] || return 0
    case "$where" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -o bashdefault -F _tower_completion {programs}
"""
_ZSH = """\
#compdef {programs}
# Completion of Tower's command line: source this in ~/.zshrc, behind compinit
_tower_completion() {{
    local word where="" started="" words_here=""
    for word in "${{(@)words[1,CURRENT-1]}}"; do
        if [[ -z $started ]]; then
            [[ $word == app.py || $word == */app.py ]] && started=yes
            continue
        fi
        case "${{where:+$where }}$word" in
            {groups}) where="${{where:+$where }}$word" ;;
        esac
    done
    if [[ -z $started ]]; then
        _files
        return
    fi
    case "$where" in
{cases}
    esac
    compadd -- ${{=words_here}}
    [[ $PREFIX == -* ]] || _files
}}
compdef _tower_completion {programs}
"""
_FISH = """\
# Completion of Tower's command line: put this into ~/.config/fish/completions/app.py.fish, or source it
function __tower_words
    set -l where
    set -l started
    for word in (commandline -opc)
        if test -z "$started"
            string match -qr '(^|/)app\\.py$' -- $word; and set started yes
            continue
        end
        switch (string join ' ' $where $word)
            case {groups}
                set where $where $word
        end
    end
    test -n "$started"; or return 1
    switch (string join ' ' $where)
{cases}
    end
end
{lines}
"""


def script(shell: Shell, tree: Tree) -> str:
    """The script that completes these commands."""
    programs = ("app.py", *PYTHONS)
    known = [path for path in tree if path]
    if shell == "fish":
        cases = "\n".join(
            f"        case '{path}'\n            printf '%s\\n' {' '.join(words)}" for path, words in tree.items()
        )
        lines = "\n".join(f"complete -c {name} -n '__tower_words >/dev/null' -a '(__tower_words)'" for name in programs)
        return _FISH.format(groups=" ".join(f"'{path}'" for path in known), cases=cases, lines=lines)
    target = "words" if shell == "bash" else "words_here"
    cases = "\n".join(f'        "{path}") {target}="{" ".join(words)}" ;;' for path, words in tree.items())
    groups = "|".join(f'"{path}"' for path in known)
    form = _BASH if shell == "bash" else _ZSH
    return form.format(groups=groups, cases=cases, programs=" ".join(programs))
