"""Made-up events, and a terminal that keeps what a person would see."""

from __future__ import annotations

import io
import re

import pytest

from core import events
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.terminal.output import Look, Output

STAMP = {"at": 1000.0, "run_id": "r1"}


class Facts:
    """Builds events; what a test does not care about has a default."""

    def outcome(self, ending: Ending = Ending.SUCCEEDED, **fields) -> Outcome:
        return Outcome(
            **{"ending": ending, "reason": Code.EXIT.of(0), "usage": Usage(seconds=1.5, units=1.0), "log": "logs/t.log", "verified": True}
            | fields
        )

    def run_started(self, **fields) -> events.RunStarted:
        return events.RunStarted(**STAMP | {"tasks": 5, "open": 4, "jobs": 2, "budget": None, "time_budget": None} | fields)

    def started(self, task_id: str = "t", **fields) -> events.TaskStarted:
        rest = {"attempt": 1, "command": "true", "log": "logs/t.log", "cost": 1.0, "reason": "priority 0", "expected": None}
        return events.TaskStarted(**STAMP | {"task_id": task_id, "description": f"Do {task_id}"} | rest | fields)

    def retried(self, task_id: str = "t", **fields) -> events.TaskRetried:
        rest = {"attempt": 1, "outcome": self.outcome(Ending.FAILED, reason=Code.EXIT.of(7)), "pause": 2.0}
        return events.TaskRetried(**STAMP | {"task_id": task_id} | rest | fields)

    def finished(self, task_id: str = "t", **fields) -> events.TaskFinished:
        rest = {"attempt": 1, "status": "done", "outcome": self.outcome(), "reason": "exit 0", "done": 1, "total": 4}
        return events.TaskFinished(**STAMP | {"task_id": task_id, "description": f"Do {task_id}"} | rest | fields)

    def failed(self, task_id: str = "t", **fields) -> events.TaskFinished:
        outcome = self.outcome(Ending.FAILED, reason=Code.EXIT.of(3), verified=False)
        return self.finished(task_id, **{"status": "failed", "outcome": outcome, "reason": "exit 3", "done": 0} | fields)

    def run_finished(self, **fields) -> events.RunFinished:
        held = {"blocked": {}, "waiting": {}, "left": {}}
        rest = {"exit_code": 0, "duration": 3.0, "done": (), "failed": (), "spent": 0.0, "reason": "nothing actionable is left"}
        return events.RunFinished(**STAMP | rest | held | fields)


class Terminal(io.StringIO):
    """Understands the few escapes that we write; wraps and, when it gets narrower, reflows like a terminal."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        super().__init__()
        self.columns, self.lines = columns, lines
        self.grid: list[list[str]] = [[]]
        self.row = self.column = 0
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text)
        for part in re.findall(r"\x1b\[[0-9;?]*[a-zA-Z]|.", text, re.DOTALL):
            self._obey(part)
        return len(text)

    def shown(self) -> list[str]:
        """Return the rows that have been written, without what is blank at the end."""
        rows = ["".join(row).rstrip() for row in self.grid]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def narrow(self, columns: int) -> None:
        """Make the window narrower: rows that do not fit any more are broken, the cursor stays where it was in the text."""
        grid: list[list[str]] = []
        for number, row in enumerate(self.grid):
            if number == self.row:
                self.row = len(grid)
            grid += [row[at : at + columns] for at in range(0, max(1, len(row)), columns)]
        self.grid, self.columns = grid, columns

    def _obey(self, part: str) -> None:
        if part == "\n":
            self._down()
        elif part.endswith("F") and part.startswith("\x1b"):
            self.row, self.column = max(0, len(self.grid) - self.lines, self.row - int(part[2:-1])), 0
        elif part == "\x1b[J":
            del self.grid[self.row + 1 :]
            del self.grid[self.row][self.column :]
        elif part == "\x1b[K":
            del self.grid[self.row][self.column :]
        elif not part.startswith("\x1b"):
            self._put(part)

    def _put(self, character: str) -> None:
        if self.column == self.columns:
            self._down()
        row = self.grid[self.row]
        row[self.column : self.column + 1] = [character]
        self.column += 1

    def _down(self) -> None:
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.grid):
            self.grid.append([])


class Clock:
    """A hand to move."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class Screened(Output):
    """An Output on a Terminal: its size is the terminal's."""

    def __init__(self, terminal: Terminal, clock: Clock) -> None:
        super().__init__(terminal, Look(terminal=True, colour=True, live=True), monotonic=clock)
        self.terminal = terminal

    def size(self) -> tuple[int, int]:
        return self.terminal.columns, self.terminal.lines


@pytest.fixture
def facts() -> Facts:
    return Facts()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def screened(terminal: Terminal, clock: Clock) -> Screened:
    return Screened(terminal, clock)


@pytest.fixture
def piped(clock: Clock) -> Output:
    return Output(io.StringIO(), Look(), monotonic=clock)


@pytest.fixture
def text_of():
    """Return what was written to a piped Output."""
    return lambda output: output._stream.getvalue()
