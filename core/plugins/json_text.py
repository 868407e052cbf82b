"""JSON as a person wrote it: its value, and the line and column of every key and value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError, decoder
from typing import Any

from core.errors import InvalidFile, Problem

#: Keys and indexes from the root down.
Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonText:
    """A JSON document and where everything in it stands."""

    value: Any
    #: (line, column), 1-based, of each value.
    values: Mapping[Path, tuple[int, int]]
    #: (line, column), 1-based, of each key.
    keys: Mapping[Path, tuple[int, int]]


def read_json(text: str, file: str) -> JsonText:
    """Parse strict JSON. Raises InvalidFile with the place: bad syntax, a key given twice, or nesting beyond 64."""
    reader = _Reader(text)
    try:
        value = reader.document()
    except JSONDecodeError as error:
        raise InvalidFile([Problem(file=file, line=error.lineno, column=error.colno, message=error.msg)]) from error
    if reader.duplicates:
        problems = [
            Problem(file=file, line=line, column=column, message=f"{dotted(path)}: the key is given twice", hint="keep one of them")
            for path, (line, column) in reader.duplicates
        ]
        raise InvalidFile(problems)
    return JsonText(value=value, values=reader.values, keys=reader.keys)


def dotted(path: Path) -> str:
    """Return a path as people write it: ``permissions.fs.read[0]``; ``(root)`` for the whole document."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part if part.isprintable() else ascii(part)}"
    return text.lstrip(".") or "(root)"


def value_at(value: Any, path: Path) -> Any:
    """Return the value that lies at ``path``."""
    for part in path:
        value = value[part]
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.values: dict[Path, tuple[int, int]] = {}
        self.keys: dict[Path, tuple[int, int]] = {}
        self.duplicates: list[tuple[Path, tuple[int, int]]] = []

    def document(self) -> Any:
        value, at = self.read(0, ())
        at = self.skip(at)
        if at != len(self.text):
            raise JSONDecodeError("unexpected text after the end", self.text, at)
        return value

    def place(self, at: int) -> tuple[int, int]:
        return self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def peek(self, at: int) -> str:
        return self.text[at : at + 1]

    def read(self, at: int, path: Path) -> tuple[Any, int]:
        at = self.skip(at)
        if len(path) > _DEEPEST:
            raise JSONDecodeError("nested too deeply", self.text, at)
        self.values[path] = self.place(at)
        char = self.peek(at)
        if char == "{":
            return self.read_object(at, path)
        if char == "[":
            return self.read_array(at, path)
        if char == '"':
            return self.read_string(at)
        return self.read_scalar(at)

    def read_string(self, at: int) -> tuple[str, int]:
        text, end = decoder.scanstring(self.text, at + 1, True)  # type: ignore[attr-defined]
        return str(text), int(end)

    def read_scalar(self, at: int) -> tuple[Any, int]:
        for word, value in _WORDS.items():
            if self.text.startswith(word, at):
                return value, at + len(word)
        match = _NUMBER.match(self.text, at)
        if match is None:
            raise JSONDecodeError("a value is expected here", self.text, at)
        if len(match[0]) > 40:
            raise JSONDecodeError("the number has too many digits", self.text, at)
        return (float(match[0]) if match[1] or match[2] else int(match[0])), match.end()

    def read_array(self, at: int, path: Path) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self.skip(at + 1)
        if self.peek(at) == "]":
            return items, at + 1
        while True:
            item, at = self.read(at, (*path, len(items)))
            items.append(item)
            at, ended = self.after_item(at, "]")
            if ended:
                return items, at

    def read_object(self, at: int, path: Path) -> tuple[dict[str, Any], int]:
        items: dict[str, Any] = {}
        at = self.skip(at + 1)
        if self.peek(at) == "}":
            return items, at + 1
        while True:
            at = self.skip(at)
            if self.peek(at) != '"':
                raise JSONDecodeError("a key in double quotes is expected here", self.text, at)
            key, end = self.read_string(at)
            here = (*path, key)
            if key in items:
                self.duplicates.append((here, self.place(at)))
            self.keys[here] = self.place(at)
            at = self.skip(end)
            if self.peek(at) != ":":
                raise JSONDecodeError("a colon is expected here", self.text, at)
            items[key], at = self.read(at + 1, here)
            at, ended = self.after_item(at, "}")
            if ended:
                return items, at

    def after_item(self, at: int, closing: str) -> tuple[int, bool]:
        at = self.skip(at)
        char = self.peek(at)
        if char == closing:
            return at + 1, True
        if char != ",":
            raise JSONDecodeError(f"a comma or {closing} is expected here", self.text, at)
        return at + 1, False
