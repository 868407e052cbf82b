"""Checks of arguments as Python users give them: whatever is of the wrong type or no known word is one clear UsageError."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar

from core.errors import UsageError
from core.schema.wording import nearest

_Word = TypeVar("_Word", bound=StrEnum)
_SEE = "docs/library.md shows every call"
_PATH = (str, os.PathLike)


def check_type(name: str, value: object, kinds: type | tuple[type, ...], expected: str, hint: str = _SEE) -> None:
    """Raise UsageError where ``value`` is an instance of none of ``kinds``; ``expected`` follows "must be"."""
    if not isinstance(value, kinds):
        shown = "None" if value is None else f"the {type(value).__name__} {str(value)[:60]!r}"
        raise UsageError(f"{name} must be {expected}, not {shown}", hint=hint)


def check_flags(*, optional: bool = False, **flags: object) -> None:
    """Raise UsageError for the first of ``flags`` that is neither True nor False, nor, where they are ``optional``, None."""
    for name, value in flags.items():
        check_type(name, value, (bool, NoneType) if optional else bool, "True or False", f"{name}=True or {name}=False")


def path_text(name: str, value: Any) -> str:
    """Return a path as text. Raises UsageError where it is none."""
    check_type(name, value, _PATH, "a path")
    return str(os.fspath(value))


def several(name: str, value: Any, one: type | tuple[type, ...], expected: str, hint: str = _SEE) -> tuple[Any, ...]:
    """Return the items of ``value``, each an instance of ``one``; one alone is taken for a list of one. Raises UsageError."""
    if isinstance(value, one):
        return (value,)
    check_type(name, value, one if isinstance(value, (str, bytes)) else Iterable, expected, hint)
    items = tuple(value)
    for item in items:
        check_type(name, item, one, expected, hint)
    return items


def word_of(name: str, value: Any, words: type[_Word]) -> _Word:
    """Return the member that ``value`` is or names. Raises UsageError that lists the words."""
    try:
        return words(value)
    except ValueError:
        near = nearest(value, words) if isinstance(value, str) else ""
        hint = f"did you mean {near}?" if near else f"choose one of them: {name}={next(iter(words)).value!r}"
        raise UsageError(f"{name} must be one of {', '.join(words)}; not {value!r}", hint=hint) from None
