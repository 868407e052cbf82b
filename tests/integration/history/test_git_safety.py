"""Reading history and changes touches nothing and runs nothing that a repository brings along."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.waiting import until


@pytest.fixture
def lively(scratch):
    """A repository in the middle of work: staged, unstaged, untracked, moved and deleted files, and stale times."""
    for lines in range(1, 6):
        scratch.commit({"a.py": "x\n" * lines, "b.py": "y\n" * lines, "c.py": f"z = {lines}\n"})
    scratch.git("tag", "base", "HEAD~3")
    scratch.write("a.py", "staged\n")
    scratch.git("add", "a.py")
    scratch.write("a.py", "edited\n")
    scratch.write("new.py", "new\n")
    (scratch.root / "b.py").unlink()
    scratch.write("c.py", "z = 5\n")
    return scratch


def test_no_byte_time_or_mode_changes_below_the_project(lively, hash_of):
    before = hash_of(lively.root)
    lively.history().revisions(50)
    lively.repository().changed_since("base")
    lively.repository().facts()
    assert hash_of(lively.root) == before


def test_nothing_that_the_repository_configures_is_run(lively, tmp_path):
    trap = tmp_path / "trap"
    evil = f"touch {shlex.quote(str(trap))}; cat"
    hooks = lively.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-auto-gc"):
        (hooks / hook).write_text(f"#!/bin/sh\n{evil}\n")
        (hooks / hook).chmod(0o755)
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\n{evil}\n")
    script.chmod(0o755)
    for key, value in {
        "core.fsmonitor": str(script), "core.pager": evil, "core.editor": evil, "core.sshCommand": evil, "core.askPass": evil,
        "diff.external": str(script), "diff.evil.textconv": str(script), "diff.evil.command": str(script), "log.showSignature": "true",
        "gpg.program": str(script), "filter.evil.clean": evil, "filter.evil.smudge": evil, "filter.evil.process": evil,
        "filter.evil.required": "true", "filter.a=b.clean": evil, "core.untrackedCache": "true", "alias.rev-parse": f"!{evil}",
        "pager.rev-list": evil, "credential.helper": f"!{evil}", "core.alternateRefsCommand": evil,
    }.items():  # fmt: skip
        lively.git("config", key, value)
    (lively.root / ".git" / "info").mkdir(exist_ok=True)
    (lively.root / ".git" / "info" / "attributes").write_text("a.py filter=evil diff=evil\nb.py filter=evil\nc.py filter=a=b\n")
    assert lively.history().revisions(50).gap == ""
    found = lively.repository().changed_since("base")
    assert [change.path for change in found.changes] == ["a.py", "c.py", "new.py"]
    assert not trap.exists()


def test_an_index_that_somebody_holds_locked_is_no_obstacle(lively):
    (lively.root / ".git" / "index.lock").touch()
    assert lively.history().revisions(50).gap == ""
    assert lively.repository().changed_since("base").changes


LOOK = """
import sys
from core.adapters.git import BlobHistory, Git, GitLog, GitRepository
from core.adapters.radon import RadonMeter
root, cache = sys.argv[1:]
git, meter = Git(root), RadonMeter(root, cache=cache, key=b"a secret")
BlobHistory(git, GitLog(git), meter).revisions(50)
GitRepository(git).changed_since("base")
"""


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2, 0.3, 0.45])
def test_killed_at_any_moment_it_leaves_no_process_and_no_trace(lively, tmp_path, hash_of, processes_about, real_code, seconds):
    real_code(lively, 2)
    lively.write("a.py", "edited again\n")
    before = hash_of(lively.root)
    arguments = [sys.executable, "-c", LOOK, str(lively.root), str(tmp_path / "measures.db")]
    look = subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])})
    time.sleep(seconds)
    look.send_signal(signal.SIGKILL)
    look.wait()
    until(lambda: processes_about(str(lively.root)) == [], what="no process of it is left")
    assert hash_of(lively.root) == before
    assert lively.history().revisions(50).gap == ""
