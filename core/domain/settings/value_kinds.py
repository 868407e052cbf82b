"""What a single setting may hold. Each kind reads a plain value and writes the JSON schema of exactly what it reads."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.domain.settings.duration import DURATION_PATTERN, POSITIVE_DURATION_PATTERN, format_duration, parse_duration
from core.domain.settings.size import SIZE_PATTERN, format_size, parse_size

#: Beyond it, readers of JSON disagree about whole numbers.
LARGEST = 2**53 - 1

#: Keys and positions from the document's root down to a value.
Path = tuple[str | int, ...]

_LONGEST_QUOTE = 60


class Complain(Protocol):
    """Takes note of a mistake."""

    def __call__(self, at: Path, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note what is wrong with the value at ``at`` (or with its key), and what to type instead.

        About a value, ``message`` is read after its name; about a key it is a whole sentence.
        """


class Kind(Protocol):
    """One kind of value."""

    @property
    def wanted(self) -> str:
        """Say what the kind accepts, to be read after "must be"."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema (draft 7) that accepts exactly what ``read`` accepts."""

    def read(self, value: Any, at: Path, complain: Complain) -> Any:
        """Return the value as settings hold it; each mistake goes to ``complain``, and then the result means nothing."""

    def write(self, value: Any) -> Any:
        """Return the plain value that a person would write for one that settings hold."""


def describe(value: Any) -> str:
    """Return a plain value as a sentence may mention it: short, and with its type where that matters."""
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str) else f"{value}"
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def refuse(kind: Kind, value: Any, at: Path, complain: Complain, hint: str = "") -> None:
    """Complain that ``value`` is not what ``kind`` wants."""
    complain(at, f"must be {kind.wanted}, not {describe(value)}", hint)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def _plain_number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    """``true`` or ``false``."""

    wanted = "true or false"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, value: Any, at: Path, complain: Complain) -> bool:
        if not isinstance(value, bool):
            refuse(self, value, at, complain)
        return value is True

    def write(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A whole number; ``4.0`` is one too, as in JSON schema."""

    minimum: int = 0

    @property
    def wanted(self) -> str:
        return f"a whole number of at least {self.minimum}"

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": LARGEST}

    def read(self, value: Any, at: Path, complain: Complain) -> int:
        if not _is_number(value) or value != int(value) or value < self.minimum:
            refuse(self, value, at, complain)
            return self.minimum
        return int(value)

    def write(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number between two bounds, both included."""

    minimum: int = 0
    maximum: int = LARGEST

    @property
    def wanted(self) -> str:
        return f"a number of at least {self.minimum}" if self.maximum == LARGEST else f"a number from {self.minimum} to {self.maximum}"

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, value: Any, at: Path, complain: Complain) -> float:
        if not _is_number(value) or not self.minimum <= value <= self.maximum:
            refuse(self, value, at, complain)
            return float(self.minimum)
        return float(value)

    def write(self, value: Any) -> Any:
        return _plain_number(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        return " or ".join(self.words)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}

    def read(self, value: Any, at: Path, complain: Complain) -> str:
        if value not in self.words:
            refuse(self, value, at, complain)
        return str(value)

    def write(self, value: Any) -> Any:
        return value


def _as_text(value: Any) -> str:
    """Return how to write as text what stands there as something else; empty when nobody can tell."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(word, str) for word in value):
        return f"write it as one text: {shlex.join(value)}"
    return f"quote it: '{value}'" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text that a regular expression finds itself in."""

    #: Must mean the same to Python and JavaScript: no ``$``, ``\\s`` or ``\\d``.
    pattern: str
    wanted: str
    #: Characters; 0: no limit but the file's.
    longest: int = 0

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern, **({"maxLength": self.longest} if self.longest else {})}

    def read(self, value: Any, at: Path, complain: Complain) -> str:
        if not isinstance(value, str):
            refuse(self, value, at, complain, _as_text(value))
        elif self.longest and len(value) > self.longest:
            complain(at, f"must not be longer than {self.longest} characters")
        elif re.search(self.pattern, value) is None:
            refuse(self, value, at, complain)
        return str(value)

    def write(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A span of time; settings hold seconds."""

    #: Whether nothing at all is allowed.
    zero: bool = False

    @property
    def wanted(self) -> str:
        return f"a {'' if self.zero else 'positive '}duration such as 90s, 10m, 1h30m or a number of seconds"

    @property
    def _pattern(self) -> str:
        return DURATION_PATTERN if self.zero else POSITIVE_DURATION_PATTERN

    def schema(self) -> dict[str, Any]:
        bound = {"minimum": 0} if self.zero else {"exclusiveMinimum": 0}
        return {"anyOf": [{"type": "number", **bound, "maximum": LARGEST}, {"type": "string", "pattern": self._pattern}]}

    def read(self, value: Any, at: Path, complain: Complain) -> float:
        if isinstance(value, str) and re.search(self._pattern, value):
            return parse_duration(value)
        if not _is_number(value) or value < 0 or (value == 0 and not self.zero):
            refuse(self, value, at, complain)
            return 0.0
        return float(value)

    def write(self, value: Any) -> Any:
        return format_duration(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """An amount of memory, never zero; settings hold bytes."""

    wanted = "a size such as 64MB, 1GiB or a number of bytes"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": LARGEST}, {"type": "string", "pattern": SIZE_PATTERN}]}

    def read(self, value: Any, at: Path, complain: Complain) -> int:
        if isinstance(value, str) and re.search(SIZE_PATTERN, value):
            return parse_size(value)
        if not _is_number(value) or value != int(value) or value < 1:
            refuse(self, value, at, complain)
            return 1
        return int(value)

    def write(self, value: Any) -> Any:
        return format_size(value)
