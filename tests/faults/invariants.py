"""What must hold of a repository after any fault, looked at from outside: files, the state database, ``/proc``.

    python -m tests.faults.invariants DIR [--before FILE] [--resting]

Prints each violation and exits with 1 if there is one. Nothing of ``core`` is imported, and nothing in DIR is changed.
``--before`` is a ``tasks.yml`` of earlier on, ``--resting`` says that a run came to its end since the last fault. Tasks may
leave a file ``trace`` with a line ``start ID ATTEMPT`` and one ``end ID ATTEMPT`` each; if there is one, it is believed more
than anything the tool says.

I1 no task lost. I2 none done without its recorded end and exit code. I3 at most one more attempt at what was interrupted, none
at what was done. I4 ``tasks.yml`` parses and is the old or the new one. I5 every hand edit present. I6 one holder of the lock.
I7 no process of an ended task alive. I8 a log's digest is the recorded one. I9 the next start needed no hand and said what it did.
I10 a check has no status in the file, and a result only of a command that came to its end. I11 after a run that ended well every check
has passed for the files as they are: a check that leaves ``saw ID ATTEMPT CKSUM`` as well (of its sources, or of all of ``src``).
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from core.domain.runs.reasons import decode
from tests.faults.check_invariants import out_of_order, results

_STATUSES = {"pending", "in_progress", "done", "failed", "cancelled"}
_BY_HAND = "by hand"
#: Keys of an entry that the tool itself may change.
_OURS = {"status"}
#: What the ids of tasks begin with that a run adds itself.
_REFLECTED = "refactor-"
#: What is asked of the state database.
_QUESTIONS = {
    "runs": "SELECT * FROM runs ORDER BY started, id",
    # An attempt's last word on its log comes last, and stands.
    "attempts": "SELECT attempts.*, outcomes.* FROM attempts LEFT JOIN outcomes ON attempt = seq ORDER BY seq",
    "transitions": "SELECT * FROM transitions ORDER BY seq",
    "checks": "SELECT * FROM checks ORDER BY seq",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything the state database holds, row by row."""

    runs: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    transitions: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    written: int

    def last_attempts(self) -> dict[str, dict[str, Any]]:
        return {attempt["task_id"]: attempt for attempt in self.attempts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A repository as it is found."""

    root: Path
    text: str
    #: Entries by id, as YAML has them; None when the file does not parse.
    tasks: dict[str, dict[str, Any]] | None
    state: State
    #: Words of the lines of ``trace``.
    trace: list[list[str]]

    def checks(self) -> dict[str, dict[str, Any]]:
        return {task_id: entry for task_id, entry in (self.tasks or {}).items() if entry.get("check")}

    def statuses(self) -> dict[str, str]:
        """Return the statuses that hold: the file's, and over them what the journal knows and the file does not show yet."""
        held = {task_id: str(entry.get("status", "pending")) for task_id, entry in (self.tasks or {}).items()}
        for row in self.state.transitions:
            if row["seq"] > self.state.written and held.get(row["task_id"]) in (row["before"], row["after"]):
                held[row["task_id"]] = row["after"]
        return held


def violations(root: Path, *, before: str = "", edits: Iterable[str] = (), resting: bool = False) -> list[str]:
    """Return what is wrong, one line each, beginning with the number of the invariant."""
    scene = look(root)
    found = [*_file(scene, before, edits), *_ends(scene, before), *_repetitions(scene), *_runs(scene), *_digests(scene)]
    given = {str(entry["id"]): entry.get("status") for entry in _entries(before)}
    found += results(scene.state, scene.checks(), scene.trace, given)
    if resting:
        found += [*_rest(scene), *_lock(scene), *_processes(scene)]
        if scene.state.runs and scene.state.runs[-1]["exit_code"] == 0:
            found += out_of_order(root, scene.checks(), scene.trace)
    return found


def look(root: Path) -> Scene:
    """Read everything there is."""
    text = (root / "tasks.yml").read_text()
    try:
        tasks = {str(entry["id"]): entry for entry in _entries(text)}
    except (yaml.YAMLError, TypeError, KeyError):
        tasks = None
    trace = root / "trace"
    lines = trace.read_text().splitlines() if trace.exists() else []
    return Scene(root=root, text=text, tasks=tasks, state=_state(root), trace=[line.split() for line in lines])


@lru_cache(maxsize=8)
def _entries(text: str) -> list[dict[str, Any]]:
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or []


def _state(root: Path) -> State:
    """Read a copy: whoever opens a dead writer's database tidies it up."""
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in _QUESTIONS}
    written = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("state.db", "state.db-wal"):
            if (root / ".orchestrator" / name).exists():
                shutil.copy(root / ".orchestrator" / name, scratch)
        connection = sqlite3.connect(Path(scratch, "state.db"))
        connection.row_factory = sqlite3.Row
        try:
            if connection.execute("PRAGMA user_version").fetchone()[0]:
                rows = {table: [dict(row) for row in connection.execute(question)] for table, question in _QUESTIONS.items()}
                kept = connection.execute("SELECT value FROM state WHERE key = 'journal.written'").fetchone()
                written = json.loads(kept[0]) if kept else 0
        finally:
            connection.close()
    return State(**rows, written=written)


# -- during and after --------------------------------------------------------------------------------------------------


def _file(scene: Scene, before: str, edits: Iterable[str]) -> Iterator[str]:
    if scene.tasks is None:
        yield f"I4 tasks.yml does not parse: {scene.text[:200]!r}"
        return
    for task_id, entry in scene.tasks.items():
        if entry.get("status", "pending") not in _STATUSES:
            yield f"I4 {task_id} has the status {entry['status']!r}"
    if before:
        known = {str(entry["id"]): entry for entry in _entries(before)}
        yield from (f"I1 {task_id} is not in tasks.yml any more" for task_id in known.keys() - scene.tasks.keys())
        yield from (
            f"I4 {task_id} was never written" for task_id in scene.tasks.keys() - known.keys() if not task_id.startswith(_REFLECTED)
        )
        for task_id in known.keys() & scene.tasks.keys():
            if _persons(known[task_id]) != _persons(scene.tasks[task_id]) and not task_id.startswith(_REFLECTED):
                yield f"I4 more than the status of {task_id} changed"
    yield from (f"I5 a hand edit is gone: {edit!r}" for edit in edits if edit not in scene.text)


def _persons(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in _OURS}


def _ends(scene: Scene, before: str) -> Iterator[str]:
    """None done without its recorded end and exit code."""
    born_done = {str(entry["id"]) for entry in _entries(before) if entry.get("status") == "done"}
    by_hand = {row["task_id"]: _BY_HAND in str(decode(row["code"], row["reason"])) for row in scene.state.transitions}
    attempts = scene.state.last_attempts()
    ended = {(words[1], int(words[2])) for words in scene.trace if words[0] == "end"}
    for task_id, status in scene.statuses().items():
        entry = (scene.tasks or {})[task_id]
        if status != "done" or task_id in born_done or by_hand.get(task_id) or "command" not in entry:
            continue
        attempt = attempts.get(task_id)
        if attempt is None or (attempt["ending"], attempt["exit_code"]) != ("succeeded", 0) or attempt["duration"] is None:
            yield f"I2 {task_id} is done, its last attempt is {attempt}"
        elif "verify" in entry and not attempt["verified"]:
            yield f"I2 {task_id} is done, its check was never made"
        elif "trace" in str(entry["command"]) and (task_id, attempt["number"]) not in ended:
            yield f"I2 {task_id} is done, its attempt {attempt['number']} did not reach its end"


def _repetitions(scene: Scene) -> Iterator[str]:
    numbers: dict[str, list[int]] = {}
    succeeded: set[str] = set()
    reset = {
        row["task_id"]
        for row in scene.state.transitions
        if row["after"] == "pending" and _BY_HAND in str(decode(row["code"], row["reason"]))
    }
    for attempt in scene.state.attempts:
        task_id = attempt["task_id"]
        numbers.setdefault(task_id, []).append(attempt["number"])
        if task_id in succeeded - reset - scene.checks().keys():
            yield f"I3 {task_id} was tried again after it had succeeded"
        if attempt["ending"] == "succeeded":
            succeeded.add(task_id)
    for task_id, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            yield f"I3 attempts at {task_id} are numbered {found}"
    interrupted = Counter((row["run_id"], row["task_id"]) for row in scene.state.attempts if row["ending"] == "interrupted")
    yield from (f"I3 {task_id} was interrupted {count} times in one run" for (_, task_id), count in interrupted.items() if count > 1)
    starts = Counter((words[1], int(words[2])) for words in scene.trace if words[0] == "start")
    for (task_id, number), count in starts.items():
        if count > 1 or number not in numbers.get(task_id, []):
            yield f"I3 attempt {number} at {task_id} was started {count} times, the journal knows {numbers.get(task_id)}"
    yield from (f"I3 two attempts at {words[1]} lived at once" for words in scene.trace if words[0] == "overlap")


def _runs(scene: Scene) -> Iterator[str]:
    """Of two runs the first one ended, or had started its last attempt, before the second one began."""
    last = {row["run_id"]: row["started"] for row in scene.state.attempts}
    for one, other in zip(scene.state.runs, scene.state.runs[1:], strict=False):
        until = one["ended"] if one["exit_code"] not in (None, -1) else last.get(one["id"], 0.0)
        if until > other["started"]:
            yield f"I6 run {other['id']} began {until - other['started']:.3f} s before run {one['id']} was over"


def _digests(scene: Scene) -> Iterator[str]:
    for attempt in scene.state.attempts:
        log = scene.root / (attempt["log"] or "-")
        recorded = attempt["log_digest"]
        if attempt["log"] and recorded and log.exists() and hashlib.sha256(log.read_bytes()).hexdigest() != recorded:
            yield f"I8 {attempt['log']} is not what was recorded"


# -- after the next run ------------------------------------------------------------------------------------------------


def _rest(scene: Scene) -> Iterator[str]:
    statuses = {task_id: str(entry.get("status", "pending")) for task_id, entry in (scene.tasks or {}).items()}
    if statuses != scene.statuses():
        yield "I9 tasks.yml lags behind the journal"
    yield from (f"I9 {task_id} is in progress though nothing runs" for task_id, status in statuses.items() if status == "in_progress")
    yield from (f"I9 an attempt at {row['task_id']} has no end" for row in scene.state.attempts if row["ending"] is None)
    yield from (f"I9 run {row['id']} has no end" for row in scene.state.runs if row["ended"] is None)
    leftovers = [*scene.root.glob(".tasks.yml.orchestrator-*"), *scene.root.glob(".orchestrator/**/*.part*")]
    yield from (f"I9 {leftover.name} was left behind" for leftover in leftovers)
    told = _told(scene.root)
    yield from (
        f"I9 nobody was told of the death of {row['id']}" for row in scene.state.runs if row["exit_code"] == -1 and row["id"] not in told
    )


def _told(root: Path) -> set[str]:
    """Return the runs that a later one said it had found dead."""
    told = set()
    for log in root.glob("logs/run-*.jsonl"):
        for line in log.read_text(errors="replace").splitlines():
            if '"run_recovered"' in line:
                told.add(json.loads(line)["dead_run"])
    return told


def _lock(scene: Scene) -> Iterator[str]:
    lock = scene.root / ".orchestrator" / "lock"
    if not lock.exists():
        return
    with open(lock, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield "I6 the lock is held though nothing runs"


def _processes(scene: Scene) -> Iterator[str]:
    runs = {f"ORCHESTRATOR_RUN_ID={row['id']}".encode() for row in scene.state.runs}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes()
            variables = set(Path(f"/proc/{name}/environ").read_bytes().split(b"\0"))
            place = os.readlink(f"/proc/{name}/cwd")
        except OSError:
            continue
        if words and int(name) != os.getpid() and (runs & variables or Path(place).is_relative_to(scene.root)):
            yield f"I7 process {name} still lives: {words.replace(bytes(1), b' ').decode(errors='replace')[:120]}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the invariants of a repository.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--before", type=Path, help="a tasks.yml of earlier on")
    parser.add_argument("--resting", action="store_true", help="a run came to its end since the last fault")
    chosen = parser.parse_args()
    before = chosen.before.read_text() if chosen.before else ""
    found = violations(chosen.directory.resolve(), before=before, resting=chosen.resting)
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
