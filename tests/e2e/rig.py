"""A repository to run the installed command in, watched from outside: files, ``/proc``, and what the tool prints.

Nothing of ``core`` is imported here: what these tests see is what a user sees.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.waiting import TIMEOUT, until

__all__ = ["ORCHESTRATOR", "Rig", "chain", "changed_lines", "events_of", "until", "without_statuses"]

ORCHESTRATOR = Path(sys.executable).with_name("orchestrator")

#: Set for the tool; whatever it starts inherits it, unless it hides.
_TOKEN = "RIG_TOKEN"
_OURS = re.compile(r"^  status: (?:pending|in_progress|done|failed|cancelled)\b")


class Rig:
    """A directory with a ``tasks.yml``. Whatever was started in it and still runs is killed by ``close``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.token = secrets.token_hex(8)
        self._started: list[subprocess.Popen[str]] = []

    # -- files ---------------------------------------------------------------------------------------------------

    @property
    def tasks_file(self) -> Path:
        return self.root / "tasks.yml"

    def write(self, text: str) -> None:
        self.tasks_file.write_text(text)

    def write_tasks(self, *tasks: Mapping[str, Any]) -> None:
        """Write entries, each value as JSON, which is YAML."""
        entries = []
        for task in tasks:
            fields = {"description": f"task {task['id']}", **task}
            lines = [f"id: {fields.pop('id')}", *(f"{key}: {json.dumps(value)}" for key, value in fields.items())]
            entries.append("- " + "\n  ".join(lines) + "\n")
        self.write("".join(entries))

    def lines(self, name: str) -> list[str]:
        path = self.root / name
        return path.read_text().splitlines() if path.exists() else []

    # -- the command ---------------------------------------------------------------------------------------------

    def environment(self, **variables: str) -> dict[str, str]:
        """Return an environment without settings, CI services or terminals in it."""
        foreign = ("ORCHESTRATOR_", "GITHUB_", "GITLAB_", "PYTEST_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign) and name not in ("CI", "COLUMNS")}
        return {**inherited, _TOKEN: self.token, **variables}

    def run(
        self, *arguments: str, timeout: float = TIMEOUT, preexec: Callable[[], None] | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``orchestrator`` to its end."""
        return subprocess.run(
            [ORCHESTRATOR, *arguments],
            cwd=self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            preexec_fn=preexec,
        )

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start ``orchestrator`` in a session of its own."""
        process = subprocess.Popen(
            [ORCHESTRATOR, *arguments],
            cwd=self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def json(self, *arguments: str) -> Any:
        """Return what a command prints with ``--json``."""
        ended = self.run(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def statuses(self) -> dict[str, str]:
        """Return what the tool says of every task."""
        return {task["id"]: task["status"] for task in self.json("list")}

    def attempts(self, task_id: str) -> list[dict[str, Any]]:
        """Return the attempts at a task, the first one first."""
        return list(reversed(self.json("history", task_id)["attempts"]))

    def journalled(self) -> dict[str, str]:
        """Return the last status that the journal has of every task it knows. The journal itself is not touched."""
        return dict(self._journal("SELECT task_id, after FROM transitions ORDER BY seq"))

    def journalled_attempts(self) -> dict[str, list[tuple[int, str | None]]]:
        """Return number and ending of every attempt the journal has, by task. The journal itself is not touched."""
        attempts: dict[str, list[tuple[int, str | None]]] = {}
        for task_id, number, ending in self._journal(
            "SELECT task_id, number, ending FROM attempts LEFT JOIN outcomes ON attempt = seq ORDER BY seq"
        ):
            attempts.setdefault(task_id, []).append((number, ending))
        return attempts

    def _journal(self, question: str) -> list[Any]:
        """Ask a copy: whoever opens a dead writer's database tidies it up."""
        with tempfile.TemporaryDirectory() as scratch:
            for name in ("state.db", "state.db-wal"):
                if (self.root / ".orchestrator" / name).exists():
                    shutil.copy(self.root / ".orchestrator" / name, scratch)
            connection = sqlite3.connect(Path(scratch, "state.db"))
            try:
                known = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'transitions'").fetchone()[0]
                return connection.execute(question).fetchall() if known else []
            finally:
                connection.close()

    # -- processes -----------------------------------------------------------------------------------------------

    def processes(self) -> dict[int, str]:
        """Return the command lines of living processes that were started for this rig, or work in it."""
        found = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != os.getpid() and self._is_ours(int(entry)):
                found[int(entry)] = _command_line(int(entry))
        return {pid: line for pid, line in found.items() if line}

    def _is_ours(self, pid: int) -> bool:
        try:
            if f"{_TOKEN}={self.token}".encode() in Path(f"/proc/{pid}/environ").read_bytes():
                return True
            return os.readlink(f"/proc/{pid}/cwd").startswith(str(self.root))
        except OSError:
            return False

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _command_line(pid: int) -> str:
    """Return the words of a process; empty when it is gone or a zombie, which has none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def without_statuses(text: str) -> str:
    """Return a ``tasks.yml`` of this rig's style without what the tool may change in it: the words of statuses."""
    kept = []
    for line in text.splitlines(keepends=True):
        found = _OURS.match(line)
        if found is None:
            kept.append(line)
        elif line[found.end() :].strip():
            kept.append("  status:" + line[found.end() :])
    return "".join(kept)


def changed_lines(before: str, after: str) -> list[str]:
    """Return the lines that ``after`` has and ``before`` has not, in order; a moved line counts."""
    import difflib

    return [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[:2] in ("+ ", "- ")]


def events_of(output: str, kind: str = "") -> list[dict[str, Any]]:
    """Return the events of ``run --json``, all or those of one kind."""
    events = [json.loads(line) for line in output.splitlines()]
    return [event for event in events if kind in ("", event["event"])]


def chain(ids: Iterable[str], command: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return tasks of which each needs the one before."""
    tasks: list[dict[str, Any]] = []
    for task_id in ids:
        tasks.append({"id": task_id, "command": command(task_id), "dependencies": [tasks[-1]["id"]] if tasks else []})
    return tasks
