"""lcov's tracefiles: ``SF:path``, then ``DA:line,hits`` for each line, then ``end_of_record``. Other records are passed over."""

from __future__ import annotations

import re

from core.domain.quality.coverage import LineCoverage, ReportedFile
from core.domain.quality.coverage_paths import portable_path
from core.errors import InvalidFile, Problem

_RECORD = re.compile(r"[A-Z]{2,12}[0-9]?:")
#: Line and how often it ran; a checksum may follow.
_DATA = re.compile(r"DA:(\d{1,18}),(-?\d{1,18})(?:,.*)?", re.ASCII)


class _Broken(Exception):
    """A line that is not lcov's."""


def parse_lcov(content: bytes, shown: str) -> tuple[ReportedFile, ...]:
    """Return what a tracefile, which messages call ``shown``, says of each file. Raises InvalidFile with the line."""
    trace = _Trace()
    try:
        for line in content.decode("utf-8-sig", "surrogateescape").split("\n"):
            trace.add(line.strip())
        trace.end()
    except _Broken as broken:
        raise InvalidFile([Problem(file=shown, line=trace.number, column=1, message=str(broken))]) from broken
    return tuple(trace.files)


class _Trace:
    """What has been read so far."""

    def __init__(self) -> None:
        self.files: list[ReportedFile] = []
        #: Of the last line that was added, 1-based.
        self.number = 0
        self._name = ""
        self._run: set[int] = set()
        self._missed: set[int] = set()

    def add(self, line: str) -> None:
        self.number += 1
        if line.startswith("SF:"):
            self._begin(line[3:].strip())
        elif line.startswith("DA:"):
            self._data(line)
        elif line == "end_of_record":
            self._complete()
        elif line and not line.startswith("#") and not _RECORD.match(line):
            raise _Broken("neither Cobertura XML nor a record of lcov")

    def end(self) -> None:
        if self._name:
            raise _Broken(f"the report ends before end_of_record of {self._name[:200]}")

    def _begin(self, name: str) -> None:
        if self._name:
            raise _Broken(f"a file begins before end_of_record of {self._name[:200]}")
        if not name:
            raise _Broken("SF: names no file")
        self._name, self._run, self._missed = name, set(), set()

    def _data(self, line: str) -> None:
        data = _DATA.fullmatch(line)
        if data is None or not self._name:
            raise _Broken("DA: wants a line and how often it ran, after SF:")
        (self._run if int(data[2]) > 0 else self._missed).add(int(data[1]))

    def _complete(self) -> None:
        if self._name:
            lines = LineCoverage(run=frozenset(self._run), missed=frozenset(self._missed - self._run))
            self.files.append(ReportedFile(names=(portable_path(self._name),), lines=lines))
        self._name = ""
