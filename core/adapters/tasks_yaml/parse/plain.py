"""What unquoted text means in YAML, and where that is not what it looks like."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

#: Characters of the longest number that is looked at as one.
_LONGEST = 400
#: Characters of it that a complaint shows.
_SHOWN = 60
#: Text that begins with anything else is text in every version of YAML.
_SUSPICIOUS = frozenset("-+.0123456789yYnNtTfFoO~=<")
_TAG = "tag:yaml.org,2002:"
#: Numbers of YAML 1.2 that YAML 1.1 takes for text.
_NUMBER_1_2 = re.compile(r"[-+]?(?:[0-9]+|0o[0-7]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def is_text(plain: str) -> bool:
    """Whether an unquoted scalar is text to every reader of YAML."""
    if plain[:1] not in _SUSPICIOUS and plain not in _NULLS:
        return True
    return tag_of(plain) == "str" and _NUMBER_1_2.fullmatch(plain) is None


def tag_of(plain: str) -> str:
    """Return what YAML 1.1 takes an unquoted scalar for: str, int, float, bool, null, timestamp, merge or value."""
    for tag, pattern in _resolvers().get(plain[:1], ()):
        if pattern.match(plain):
            return str(tag).removeprefix(_TAG)
    return "str"


@cache
def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    from yaml.resolver import Resolver

    return Resolver.yaml_implicit_resolvers


def is_null(plain: str) -> bool:
    return plain in _NULLS


def as_boolean(plain: str) -> bool | None:
    """Return the truth value if every reader of YAML takes the text for one, else None."""
    return _WORDS.get(plain)


def as_integer(plain: str) -> int | None:
    """Return the whole number if every reader of YAML takes the text for it (``010``, ``1_000`` and ``1:30`` are not), else None."""
    return int(plain) if _INTEGER.fullmatch(plain) else None


def as_number(plain: str) -> int | float | None:
    """Return the decimal number that the text can only mean, else None; may be infinite."""
    if _INTEGER.fullmatch(plain):
        return int(plain)
    return float(plain) if len(plain) <= _LONGEST and _NUMBER.fullmatch(plain) else None


def reading(plain: str) -> str:
    """Return how YAML reads an unquoted scalar that is not text, to follow "but": ``YAML 1.1 reads on as true``."""
    if len(plain) > _SHOWN:
        return f"YAML reads {plain[:20]}… as a number"
    tag = tag_of(plain)
    if tag in {"int", "float", "bool"} and as_number(plain) is None and as_boolean(plain) is None:
        return f"YAML 1.1 reads {plain} as {_constructed(plain)}"
    return f"{plain} {_MEANINGS[tag]}" if tag in _MEANINGS else f"YAML {'1.2 ' if tag == 'str' else ''}reads {plain} as {_READ_AS[tag]}"


_MEANINGS = {
    "int": "is a number",
    "float": "is a number",
    "bool": "is a truth value",
    "null": "means no value at all",
    "merge": "has a meaning of its own in YAML",
    "value": "has a meaning of its own in YAML",
}
_READ_AS = {"str": "a number", "timestamp": "a date"}


def _constructed(plain: str) -> str:
    import yaml

    value: Any = yaml.safe_load(plain)
    return str(value).lower() if isinstance(value, bool) else str(value)
