"""Bytes → text, and the places in it that a person can find."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass

from core.adapters.tasks_yaml.parse.limits import MAX_BYTES, MAX_PROBLEMS
from core.errors import InvalidFile, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A mistake at a position of the text; ``Source.problems`` turns positions into lines and columns."""

    index: int
    message: str
    hint: str = ""


class Source:
    """The text of a file without its byte order mark; positions are 0-based characters."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._known = (0, 1)

    def place(self, index: int) -> tuple[int, int]:
        """Return the 1-based line and column of a position; cheap when asked in rising order."""
        position, line = self._known
        if index < position:
            position, line = 0, 1
        line += self.text.count("\n", position, index)
        self._known = (index, line)
        return line, index - self.text.rfind("\n", 0, index)

    def problem(self, complaint: Complaint) -> Problem:
        line, column = self.place(complaint.index)
        return Problem(file=self.file, line=line, column=column, message=complaint.message, hint=complaint.hint)

    def problems(self, complaints: Iterable[Complaint]) -> tuple[Problem, ...]:
        ordered = sorted(complaints, key=lambda complaint: complaint.index)
        return tuple(self.problem(complaint) for complaint in ordered[:MAX_PROBLEMS])

    @property
    def newline(self) -> str:
        """The file's own line ending, by its first one."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"


def decode(data: bytes, file: str) -> tuple[str, bool]:
    """Return the text and whether a byte order mark stood before it. Raises InvalidFile with the place of a foreign byte."""
    if len(data) > MAX_BYTES:
        raise InvalidFile([too_large(file)])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise InvalidFile([Problem(file=file, message="this is UTF-16 or UTF-32, not UTF-8", hint="save it as UTF-8")])
    marked = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if marked else data
    try:
        return body.decode("utf-8"), marked
    except UnicodeDecodeError as error:
        before = body[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"the byte 0x{body[error.start]:02X} is not UTF-8"
        place = {"line": before.count(b"\n") + 1, "column": column}
        raise InvalidFile([Problem(file=file, **place, message=message, hint="save the file as UTF-8")]) from error


def encode(text: str, *, marked: bool) -> bytes:
    """Return the bytes of ``text``, behind a byte order mark if there was one."""
    return codecs.BOM_UTF8 + text.encode("utf-8") if marked else text.encode("utf-8")


def too_large(file: str) -> Problem:
    return Problem(file=file, message=f"the file is larger than {MAX_BYTES >> 20} MiB", hint="keep ended tasks in another file")
