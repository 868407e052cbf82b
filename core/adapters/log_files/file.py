"""The log file of one attempt."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable

from core.adapters.log_files.layout import left_out, ours

#: What ``> /dev/stderr`` does to a file; a person who finds half of the output missing must learn why.
_EMPTIED = "the task emptied this log itself, by opening /dev/stdout or /dev/stderr anew; in a shell write >&2 instead"
#: Bytes of the end that survive when a log outgrows its limit.
_TAIL = 64 * 1024
_CHUNK = 1024 * 1024
#: Most logs are no longer.
_SMALL = 8 * 1024
_OPENING = 64
#: Looks at what a task wrote while its log is cut.
_CATCHING_UP = 16


class FileLog:
    """An open log. What the disk refuses is not written; nothing here raises."""

    def __init__(self, path: str, descriptor: int, limit: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._limit = limit
        self._left_out = 0
        #: Bytes of the line that stands for what was left out.
        self._marker = 0
        #: Size after our last line; a file of another size ends in the task's output.
        self._noted = 0
        #: Our first lines, until somebody asks for the descriptor to write behind them.
        self._header: bytes | None = b""
        #: What the file began with.
        self._opening = b""

    @property
    def path(self) -> str:
        return self._path

    @property
    def output(self) -> int:
        self._end_header()
        return self._descriptor

    def note(self, text: str) -> None:
        if self._header is not None:
            self._header += ours(text)
        else:
            size = self._size()
            self._note(self._gap(size) + self._warning() + ours(text), size)

    def trim(self) -> int:
        size = self._size()
        if size > self._limit:
            self._leave_out(size)
        return self._left_out

    def end(self, footer: Callable[[int], str]) -> str:
        """See the port. A short log is read once, for its digest and for what its last lines must say, and written once."""
        self._end_header()
        content = self._read(_SMALL, 0)
        if not content or len(content) >= min(_SMALL, self._limit):
            self.note(footer(self.trim()))
            return self.close()
        warning = b"" if content.startswith(self._opening) else ours(_EMPTIED)
        last = _gap(content) if len(content) != self._noted else b""
        last += warning + ours(footer(self._left_out))
        written = self._write(last)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        return hashlib.sha256(content + last[:written]).hexdigest()

    def close(self) -> str:
        self._end_header()
        digest = self._digest()
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        return digest

    def _digest(self) -> str:
        try:
            chunk = os.pread(self._descriptor, _SMALL, 0)
            digest = hashlib.sha256(chunk)
            offset = len(chunk)
            while offset >= _SMALL and (chunk := os.pread(self._descriptor, _CHUNK, offset)):
                digest.update(chunk)
                offset += len(chunk)
        except OSError:
            return ""
        return digest.hexdigest()

    def _end_header(self) -> None:
        if self._header is not None:
            self._note(self._header + b"\n", 0)
            self._opening = self._header[:_OPENING] if self._noted else b""
            self._header = None

    def _warning(self) -> bytes:
        if self._read(len(self._opening), 0) == self._opening:
            return b""
        self._opening = b""
        return ours(_EMPTIED)

    def _gap(self, size: int) -> bytes:
        """Return what has to stand between the end of the output and a line of ours."""
        if size == self._noted:
            return b""
        return _gap(self._read(1, size - 1))

    def _leave_out(self, size: int) -> None:
        """Cut the middle. The task appends, so it goes on behind what is put back."""
        keep = min(_TAIL, self._limit // 4)
        head = self._limit // 2
        tail = self._read(keep, size - keep)
        for _ in range(_CATCHING_UP):
            before, size = size, self._size()
            if size == before:
                break
            grown = min(size - before, keep)
            tail = (tail + self._read(grown, size - grown))[-keep:]
        # What a task writes in the very moment of the cut is lost.
        try:
            os.ftruncate(self._descriptor, head)
        except OSError:
            return
        self._left_out += size - head - len(tail) - self._marker
        marker = left_out(self._left_out)
        self._marker = len(marker)
        self._noted = -1
        self._write(marker + tail)

    def _note(self, content: bytes, size: int) -> None:
        self._noted = size + self._write(content)

    def _write(self, content: bytes) -> int:
        try:
            return os.write(self._descriptor, content)
        except OSError:
            return 0  # a full disk costs lines of the log, never the run

    def _read(self, count: int, offset: int) -> bytes:
        try:
            return os.pread(self._descriptor, count, max(0, offset))
        except OSError:
            return b""

    def _size(self) -> int:
        try:
            return os.fstat(self._descriptor).st_size
        except OSError:
            return 0


def _gap(output: bytes) -> bytes:
    """Return what has to stand between ``output``, or its last byte, and an empty line."""
    return b"\n" if output.endswith(b"\n") else b"\n\n"
