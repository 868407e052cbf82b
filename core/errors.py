"""The whole error hierarchy: what went wrong, where, what to type next, and the exit code it ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Problems that one error lists; a file of a million mistakes gets no million lines.
MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One mistake in one place of a file that a person wrote."""

    #: Path as the person knows it, usually relative to the repository.
    file: str
    #: 1-based line and column; 0 where the problem has no place in the text.
    line: int = 0
    column: int = 0
    #: What is wrong, one sentence without a full stop.
    message: str
    #: What to type instead; empty when there is nothing sensible to suggest.
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class OrchestratorError(Exception):
    """Something of ours could not be done. ``hint`` says what to type next."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(OrchestratorError):
    """The command line, or an id on it, does not fit what is there."""

    exit_code = 2


class InvalidFile(OrchestratorError):
    """A file that people edit cannot be read as what it should be; carries its problems, of very many the first and how many more."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], *, hint: str = "", more: int = 0) -> None:
        """``more`` problems were found and are not among ``problems``."""
        self.problems = _cut(sorted(problems), more)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


class InvalidTasks(InvalidFile, ValueError):
    """Tasks that are each valid do not go together: an id twice, an unknown dependency, a cycle."""


class EditRefused(OrchestratorError):
    """An edit of a person's file that cannot be made without guessing; the file is as it was."""

    exit_code = 2

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class StorageError(OrchestratorError):
    """A file or directory of the repository cannot be read or written (full disk, permissions, damage)."""

    exit_code = 2


class StateRefused(StorageError):
    """Something under a name of ours is not ours: a link, a special file, another user's, or tracked by git. None of it was used."""


class LockHeld(OrchestratorError):
    """A live run holds the repository's lock."""

    exit_code = 4

    def __init__(self, pid: int, since: str, *, own: bool = False) -> None:
        """``own``: it is a run of this very process."""
        super().__init__(
            f"another run holds the lock: pid {pid}, since {since}",
            hint="it is a run of this process: wait for its end" if own else f"wait for it, or stop it with: kill {pid}",
        )
        self.pid = pid


class NotVerified(OrchestratorError):
    """A task is not marked as done: its verify commands do not pass."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", exit_code: int = 1) -> None:
        """``exit_code`` is 128 + the signal that stopped the commands, where one did."""
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class PluginRefused(OrchestratorError):
    """A plugin must not run: its signature, its permissions or the sandbox say no. Carries every reason."""

    exit_code = 2

    def __init__(self, reasons: Sequence[str], *, hint: str = "") -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons), hint=hint)


def _cut(problems: Sequence[Problem], more: int) -> tuple[Problem, ...]:
    """Return the first of many problems, and as the last one, where they end, how many more there are."""
    if len(problems) <= MOST_PROBLEMS + 1 and not more:
        return tuple(problems)
    more += len(problems[MOST_PROBLEMS:])
    last = problems[:MOST_PROBLEMS][-1]
    # The dots sort behind any letter: it stays the last when the problems of several files are gathered.
    rest = Problem(file=last.file, line=last.line, column=last.column, message=f"… and at least {more:,} more problems")
    return (*problems[:MOST_PROBLEMS], rest)
