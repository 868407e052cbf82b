"""Whether the program that a command starts is there, as far as the command says for certain which one it is."""

from __future__ import annotations

import os
import re

from core.adapters.processes.command import SHELL_WORDS, direct_words
from core.adapters.processes.spawn import resolve_program
from core.domain.runs.reasons import Code, Reason
from core.ports.processes import CommandNotStarted

_PLAIN = "[A-Za-z0-9_./+@%:,-]"
#: The first word of a shell line, behind assignments, where quotes, expansions and redirections leave no doubt which word that is.
_FIRST = re.compile(rf"[ \t\n]*((?:[A-Za-z_][A-Za-z0-9_]*={_PLAIN}*[ \t]+)*)({_PLAIN}+)(?=[ \t]*(?:$|[\n;&|<>])|[ \t]+[^( \t\n;&|<>])")


def program_of(command: str | tuple[str, ...]) -> str:
    """Return the word that names the program which ``command`` starts; empty where only a shell knows what it comes to."""
    words = direct_words(command) if isinstance(command, str) else command
    return words[0] if words else _of_shell_line(str(command))


def missing(program: str, cwd: str, path: str) -> Reason | None:
    """Return why ``program`` could not be started from the directory ``cwd`` with ``path`` as PATH.

    None where it could, and where ``cwd`` is not there (yet).
    """
    try:
        if not os.path.isdir(cwd):
            return None
        if "/" in program:
            return _missing_file(program, os.path.join(cwd, program))
        resolve_program(program, cwd, path)
    except CommandNotStarted as refusal:
        return refusal.reason
    except ValueError:  # no name of a file
        return Code.NO_SUCH_COMMAND.of(program)
    return None


def _missing_file(word: str, file: str) -> Reason | None:
    if not os.path.exists(file):
        return Code.NO_SUCH_COMMAND.of(word)
    return None if os.path.isfile(file) and os.access(file, os.X_OK) else Code.NOT_EXECUTABLE.of(word)


def _of_shell_line(line: str) -> str:
    found = _FIRST.match(line)
    if found is None or re.search(r"(?:^|[ \t])PATH=", found[1]):
        return ""
    word = found[2]
    is_descriptor = word.isdigit() and line[found.end() :][:1] in ("<", ">")
    return "" if word in SHELL_WORDS or is_descriptor else word
