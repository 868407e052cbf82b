"""I10 and I11 of ``invariants``: what is recorded of checks, and whether they hold for the files as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol


class Rows(Protocol):
    """The tables of a state database that are looked at here."""

    attempts: list[dict[str, Any]]
    checks: list[dict[str, Any]]


def results(state: Rows, checks: Mapping[str, Mapping[str, Any]], trace: list[list[str]], given: Mapping[str, str | None]) -> Iterator[str]:
    """No status of a check in the file; a result only of an attempt that came to its end, and passed only for one that succeeded.

    ``checks`` are entries by id, ``given`` the statuses that a person wrote.
    """
    for task_id, entry in checks.items():
        if entry.get("status") != given.get(task_id, entry.get("status")) or entry.get("status") not in (None, "pending", "cancelled"):
            yield f"I10 the check {task_id} has the status {entry['status']}"
    attempts = {(row["run_id"], row["task_id"], row["number"]): row for row in state.attempts}
    ended = {(words[1], int(words[2])) for words in trace if words[0] == "end"}
    for row in state.checks:
        attempt = attempts.get((row["run_id"], row["task_id"], row["number"]))
        ending = attempt["ending"] if attempt is not None else None
        if ending not in ("succeeded", "failed", "timed_out", "failed_verify") or bool(row["passed"]) != (ending == "succeeded"):
            yield f"I10 {row['task_id']} has a result ({row['passed']}), its attempt {row['number']} is {attempt}"
        elif row["passed"] and trace and (row["task_id"], row["number"]) not in ended:
            yield f"I10 {row['task_id']} has passed, its attempt {row['number']} did not reach its end"


def out_of_order(root: Path, checks: Mapping[str, Mapping[str, Any]], trace: list[list[str]]) -> Iterator[str]:
    """Say which of ``checks``, entries by id, have not passed for the files as they are; all that counts is the lines of ``trace``."""
    ended = {tuple(words[1:3]) for words in trace if words[0] == "end"}
    work = max((at for at, words in enumerate(trace) if words[0] == "end" and words[1] not in checks), default=-1)
    for task_id, entry in checks.items():
        saw = {tuple(words[1:3]): words[3] for words in trace if words[0] == "saw" and words[1] == task_id}
        passed = {seen for attempt, seen in saw.items() if attempt in ended}
        sources = entry.get("sources", ["src/0", "src/1"])
        now = subprocess.run(f"cat {' '.join(sources)} | cksum", shell=True, cwd=root, capture_output=True, text=True, check=True)
        if saw and "-".join(now.stdout.split()) not in passed:
            yield f"I11 {task_id} passed for {passed}, not for the files as they are: {now.stdout.strip()}"
        starts = [at for at, words in enumerate(trace) if words[0] == "start" and words[1] == task_id]
        if saw and "sources" not in entry and starts[-1] < work:
            yield f"I11 {task_id} began before the last work had ended"
