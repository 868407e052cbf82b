"""Reads a coverage report of either format."""

from __future__ import annotations

import os

from core.adapters.coverage_report.cobertura import parse_cobertura
from core.adapters.coverage_report.lcov import parse_lcov
from core.domain.quality.coverage import ReportedFile
from core.errors import InvalidFile, Problem, UsageError
from core.files.reading import MIB, read_regular

_LARGEST = 64 * MIB
_WRITE_ONE = "coverage run -m pytest && coverage xml"


def read_coverage(path: str | os.PathLike[str], shown: str, *, inside: str | os.PathLike[str] | None = None) -> tuple[ReportedFile, ...]:
    """Return what a report of at most 64 MiB, which messages call ``shown``, says of each file that it names.

    ``inside`` is as for ``read_regular``. Raises UsageError where there is no file, InvalidFile with the line for one that is no report,
    StorageError.
    """
    try:
        content = read_regular(path, shown, limit=_LARGEST, inside=inside)
    except FileNotFoundError:
        raise UsageError(f"no coverage report: {shown}", hint=f"have the tests write one: {_WRITE_ONE}") from None
    if content.startswith(b"SQLite format 3\0"):
        problem = Problem(file=shown, message="this is the database of coverage.py, not a report", hint="coverage xml writes one")
        raise InvalidFile([problem])
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return parse_cobertura(content, shown)
    return parse_lcov(content, shown)
