"""How the command ended, for scripts: the one table of exit codes."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """An exit code and the sentence that the documentation prints for it."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "Nothing failed. Tasks that wait for a person, or that the budget left, do not count as failures."
    FAILED = (
        1,
        "A task failed, or one that was named did not end done; what is done does not hold (`verify`, `done`); or the gate says no.",
    )
    USAGE = (
        2,
        "The command line, `tasks.yml`, `config.yaml` or the disk does not allow it. Only a disk that fails later stops what runs.",
    )
    BUG = 3, "A mistake of ours. A crash log was written; its path is the last line on stderr."
    LOCKED = 4, "Another run of this repository is alive; the message names its pid."
    BUDGET = 5, "The budget ended with work left (only with `--strict`; otherwise 0)."
    TIMEOUT = 124, "Kept free: nothing ends with it yet, and `timeout` around the tool does."
    HANGUP = 129, "Stopped by SIGHUP: its terminal was closed. The state is saved; the next run goes on from it."
    INTERRUPTED = 130, "Stopped by Ctrl-C (SIGINT). The state is saved; the next run goes on from it."
    TERMINATED = 143, "Stopped by SIGTERM. The state is saved; the next run goes on from it."


def exit_code_of(signal: int | None, *, failed: bool, over_budget: bool, idle: bool = False) -> int:
    """Return the exit code of a run that came to its end: 128 + the signal that stopped it, else 1, 5 or 0.

    ``over_budget`` and ``idle`` (nothing was executed, and nothing is up to date) count only for a strict run.
    """
    if signal is not None:
        return 128 + signal
    return ExitCode.FAILED if failed else ExitCode.BUDGET if over_budget else ExitCode.FAILED if idle else ExitCode.OK
