"""Globs over POSIX paths relative to the repository.

``*`` and ``?`` stay inside one name, ``**`` spans any number of directories, ``[abc]`` and ``[!abc]`` are one character of a name.
A glob without a slash matches the name at any depth; one that ends with a slash matches everything below.

Globs come from files that strangers write, so no glob may cost more than its length times the path's. They become regular
expressions in which no choice is ever taken back: stars that follow each other are one, and what stands between two stars (or
two ``**``) is looked for once, at the first place where it fits. A later place could not make more of the path match. A lookahead
with a group, and the group's text after it, is what keeps the choice; atomic groups are wrong in some versions of Python 3.11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import count

_ANY_DIRECTORIES = "**"


def matches(path: str, glob: str) -> bool:
    """Return whether the whole of ``path`` matches ``glob``; case counts."""
    return _compiled(glob).fullmatch(path) is not None


def any_of(globs: Iterable[str]) -> Callable[[str], bool]:
    """Return what says of a path whether one of ``globs`` matches it; sooner than asking for each."""
    groups = count()
    patterns = [f"(?:{_path_pattern(glob, groups)})" for glob in globs]
    if not patterns:
        return lambda _: False
    match = re.compile("|".join(patterns), re.DOTALL).fullmatch
    return lambda path: match(path) is not None


def name_matches(name: str, glob: str) -> bool:
    """Return whether the whole of one name matches ``glob``, in which ``**`` is ``*``; case counts."""
    return _compiled_name(glob).fullmatch(name) is not None


def names_of(glob: str) -> list[str]:
    """Return the names that a glob of paths stands for from the top down, ``**`` for any number of directories."""
    if glob.endswith("/"):
        glob += _ANY_DIRECTORIES
    if "/" not in glob:
        glob = f"{_ANY_DIRECTORIES}/{glob}"
    names: list[str] = []
    for name in glob.removeprefix("./").removeprefix("/").split("/"):
        if name != _ANY_DIRECTORIES or names[-1:] != [name]:
            names.append(name)
    return names


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(_path_pattern(glob, count()), re.DOTALL)


@lru_cache(maxsize=1024)
def _compiled_name(glob: str) -> re.Pattern[str]:
    return re.compile(_name_pattern(glob, count()), re.DOTALL)


def _path_pattern(glob: str, groups: Iterator[int]) -> str:
    """Translate a glob; each of ``groups`` names one group."""
    stretches: list[list[str]] = [[]]
    for name in names_of(glob):
        if name == _ANY_DIRECTORIES:
            stretches.append([])
        else:
            stretches[-1].append(_name_pattern(name, groups))
    first, *between, last = stretches if len(stretches) > 1 else [stretches[0], []]
    if len(stretches) == 1:
        return "/".join(first)
    pattern = "".join(f"{name}/" for name in first)
    for stretch in between:
        pattern += _first_place("(?:[^/]+/)*?" + "".join(f"{name}/" for name in stretch), groups)
    return pattern + ("(?:[^/]+/)*" + "/".join(last) if last else ".*")


def _name_pattern(name: str, groups: Iterator[int]) -> str:
    """Translate one name of a glob."""
    pieces = [""]
    for token in _characters(name):
        if token:
            pieces[-1] += token
        elif pieces[-1] or len(pieces) == 1:
            pieces.append("")
    if len(pieces) == 1:
        return pieces[0]
    first, *between, last = pieces
    return first + "".join(_first_place(f"[^/]*?{piece}", groups) for piece in between) + f"[^/]*{last}"


def _first_place(pattern: str, groups: Iterator[int]) -> str:
    """Return a pattern that matches as ``pattern`` first does, and never otherwise."""
    group = f"g{next(groups)}"
    return f"(?=(?P<{group}>{pattern}))(?P={group})"


def _characters(name: str) -> Iterator[str]:
    """Yield a pattern for each character of a name, an empty one for a star; an unclosed bracket is a plain character."""
    position = 0
    while position < len(name):
        character = name[position]
        start = position + (2 if name.startswith("[!", position) else 1)
        closing = name.find("]", start + 1) if character == "[" else -1
        if closing > 0:
            yield _one_of(name[start:closing], negated=start == position + 2)
            position = closing
        else:
            yield {"*": "", "?": "[^/]"}.get(character, re.escape(character))
        position += 1


def _one_of(members: str, *, negated: bool) -> str:
    """Translate what stands in brackets: characters, and ranges of them, of which those the wrong way round are empty."""
    ranges = ""
    position = 0
    while position < len(members):
        low = high = members[position]
        if members[position + 1 : position + 2] == "-" and position + 2 < len(members):
            high = members[position + 2]
            position += 2
        if low <= high:
            ranges += f"{re.escape(low)}-{re.escape(high)}"
        position += 1
    if not ranges:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{ranges}]"
