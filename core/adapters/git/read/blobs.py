"""Blobs straight from git's object store: one long-lived ``git cat-file --batch``, nothing checked out."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator, Sequence

from core.adapters.git.client import Git
from core.adapters.git.stall import INTERVAL, StallDetector

#: Requests written before the answers are read: few enough to fit a pipe, or git and we would wait for each other.
_AHEAD = 64
#: Bytes of a blob that are kept: enough to see that it is too large to be measured. The rest is read and dropped.
LARGEST = 8 * 1024 * 1024
_CHUNK = 1024 * 1024


def read_blobs(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield ``(id, bytes)`` of each blob, in order, cut at LARGEST bytes; one that is missing or damaged is left out.

    Raises GitFailed when git cannot be started, or stalls.
    """
    left = list(ids)
    while left:
        answered = 0
        for blob, content in _answers(git, left):
            answered += 1
            if content is not None:
                yield blob, content
        # Damage ends a git process at the blob it was asked for; a new one is asked for the rest.
        left = left[answered + 1 :]


def _answers(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yield answers of one process until it ends or all are given."""
    with git.start("cat-file", "--batch", errors=subprocess.DEVNULL) as process:
        requests = process.stdin
        assert requests
        answers = _Answers(git, process)
        try:
            for start in range(0, len(ids), _AHEAD):
                wanted = ids[start : start + _AHEAD]
                # Unbuffered: a buffer that a dead git did not take would fail again when it is closed.
                os.write(requests.fileno(), "".join(f"{blob}\n" for blob in wanted).encode("ascii"))
                for blob in wanted:
                    yield blob, _answer(answers)
        except (BrokenPipeError, EOFError):
            return
        finally:
            process.kill()


def _answer(answers: _Answers) -> bytes | None:
    """Return the next blob's bytes, None when it is missing. Raises EOFError when git has ended."""
    head = answers.line()
    if head.endswith(b" missing"):
        return None
    return answers.content(int(head.rsplit(b" ", 1)[1]))


class _Answers:
    """Parses git's answers as they arrive; a git that stalls is given up."""

    def __init__(self, git: Git, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        self._git = git
        self._process = process
        self._descriptor = process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._stall = StallDetector(process.pid)
        self._buffer = b""
        self._at = 0

    def line(self) -> bytes:
        """Return the next line without its end."""
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            self._more()
        line = self._buffer[self._at : end]
        self._at = end + 1
        return line

    def content(self, size: int) -> bytes:
        """Return ``size`` bytes, no more of them than LARGEST, and pass the line end behind them."""
        parts, left = [], size + 1
        kept = min(size, LARGEST)
        while left:
            if self._at == len(self._buffer):
                self._more()
            part = self._buffer[self._at : self._at + left]
            self._at += len(part)
            left -= len(part)
            if kept:
                parts.append(part[:kept])
                kept -= len(parts[-1])
        return b"".join(parts)

    def _more(self) -> None:
        while not self._poll.poll(INTERVAL * 1000):
            if self._stall.is_stalled():
                raise self._git.give_up(self._process)
        self._stall.reset()
        chunk = os.read(self._descriptor, _CHUNK)
        if not chunk:
            raise EOFError
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
