"""JSON as its standard has it, at the speed of the standard library's parser, which by itself is more generous."""

from __future__ import annotations

import math
import re
from functools import cache
from json import JSONDecodeError, JSONDecoder
from typing import Any

from core.errors import InvalidFile, Problem
from core.json_text.places import duplicate_in, line_and_column

#: Levels of maps and lists inside each other that any reader of ours takes.
DEEPEST = 64
#: Characters of a number; no writer of JSON needs more, and Python takes quadratic time for many.
LONGEST_NUMBER = 40
#: Levels at which the parser may give up.
_PARSERS_OWN = 900
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]|[-+.0-9A-Za-z]+', re.DOTALL)
#: Part of any number that is too long or too large; or of some text.
_LONG_NUMBER, _LARGE_NUMBER = re.compile(r"[0-9]{12}"), re.compile(r"[eE]\+?[0-9]{3}")
#: Up to and with the next bracket outside of strings, in a text that is known to be JSON.
_BRACKET = re.compile(r'[^"\[\]{}]*(?:"(?:[^"\\]|\\.)*"[^"\[\]{}]*)*([\[\]{}]|\Z)', re.DOTALL)


class _BadNumber(ValueError):
    def __init__(self, literal: str, message: str) -> None:
        super().__init__(message)
        self.literal = literal


class _GivenTwice(ValueError):
    """A map has a key twice."""


def load_json(text: str, file: str, *, depth: int = DEEPEST) -> Any:
    """Return the value of a JSON text that messages call ``file``. Its strings may hold lone surrogates, as JSON allows.

    Raises InvalidFile, with line and column, for bad syntax, ``NaN`` and its like, a number of more than 40 characters or beyond
    what a float holds, a key given twice, and nesting beyond ``depth`` (0: beyond what the parser takes, about a thousand).
    """
    decoder = _careful_decoder() if _LONG_NUMBER.search(text) or _LARGE_NUMBER.search(text) else _decoder()
    try:
        value = decoder.decode(text)
    except JSONDecodeError as error:
        raise _invalid(file, (error.lineno, error.colno), f"not JSON: {error.msg}") from error
    except _BadNumber as error:
        raise _invalid(file, line_and_column(text, _place_of(text, error.literal)), str(error)) from None
    except _GivenTwice:
        at, key = duplicate_in(text)
        raise _invalid(file, line_and_column(text, at), f"the key {_shown(key)} is given twice", "keep one of them") from None
    except RecursionError:
        raise _too_deep(text, file, depth) from None
    if depth and _depth(text, depth) > depth:
        raise _too_deep(text, file, depth)
    return value


def parse_json(data: bytes | str, *, depth: int = DEEPEST) -> Any:
    """Return the value of what a program sent or signed, in UTF-8. Raises ValueError with one line on why it is none; see ``load_json``."""
    try:
        return load_json(data if isinstance(data, str) else data.decode("utf-8"), "", depth=depth)
    except InvalidFile as error:
        raise ValueError(str(error.problems[0]).removeprefix(":")) from error


@cache
def _decoder() -> JSONDecoder:
    return JSONDecoder(object_pairs_hook=_map, parse_constant=_no_constant)


@cache
def _careful_decoder() -> JSONDecoder:
    """Return one that looks at each number, which takes its time."""
    return JSONDecoder(object_pairs_hook=_map, parse_int=_whole, parse_float=_real, parse_constant=_no_constant)


def _map(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    items = dict(pairs)
    if len(items) != len(pairs):
        raise _GivenTwice
    return items


def _whole(literal: str) -> int:
    if len(literal) > LONGEST_NUMBER:
        raise _BadNumber(literal, "the number has too many digits")
    return int(literal)


def _real(literal: str) -> float:
    if len(literal) > LONGEST_NUMBER:
        raise _BadNumber(literal, "the number has too many digits")
    number = float(literal)
    if not math.isfinite(number):
        raise _BadNumber(literal, f"the number {literal} is too large")
    return number


def _no_constant(literal: str) -> Any:
    raise _BadNumber(literal, f"{literal} is no number in JSON")


def _place_of(text: str, literal: str) -> int:
    """Return where a number stands first; everything up to it is JSON."""
    return next((token.start() for token in _TOKEN.finditer(text) if token[0] == literal), 0)


def _depth(text: str, limit: int) -> int:
    """Return how deep a JSON text is nested, or the first depth beyond ``limit``."""
    deepest = depth = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[1] in ("[", "{"):
            depth += 1
            if depth > deepest:
                deepest = depth
                if depth > limit:
                    break
        elif bracket[1]:
            depth -= 1
    return deepest


def _too_deep(text: str, file: str, limit: int) -> InvalidFile:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > (limit or _PARSERS_OWN):
            return _invalid(file, line_and_column(text, token.start()), "nested too deeply")
    return _invalid(file, (0, 0), "nested too deeply")


def _invalid(file: str, place: tuple[int, int], message: str, hint: str = "") -> InvalidFile:
    return InvalidFile([Problem(file=file, line=place[0], column=place[1], message=message, hint=hint)])


def _shown(key: str) -> str:
    return f"'{key if key.isprintable() else ascii(key)[1:-1]}'"[:80]
