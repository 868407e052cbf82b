"""A git repository of Python code for the audit's tests, and the installed command in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from tests.waiting import TIMEOUT

ORCHESTRATOR = Path(sys.executable).with_name("orchestrator")
_OURS = ("ORCHESTRATOR_", "GITHUB_", "GITLAB_", "GIT_", "CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS")
_WHO = {f"GIT_{role}_{what}": "audit@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def branchy(name: str, complexity: int, word: str = "value") -> str:
    """Return a function of that cyclomatic complexity; another ``word`` gives another shape."""
    ifs = "".join(f"    if {word} > {number}:\n        {word} -= {number}\n" for number in range(complexity - 1))
    return f"def {name}({word}):\n{ifs}    return {word}\n"


class CodeRepository:
    """One repository; every commit of it happens a second after the one before."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._time = 1_700_000_000
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        dates = {"GIT_AUTHOR_DATE": f"{self._time} +0000", "GIT_COMMITTER_DATE": f"{self._time} +0000"}
        self._time += 1
        environment = {**_clean(), **_WHO, **dates}
        done = subprocess.run(
            ["git", "-c", "maintenance.auto=false", "-c", "gc.auto=0", *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, path: str, *functions: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n\n".join(functions))

    def commit(self, message: str = "change") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def audit(self, *arguments: str, cwd: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("audit", *arguments, cwd=cwd, **variables)

    def run_as_mortal(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command as one whom file modes bind, which they do not bind root."""
        drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        return self.run(*arguments, before=drop)

    def run(self, *arguments: str, cwd: str = ".", before: Sequence[str] = (), **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command as a person would; with ``CI="1"`` as a service would."""
        return subprocess.run(
            [*before, ORCHESTRATOR, *arguments],
            cwd=self.root / cwd,
            env={**_clean(), **_WHO, **variables},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start the installed command and return its process; both outputs are pipes."""
        environment = {**_clean(), **_WHO, **variables}
        command, pipe = [ORCHESTRATOR, *arguments], subprocess.PIPE
        return subprocess.Popen(command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)

    def tasks(self) -> dict[str, dict[str, object]]:
        """Return the entries of tasks.yml by id."""
        return {str(task["id"]): task for task in yaml.safe_load((self.root / "tasks.yml").read_text()) or []}

    def states(self) -> dict[str, str]:
        """Return the status of each of the Reflector's tasks, by path and block."""
        own = [task["origin"] | {"status": task.get("status", "pending")} for task in self.tasks().values() if "origin" in task]
        return {f"{origin['path']}::{origin.get('block', '')}": origin["status"] for origin in own}


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def last_lines(done: subprocess.CompletedProcess[str], count: int = 1) -> list[str]:
    """Return the last lines of stdout."""
    return done.stdout.splitlines()[-count:]
