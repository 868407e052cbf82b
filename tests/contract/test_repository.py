"""The port Repository: twin and git adapter find the same changes."""

from __future__ import annotations

import os
import subprocess

import pytest

from core.adapters.git import Git, GitRepository
from core.domain.quality.history import ChangedFile
from core.errors import UsageError
from core.testing.code import InMemoryRepository

LONG = b"".join(b"line_%d = %d\n" % (number, number) for number in range(30))


class MemoryWorld:
    def __init__(self):
        self.repository = InMemoryRepository()

    def write(self, path, content):
        self.repository.work_tree[path] = content

    def remove(self, path):
        del self.repository.work_tree[path]

    def move(self, old, new):
        self.repository.work_tree[new] = self.repository.work_tree.pop(old)
        self.repository.renamed[new] = old

    def commit(self, name):
        self.repository.trees[name] = dict(self.repository.work_tree)


class GitWorld:
    def __init__(self, root):
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.repository = GitRepository(Git(str(root)))

    def git(self, *arguments):
        who = {f"GIT_{role}_{what}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false", *arguments]
        subprocess.run(command, cwd=self.root, env={**os.environ, **who}, capture_output=True, check=True)

    def write(self, path, content):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def remove(self, path):
        (self.root / path).unlink()

    def move(self, old, new):
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)

    def commit(self, name):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", name)
        self.git("tag", name)


@pytest.fixture(params=["twin", "git"])
def world(request, tmp_path):
    return MemoryWorld() if request.param == "twin" else GitWorld(tmp_path)


def changed(path, base, old_path=None):
    return ChangedFile(path=path, old_path=("" if base is None else path) if old_path is None else old_path, base=base)


def test_an_unchanged_tree_has_no_changes(world):
    world.write("a.py", b"1\n")
    world.commit("one")
    found = world.repository.changed_since("one")
    assert (found.changes, found.deleted, found.note) == ((), (), "")
    assert found.base


def test_committed_and_uncommitted_edits_are_changes_with_the_bytes_of_the_base(world):
    world.write("a.py", b"1\n")
    world.write("b.py", b"1\n")
    world.write("same.py", b"1\n")
    world.commit("one")
    world.write("a.py", b"2\n")
    world.commit("two")
    world.write("b.py", b"22\n")
    assert world.repository.changed_since("one").changes == (changed("a.py", b"1\n"), changed("b.py", b"1\n"))
    assert world.repository.changed_since("two").changes == (changed("b.py", b"1\n"),)


def test_a_new_file_has_no_base(world):
    world.write("a.py", b"1\n")
    world.commit("one")
    world.write("pkg/new.py", b"1\n2\n")
    assert world.repository.changed_since("one").changes == (changed("pkg/new.py", None),)
    world.commit("two")
    assert world.repository.changed_since("one").changes == (changed("pkg/new.py", None),)


def test_an_edit_that_was_taken_back_is_no_change(world):
    world.write("a.py", b"1\n")
    world.commit("one")
    world.write("a.py", b"2\n")
    world.commit("two")
    world.write("a.py", b"1\n")
    assert world.repository.changed_since("one").changes == ()


def test_deleted_files_are_told_apart_from_moved_ones(world):
    world.write("gone.py", b"1\n")
    world.write("old.py", LONG)
    world.commit("one")
    world.remove("gone.py")
    world.move("old.py", "pkg/new.py")
    found = world.repository.changed_since("one")
    assert (found.deleted, found.deleted_bases) == (("gone.py",), {"gone.py": b"1\n"})
    assert found.changes == (changed("pkg/new.py", LONG, old_path="old.py"),)


def test_a_moved_and_edited_file_keeps_its_base(world):
    world.write("old.py", LONG)
    world.commit("one")
    world.move("old.py", "new.py")
    world.write("new.py", LONG + b"more = 1\n")
    world.commit("two")
    assert world.repository.changed_since("one").changes == (changed("new.py", LONG, old_path="old.py"),)


def test_before_the_first_commit_every_file_is_new(world):
    world.write("a.py", b"1\n")
    found = world.repository.changed_since("HEAD")
    assert found.changes == (changed("a.py", None),)
    assert (found.base, found.note) == ("", "there is no commit yet: every file is new")


def test_an_unknown_revision_is_the_callers_mistake_and_says_what_to_type(world):
    world.write("a.py", b"1\n")
    world.commit("one")
    with pytest.raises(UsageError, match="cannot compare with nowhere: there is no such commit") as caught:
        world.repository.changed_since("nowhere")
    assert caught.value.hint == "git log --oneline --all"


def test_facts_name_the_branch_and_the_newest_commit(world):
    world.write("a.py", b"1\n")
    world.commit("one")
    facts = world.repository.facts()
    assert (facts.branch, facts.problem, facts.prefix) == ("main", "", "")
    assert facts.head == world.repository.changed_since("one").base
    assert facts.root


def test_the_base_is_a_commit_whose_files_can_be_read_again(world):
    world.write("config.yaml", b"old\n")
    world.commit("one")
    world.write("config.yaml", b"new\n")
    world.commit("two")
    base = world.repository.base_of("one")
    assert base
    assert base == world.repository.changed_since("one").base
    assert world.repository.file_at(base, "config.yaml") == b"old\n"
    assert world.repository.file_at(world.repository.base_of("two"), "config.yaml") == b"new\n"
    assert world.repository.file_at(base, "absent.yaml") is None


def test_before_the_first_commit_there_is_no_base(world):
    assert world.repository.base_of("HEAD") == ""


def test_a_base_that_is_not_here_is_refused(world):
    world.write("a.py", b"1\n")
    world.commit("one")
    with pytest.raises(UsageError, match="cannot compare with nowhere"):
        world.repository.base_of("nowhere")


def test_both_versions_of_each_file_that_differs_are_there(world):
    world.write("same.py", b"0\n")
    world.write("changed.py", b"1\n")
    world.write("gone.py", b"2\n")
    world.write("old.py", LONG)
    world.commit("one")
    world.write("changed.py", b"1.5\n")
    world.write("new.py", b"3\n")
    world.remove("gone.py")
    world.move("old.py", "moved.py")

    assert world.repository.contents_since(world.repository.base_of("one")) == {
        "changed.py": (b"1\n", b"1.5\n"),
        "new.py": (None, b"3\n"),
        "gone.py": (b"2\n", None),
        "moved.py": (LONG, LONG),
    }


def test_another_selection_of_files_has_the_same_base(world):
    world.write("a.py", LONG)
    world.commit("one")
    assert world.repository.selecting(("**/*.py",), ()).base_of("one") == world.repository.base_of("one")
