"""Text in columns: how wide it is, how to cut it, how to align it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from sys import maxsize

#: Marks where text was cut.
ELLIPSIS = "…"

Paint = Callable[[str], str]


def one_line(text: str) -> str:
    """Return ``text`` on one line: white space collapsed, control characters and text-direction marks written as escapes."""
    joined = " ".join(text.split())
    if joined.isprintable():
        return joined
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in joined)


def cells(text: str) -> int:
    """Return the columns that one line without escapes fills on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def fit(text: str, width: int | None) -> str:
    """Return ``text`` cut to ``width`` columns (None: not at all), an ellipsis last where something is missing."""
    if width is None or (len(text) * 2 <= width) or cells(text) <= width:
        return text
    if width < 1:
        return ""
    if text.isascii():
        return text[: width - 1] + ELLIPSIS
    kept, used = 0, 0
    for character in text:
        used += cells(character)
        if used > width - 1:
            break
        kept += 1
    return text[:kept] + ELLIPSIS


def fit_end(text: str, width: int | None) -> str:
    """Return ``text`` cut to ``width`` columns at its start, an ellipsis first where something is missing."""
    return fit(text[::-1], width)[::-1]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` filled with spaces to ``width`` columns; ``right`` puts the text at the right edge."""
    gap = " " * max(0, width - cells(text))
    return gap + text if right else text + gap


def wrap(text: str, width: int | None, indent: int) -> str:
    """Return one line of words broken to fill ``width`` columns at most, every line but the first indented."""
    if width is None or len(text) * 2 <= width or cells(text) <= width:
        return text
    lines, used = [""], 0
    for word in text.split(" "):
        space = cells(word)
        if used and used + 1 + space > width:
            lines.append(" " * indent + word)
            used = indent + space
        else:
            lines[-1] += f" {word}" if used else word
            used += space + (1 if used else 0)
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    title: str
    right: bool = False
    #: Columns of the terminal that this column may fill at most; None: as wide as its widest cell.
    most: int | None = None
    #: Whether this column is cut when the table does not fit; of several, the widest first.
    elastic: bool = False
    #: Whether this column is left out where little of an elastic one would be left; of several, the first goes first.
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Text and what colours it after it was cut and filled."""

    text: str
    paint: Paint = str
    #: Whether its end is kept where it is cut, and not its start.
    keep_end: bool = False


_GAP = 2
_ELASTIC_LEAST = 12
#: Columns of the terminal to which an elastic column is cut before an optional one is left out.
_ELASTIC_ENOUGH = 48


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, width: int | None, title: Paint | None) -> str:
    """Return aligned lines, each ended by a newline, headed by titles painted by ``title`` (None: no head).

    Columns that are empty in every row are left out. So that lines fill ``width`` at most, optional columns are left out one after
    another where little of an elastic one would be left, and then elastic ones are cut.
    """
    columns, widths, rows = _shown(columns, rows, maxsize if width is None else width, titled=title is not None)
    head = [[Cell(text=column.title, paint=title) for column in columns]] if title is not None else []
    return "".join(_line(columns, widths, row) for row in (*head, *rows))


def _shown(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, *, titled: bool
) -> tuple[list[Column], list[int], list[list[Cell]]]:
    """Return the columns that are not left out, how wide each is, and their cells."""
    kept = [any(row[i].text for row in rows) for i in range(len(columns))]
    widths = [_natural(column, [row[i] for row in rows], titled=titled) for i, column in enumerate(columns)]
    _leave_out(columns, widths, kept, width)
    left, spaces = list(compress(columns, kept)), list(compress(widths, kept))
    _cut(left, spaces, width)
    return left, spaces, [list(compress(row, kept)) for row in rows]


def _natural(column: Column, cells_below: Sequence[Cell], *, titled: bool) -> int:
    widest = max((cells(cell.text) for cell in cells_below), default=0)
    widest = max(widest, len(column.title) if titled else 0)
    return widest if column.most is None else min(widest, column.most)


def _over(widths: Sequence[int], width: int) -> int:
    return sum(widths) + _GAP * (len(widths) - 1) - width


def _leave_out(columns: Sequence[Column], widths: Sequence[int], kept: list[bool], width: int) -> None:
    wanted = [min(space, _ELASTIC_ENOUGH) if column.elastic else space for column, space in zip(columns, widths, strict=True)]
    for index, column in enumerate(columns):
        if column.optional and _over(list(compress(wanted, kept)), width) > 0:
            kept[index] = False


def _cut(columns: Sequence[Column], widths: list[int], width: int) -> None:
    elastic = [index for index, column in enumerate(columns) if column.elastic]
    for _ in range(max(0, _over(widths, width))):
        widest = max(elastic, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= _ELASTIC_LEAST:
            return
        widths[widest] -= 1


def _line(columns: Sequence[Column], widths: Sequence[int], row: Sequence[Cell]) -> str:
    parts = []
    for index, (column, space, cell) in enumerate(zip(columns, widths, row, strict=True)):
        text = (fit_end if cell.keep_end else fit)(cell.text, space)
        last = index == len(columns) - 1 and not column.right
        parts.append(_painted(text if last else pad(text, space, right=column.right), cell.paint))
    return (" " * _GAP).join(parts).rstrip() + "\n"


def _painted(text: str, paint: Paint) -> str:
    """Colour the text and leave the spaces around it bare."""
    core = text.strip()
    if not core or paint is str:
        return text
    start = text.index(core)
    return text[:start] + paint(core) + text[start + len(core) :]
