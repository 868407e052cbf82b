"""The ports CommitLog and MetricHistory: twin and git adapter tell the same story."""

from __future__ import annotations

import os
import subprocess

import pytest

from core.adapters.git import BlobHistory, Git, GitLog
from core.domain.quality.metric import FileMeasure
from core.domain.quality.trend import file_trends
from core.testing.code import InMemoryCommitLog, InMemoryHistory

LONG = b"".join(b"line_%d = %d\n" % (number, number) for number in range(30))


def lines(source: bytes) -> FileMeasure:
    """A number that tells versions apart: the count of lines."""
    return FileMeasure(maintainability=float(source.count(b"\n")))


class LineMeter:
    """As much of a CodeMeter as a history asks for, without a cache."""

    def measure_blobs(self, ids, read):
        wanted = list(ids)
        return {blob: lines(source) for blob, source in read(wanted)} if wanted else {}


class MemoryWorld:
    def __init__(self):
        self.log = InMemoryCommitLog()
        self.history = InMemoryHistory(self.log, lines)
        self.commit = self.log.commit

    def move(self, old, new):
        self.log.moved[new] = old


class GitWorld:
    def __init__(self, root):
        self.root = root
        self.git("init", "-q", "-b", "main")
        git = Git(str(root))
        self.log = GitLog(git)
        self.history = BlobHistory(git, self.log, LineMeter())

    def git(self, *arguments, at=0):
        who = {f"GIT_{role}_{what}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        when = {"GIT_AUTHOR_DATE": f"@{at:.0f} +0000", "GIT_COMMITTER_DATE": f"@{at:.0f} +0000"}
        command = ["git", "-c", "commit.gpgSign=false", *arguments]
        done = subprocess.run(command, cwd=self.root, env={**os.environ, **who, **when}, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, files, *, renamed=None, at=1_000_000.0):
        for new, old in (renamed or {}).items():
            (self.root / new).parent.mkdir(parents=True, exist_ok=True)
            self.git("mv", old, new)
        for path, content in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink() if content is None else place.write_bytes(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "next", at=at)
        return self.git("rev-parse", "HEAD")

    def move(self, old, new):
        self.git("mv", old, new)


@pytest.fixture(params=["twin", "git"])
def world(request, tmp_path):
    return MemoryWorld() if request.param == "twin" else GitWorld(tmp_path)


def numbers(measures):
    return {path: measure.maintainability for path, measure in measures.items()}


def test_without_a_commit_there_is_a_gap_and_nothing_else(world):
    history = world.history.revisions(5)
    assert history.revisions == ()
    assert history.gap == "there is no commit yet"


def test_no_revisions_asked_for_is_no_gap(world):
    world.commit({"a.py": b"1\n"})
    assert world.history.revisions(0) == world.history.revisions(-1)
    assert world.history.revisions(0).revisions == ()
    assert world.history.revisions(0).gap == ""


def test_the_first_commit_adds_its_files(world):
    commit = world.commit({"a.py": b"1\n", "pkg/b.py": b"1\n2\n"}, at=1_234_567.0)
    history = world.history.revisions(5)
    assert [(one.id, one.at) for one in history.revisions] == [(commit, 1_234_567.0)]
    assert numbers(history.revisions[0].changed) == {"a.py": 1.0, "pkg/b.py": 2.0}
    assert (history.before, history.gap) == ({}, "")


def test_revisions_come_oldest_first_and_hold_only_what_they_touched(world):
    ids = [world.commit({"a.py": b"1\n", "b.py": b"1\n"}), world.commit({"b.py": b"1\n2\n"}), world.commit({"a.py": b"1\n2\n3\n"})]
    history = world.history.revisions(5)
    assert [one.id for one in history.revisions] == ids
    assert [numbers(one.changed) for one in history.revisions] == [{"a.py": 1.0, "b.py": 1.0}, {"b.py": 2.0}, {"a.py": 3.0}]


def test_a_window_knows_what_its_files_were_before_it(world):
    world.commit({"a.py": b"1\n", "b.py": b"1\n", "untouched.py": b"1\n"})
    world.commit({"a.py": b"1\n2\n"})
    world.commit({"b.py": b"1\n2\n3\n"})
    world.commit({"a.py": b"1\n2\n3\n4\n"})
    history = world.history.revisions(2)
    assert numbers(history.before) == {"b.py": 1.0, "a.py": 2.0}
    assert [numbers(one.changed) for one in history.revisions] == [{"b.py": 3.0}, {"a.py": 4.0}]


def test_a_removed_file_is_removed_and_may_come_back_as_a_new_one(world):
    world.commit({"a.py": b"1\n", "b.py": b"1\n"})
    world.commit({"a.py": None})
    world.commit({"a.py": b"1\n2\n"})
    history = world.history.revisions(2)
    assert history.revisions[0].removed == ("a.py",)
    assert numbers(history.revisions[0].changed) == {}
    assert numbers(history.revisions[1].changed) == {"a.py": 2.0}
    assert numbers(history.before) == {"a.py": 1.0}


def test_a_rename_says_where_the_file_came_from(world):
    world.commit({"old.py": LONG})
    world.commit({}, renamed={"pkg/new.py": "old.py"})
    world.commit({"pkg/newer.py": LONG + b"more = 1\n"}, renamed={"pkg/newer.py": "pkg/new.py"})
    history = world.history.revisions(2)
    assert [one.renamed for one in history.revisions] == [{"pkg/new.py": "old.py"}, {"pkg/newer.py": "pkg/new.py"}]
    assert [one.removed for one in history.revisions] == [(), ()]
    assert [numbers(one.changed) for one in history.revisions] == [{"pkg/new.py": 30.0}, {"pkg/newer.py": 31.0}]
    assert numbers(history.before) == {"old.py": 30.0}


def test_a_commit_that_touches_no_python_is_a_revision_too(world):
    world.commit({"a.py": b"1\n"})
    world.commit({})
    assert [numbers(one.changed) for one in world.history.revisions(5).revisions] == [{"a.py": 1.0}, {}]


def test_history_looked_at_twice_is_the_same(world):
    world.commit({"a.py": b"1\n"})
    world.commit({"a.py": b"1\n2\n"})
    assert world.history.revisions(5) == world.history.revisions(5)


def test_new_commits_are_part_of_the_next_history(world):
    world.commit({"a.py": b"1\n"})
    first = world.history.revisions(5)
    world.commit({"a.py": b"1\n2\n"})
    assert world.history.revisions(5).revisions[:1] == first.revisions
    assert len(world.history.revisions(5).revisions) == 2


def test_churn_looks_further_back_than_the_revisions_and_follows_renames(world):
    world.commit({"a.py": LONG, "gone.py": b"1\n", "quiet.py": b"1\n"})
    world.commit({"a.py": LONG + b"1\n", "gone.py": b"2\n"})
    world.commit({"gone.py": None}, renamed={"b.py": "a.py"})
    world.commit({"b.py": LONG + b"2\n"})
    history = world.history.revisions(1)
    assert [sorted(revision.changed) for revision in history.revisions] == [["b.py"]]
    assert history.earlier_churn == {"b.py": 3, "quiet.py": 1}
    assert {path: trend.churn for path, trend in file_trends(history).items()} == {"b.py": 4, "quiet.py": 1}


def test_churn_looks_no_further_back_than_four_times_the_revisions(world):
    for number in range(10):
        world.commit({"a.py": b"%d\n" % number})
    assert world.history.revisions(2).earlier_churn == {"a.py": 6}


def test_a_rename_that_is_not_committed_says_where_the_file_is_now(world):
    world.commit({"old.py": LONG})
    assert world.history.revisions(5).moved == {}
    world.move("old.py", "new.py")
    history = world.history.revisions(5)
    assert (history.moved, [numbers(one.changed) for one in history.revisions]) == ({"new.py": "old.py"}, [{"old.py": 30.0}])
