"""Blobs straight from git's object store: one long-lived ``git cat-file --batch``, nothing checked out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from typing import IO

from core.adapters.git.command import Git

#: Requests written before the answers are read: few enough to fit a pipe, or git and we would wait for each other.
_AHEAD = 64


def read_blobs(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield ``(id, bytes)`` of each blob, in order; one that is missing or damaged is left out.

    Raises GitFailed when git cannot be started.
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
        requests, answers = process.stdin, process.stdout
        assert requests and answers
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


def _answer(answers: IO[bytes]) -> bytes | None:
    """Return the next blob's bytes, None when it is missing. Raises EOFError when git has ended."""
    head = answers.readline()
    if not head.endswith(b"\n"):
        raise EOFError
    if not head.endswith(b" missing\n"):
        size = int(head.rsplit(b" ", 1)[1])
        content = answers.read(size + 1)
        if len(content) != size + 1:
            raise EOFError
        return content[:-1]
    return None
