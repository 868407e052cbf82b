"""What is ours and what is the task's in the bytes of a log. Pure.

A log begins with our header, closed by an empty line, and ends with our footer, opened by one. Their lines begin
with ``# orchestrator: ``. Only the unbroken header at the very start and the unbroken footer at the very end
count as ours, so a task that prints such lines hides nothing of its own.
"""

from __future__ import annotations

import re

from core.domain.untrusted.printable import visible

_PREFIX = b"# orchestrator: "

#: Colours carry no text.
_COLOUR = re.compile("\x1b\\[[0-9;:]*m")
#: Characters of one line that are shown.
_WIDEST = 2000


def ours(text: str) -> bytes:
    """Return ``text`` as lines of ours."""
    return b"".join(_PREFIX + line.encode(errors="replace") + b"\n" for line in text.split("\n"))


def left_out(count: int) -> bytes:
    """Return the line that stands for ``count`` bytes of output."""
    return b"\n[\xe2\x80\xa6 %d bytes left out \xe2\x80\xa6]\n" % count


def output_lines(content: bytes, *, from_start: bool) -> list[bytes]:
    """Return the lines of the task's own output in ``content``, the end of a log (all of it if ``from_start``)."""
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    first = _header(lines) if from_start else 0
    return lines[first : _footer(lines, first)]


def _header(lines: list[bytes]) -> int:
    """Return the index of the first line behind the header."""
    end = 0
    while end < len(lines) and lines[end].startswith(_PREFIX):
        end += 1
    return end + 1 if end < len(lines) and not lines[end] else end


def _footer(lines: list[bytes], first: int) -> int:
    """Return the index of the line that the footer begins with, its empty line included; the end if there is none."""
    start = len(lines)
    while start > first and lines[start - 1].startswith(_PREFIX):
        start -= 1
    if start == len(lines):
        return start
    return start - 1 if start > first and not lines[start - 1] else start


def shown(line: bytes) -> str:
    """Return a line of output as a terminal may safely show it."""
    text = _COLOUR.sub("", line[: 4 * _WIDEST].decode(errors="replace").rstrip("\r"))
    if len(text) > _WIDEST or len(line) > 4 * _WIDEST:
        text = text[:_WIDEST] + "…"
    return visible(text).replace("\n", "\\n")
