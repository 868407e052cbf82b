"""The port Snapshots: twin and git adapter keep, compare and restore the same states."""

from __future__ import annotations

import subprocess

import pytest

from core.adapters.git import Git, GitSnapshots
from core.testing.snapshots import InMemorySnapshots

LINES = [f"line {number}\n".encode() for number in range(20)]
TEXT = b"".join(LINES)
LEFT_OUT, KEPT = ("own",), ("tasks.yml",)


class MemoryTree:
    def __init__(self):
        self.snapshots = InMemorySnapshots(left_out=("own/log",), kept=KEPT)

    def write(self, path, content):
        self.snapshots.files[path] = content

    def remove(self, path):
        del self.snapshots.files[path]

    def files(self):
        return dict(self.snapshots.files)


class GitTree:
    def __init__(self, root, below=""):
        self.root = root / below
        self.root.mkdir(exist_ok=True)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        self.snapshots = GitSnapshots(Git(str(self.root)), str(root / ".git" / "ours"), left_out=LEFT_OUT, kept=KEPT)

    def write(self, path, content):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def remove(self, path):
        (self.root / path).unlink()

    def files(self):
        found = (path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(params=["twin", "git", "git-below-the-top"])
def tree(request, tmp_path):
    if request.param == "twin":
        return MemoryTree()
    return GitTree(tmp_path, "project" if "below" in request.param else "")


def changed_line(number, word):
    return b"".join([*LINES[:number], word + b"\n", *LINES[number + 1 :]])


def test_what_changed_is_told(tree):
    for path in ("edited.py", "gone.py", "same.py", "tasks.yml", "own/log"):
        tree.write(path, TEXT)
    before = tree.snapshots.take("before")
    tree.write("edited.py", b"other")
    tree.remove("gone.py")
    tree.write("sub/new.py", b"new")
    tree.write("tasks.yml", b"edited")
    tree.write("own/log", b"edited")
    after = tree.snapshots.take("after", before)

    assert tree.snapshots.changed(before, after) == ("edited.py", "gone.py", "sub/new.py")
    assert tree.snapshots.changed(before, before) == ()


def test_contents_of_a_state_stay(tree):
    tree.write("a.py", TEXT)
    tree.write("tasks.yml", b"tasks")
    before = tree.snapshots.take("before")
    tree.write("a.py", b"other")

    assert tree.snapshots.contents(before, ["a.py", "none.py", "tasks.yml"]) == {"a.py": TEXT, "tasks.yml": b"tasks"}


def test_restoring_brings_back_every_file_but_the_tasks_file(tree):
    for path in ("edited.py", "gone/too.py", "same.py", "tasks.yml"):
        tree.write(path, TEXT)
    before, was = tree.snapshots.take("before"), tree.files()
    tree.write("edited.py", b"other")
    tree.remove("gone/too.py")
    tree.write("sub/new.py", b"new")
    tree.write("tasks.yml", b"edited")
    after = tree.snapshots.take("after", before)
    done = tree.snapshots.restore(before, after)

    assert (done.restored, done.left) == (("edited.py", "gone/too.py", "sub/new.py"), ())
    assert tree.files() == was | {"tasks.yml": b"edited"}


def test_what_was_edited_since_is_kept(tree):
    for path in ("both.py", "theirs.py"):
        tree.write(path, TEXT)
    before = tree.snapshots.take("before")
    tree.write("both.py", changed_line(2, b"handler"))
    after = tree.snapshots.take("after", before)
    tree.write("both.py", b"".join([*LINES[:2], b"handler\n", *LINES[3:17], b"person\n", *LINES[18:]]))
    tree.write("theirs.py", b"person")
    tree.write("new.py", b"person")
    done = tree.snapshots.restore(before, after)

    assert (done.restored, done.left) == (("both.py",), ())
    assert tree.files() == {"both.py": changed_line(17, b"person"), "theirs.py": b"person", "new.py": b"person"}


def test_where_edits_do_not_go_together_the_file_is_left(tree):
    for path in ("overlap.py", "removed.py"):
        tree.write(path, TEXT)
    before = tree.snapshots.take("before")
    tree.write("overlap.py", changed_line(2, b"handler"))
    tree.write("removed.py", b"handler")
    tree.write("new.py", b"handler")
    after = tree.snapshots.take("after", before)
    tree.write("overlap.py", changed_line(2, b"person"))
    tree.remove("removed.py")
    tree.write("new.py", b"person")
    done = tree.snapshots.restore(before, after)

    assert (done.restored, done.left) == ((), ("new.py", "overlap.py", "removed.py"))
    assert done.why_left == "edited meanwhile"
    assert tree.files() == {"overlap.py": changed_line(2, b"person"), "new.py": b"person"}


def test_what_somebody_undid_already_stays(tree):
    tree.write("a.py", TEXT)
    before = tree.snapshots.take("before")
    tree.write("a.py", b"handler")
    after = tree.snapshots.take("after", before)
    tree.write("a.py", TEXT)

    assert tree.snapshots.restore(before, after).restored == ("a.py",)
    assert tree.files() == {"a.py": TEXT}
