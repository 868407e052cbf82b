"""Files that a check is made of: the scripts and settings that its commands name. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from posixpath import basename, join, normpath

from core.domain.quality.files_of_tests import is_test_file

#: What stands between the words of a shell line, quotes and ``--option=`` among it.
_BETWEEN = re.compile(r"[\s'\"`=;&|()<>]+")
#: Programs that run the file that they are given.
_INTERPRETER = re.compile(r"python[\d.]*|pypy[\d.]*|ba?sh|dash|zsh|ksh|fish|node|perl|ruby|env|exec|source|\.")


def files_named(commands: Iterable[str | tuple[str, ...] | None], cwd: str | None, changed: Collection[str]) -> Iterator[str]:
    """Yield which of the ``changed`` paths say what ``commands`` check, in the order in which these name them; they start in ``cwd``.

    A Python file is one only where it is run itself: else it is what the check looks at. Tests are judged by what they test.
    """
    for command in commands:
        words = [word for text in _texts(command) for word in _BETWEEN.split(text) if word]
        for before, word in zip(("", *words), words, strict=False):
            path = normpath(join(cwd or "", word))
            if path in changed and _says_what_is_checked(path, before):
                yield path


def _says_what_is_checked(path: str, before: str) -> bool:
    """Return whether a path behind the word ``before`` is a part of the check, not what it looks at."""
    return not is_test_file(path) and (not path.endswith((".py", ".pyi")) or _is_run(before))


def _texts(command: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (command,) if isinstance(command, str) else command or ()


def _is_run(before: str) -> bool:
    """Return whether a file is run that comes after the word ``before``; an option's value is not told from what an option precedes."""
    return not before or before.startswith("-") or _INTERPRETER.fullmatch(basename(before)) is not None
