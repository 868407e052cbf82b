"""wily itself: its numbers are radon's wherever it measures, what it carries over it says nowhere, and our way of running it is clean.

``ORCHESTRATOR_WILY_PYTHON`` names a Python that has wily; without it an environment of ours is made in a temporary directory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.adapters.git import Git, GitLog, GitWorktrees
from core.adapters.wily import WilyEnvironment, WilyHistory
from tests.waiting import until

pytestmark = pytest.mark.slow

#: radon as its command has it, and as wily asks it: without asserts, and the last of namesakes, worst first, stays.
JUDGE = """
import json, sys
from radon.complexity import cc_visit
from radon.metrics import mi_visit
def judged(source):
    try:
        worst = {block.fullname: block.complexity for block in sorted(cc_visit(source), key=lambda block: block.complexity)}
        least = sorted(cc_visit(source, no_assert=True), key=lambda block: -block.complexity)
        return [worst, {block.fullname: block.complexity for block in least}, mi_visit(source, True)]
    except SyntaxError:
        return None
json.dump([judged(source) for source in json.load(sys.stdin)], sys.stdout)
"""


@pytest.fixture(scope="session")
def wily_python(tmp_path_factory):
    if named := os.environ.get("ORCHESTRATOR_WILY_PYTHON"):
        return named
    return WilyEnvironment(tmp_path_factory.mktemp("cache"), lambda text: None).python()


@pytest.fixture
def wily(scratch, tmp_path, wily_python):
    git = Git(str(scratch.root))
    return WilyHistory(GitLog(git), GitWorktrees(git), str(tmp_path / "state"), python=wily_python)


@pytest.fixture
def judge(wily_python):
    def judged(sources):
        done = subprocess.run([wily_python, "-c", JUDGE], input=json.dumps(sources), capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return judged


def content(scratch, revision, path):
    done = subprocess.run(["git", "show", f"{revision}:{path}"], cwd=scratch.root, capture_output=True, check=True)
    return done.stdout.decode()


def test_the_measures_of_wily_are_those_of_radon(scratch, wily, judge, real_code):
    real_code(scratch, 5)
    history = wily.revisions(200)
    assert history.gap == ""
    told = [(revision.id, path, measure) for revision in history.revisions for path, measure in revision.changed.items()]
    assert len(told) > 40
    truths = judge([content(scratch, revision, path) for revision, path, _ in told])
    for (revision, path, measure), truth in zip(told, truths, strict=True):
        if truth is None:
            assert measure.problem, (revision, path)
            continue
        ours = {}
        for block in measure.blocks:
            ours[block.name] = max(block.complexity, ours.get(block.name, 0))
        assert {name: ours.get(name) for name in truth[0]} == truth[0], (revision, path)
        assert measure.maintainability == truth[2], (revision, path)
    assert sum(truth is None for truth in truths) == 2


def bare_build(place, wily_python, cache, revisions=500):
    """What a person types, in a clone."""
    command = [wily_python, "-m", "wily", "--path", str(place), "--cache", str(cache), "build", "-n", str(revisions)]
    return subprocess.run(command, cwd=cache.parent, env={**os.environ, "TMPDIR": str(cache.parent)}, capture_output=True)


def bare_numbers(cache, revision):
    """What wily tells of one revision: complexity by name and index by path, None without numbers."""
    data = json.loads((cache / "git" / f"{revision}.json").read_text())["operator_data"]
    told = {}
    for path, values in data["maintainability"].items():
        if path.endswith(".py"):
            blocks = {name: block["complexity"] for name, block in data["cyclomatic"][path]["detailed"].items()}
            told[path] = [blocks, values["total"]["mi"]] if "mi" in values["total"] else None
    return told


@pytest.fixture
def differences(scratch, tmp_path, wily_python, judge):
    """Build by hand; return the pairs both have, and where wily is not radon: (revision, path, was it carried over?)."""

    def found():
        scratch.clone(tmp_path / "clone")
        cache = tmp_path / "cache"
        assert bare_build(tmp_path / "clone", wily_python, cache).returncode == 0
        order = scratch.git("rev-list", "--reverse", "HEAD").split()
        told = {revision: bare_numbers(cache, revision) for revision in order}
        paths = {revision: scratch.git("ls-tree", "-r", "--name-only", revision).split() for revision in order}
        pairs = [(revision, path) for revision in order for path in paths[revision] if path.endswith(".py") and path in told[revision]]
        truths = judge([content(scratch, *pair) for pair in pairs])
        odd = []
        for (revision, path), truth in zip(pairs, truths, strict=True):
            if told[revision][path] == (truth and truth[1:]):
                continue
            touched = scratch.git("diff-tree", "-r", "--name-only", f"{revision}~1", revision, "--", path)
            before = order[order.index(revision) - 1]
            foreign = before != scratch.git("rev-parse", f"{revision}~1")
            odd.append((revision, path, foreign and not touched and told[before].get(path) == told[revision][path]))
        return pairs, odd

    return found


def test_wily_alone_differs_from_radon_only_where_a_side_branch_came_in_between(scratch, differences, real_code):
    real_code(scratch, 5)
    pairs, odd = differences()
    assert len(pairs) > 300
    assert odd
    assert all(carried for _, _, carried in odd), odd


def test_wily_alone_agrees_with_radon_on_a_history_without_branches(scratch, differences, real_code):
    real_code(scratch, 4, merges=False)
    pairs, odd = differences()
    assert len(pairs) > 100
    assert odd == []


def test_wily_alone_loses_untouched_files_when_it_continues_a_build(scratch, tmp_path, wily_python):
    scratch.commit({"a.py": "x = 1\n", "b.py": "x = 1\n"})
    clone, cache = scratch.clone(tmp_path / "clone"), tmp_path / "cache"
    assert bare_build(clone.root, wily_python, cache).returncode == 0
    newest = scratch.commit({"b.py": "x = 2\n"})
    clone.git("pull", "-q")
    assert bare_build(clone.root, wily_python, cache).returncode == 0
    assert list(bare_numbers(cache, newest)) == ["b.py"]


def test_wily_alone_does_not_recover_from_a_killed_build(scratch, tmp_path, wily_python):
    scratch.commit({"a.py": "x = 1\n"})
    clone, cache = scratch.clone(tmp_path / "clone"), tmp_path / "cache"
    assert bare_build(clone.root, wily_python, cache).returncode == 0
    (cache / "git" / "index.json").unlink()  # written last
    failed = bare_build(clone.root, wily_python, cache)
    assert failed.returncode == 0  # its crashes end so, too
    assert b"already exists, index may be corrupt" in failed.stdout + failed.stderr


LOOK = """
import sys
from core.adapters.git import Git, GitLog, GitWorktrees
from core.adapters.wily import WilyHistory
root, state, python = sys.argv[1:]
git = Git(root)
WilyHistory(GitLog(git), GitWorktrees(git), state, python=python).revisions(200)
"""


@pytest.mark.parametrize("seconds", [0.4, 1.1, 1.8, 2.5])
def test_killed_while_it_builds_it_leaves_the_repository_alone_and_the_next_look_works(
    scratch, tmp_path, wily, wily_python, hash_of, processes_about, real_code, seconds
):
    real_code(scratch, 5)
    scratch.write("textwrap.py", "edited = True\n")
    before = hash_of(scratch.root)
    look = subprocess.Popen(
        [sys.executable, "-c", LOOK, str(scratch.root), str(tmp_path / "state"), wily_python],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    time.sleep(seconds)
    look.send_signal(signal.SIGKILL)
    look.wait()
    history = wily.revisions(200)
    assert history.gap == ""
    assert len(history.revisions) == len(scratch.git("rev-list", "--first-parent", "HEAD").split())
    assert hash_of(scratch.root) == before
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["cache", "lock"]
    until(lambda: processes_about(str(tmp_path / "state")) == [], what="no process of it is left")
