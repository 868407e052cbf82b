"""Numbers, spans of time and amounts of memory as people write them (``1h30m``, ``64MB``), and the types of these values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.schema.field_types import FieldError, FieldType, refused, unlike
from core.schema.nodes import Node, Scalar, resolve
from core.schema.scalars import as_number, is_text
from core.schema.wording import not_text

#: End of the text; the same in Python and in the JavaScript that editors validate with, where ``$`` differs.
END = r"(?![\s\S])"
_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
#: Regular expression of a duration written as text; days, hours, minutes, seconds, each at most once, in this order.
DURATION_PATTERN = rf"^(?=[0-9])(?:{_PART}d)?(?:{_PART}h)?(?:{_PART}m)?(?:{_PART}s)?{END}"
#: The same without durations of zero.
POSITIVE_DURATION_PATTERN = DURATION_PATTERN.replace("(?=[0-9])", "(?=[0-9.dhms]*[1-9])", 1)

_SECONDS = (86400.0, 3600.0, 60.0, 1.0)

_UNITS = {"B": 1}
_UNITS.update({f"{letter}B": 1000**power for power, letter in enumerate("kMGT", start=1)})
_UNITS.update({f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", start=1)})

#: Regular expression of a size written as text; never zero.
SIZE_PATTERN = rf"^(?=[0-9]*[1-9])([0-9]{{1,12}}) ?({'|'.join(_UNITS)}|KB){END}"


def parse_duration(text: str) -> float:
    """Return the seconds that ``text`` names. Raises ValueError when it is not a duration."""
    match = re.search(DURATION_PATTERN, text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration: write 90s, 10m, 1h30m or a number of seconds")
    return sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)


def format_duration(seconds: float) -> str:
    """Return the shortest text that ``parse_duration`` reads back as ``seconds`` (≥ 0, to the nanosecond)."""
    rest, parts = seconds, []
    for name, unit in zip("dhm", _SECONDS, strict=False):
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count:.0f}{name}")
    if rest or not parts:
        parts.append(f"{rest:.9f}".rstrip("0").rstrip(".") + "s")
    return "".join(parts)


def parse_size(text: str) -> int:
    """Return the bytes that ``text`` names; ``MB`` is a million, ``MiB`` 1024 × 1024. Raises ValueError otherwise."""
    match = re.search(SIZE_PATTERN, text)
    if match is None:
        raise ValueError(f"{text!r} is not a size: write 64MB, 1GiB or a number of bytes")
    unit = "kB" if match[2] == "KB" else match[2]
    return int(match[1]) * _UNITS[unit]


def format_size(count: int) -> str:
    """Return the shortest text that ``parse_size`` reads back as ``count`` bytes (≥ 1)."""
    exact = [f"{count // unit}{name}" for name, unit in _UNITS.items() if count % unit == 0]
    return min(exact, key=len)


#: Beyond it, readers of JSON disagree about whole numbers.
LARGEST = 2**53 - 1

_EXAMPLES = "write 90s, 10m, 1h30m or a number of seconds"
#: ``1:30`` and ``1:30:00``, which are meant as a time.
_CLOCK = re.compile(r"[0-9]{1,4}:[0-9]{1,2}(?::[0-9]{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(FieldType):
    """A number between two bounds, both included. Messages about ``wanted``, where it is given, speak of a bound by itself."""

    minimum: float = 0
    maximum: float = LARGEST
    wanted: str = ""

    @property
    def phrase(self) -> str:
        return self.wanted or f"a number{self._bounds()}"

    def _bounds(self) -> str:
        return f" of at least {self.minimum}" if self.maximum == LARGEST else f" from {self.minimum} to {self.maximum}"

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, node: Node) -> float:
        return float(self._read_number(node))

    def _read_number(self, node: Node) -> int | float:
        number = read_number(node, self)
        if not self.minimum <= number <= self.maximum:
            if not self.wanted:
                raise unlike(node, self.phrase)
            raise out_of_bounds(node, number, self.minimum, self.maximum)
        return number

    def write(self, value: Any) -> Any:
        return int(value) if float(value).is_integer() else value


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOrRank(Number):
    """A number, or the name of a rank that stands for one; the program holds the number."""

    ranks: Mapping[str, float]

    @property
    def phrase(self) -> str:
        return f"a number{self._bounds()} or a rank: {', '.join(self.ranks)}"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Number.schema(self), {"enum": list(self.ranks)}]}

    def read(self, node: Node) -> float:
        solid = resolve(node)
        if isinstance(solid, Scalar) and solid.text in self.ranks:
            return self.ranks[solid.text]
        return Number.read(self, node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Number):
    """A whole number; ``4.0`` is one too, as in JSON schema."""

    @property
    def phrase(self) -> str:
        return self.wanted or f"a whole number{self._bounds()}"

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, node: Node) -> int:
        number = read_number(node, self)
        if number != number // 1:
            raise unlike(node, self.phrase)
        return int(self._read_number(node))


def read_number(node: Node, field_type: FieldType) -> int | float:
    """Return a number that every reader of YAML takes for the same one. Raises FieldError."""
    solid = resolve(node)
    if not isinstance(solid, Scalar):
        raise unlike(node, field_type.phrase)
    number = as_number(solid.text)
    if solid.quote or number is None:
        if solid.quote and number is not None:
            raise unlike(node, field_type.phrase, f"type {solid.text} without quotes")
        if solid.quote or is_text(solid.text):
            raise unlike(node, field_type.phrase)
        reason, _ = not_text(solid)
        raise refused(node, f"must be {field_type.phrase}, {reason}", "write it in decimal digits" if solid.text else "")
    return number


def out_of_bounds(node: Node, number: float, minimum: float, maximum: float) -> FieldError:
    """Return the error that a number is below its minimum or above its maximum."""
    return unlike(node, f"{minimum:,g} or more" if number < minimum else f"{maximum:,.0f} or less")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(FieldType):
    """A span of time, in seconds; ``zero`` allows none at all. ``wanted`` as for numbers."""

    zero: bool = False
    #: Seconds, of a number; text for more means as much.
    longest: int = LARGEST
    wanted: str = ""

    @property
    def phrase(self) -> str:
        return self.wanted or f"a {'' if self.zero else 'positive '}duration such as 90s, 10m, 1h30m or a number of seconds"

    def schema(self) -> dict[str, Any]:
        least = {"minimum": 0} if self.zero else {"exclusiveMinimum": 0}
        pattern = DURATION_PATTERN if self.zero else POSITIVE_DURATION_PATTERN
        return {"anyOf": [{"type": "number", **least, "maximum": self.longest}, {"type": "string", "pattern": pattern}]}

    def read(self, node: Node) -> float:
        solid = resolve(node)
        if not isinstance(solid, Scalar):
            raise unlike(node, self.phrase, self._examples)
        number = None if solid.quote else as_number(solid.text)
        seconds = self._from_text(node, solid) if number is None else float(number)
        if number is not None and not 0 <= number <= self.longest:
            raise out_of_bounds(node, number, 0, self.longest) if self.wanted else unlike(node, self.phrase)
        if seconds == 0 and not self.zero:
            hint = "leave the line out for no limit"
            raise refused(node, "must be longer than nothing", hint) if self.wanted else unlike(node, self.phrase)
        return min(seconds, float(self.longest))

    def write(self, value: Any) -> Any:
        return format_duration(value)

    @property
    def _examples(self) -> str:
        return _EXAMPLES if self.wanted else ""

    def _from_text(self, node: Node, solid: Scalar) -> float:
        if not solid.quote and not is_text(solid.text):
            reason, _ = not_text(solid)
            raise refused(node, f"must be {self.phrase}, {reason}", _without_colons(solid.text) or self._examples)
        try:
            return parse_duration(solid.text)
        except ValueError:
            hint = f"type {solid.text} without quotes" if as_number(solid.text) is not None else self._examples
            raise unlike(node, self.phrase, hint) from None


def _without_colons(text: str) -> str:
    """Return how to write a time like ``1:30``, nothing when it is none."""
    if not _CLOCK.fullmatch(text):
        return ""
    first, second, *third = (int(part) for part in text.split(":"))
    return f"type {first}h{second}m{third[0]}s" if third else f"type {first}m{second}s or {first}h{second}m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(FieldType):
    """An amount of memory in bytes, never zero."""

    @property
    def phrase(self) -> str:
        return "a size such as 64MB, 1GiB or a number of bytes"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": LARGEST}, {"type": "string", "pattern": SIZE_PATTERN}]}

    def read(self, node: Node) -> int:
        solid = resolve(node)
        if isinstance(solid, Scalar) and (solid.quote or is_text(solid.text)):
            try:
                return parse_size(solid.text)
            except ValueError:
                raise unlike(node, self.phrase) from None
        number = read_number(node, self)
        if number != number // 1 or not 1 <= number <= LARGEST:
            raise unlike(node, self.phrase)
        return int(number)

    def write(self, value: Any) -> Any:
        return format_size(value)
