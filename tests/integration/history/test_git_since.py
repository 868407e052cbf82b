"""Changes since a base revision, in every shape a repository comes in (the table of ``core.adapters.git``)."""

from __future__ import annotations

import os
import shlex

import pytest

from core.domain.quality.history import blob_digest
from core.errors import StorageError, UsageError

LONG = "".join(f"line_{number} = {number}\n" for number in range(30))


def told(found):
    return {change.path: (change.old_path, change.base) for change in found.changes}


@pytest.fixture
def forked(scratch):
    """``main`` went on after ``side`` (checked out) left it."""
    scratch.commit({"a.py": "1\n", "b.py": "1\n", "c.py": "1\n"})
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit({"a.py": "side\n"})
    scratch.git("checkout", "-q", "main")
    scratch.commit({"b.py": "main\n"})
    scratch.git("checkout", "-q", "side")
    return scratch


def test_later_commits_of_the_base_branch_are_no_changes_of_this_one(forked):
    found = forked.repository().changed_since("main")
    assert told(found) == {"a.py": ("a.py", b"1\n")}
    assert (found.base, found.note) == (forked.git("merge-base", "main", "side"), "")


def test_without_common_history_the_revision_itself_is_the_base(scratch):
    scratch.commit({"a.py": "1\n"})
    scratch.git("checkout", "-q", "--orphan", "other")
    scratch.commit({"a.py": "2\n"})
    found = scratch.repository().changed_since("main")
    assert told(found) == {"a.py": ("a.py", b"1\n")}
    assert found.note == "compared with main itself: it has no history in common with HEAD"


def shallow(forked, place):
    """As continuous integration has it: the newest commit of a branch, nothing else."""
    return forked.clone(place, "--depth=1", "--branch=side", "--single-branch")


def test_a_shallow_clone_without_the_base_says_what_to_fetch_and_that_works(forked, tmp_path):
    clone = shallow(forked, tmp_path / "clone")
    with pytest.raises(UsageError, match="cannot compare with origin/main: there is no such commit in this shallow clone") as caught:
        clone.repository().changed_since("origin/main")
    assert caught.value.hint == "git fetch --unshallow origin main:refs/remotes/origin/main"
    clone.git(*caught.value.hint.split()[1:])
    found = clone.repository().changed_since("origin/main")
    assert told(found) == {"a.py": ("a.py", b"1\n")}
    assert (found.base, found.note) == (forked.git("merge-base", "main", "side"), "")


MAIN = "main:refs/remotes/origin/main"
WHOLE = "git fetch --unshallow"


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("main", f"{WHOLE} origin {MAIN}, then --since origin/main"),
        ("refs/heads/main", f"{WHOLE} origin {MAIN}, then --since origin/main"),
        ("refs/remotes/origin/main", f"{WHOLE} origin {MAIN}"),
        ("origin", f"{WHOLE} origin HEAD:refs/remotes/origin/HEAD"),
        ("v1.0", f"{WHOLE} origin tag v1.0"),
        ("refs/tags/v1.0", f"{WHOLE} origin tag v1.0"),
        ("v1.0~1", f"{WHOLE} origin tag v1.0"),
        ("HEAD~1", "git fetch --deepen=1 origin {head}"),
        ("origin/side~1", f"{WHOLE} origin"),
        ("origin/main~1", f"{WHOLE} origin {MAIN}"),
        ("main~1", f"{WHOLE} origin {MAIN}, then --since origin/main~1"),
        ("main^{commit}", f"{WHOLE} origin {MAIN}, then --since origin/main^{{{{commit}}}}"),
    ],
)
def test_what_a_shallow_clone_says_to_fetch_brings_it(forked, tmp_path, revision, hint):
    forked.git("tag", "-a", "-m", "first", "v1.0", "main")
    forked.git("symbolic-ref", "HEAD", "refs/heads/main")
    clone = shallow(forked, tmp_path / "clone")
    with pytest.raises(UsageError) as caught:
        clone.repository().changed_since(revision)
    assert caught.value.hint == hint.format(head=clone.git("rev-parse", "HEAD"))
    command, _, then = caught.value.hint.partition(", then --since ")
    clone.git(*shlex.split(command)[1:])
    assert clone.repository().changed_since(then or revision).base


def test_a_shallow_clone_says_what_brings_a_commit_by_its_id(forked, tmp_path):
    forked.git("config", "uploadpack.allowAnySHA1InWant", "true")
    commit = forked.git("rev-parse", "side~1")
    clone = shallow(forked, tmp_path / "clone")
    for revision, hint in (
        (commit, f"git fetch --depth=1 origin {commit}"),
        (commit[:9], f"{WHOLE} origin '+refs/heads/*:refs/remotes/origin/*'"),
    ):
        with pytest.raises(UsageError) as caught:
            clone.repository().changed_since(revision)
        assert caught.value.hint == hint
        shallow(forked, tmp_path / revision).git(*shlex.split(hint)[1:])
        assert type(forked)(tmp_path / revision).repository().changed_since(revision).base == commit


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("origin/nowhere", "git fetch origin nowhere:refs/remotes/origin/nowhere"),
        ("main", "orchestrator audit --since origin/main"),
        ("main~1", "orchestrator audit --since origin/main~1"),
        ("abcdef012", "git fetch origin"),
        ("HEAD~99", "git log --oneline --all"),
        ("a b", "git log --oneline --all"),
        ("$(id)", "git log --oneline --all"),
    ],
)
def test_a_whole_clone_is_not_told_to_become_shallow(forked, tmp_path, revision, hint):
    with pytest.raises(UsageError) as caught:
        forked.clone(tmp_path / "clone", "--branch=side").repository().changed_since(revision)
    assert caught.value.hint == hint


@pytest.mark.parametrize("revision", ["", "-q", "--help", "main:a.py", "main^{tree}", "no such thing", "a..b"])
def test_what_is_no_commit_is_the_callers_mistake(forked, revision):
    with pytest.raises(UsageError, match="there is no such commit in this repository"):
        forked.repository().changed_since(revision)


def test_new_times_on_every_file_are_no_changes(forked):
    for path in ("a.py", "b.py", "c.py"):
        os.utime(forked.root / path, (1, 1))
    assert told(forked.repository().changed_since("HEAD")) == {}


def test_untracked_files_count_unless_ignored(forked):
    forked.write(".gitignore", "ignored.py\n")
    forked.write("ignored.py", "1\n")
    forked.write("pkg/new.py", "1\n")
    assert told(forked.repository().changed_since("HEAD")) == {"pkg/new.py": ("", None)}


def test_a_file_moved_by_hand_is_the_same_file(scratch):
    scratch.commit({"old.py": LONG, "gone.py": "1\n"})
    os.rename(scratch.root / "old.py", scratch.root / "new.py")
    (scratch.root / "gone.py").unlink()
    found = scratch.repository().changed_since("HEAD")
    assert told(found) == {"new.py": ("old.py", LONG.encode())}
    assert found.deleted == ("gone.py",)


def test_staged_and_then_edited_again_is_one_change(scratch):
    scratch.commit({"a.py": "1\n"})
    scratch.write("a.py", "2\n")
    scratch.git("add", "a.py")
    scratch.write("a.py", "3\n")
    assert told(scratch.repository().changed_since("HEAD")) == {"a.py": ("a.py", b"1\n")}


def test_a_file_removed_from_the_index_but_not_from_disk_is_still_there(scratch):
    scratch.commit({"a.py": "1\n", "b.py": LONG})
    scratch.git("rm", "-q", "--cached", "a.py", "b.py")
    scratch.write("a.py", "2\n")
    found = scratch.repository().changed_since("HEAD")
    assert told(found) == {"a.py": ("a.py", b"1\n")}
    assert found.deleted == ()


def test_a_conflict_is_a_change(forked):
    forked.git("checkout", "-q", "main")
    forked.commit({"a.py": "main\n"})
    forked.git("merge", "side", check=False)
    assert told(forked.repository().changed_since("HEAD")) == {"a.py": ("a.py", b"main\n")}


def test_a_project_below_the_root_sees_its_own_files(scratch):
    scratch.commit({"app/a.py": "1\n", "elsewhere.py": "1\n"})
    scratch.write("app/a.py", "2\n")
    scratch.write("app/new.py", "2\n")
    scratch.write("elsewhere.py", "2\n")
    repository = scratch.repository("app")
    assert told(repository.changed_since("HEAD")) == {"a.py": ("a.py", b"1\n"), "new.py": ("", None)}
    assert repository.facts().prefix == "app/"


def test_links_and_submodules_are_no_files(scratch, tmp_path):
    scratch.commit({"a.py": "1\n", "b.py": "1\n"})
    (scratch.root / "b.py").unlink()
    (scratch.root / "b.py").symlink_to("a.py")
    (scratch.root / "new.py").symlink_to("a.py")
    found = scratch.repository().changed_since("HEAD")
    assert (told(found), found.deleted) == ({}, ("b.py",))


def test_a_bare_repository_has_nothing_to_compare(forked, tmp_path):
    bare = forked.clone(tmp_path / "bare.git", "--bare")
    with pytest.raises(UsageError, match="the repository has no work tree"):
        bare.repository().changed_since("main")
    assert bare.repository().facts().bare


def test_a_folder_without_git_has_nothing_to_compare(tmp_path, scratch):
    (tmp_path / "plain").mkdir()
    plain = type(scratch)(tmp_path / "plain").repository()
    with pytest.raises(UsageError, match="cannot compare with main: not a git repository"):
        plain.changed_since("main")
    assert plain.facts().problem == "not a git repository"


def test_a_base_that_a_partial_clone_lacks_is_said_and_not_fetched(scratch, tmp_path):
    scratch.commit({"a.py": "1\n"})
    scratch.commit({"a.py": "2\n"})
    scratch.git("config", "uploadpack.allowFilter", "true")
    partial = scratch.clone(tmp_path / "partial", "--filter=blob:none")
    before = partial.git("count-objects", "-v")
    with pytest.raises(StorageError) as caught:
        partial.repository().changed_since("HEAD~1")
    assert "a.py: its base version" in str(caught.value)
    assert "git fetch --refetch --no-filter" in caught.value.hint
    assert partial.git("count-objects", "-v") == before


def test_facts_of_an_unborn_a_detached_and_a_shallow_head(scratch, forked, tmp_path):
    forked.git("checkout", "-q", "--detach")
    facts = forked.repository().facts()
    assert (facts.branch, facts.head, facts.root) == ("", forked.git("rev-parse", "HEAD"), str(forked.root))
    assert shallow(forked, tmp_path / "clone").repository().facts().shallow
    (tmp_path / "unborn").mkdir()
    unborn = type(scratch)(tmp_path / "unborn")
    unborn.git("init", "-q", "-b", "trunk")
    assert (unborn.repository().facts().branch, unborn.repository().facts().head) == ("trunk", "")


@pytest.mark.parametrize("revision", ["HEAD", "@"])
@pytest.mark.parametrize("hash", ["sha1", "sha256"])
def test_before_the_first_commit_head_is_nothing_and_every_file_is_new(tmp_path, scratch, revision, hash):
    (tmp_path / "unborn").mkdir()
    unborn = type(scratch)(tmp_path / "unborn")
    unborn.git("init", "-q", f"--object-format={hash}")
    assert unborn.repository().changed_since(revision).changes == ()
    unborn.write("staged.py", "1\n")
    unborn.git("add", "staged.py")
    unborn.write("untracked.py", "2\n")
    found = unborn.repository().changed_since(revision)
    assert told(found) == {"staged.py": ("", None), "untracked.py": ("", None)}
    assert (found.base, found.deleted, found.note) == ("", (), "there is no commit yet: every file is new")
    with pytest.raises(UsageError, match="no such commit"):
        unborn.repository().changed_since("HEAD~1")


def test_a_damaged_head_is_not_taken_for_the_time_before_the_first_commit(scratch):
    scratch.commit({"a.py": "1\n"})
    scratch.write(".git/refs/heads/main", "0123456789" * 4 + "\n")
    with pytest.raises((UsageError, StorageError), match="cannot compare with HEAD"):
        scratch.repository().changed_since("HEAD")


def test_an_unborn_head_compares_with_the_revision_itself(scratch):
    scratch.commit({"a.py": "1\n"})
    scratch.git("checkout", "-q", "--orphan", "other")
    scratch.write("a.py", "2\n")
    assert told(scratch.repository().changed_since("main")) == {"a.py": ("a.py", b"1\n")}


def test_a_blob_id_is_gits(scratch):
    scratch.commit({"a.py": LONG})
    assert blob_digest(LONG.encode()).hex() == scratch.git("rev-parse", "HEAD:a.py")
