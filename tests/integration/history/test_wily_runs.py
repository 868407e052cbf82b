"""How wily is run: in a tree of ours, once a revision, and never longer than we live. A stand-in plays wily."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from core.adapters.git import Git, GitLog, GitWorktrees
from core.adapters.wily import WilyHistory
from tests.waiting import TIMEOUT, until

STAND_IN = Path(__file__).with_name("stand_in")


@pytest.fixture
def builds(tmp_path, monkeypatch):
    log = tmp_path / "builds"
    log.touch()
    monkeypatch.setenv("STAND_IN_LOG", str(log))
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    return lambda: [int(line) for line in log.read_text().split()]


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def wily(scratch, state, directory=".", python=sys.executable):
    git = Git(str(scratch.root / directory))
    return WilyHistory(GitLog(git), GitWorktrees(git), str(state), python=python)


def grow(scratch, count):
    return [scratch.commit({"a.py": f"x = {lines}\n" * lines, f"b{lines}.py": "y\n"}) for lines in range(1, count + 1)]


def leftovers(state):
    return sorted(path.name for path in state.iterdir())


def test_each_measure_belongs_to_its_file_and_revision(scratch, state, builds, numbers_of):
    scratch.commit({"a.py": "x\n" * 30, "b.py": "y\n", "same.py": "z\n", "café.py": "z\n"})
    scratch.commit({"b.py": "y\ny\n"})
    scratch.commit({"a.py": None, "pkg/moved.py": "x\n" * 30 + "more\n", "café.py": "z\nz\n"})
    scratch.commit({"b.py": None})
    history = wily(scratch, state).revisions(3)
    assert numbers_of(history) == [{"b.py": 2.0}, {"café.py": 2.0, "pkg/moved.py": 31.0}, {}]
    assert {path: measure.maintainability for path, measure in history.before.items()} == {"a.py": 30.0, "b.py": 1.0, "café.py": 1.0}
    assert history.revisions[1].renamed == {"pkg/moved.py": "a.py"}
    assert history.revisions[2].removed == ("b.py",)
    assert history == wily(scratch, state).revisions(3)


def test_the_history_by_wily_is_the_history_by_git(scratch, state, builds):
    grow(scratch, 5)
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit({"a.py": "side\n" * 50})
    scratch.git("checkout", "-q", "main")
    scratch.commit({"b1.py": "main\nmain\n"})
    scratch.git("merge", "-q", "--no-edit", "side")
    assert wily(scratch, state).revisions(4) == scratch.history().revisions(4)
    assert wily(scratch, state).revisions(50) == scratch.history().revisions(50)


def test_only_new_revisions_are_built(scratch, state, builds):
    grow(scratch, 3)
    wily(scratch, state).revisions(10)
    wily(scratch, state).revisions(10)
    assert builds() == [3]
    grow(scratch, 5)[3:]
    assert wily(scratch, state).revisions(10) == scratch.history().revisions(10)
    assert builds() == [3, 5]


def test_a_longer_look_back_builds_what_lies_before(scratch, state, builds):
    grow(scratch, 6)
    wily(scratch, state).revisions(2)
    assert wily(scratch, state).revisions(50) == scratch.history().revisions(50)
    assert builds() == [3, 3]


def test_nothing_of_it_stays_but_the_cache(scratch, state, builds):
    grow(scratch, 2)
    wily(scratch, state).revisions(10)
    assert leftovers(state) == ["cache", "lock"]


def test_the_users_repository_is_not_touched(scratch, state, builds, hash_of, monkeypatch):
    grow(scratch, 4)
    scratch.write("a.py", "edited\n")
    scratch.write("b2.py", "staged\n")
    scratch.git("add", "b2.py")
    scratch.write("untracked.py", "1\n")
    before = hash_of(scratch.root)
    monkeypatch.setenv("GIT_DIR", str(scratch.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(scratch.root))
    assert len(wily(scratch, state).revisions(10).revisions) == 4
    assert hash_of(scratch.root) == before


def test_filters_hooks_and_links_of_the_project_are_not_followed(scratch, state, builds, tmp_path, numbers_of):
    (tmp_path / "secret").write_text("1\n2\n3\n")
    (scratch.root / "link.py").symlink_to(tmp_path / "secret")
    scratch.commit({".gitattributes": "*.py filter=evil eol=crlf ident\n", "a.py": "x\n", "wily.cfg": "[wily]\noperators=none\n"})
    assert numbers_of(wily(scratch, state).revisions(5)) == [{"a.py": 1.0}]


def test_a_project_below_the_root_has_its_own_paths(scratch, state, builds, numbers_of):
    scratch.commit({"app/a.py": "x\n", "elsewhere.py": "x\n"})
    scratch.commit({"app/a.py": "x\nx\n"})
    assert numbers_of(wily(scratch, state, "app").revisions(5)) == [{"a.py": 1.0}, {"a.py": 2.0}]


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_shallow_clone_gives_what_git_gives(scratch, state, builds, tmp_path, depth):
    grow(scratch, 5)
    clone = scratch.clone(tmp_path / "clone", f"--depth={depth}")
    for count in (2, 3, 50):
        ours, gits = wily(clone, state).revisions(count), clone.history().revisions(count)
        assert (ours.revisions, bool(ours.gap)) == (gits.revisions, bool(gits.gap))


def test_without_commits_there_is_the_same_gap_and_nothing_is_run(scratch, state, builds):
    assert wily(scratch, state).revisions(5).gap == "there is no commit yet"
    assert wily(scratch, state).revisions(0).gap == ""
    assert builds() == []


def test_a_python_without_wily_is_a_gap(scratch, state, builds, monkeypatch):
    grow(scratch, 1)
    monkeypatch.setenv("PYTHONPATH", "")
    assert wily(scratch, state).revisions(5).gap.startswith("wily ended with 1: ModuleNotFoundError: No module named 'wily'; try again")


def test_a_failing_build_is_a_gap_with_its_last_words_and_the_next_look_builds_again(scratch, state, builds, monkeypatch):
    grow(scratch, 3)
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    assert wily(scratch, state).revisions(5).gap.startswith("wily ended with 1: Failed to build cache; try again, or set audit.use_wily")
    assert leftovers(state) == ["lock"]
    monkeypatch.delenv("STAND_IN_FAILS")
    assert wily(scratch, state).revisions(5) == scratch.history().revisions(5)


def test_a_python_that_is_not_there_is_a_gap(scratch, state):
    grow(scratch, 1)
    assert wily(scratch, state, python="/no/such/python").revisions(5).gap.startswith("wily ended with 127: ")


def test_a_damaged_cache_is_built_again(scratch, state, builds):
    grow(scratch, 3)
    wily(scratch, state).revisions(5)
    (state / "cache" / "git" / "index.json").write_text("[{")
    assert wily(scratch, state).revisions(5) == scratch.history().revisions(5)
    assert builds() == [3, 3]


def test_two_looks_at_once_build_once(scratch, state, builds, monkeypatch):
    monkeypatch.setenv("STAND_IN_SECONDS", "0.05")
    grow(scratch, 3)
    seen = []
    looks = [threading.Thread(target=lambda: seen.append(wily(scratch, state).revisions(5))) for _ in range(2)]
    for look in looks:
        look.start()
    for look in looks:
        look.join()
    assert seen[0] == seen[1] == scratch.history().revisions(5)
    assert builds() == [3]


LOOK = """
import sys
from core.adapters.git import Git, GitLog, GitWorktrees
from core.adapters.wily import WilyHistory
root, state, python = sys.argv[1:]
git = Git(root)
WilyHistory(GitLog(git), GitWorktrees(git), state, python=python).revisions(50)
"""


@pytest.mark.parametrize("moment", range(4))
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_at_any_moment_it_leaves_no_process_and_no_trace_in_the_repository(
    scratch, state, builds, hash_of, processes_about, monkeypatch, moment, number
):
    monkeypatch.setenv("STAND_IN_SECONDS", "0.5")
    grow(scratch, 8)
    scratch.write("a.py", "edited\n")
    before = hash_of(scratch.root)
    arguments = [sys.executable, "-c", textwrap.dedent(LOOK), str(scratch.root), str(state), sys.executable]
    look = subprocess.Popen(
        arguments,
        env={**os.environ, "PYTHONPATH": f"{STAND_IN}:{Path(__file__).parents[3]}"},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(random.Random(moment).uniform(0.05, 1.2))
    look.send_signal(number)
    look.wait(TIMEOUT)
    until(lambda: processes_about(str(state)) == [], what="no process of it is left")
    assert hash_of(scratch.root) == before
    monkeypatch.setenv("STAND_IN_SECONDS", "0")
    assert wily(scratch, state).revisions(50) == scratch.history().revisions(50)
    assert leftovers(state) == ["cache", "lock"]
    assert hash_of(scratch.root) == before
