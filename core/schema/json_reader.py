"""JSON by the standard library's parser, which by itself is too generous: strict, bounded, in linear time, with the place of a mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from json import JSONDecodeError, JSONDecoder, decoder
from typing import Any

from core.errors import InvalidFile, Problem
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


#: Levels of maps and lists inside each other that any reader of ours takes.
DEEPEST = 64
#: Characters of a number; no writer of JSON needs more, and Python takes quadratic time for many.
LONGEST_NUMBER = 40
#: Levels at which the parser itself may give up.
_PARSERS_DEEPEST = 900
#: Strings, brackets, commas and numbers, ``NaN`` and its like among them.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]},]|-?(?:NaN|Infinity|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)', re.DOTALL)
#: Part of any number that is too long or too large; or of some text.
_LONG_NUMBER, _LARGE_NUMBER = re.compile(r"[0-9]{12}"), re.compile(r"[eE]\+?[0-9]{3}")


class _Refused(ValueError):
    """Something that the standard library's parser takes and we do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonDocument:
    """A text and what it means."""

    text: str
    value: Any

    def places(self, paths: Iterable[Path], *, keys: bool = False) -> dict[Path, tuple[int, int]]:
        """Return the 1-based line and column of the value (or of its key) at each path; of what is not there, of what is around it."""
        return places_of(self.text, paths, keys=keys)


def read_json(text: str, file: str) -> JsonDocument:
    """Read a document that messages call ``file``. Raises InvalidFile as ``load_json`` does."""
    return JsonDocument(text=text, value=load_json(text, file))


def load_json(text: str, file: str, *, depth: int = DEEPEST) -> Any:
    """Return the value of a JSON text that messages call ``file``. Its strings may hold lone surrogates, as JSON allows.

    Raises InvalidFile, with line and column, for bad syntax, ``NaN`` and its like, a number of more than 40 characters or beyond
    what a float holds, a key given twice, and nesting beyond ``depth`` (0: beyond what the parser takes, about a thousand).
    """
    looks_at_numbers = bool(_LONG_NUMBER.search(text) or _LARGE_NUMBER.search(text))
    try:
        value = _decoder(looks_at_numbers=looks_at_numbers).decode(text)
    except JSONDecodeError as error:
        problem = Problem(file=file, line=error.lineno, column=error.colno, message=f"not JSON: {error.msg}")
        raise InvalidFile([problem]) from error
    except (_Refused, RecursionError):
        raise InvalidFile([_first_problem(text, file, depth or _PARSERS_DEEPEST)]) from None
    if depth and _is_deeper(value, depth):
        raise InvalidFile([_first_problem(text, file, depth)])
    return value


def parse_json(data: bytes | str, *, depth: int = DEEPEST) -> Any:
    """Return the value of what a program sent or signed, in UTF-8. Raises ValueError with one line on why it is none; see ``load_json``."""
    try:
        return load_json(data if isinstance(data, str) else data.decode("utf-8"), "", depth=depth)
    except InvalidFile as error:
        raise ValueError(str(error.problems[0]).removeprefix(":")) from error


def dotted(path: Path) -> str:
    """Return a path as people write it: ``permissions.fs.read[0]``; ``(root)`` for the whole document."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part if part.isprintable() else ascii(part)}"
    return text.lstrip(".") or "(root)"


@cache
def _decoder(*, looks_at_numbers: bool) -> JSONDecoder:
    """Return the parser; looking at each number takes its time."""
    numbers: dict[str, Any] = {"parse_int": _number, "parse_float": _number} if looks_at_numbers else {}
    return JSONDecoder(object_pairs_hook=_map, parse_constant=_number, **numbers)


def _map(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    items = dict(pairs)
    if len(items) != len(pairs):
        raise _Refused
    return items


def _number(literal: str) -> int | float:
    if _problem_of_number(literal):
        raise _Refused
    return int(literal) if literal.lstrip("-").isdigit() else float(literal)


def _problem_of_number(literal: str) -> str:
    """Return why a number is not taken; empty when it is."""
    if literal.lstrip("-") in {"NaN", "Infinity"}:
        return f"{literal} is no number in JSON"
    if len(literal) > LONGEST_NUMBER:
        return "the number has too many digits"
    return "" if math.isfinite(float(literal)) else f"the number {literal} is too large"


def _is_deeper(value: Any, limit: int) -> bool:
    """Return whether maps and lists are nested in more than ``limit`` levels."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(limit):
        if not level:
            return False
        inside = (parent.values() if isinstance(parent, dict) else parent for parent in level)
        level = [child for children in inside for child in children if isinstance(child, (dict, list))]
    return bool(level)


def _first_problem(text: str, file: str, limit: int) -> Problem:
    """Return the first level beyond ``limit``, key given twice or number that is not taken; only up to there must the text be JSON."""
    #: The keys so far of each map around the token, None for a list.
    around: list[set[str] | None] = []
    keys: set[str] | None = None
    for token in _TOKEN.finditer(text):
        literal = token[0]
        message, hint = _problem_of_token(literal, around, limit) if keys is None or literal == "}" else _problem_of_key(literal, keys)
        if message:
            line, column = line_and_column(text, token.start())
            return Problem(file=file, line=line, column=column, message=message, hint=hint)
        keys = around[-1] if around and literal in "{," else None
    return Problem(file=file, message="nested too deeply")


def _problem_of_token(literal: str, around: list[set[str] | None], limit: int) -> tuple[str, str]:
    """Return what is wrong with a token that is no key, and what to do; ``around`` follows the brackets."""
    if literal in "[{":
        around.append(set() if literal == "{" else None)
        return ("nested too deeply" if len(around) > limit else ""), ""
    if literal in "]}":
        around.pop()
    elif literal[0] != '"' and literal != ",":
        return _problem_of_number(literal), ""
    return "", ""


def _problem_of_key(literal: str, keys: set[str]) -> tuple[str, str]:
    """Return what is wrong with a key, and what to do; it is added to the ``keys`` of its map."""
    key = JSONDecoder(strict=False).decode(literal)
    if key in keys:
        return f"the key {_shown(key)} is given twice", "keep one of them"
    keys.add(key)
    return "", ""


def _shown(key: str) -> str:
    return f"'{key if key.isprintable() else ascii(key)[1:-1]}'"[:80]
