"""Where things stand in a text that is known to be JSON; what is not asked for is skipped by the standard library's parser, in C."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from json import JSONDecoder, decoder
from typing import Any

from core.schema.document import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_skip_value = JSONDecoder().scan_once  # type: ignore[attr-defined]


def places_of(text: str, paths: Iterable[Path], *, keys: bool = False) -> dict[Path, tuple[int, int]]:
    """Return the line and column of the value at each path (or of its key), or of the nearest value around it that is there.

    The text is gone through once, and not beyond the last of them.
    """
    wanted = set(paths)
    tree: dict[str | int, Any] = {}
    for path in wanted:
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
    found: dict[Path, int] = {(): _space(text, 0)}
    with suppress(RecursionError):  # behind what is nested too deeply to be skipped, the value around it has to do
        _find(text, _space(text, 0), tree, (), found, keys=keys)
    return {path: line_and_column(text, found[_nearest(path, found)]) for path in wanted}


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Return the 1-based line and column of a position."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _find(text: str, at: int, tree: Mapping[str | int, Any], path: Path, found: dict[Path, int], *, keys: bool) -> None:
    """Note in ``found`` where what ``tree`` names is, inside of the value at ``at``."""
    left = len(tree)
    if not left:
        return
    for key, key_at, value_at in _items(text, at):
        if key in tree:
            found[*path, key] = key_at if keys else value_at
            _find(text, value_at, tree[key], (*path, key), found, keys=keys)
            left -= 1
            if not left:
                return


def _items(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Yield key (or index), position of the key and position of the value for each item of a map or list; nothing for a scalar."""
    opening = text[at]
    if opening not in "[{":
        return
    at = _space(text, at + 1)
    index = 0
    while text[at] not in "]}":
        key: str | int = index
        key_at = at
        if opening == "{":
            key, at = _string(text, at)
            at = _space(text, _space(text, at) + 1)
        yield key, key_at, at
        _, at = _skip_value(text, at)
        at = _space(text, at)
        if text[at] == ",":
            at = _space(text, at + 1)
        index += 1


def _string(text: str, at: int) -> tuple[str, int]:
    """Return the string whose opening quote is at a position, and where it ends."""
    string, end = decoder.scanstring(text, at + 1, True)  # type: ignore[attr-defined]
    return str(string), int(end)


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _nearest(path: Path, found: Mapping[Path, int]) -> Path:
    while path not in found:
        path = path[:-1]
    return path
