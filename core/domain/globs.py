"""Globs over POSIX paths relative to the repository.

``*`` and ``?`` stay inside one name, ``**`` spans any number of directories, ``[abc]`` and ``[!abc]`` are one character.
A glob without a slash matches the name at any depth; one that ends with a slash matches everything below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache


def matches(path: str, glob: str) -> bool:
    """Return whether the whole of ``path`` matches ``glob``; case counts."""
    return _compiled(glob).fullmatch(path) is not None


def any_of(globs: Iterable[str]) -> Callable[[str], bool]:
    """Return what says of a path whether one of ``globs`` matches it; sooner than asking for each."""
    patterns = [f"(?:{_compiled(glob).pattern})" for glob in globs]
    if not patterns:
        return lambda _: False
    match = re.compile("|".join(patterns), re.DOTALL).fullmatch
    return lambda path: match(path) is not None


@lru_cache(maxsize=256)
def _compiled(glob: str) -> re.Pattern[str]:
    if glob.endswith("/"):
        glob += "**"
    if "/" not in glob:
        glob = f"**/{glob}"
    parts = glob.removeprefix("./").removeprefix("/").split("/")
    pattern = ""
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        if part == "**":
            pattern += ".*" if last else "(?:[^/]+/)*"
        else:
            pattern += _name(part) + ("" if last else "/")
    return re.compile(pattern, re.DOTALL)


def _name(part: str) -> str:
    """Translate one name of a glob; an unclosed bracket is a plain character."""
    out, position = "", 0
    while position < len(part):
        character = part[position]
        closing = part.find("]", position + 2) if character == "[" else -1
        if character == "*":
            out += "[^/]*"
        elif character == "?":
            out += "[^/]"
        elif closing > 0:
            inside = part[position + 1 : closing].replace("\\", "\\\\").replace("[", "\\[")
            out += "[^" + inside[1:] + "]" if inside.startswith("!") else "[" + inside.replace("^", "\\^") + "]"
            position = closing
        else:
            out += re.escape(character)
        position += 1
    return out
