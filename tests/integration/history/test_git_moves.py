"""Files that were moved in the work tree and are not committed: they keep their past, and a copy takes none."""

from __future__ import annotations

import os
import shutil

import pytest

LONG = "".join(f"line_{number} = {number}\n" for number in range(30))


@pytest.fixture
def past(scratch):
    scratch.commit({"a.py": LONG, "b.py": "1\n"})
    scratch.commit({"a.py": LONG + "last = 1\n"})
    return scratch


def moved(repository, directory="."):
    return repository.history(directory).revisions(5).moved


def staged(past):
    past.git("mv", "a.py", "new.py")


def staged_and_edited(past):
    past.git("mv", "a.py", "new.py")
    past.write("new.py", LONG + "last = 2\n")
    past.git("add", "new.py")


def staged_and_edited_later(past):
    past.git("mv", "a.py", "new.py")
    past.write("new.py", LONG + "last = 2\n")


def not_staged(past):
    os.rename(past.root / "a.py", past.root / "new.py")


def announced(past):
    os.rename(past.root / "a.py", past.root / "new.py")
    past.git("add", "--intent-to-add", "new.py")


def only_removed_from_the_index(past):
    os.rename(past.root / "a.py", past.root / "new.py")
    past.git("rm", "-q", "--cached", "a.py")


@pytest.mark.parametrize("move", [staged, staged_and_edited, staged_and_edited_later, not_staged, announced, only_removed_from_the_index])
def test_a_moved_file_is_known(past, move):
    move(past)
    assert moved(past) == {"new.py": "a.py"}
    past.git("add", "-A")
    past.git("commit", "-q", "-m", "moved")
    assert moved(past) == {}
    assert past.history().revisions(5).revisions[-1].renamed == {"new.py": "a.py"}


def copied(past):
    shutil.copy(past.root / "a.py", past.root / "new.py")


def copied_and_staged(past):
    copied(past)
    past.git("add", "new.py")


def moved_and_written_again(past):
    past.git("mv", "a.py", "new.py")
    past.write("a.py", LONG + "last = 1\n")


def moved_and_replaced(past):
    past.git("mv", "a.py", "new.py")
    past.write("a.py", "2\n")


@pytest.mark.parametrize("copy", [copied, copied_and_staged, moved_and_written_again, moved_and_replaced])
def test_a_file_that_is_still_there_did_not_move(past, copy):
    copy(past)
    assert moved(past) == {}


def test_the_file_that_a_copy_was_made_of_is_the_one_that_has_a_base(past):
    moved_and_written_again(past)
    changes = past.repository().changed_since("HEAD").changes
    assert [(change.path, change.old_path) for change in changes] == [("new.py", "")]
    past.write("a.py", "2\n")
    changes = past.repository().changed_since("HEAD").changes
    assert [(change.path, change.old_path) for change in changes] == [("a.py", "a.py"), ("new.py", "")]


def test_files_that_moved_below_a_project_in_a_subdirectory(scratch):
    scratch.commit({"app/a.py": LONG, "a.py": LONG + "1\n"})
    scratch.git("mv", "app/a.py", "app/new.py")
    scratch.git("mv", "a.py", "elsewhere.py")
    assert moved(scratch, "app") == {"new.py": "a.py"}


def test_a_partial_clone_knows_exact_moves(past, tmp_path):
    past.git("config", "uploadpack.allowFilter", "true")
    clone = past.clone(tmp_path / "clone", "--filter=blob:none")
    staged(clone)
    assert moved(clone) == {"new.py": "a.py"}


def test_a_bare_repository_has_no_moves(past, tmp_path):
    history = past.clone(tmp_path / "bare.git", "--bare").history().revisions(5)
    assert (history.moved, len(history.revisions), history.gap) == ({}, 2, "")
