"""What a log says about its attempt: the lines before, between and after the task's own output."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.outcome import Ending


def shown(command: str | tuple[str, ...]) -> str:
    """Return a command as one line for a person."""
    return (
        command
        if isinstance(command, str)
        else " ".join(repr(word) if not word or set(word) & set(" \t\n\"'\\") else word for word in command)
    )


def header(attempt: Attempt, phases: tuple[Phase, ...], cwd: str) -> str:
    """Return the first lines of a log."""
    started = datetime.fromtimestamp(attempt.started, UTC).isoformat(timespec="milliseconds")
    title = f"task {attempt.task_id}, attempt {attempt.number}, run {attempt.run_id}"
    first = phases[0]
    line = "" if first.is_check else f"\ncommand: {shown(first.command)}"
    return f"{title}{line}\ncwd: {cwd}\nstarted: {started}"


def footer(ending: Ending, reason: str, duration: float, cpu: float, peak_memory: int, left_out: int) -> str:
    """Return the last lines of a log."""
    cut = f"\nleft out: {left_out} bytes of output beyond log.limit" if left_out else ""
    peak = f", peak memory: {peak_memory / 2**20:.1f} MiB" if peak_memory else ""
    return f"{ending}: {reason}\nduration: {duration:.3f} s, cpu: {cpu:.3f} s{peak}{cut}"


def ending_words(exit_code: int | None, number: int | None) -> str:
    """Say how a process ended, by its exit code or the number of the signal that killed it."""
    if number is None:
        return f"exit {exit_code}"
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"killed by signal {number}"
