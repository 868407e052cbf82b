"""Unified diffs of texts, in the form that ``git apply`` and ``patch -p1`` take."""

from __future__ import annotations

import difflib
import os
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

from core.files.reading import MIB, decode_text, read_regular

#: Bytes of a file that is compared.
_LARGEST = 64 * MIB
_NO_NEWLINE = "\\ No newline at end of file\n"
_NO_FILE = "/dev/null"


def generate_diff(before: str, after: str, name: str = "text", *, context: int = 3) -> str:
    """Return the unified diff from one text to another; empty when they are equal.

    ``name`` is the path in the header, relative to the repository. ``context`` is the number of unchanged lines around a change.
    """
    return _diff(before, after, f"a/{name}", f"b/{name}", context)


def generate_file_diff(path: str | os.PathLike[str], after: str, name: str = "", *, context: int = 3) -> str:
    """Return the unified diff from what a file holds to ``after``; empty when it holds that already.

    A file that does not exist is shown as a new one. ``name`` is the path in the header, by default ``path`` as given (its file name
    when it is absolute). Raises StorageError when the file cannot be read, InvalidFile when it is not UTF-8 or larger than 64 MiB.
    """
    file = Path(path)
    shown = name or (file.name if file.is_absolute() else file.as_posix())
    try:
        data = read_regular(file, shown, limit=_LARGEST)
    except FileNotFoundError:
        return _diff("", after, _NO_FILE, f"b/{shown}", context)
    mark = "\ufeff" if data.startswith(BOM_UTF8) else ""
    return generate_diff(mark + decode_text(data, shown), after, shown, context=context)


def _diff(before: str, after: str, old: str, new: str, context: int) -> str:
    lines = difflib.unified_diff(_lines(before), _lines(after), _header(old), _header(new), n=context)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def _lines(text: str) -> list[str]:
    """Return the lines with their ends. Only a newline ends a line: ``str.splitlines`` knows characters that git does not."""
    return list(_split(text))


def _split(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _header(name: str) -> str:
    """Return a name for the header; a tab behind it ends one that has spaces, as git writes it."""
    return f"{name}\t" if " " in name else name
