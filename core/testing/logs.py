"""In-memory twin of the port ``LogStore``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.domain.runs.attempt import Attempt


class InMemoryLog:
    """Keeps our lines and, told by ``print``, the task's."""

    def __init__(self, path: str, limit: int) -> None:
        self.path = path
        self._limit = limit
        self._left_out = 0
        #: Every line, and whether it is ours.
        self.lines: list[tuple[str, bool]] = []
        self.closed = False

    @property
    def output(self) -> int:
        """No descriptor: twins of the Launcher write nothing."""
        return -1

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(line for line, ours in self.lines if ours)

    def print(self, text: str) -> None:
        """Append output of the task."""
        self.lines += [(line, False) for line in text.splitlines()]

    def note(self, text: str) -> None:
        self.lines += [(line, True) for line in text.split("\n")]

    def trim(self) -> int:
        while sum(len(line) + 1 for line, _ in self.lines) > self._limit and len(self.lines) > 1:
            self._left_out += len(self.lines.pop(len(self.lines) // 2)[0]) + 1
        return self._left_out

    def end(self, footer: Callable[[int], str]) -> str:
        self.note(footer(self.trim()))
        return self.close()

    def close(self) -> str:
        self.closed = True
        return hashlib.sha256("".join(line + "\n" for line, _ in self.lines).encode()).hexdigest()


class InMemoryLogStore:
    """One list of lines an attempt. ``outputs`` says what a task's log holds beside our lines, by task id."""

    def __init__(
        self,
        *,
        limit: int = 64 * 1024 * 1024,
        keep: int = 500,
        outputs: dict[str, str] | None = None,
        earlier: InMemoryLogStore | None = None,
    ) -> None:
        self._limit = limit
        self._keep = keep
        self._outputs = outputs or {}
        #: Every log that retention has kept, by path, the oldest first.
        self.logs: dict[str, InMemoryLog] = earlier.logs if earlier is not None else {}
        #: Names of event logs of runs that retention has kept, the oldest first.
        self.run_logs: list[str] = earlier.run_logs if earlier is not None else []
        self._own: set[str] = set()

    def open(self, attempt: Attempt) -> InMemoryLog:
        path = f"logs/task-{attempt.task_id}-{attempt.started:.6f}-{len(self.logs)}.log"
        log = self.logs[path] = InMemoryLog(path, self._limit)
        self._own.add(path)
        log.print(self._outputs.get(attempt.task_id, ""))
        return log

    def check_writable(self) -> None:
        """Memory can be written."""

    def tail(self, path: str, lines: int) -> tuple[str, ...]:
        log = self.logs.get(path)
        if log is None or lines <= 0:
            return ()
        return tuple(_escaped(line) for line, ours in log.lines if not ours)[-lines:]

    def prune(self) -> int:
        surplus = [path for path in list(self.logs)[: -self._keep] if path not in self._own]
        for path in surplus:
            del self.logs[path]
        surplus_runs = self.run_logs[: -self._keep]
        del self.run_logs[: -self._keep]
        return len(surplus) + len(surplus_runs)


def _escaped(line: str) -> str:
    return "".join(character if character.isprintable() or character == "\t" else ascii(character)[1:-1] for character in line)
