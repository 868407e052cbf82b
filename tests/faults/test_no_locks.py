"""A file system without ``flock``: nothing runs unlocked, and the refusal says why."""

from __future__ import annotations

import os
import random
import subprocess

import pytest

from tests.e2e.rig import ORCHESTRATOR
from tests.faults.laboratory import RUN, Laboratory
from tests.faults.system_calls import why_not
from tests.waiting import TIMEOUT

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL"])
@pytest.mark.parametrize("command", [RUN, ("done", "--force", "t0")], ids=["run", "done"])
def test_without_locks_nothing_runs_and_nothing_is_changed(laboratory: Laboratory, error: str, command: tuple[str, ...]) -> None:
    laboratory.plant(random.Random(1), tasks=3)
    ended = subprocess.run(
        ["strace", "-qq", "-o", os.devnull, "-e", "trace=flock", f"--inject=flock:error={error}", ORCHESTRATOR, *command],
        cwd=laboratory.root,
        env=laboratory.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert ended.returncode == 2, ended.stderr
    assert ".orchestrator/lock: cannot take the run lock" in ended.stderr, ended.stderr
    assert "no locks (flock)" in ended.stderr, ended.stderr
    assert laboratory.started() == 0
    assert laboratory.tasks_file.read_text() == laboratory.before
