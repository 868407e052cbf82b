"""What a log says about its attempt: the lines before, between and after the task's own output."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.outcome import Ending, Usage


def shown(command: str | tuple[str, ...]) -> str:
    """Return a command as one line for a person."""
    return (
        command
        if isinstance(command, str)
        else " ".join(repr(word) if not word or set(word) & set(" \t\n\"'\\") else word for word in command)
    )


def header(attempt: Attempt, work: tuple[Phase, ...], cwd: str) -> str:
    """Return the first lines of a log; ``work`` are the processes that do the work, none for a goal."""
    started = datetime.fromtimestamp(attempt.started, UTC).isoformat(timespec="milliseconds")
    line = f"\ncommand: {shown(work[0].command)}" if work else ""
    return f"task {attempt.task_id}, attempt {attempt.number}, run {attempt.run_id}{line}\ncwd: {cwd}\nstarted: {started}"


def footer(ending: Ending, reason: str, usage: Usage, left_out: int) -> str:
    """Return the last lines of a log; ``left_out`` are the bytes of output that the log's limit cost."""
    cut = f"\nleft out: {left_out} bytes of output beyond log.limit" if left_out else ""
    peak = f", peak memory: {usage.peak_memory / 2**20:.1f} MiB" if usage.peak_memory else ""
    return f"{ending}: {reason}\nduration: {usage.seconds:.3f} s, cpu: {usage.cpu:.3f} s{peak}{cut}"


def ending_words(exit_code: int | None, number: int | None) -> str:
    """Say how a process ended, by its exit code or the number of the signal that killed it."""
    if number is None:
        return f"exit {exit_code}"
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"killed by signal {number}"


def failure_of(phase: Phase, words: str) -> tuple[Ending, str]:
    """Return how an attempt ends whose ``phase`` failed, and why, given how that ended in words."""
    if phase.is_check:
        return Ending.FAILED_VERIFY, f"check failed: {shown(phase.command)}: {words}"
    return Ending.FAILED, words
