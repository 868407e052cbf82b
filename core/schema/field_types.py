"""The family of types of values: each reads a node, and writes the JSON schema of exactly what it reads."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.schema.document import Mistake
from core.schema.nodes import ListNode, Node, Scalar, resolve
from core.schema.scalars import as_boolean, is_text
from core.schema.wording import not_text

_TRUTH: Mapping[str, str] = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false"}


class FieldError(Exception):
    """A value is not what its field wants: ``mistakes`` says what is wrong, ``value`` is what could be read all the same, or None."""

    def __init__(self, mistakes: tuple[Mistake, ...], value: Any = None) -> None:
        super().__init__(mistakes[0].message)
        self.mistakes = mistakes
        self.value = value


def refused(node: Node, message: str, hint: str = "") -> FieldError:
    """Return the error that ``message`` says of a value, behind the name of its field."""
    return FieldError((Mistake(index=node.start, message=message, hint=hint),))


def unlike(node: Node, wanted: str, hint: str = "") -> FieldError:
    """Return the error that a value must be ``wanted``, and is not."""
    return FieldError((Mistake(index=node.start, message=f"must be {wanted}", hint=hint, found=node),))


class ErrorCollector:
    """Reads the values inside another one, and gathers what is wrong with any of them."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def read(self, inside: str, field_type: FieldType, node: Node, *, wrong: Any = None) -> Any:
        """Return the value; ``wrong`` when it is not what ``field_type`` wants."""
        try:
            return field_type.read(node)
        except FieldError as error:
            self.mistakes += [replace(mistake, inside=inside + mistake.inside) for mistake in error.mistakes]
            return wrong

    def add(self, index: int, message: str, hint: str = "", *, inside: str = "", unknown_key: str | None = None) -> None:
        """Note a mistake at a position."""
        self.mistakes.append(Mistake(index=index, inside=inside, message=message, hint=hint, unknown_key=unknown_key))

    def finish(self, value: Any = None) -> None:
        """Raise FieldError with everything that was wrong, and ``value`` as what could be read."""
        if self.mistakes:
            raise FieldError(tuple(self.mistakes), value)


class FieldType:
    """One type of value."""

    __slots__ = ()

    @property
    def phrase(self) -> str:
        """What the type accepts, to be read after "must be"."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema (draft 7 and 2020-12) that accepts exactly what ``read`` accepts."""
        raise NotImplementedError

    def read(self, node: Node) -> Any:
        """Return the value as the program holds it. Raises FieldError with everything that is wrong."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """Return what a person would write for a value that the program holds, as JSON values."""
        return value


def read_text(node: Node, wanted: str = "text") -> str:
    """Return a scalar that is text to every reader of YAML. Raises FieldError."""
    solid = resolve(node)
    if not isinstance(solid, Scalar):
        raise unlike(node, wanted)
    if not solid.quote and not is_text(solid.text):
        reason, hint = not_text(solid)
        raise refused(node, f"must be {wanted}, {reason}", hint)
    if "\0" in solid.text:
        raise refused(node, "must not hold the character U+0000")
    return solid.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(FieldType):
    """Text with at least one character that is not a blank (``empty`` allows any), or text in which ``pattern`` is found."""

    empty: bool = False
    #: Must mean the same to Python and JavaScript: no ``$``, ``\\s`` or ``\\d``; must not match U+0000.
    pattern: str = ""
    wanted: str = "text"
    #: Characters; 0: no limit but the file's.
    longest: int = 0

    @property
    def phrase(self) -> str:
        return self.wanted

    def schema(self) -> dict[str, Any]:
        if self.pattern:
            return {"type": "string", "pattern": self.pattern, **({"maxLength": self.longest} if self.longest else {})}
        return {"type": "string", **({} if self.empty else {"pattern": r"[^ \t\r\n]"}), "not": {"pattern": "\\u0000"}}

    def read(self, node: Node) -> str:
        if self.pattern:
            return self._matching(node)
        text = "" if self._is_missing(node) else read_text(node, self.wanted)
        if not self.empty and not text.strip(" \t\r\n"):
            raise refused(node, "must not be empty", "say what is meant")
        return text

    def _is_missing(self, node: Node) -> bool:
        solid = resolve(node)
        return not self.empty and isinstance(solid, Scalar) and not solid.text

    def _matching(self, node: Node) -> str:
        solid = resolve(node)
        if not isinstance(solid, Scalar):
            raise unlike(node, self.wanted, _as_one_text(solid))
        text = solid.text if "\0" in solid.text else read_text(node, self.wanted)
        if self.longest and len(text) > self.longest:
            raise refused(node, f"must not be longer than {self.longest} characters")
        if re.search(self.pattern, text) is None:
            raise unlike(node, self.wanted)
        return text


def _as_one_text(solid: Node) -> str:
    """Return how to write a list of words as one text; empty when nobody can tell."""
    words = [item.text for item in solid.items if isinstance(item, Scalar)] if isinstance(solid, ListNode) else []
    return f"write it as one text: {shlex.join(words)}" if words and isinstance(solid, ListNode) and len(words) == len(solid.items) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(FieldType):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def phrase(self) -> str:
        return " or ".join(self.words)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}

    def read(self, node: Node) -> str:
        solid = resolve(node)
        if not isinstance(solid, Scalar) or solid.text not in self.words:
            raise unlike(node, self.phrase)
        return solid.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(FieldType):
    """``true`` or ``false``."""

    @property
    def phrase(self) -> str:
        return "true or false"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, node: Node) -> bool:
        solid = resolve(node)
        if isinstance(solid, Scalar) and not solid.quote and (value := as_boolean(solid.text)) is not None:
            return value
        word = _TRUTH.get(solid.text.lower(), "") if isinstance(solid, Scalar) else ""
        raise unlike(node, self.phrase, f"type {word}" if word else "")
