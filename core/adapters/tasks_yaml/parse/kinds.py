"""What a single value of a task may be. Each kind reads a node and knows the JSON schema of exactly what it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from core.adapters.tasks_yaml.parse.nodes import Node, Scalar, resolve
from core.adapters.tasks_yaml.parse.plain import as_boolean, as_integer, as_number, is_text
from core.adapters.tasks_yaml.parse.words import found, not_text, quoted
from core.domain.settings.duration import DURATION_PATTERN, POSITIVE_DURATION_PATTERN, parse_duration

#: End of the text, alike in Python and in the JavaScript of editors, where ``$`` differs.
END = r"(?![\s\S])"
#: Beyond it, readers of JSON disagree about whole numbers.
LARGEST = 2**53 - 1

_EXAMPLES = "write 90s, 10m, 1h30m or a number of seconds"
#: ``1:30`` and ``1:30:00``, which are meant as a time.
_CLOCK = re.compile(r"[0-9]{1,4}:[0-9]{1,2}(?::[0-9]{1,2})?")
_NO_NUL = {"not": {"pattern": "\\u0000"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing that a value is not. Read as: field, ``inside``, a space, ``message``."""

    index: int
    #: Where inside the field, such as ``[2]`` or ``.delay``.
    inside: str = ""
    message: str
    hint: str = ""


class FieldError(Exception):
    """A value is not what its field wants."""

    def __init__(self, index: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.mistakes: tuple[Mistake, ...] = (Mistake(index=index, message=message, hint=hint),)
        #: What could be read all the same, None when nothing could.
        self.value: Any = None


class ErrorCollector:
    """Reads the values inside another one, and gathers what is wrong with any of them."""

    def __init__(self) -> None:
        self._mistakes: list[Mistake] = []

    def read(self, inside: str, kind: Kind, node: Node) -> Any:
        """Return the value, None when it is wrong."""
        try:
            return kind.read(node)
        except FieldError as error:
            self._mistakes += [replace(mistake, inside=inside + mistake.inside) for mistake in error.mistakes]
            return None

    def refuse(self, index: int, message: str, hint: str = "") -> None:
        self._mistakes.append(Mistake(index=index, message=message, hint=hint))

    def finish(self, value: Any) -> None:
        """Raise Wrong with everything that was wrong, and ``value`` as what could be read."""
        if self._mistakes:
            error = FieldError(self._mistakes[0].index, self._mistakes[0].message)
            error.mistakes = tuple(self._mistakes)
            error.value = value
            raise error


class Kind(Protocol):
    """One kind of value."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema (draft 2020-12) that accepts exactly what ``read`` accepts."""

    def read(self, node: Node) -> Any:
        """Return the value as a Task holds it. Raises Wrong."""


def read_text(node: Node, wanted: str = "text") -> str:
    """Return a scalar that is text to every reader of YAML. Raises Wrong."""
    solid = resolve(node)
    if not isinstance(solid, Scalar):
        raise FieldError(node.start, f"must be {wanted}, not {solid.what}")
    if not solid.quote and not is_text(solid.text):
        reason, hint = not_text(solid)
        raise FieldError(node.start, f"must be {wanted}, {reason}", hint)
    if "\0" in solid.text:
        raise FieldError(node.start, "must not hold the character U+0000")
    return solid.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text with at least one character that is not a blank; ``empty`` allows any."""

    empty: bool = False

    def schema(self) -> dict[str, Any]:
        return {"type": "string", **({} if self.empty else {"pattern": r"[^ \t\r\n]"}), **_NO_NUL}

    def read(self, node: Node) -> str:
        text = "" if self._is_missing(node) else read_text(node)
        if not self.empty and not text.strip(" \t\r\n"):
            raise FieldError(node.start, "must not be empty", "say what is meant")
        return text

    def _is_missing(self, node: Node) -> bool:
        solid = resolve(node)
        return not self.empty and isinstance(solid, Scalar) and not solid.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Id:
    """A whole number, or text of letters, digits and ``. _ / : -``; ``1`` and ``"1"`` are the same id."""

    LONGEST: ClassVar[int] = 200

    def schema(self) -> dict[str, Any]:
        text = {"type": "string", "pattern": rf"^[A-Za-z0-9._/:-]+{END}", "maxLength": self.LONGEST}
        return {"anyOf": [{"type": "integer", "minimum": -LARGEST, "maximum": LARGEST}, text]}

    def read(self, node: Node) -> str:
        solid = resolve(node)
        if isinstance(solid, Scalar) and not solid.quote and _is_whole(solid.text):
            return solid.text
        text = read_text(node, "a whole number or text")
        if not _ID.fullmatch(text):
            plain = _NOT_ID.sub("-", text).strip("-")
            hint = f"type {plain}" if plain and len(plain) <= self.LONGEST else ""
            raise FieldError(node.start, f"may hold letters, digits and . _ / : - only, not {quoted(text)}", hint)
        if len(text) > self.LONGEST:
            raise FieldError(node.start, f"must not be longer than {self.LONGEST} characters")
        return text


def _is_whole(text: str) -> bool:
    """Whether unquoted text is a whole number that is spelled like the id it is."""
    number = as_integer(text)
    return number is not None and abs(number) <= LARGEST and str(number) == text


_ID = re.compile(r"[A-Za-z0-9._/:-]+")
_NOT_ID = re.compile(r"[^A-Za-z0-9._/:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A whole number."""

    minimum: int
    maximum: int
    wanted: str = "a whole number"

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, node: Node) -> int:
        number = read_number(node, self.wanted)
        if number != number // 1:
            raise FieldError(node.start, f"must be {self.wanted}, not {found(node)}")
        check_bounds(node, number, self.minimum, self.maximum)
        return int(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number."""

    minimum: float = 0
    maximum: float = LARGEST

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, node: Node) -> float:
        number = read_number(node, "a number")
        check_bounds(node, number, self.minimum, self.maximum)
        return float(number)


def read_number(node: Node, wanted: str) -> int | float:
    """Return a number that every reader of YAML takes for the same one. Raises Wrong."""
    solid = resolve(node)
    if not isinstance(solid, Scalar):
        raise FieldError(node.start, f"must be {wanted}, not {solid.what}")
    number = as_number(solid.text)
    if solid.quote or number is None:
        if solid.quote and number is not None:
            raise FieldError(node.start, f"must be {wanted}, not {found(node)}", f"type {solid.text} without quotes")
        if solid.quote or is_text(solid.text):
            raise FieldError(node.start, f"must be {wanted}, not {found(node)}")
        reason, _ = not_text(solid)
        raise FieldError(node.start, f"must be {wanted}, {reason}", "write it in decimal digits" if solid.text else "")
    return number


def check_bounds(node: Node, number: float, minimum: float, maximum: float) -> None:
    if number < minimum:
        raise FieldError(node.start, f"must be {minimum:,g} or more, not {found(node)}")
    if number > maximum:
        raise FieldError(node.start, f"must be {maximum:,.0f} or less, not {found(node)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    """``true`` or ``false``."""

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, node: Node) -> bool:
        solid = resolve(node)
        if isinstance(solid, Scalar) and not solid.quote and (value := as_boolean(solid.text)) is not None:
            return value
        hint = ""
        if isinstance(solid, Scalar):
            word = solid.text.lower()
            hint = {"yes": "type true", "on": "type true", "y": "type true", "no": "type false", "off": "type false"}.get(word, "")
        raise FieldError(node.start, f"must be true or false, not {found(node)}", hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A span of time, in seconds, 31 years at most; ``zero`` allows none at all."""

    zero: bool = False
    LONGEST: ClassVar[int] = 10**9

    def schema(self) -> dict[str, Any]:
        least = {"minimum": 0} if self.zero else {"exclusiveMinimum": 0}
        pattern = DURATION_PATTERN if self.zero else POSITIVE_DURATION_PATTERN
        return {"anyOf": [{"type": "number", **least, "maximum": self.LONGEST}, {"type": "string", "pattern": pattern}]}

    def read(self, node: Node) -> float:
        solid = resolve(node)
        if not isinstance(solid, Scalar):
            raise FieldError(node.start, f"must be a duration, not {solid.what}", _EXAMPLES)
        number = None if solid.quote else as_number(solid.text)
        seconds = self._from_text(node, solid) if number is None else float(number)
        if number is not None:
            check_bounds(node, seconds, 0, self.LONGEST)
        if seconds == 0 and not self.zero:
            raise FieldError(node.start, "must be longer than nothing", "leave the line out for no limit")
        return min(seconds, float(self.LONGEST))

    def _from_text(self, node: Node, solid: Scalar) -> float:
        if not solid.quote and not is_text(solid.text):
            reason, _ = not_text(solid)
            raise FieldError(node.start, f"must be a duration, {reason}", self._cure(solid.text))
        try:
            return parse_duration(solid.text)
        except ValueError:
            hint = f"type {solid.text} without quotes" if as_number(solid.text) is not None else _EXAMPLES
            raise FieldError(node.start, f"must be a duration, not {found(node)}", hint) from None

    def _cure(self, text: str) -> str:
        if not _CLOCK.fullmatch(text):
            return _EXAMPLES
        match [int(part) for part in text.split(":")]:
            case [hours, minutes, seconds]:
                return f"type {hours}h{minutes}m{seconds}s"
            case [first, *rest]:
                return f"type {first}m{rest[0]}s or {first}h{rest[0]}m"
        return _EXAMPLES
