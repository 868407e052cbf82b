"""What a branch is compared with in whole, shallow and partial clones: only what it did itself counts, or an error says what to fetch."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from core.errors import StorageError, UsageError

LONG = "".join(f"line_{number} = {number}\n" for number in range(30))
UNCERTAIN = "cannot compare with origin/main: this shallow clone does not hold the commits that tell where it parted from HEAD"


@pytest.fixture
def forked(scratch):
    """``side`` (checked out) changed a.py in two commits, ``main`` b.py in three since side left it, and there are three older commits."""
    for number in range(3):
        scratch.commit({"a.py": f"{number}\n", "b.py": f"b {number}\n"})
    scratch.git("checkout", "-q", "-b", "side")
    for number in range(2):
        scratch.commit({"a.py": f"side {number}\n"})
    scratch.git("checkout", "-q", "main")
    for number in range(3):
        scratch.commit({"b.py": f"main {number}\n"})
    scratch.git("checkout", "-q", "--detach")
    scratch.git("merge", "-q", "--no-ff", "--no-edit", "side")
    scratch.git("update-ref", "refs/pull/1/merge", "HEAD")
    scratch.git("checkout", "-q", "side")
    scratch.git("config", "uploadpack.allowFilter", "true")
    return scratch


#: What ``side`` did, whatever ``main`` did.
OF_SIDE = {"a.py": b"2\n"}


def changed(clone, revision):
    found = clone.repository().changed_since(revision)
    assert not found.note
    return {change.path: change.base for change in found.changes}


def refused(clone, revision):
    """Return the hint of the error that a comparison ends with."""
    with pytest.raises(UsageError) as caught:
        clone.repository().changed_since(revision)
    with pytest.raises(UsageError):
        clone.repository().base_of(revision)
    assert str(caught.value).startswith(f"cannot compare with {revision}: ")
    return caught.value.hint


def type_in(clone, command):
    """Run a hint in a shell, as somebody who types it."""
    settings = "-c protocol.file.allow=always -c gc.auto=0 -c maintenance.auto=false"
    done = subprocess.run(command.replace("git ", f"git {settings} "), shell=True, cwd=clone.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def fetched_clone(forked, place, *options, depth):
    """Return a shallow clone of ``side`` for which the newest commit of ``main`` was fetched, as recipes of services do."""
    clone = forked.clone(place, *options, f"--depth={depth}", "--branch=side", "--single-branch")
    clone.git("fetch", "-q", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    return clone


@pytest.mark.parametrize("depth", [1, 20])
def test_the_tip_of_the_base_branch_is_never_taken_for_the_merge_base(forked, tmp_path, depth):
    clone = fetched_clone(forked, tmp_path / "clone", depth=depth)
    with pytest.raises(UsageError, match=UNCERTAIN):
        clone.repository().changed_since("origin/main")
    hint = refused(clone, "origin/main")
    assert hint == "git fetch --unshallow origin"
    type_in(clone, hint)
    assert changed(clone, "origin/main") == OF_SIDE


@pytest.mark.parametrize(("depth", "is_enough"), [(2, False), (3, True)])
def test_histories_that_meet_in_a_shallow_clone_are_enough(forked, tmp_path, depth, is_enough):
    clone = forked.clone(tmp_path / "clone", f"--depth={depth}", "--branch=side", "--no-single-branch")
    if not is_enough:
        type_in(clone, refused(clone, "origin/main"))
    assert changed(clone, "origin/main") == OF_SIDE


def test_a_merge_base_that_a_hidden_one_could_replace_is_not_believed(scratch, tmp_path):
    """main and side meet at the first commit, and once more in one that only the cut parent of side's merge leads to."""
    scratch.commit({"a.py": "1\n", "b.py": "1\n"})
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit({"a.py": "2\n"})
    scratch.git("checkout", "-q", "main")
    scratch.commit({"b.py": "2\n"})
    scratch.git("checkout", "-q", "-b", "third")
    for number in range(3):
        scratch.commit({"c.py": f"{number}\n"})
    scratch.git("checkout", "-q", "side")
    scratch.git("merge", "-q", "third")
    scratch.git("branch", "-D", "third")
    clone = scratch.clone(tmp_path / "clone", "--depth=3", "--branch=side", "--no-single-branch")
    assert clone.git("merge-base", "origin/main", "HEAD") == scratch.git("rev-parse", "main~1") != scratch.git("merge-base", "main", "side")
    type_in(clone, refused(clone, "origin/main"))
    assert changed(clone, "origin/main") == {"a.py": b"1\n", "c.py": None}


@pytest.mark.parametrize("filter", ["blob:none", "tree:0"])
def test_a_shallow_and_partial_clone_gets_all_it_takes_with_one_command(forked, tmp_path, filter):
    clone = fetched_clone(forked, tmp_path / "clone", f"--filter={filter}", depth=1)
    hint = refused(clone, "origin/main")
    assert hint == "git fetch --unshallow origin && git fetch --refetch --no-filter origin"
    type_in(clone, hint)
    assert changed(clone, "origin/main") == OF_SIDE


@pytest.mark.parametrize("filter", ["blob:none", "tree:0"])
def test_a_partial_clone_knows_the_merge_base_and_says_that_files_of_it_are_missing(forked, tmp_path, filter):
    clone = forked.clone(tmp_path / "clone", f"--filter={filter}", "--branch=side")
    with pytest.raises(StorageError) as caught:
        clone.repository().changed_since("origin/main")
    assert caught.value.hint.startswith("git fetch --refetch --no-filter")
    type_in(clone, "git fetch --refetch --no-filter")
    assert changed(clone, "origin/main") == OF_SIDE


def test_each_remote_of_a_fork_is_asked_for_its_part(forked, tmp_path):
    fork = forked.clone(tmp_path / "fork", "--branch=side")
    fork.commit({"a.py": "of the fork\n"})
    clone = fork.clone(tmp_path / "clone", "--depth=1", "--branch=side")
    clone.git("remote", "add", "upstream", f"file://{forked.root}")

    hint = refused(clone, "upstream/main")
    assert hint == "git fetch --unshallow origin && git fetch upstream main:refs/remotes/upstream/main"
    clone.git("fetch", "-q", "--depth=1", "upstream", "main:refs/remotes/upstream/main")
    hint = refused(clone, "upstream/main")
    assert hint == "git fetch --unshallow origin && git fetch --depth=2147483647 upstream"
    type_in(clone, hint)
    assert changed(clone, "upstream/main") == OF_SIDE


def test_what_a_fork_says_to_fetch_for_an_absent_branch_is_enough(forked, tmp_path):
    clone = forked.clone(tmp_path / "fork").clone(tmp_path / "clone", "--depth=1", "--branch=side")
    clone.git("remote", "add", "upstream", f"file://{forked.root}")
    type_in(clone, refused(clone, "upstream/main"))
    assert changed(clone, "upstream/main") == OF_SIDE


def test_only_the_side_that_is_cut_is_fetched(forked, tmp_path):
    clone = forked.clone(tmp_path / "clone", "--branch=side", "--single-branch")
    clone.git("remote", "add", "upstream", f"file://{forked.root}")
    clone.git("fetch", "-q", "--depth=1", "upstream", "main:refs/remotes/upstream/main")
    hint = refused(clone, "upstream/main")
    assert hint == "git fetch --unshallow upstream"
    type_in(clone, hint)
    assert changed(clone, "upstream/main") == OF_SIDE


def pull_request(forked, place, depth):
    """Return what actions/checkout makes of a pull request: its merge commit, detached."""
    place.mkdir()
    clone = type(forked)(place)
    clone.git("init", "-q")
    clone.git("remote", "add", "origin", f"file://{forked.root}")
    commit = forked.git("rev-parse", "refs/pull/1/merge")
    clone.git("fetch", "-q", "--no-tags", f"--depth={depth}", "origin", f"+{commit}:refs/remotes/pull/1/merge")
    clone.git("checkout", "-q", "--force", "--detach", "refs/remotes/pull/1/merge")
    return clone


def test_the_first_parent_of_a_merge_commit_is_its_base_even_where_git_hides_the_parents(forked, tmp_path):
    clone = pull_request(forked, tmp_path / "clone", depth=1)
    base = forked.git("rev-parse", "main")
    hint = refused(clone, base)
    assert hint == f"git fetch --depth=1 origin {base}"
    type_in(clone, hint)
    assert changed(clone, base) == OF_SIDE
    assert clone.repository().base_of(base) == base


@pytest.mark.parametrize("revision", ["HEAD^1", "HEAD^", "HEAD~", "@~1"])
def test_the_first_parent_by_its_place_is_one_generation_away(forked, tmp_path, revision):
    clone = pull_request(forked, tmp_path / "clone", depth=1)
    hint = refused(clone, revision)
    assert hint == f"git fetch --deepen=1 origin {clone.git('rev-parse', 'HEAD')}"
    type_in(clone, hint)
    assert changed(clone, revision) == OF_SIDE


def test_a_pull_request_at_depth_two_has_its_base(forked, tmp_path):
    assert changed(pull_request(forked, tmp_path / "clone", depth=2), "HEAD^1") == OF_SIDE


def test_a_base_branch_that_went_on_since_the_pull_request_was_merged_is_not_believed(forked, tmp_path):
    clone = pull_request(forked, tmp_path / "clone", depth=2)
    forked.git("checkout", "-q", "main")
    forked.commit({"b.py": "later\n"})
    clone.git("fetch", "-q", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    type_in(clone, refused(clone, "origin/main"))
    assert changed(clone, "origin/main") == OF_SIDE


def test_a_tip_on_which_the_only_commit_of_a_branch_stands_is_its_base(forked, tmp_path):
    forked.git("checkout", "-q", "-B", "side", "main")
    forked.commit({"a.py": "side\n"})
    assert changed(fetched_clone(forked, tmp_path / "clone", depth=1), "origin/main") == OF_SIDE


def test_a_descendant_of_head_is_compared_with_as_head(forked, tmp_path):
    clone = forked.clone(tmp_path / "clone", "--depth=3", "--branch=main")
    clone.git("checkout", "-q", "--detach", "HEAD~2")
    clone.write("a.py", "edited\n")
    assert changed(clone, "origin/main") == {"a.py": b"2\n"}
    assert clone.repository().base_of("origin/main") == clone.git("rev-parse", "HEAD")


def test_annotated_tags_and_linked_worktrees_of_a_shallow_clone(forked, tmp_path):
    forked.git("tag", "-a", "-m", "first", "v1.0", "main~1")
    clone = fetched_clone(forked, tmp_path / "clone", depth=1)
    clone.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = type(forked)(tmp_path / "linked")
    type_in(linked, refused(linked, "v1.0"))
    assert changed(linked, "v1.0") == OF_SIDE


def test_histories_that_are_all_here_and_never_meet_have_no_merge_base(forked, tmp_path):
    forked.git("checkout", "-q", "--orphan", "other")
    forked.commit({"a.py": "other\n"})
    clone = forked.clone(tmp_path / "clone", "--depth=1", "--branch=other", "--no-single-branch")
    assert refused(clone, "origin/main") == "git fetch --unshallow origin"
    type_in(clone, "git fetch --unshallow origin")
    found = clone.repository().changed_since("origin/main")
    assert (found.base, found.note) == (
        forked.git("rev-parse", "main"),
        "compared with origin/main itself: it has no history in common with HEAD",
    )


def test_a_history_with_a_hole_is_damaged_and_not_unrelated(forked):
    commit = forked.git("rev-parse", "main~2")
    (forked.root / f".git/objects/{commit[:2]}/{commit[2:]}").unlink()
    with pytest.raises(StorageError) as caught:
        forked.repository().changed_since("main")
    assert caught.value.hint == "git fsck"


def test_a_shallow_clone_without_a_remote_says_where_to_look(forked, tmp_path):
    clone = fetched_clone(forked, tmp_path / "clone", depth=1)
    clone.git("update-ref", "refs/heads/kept", "origin/main")
    clone.git("remote", "remove", "origin")
    assert refused(clone, "kept") == "git log --oneline --all"


@pytest.fixture
def crossed(scratch):
    """``main`` and ``side`` (checked out) each changed a file of its own and merged the other's: two merge bases."""
    scratch.commit({**dict.fromkeys(("main.py", "side.py", "gone.py", "later.py"), "0\n"), "moved.py": LONG})
    scratch.git("checkout", "-q", "-b", "side")
    of_side = scratch.commit({"side.py": "side\n", "added.py": "side\n", "gone.py": None})
    scratch.git("checkout", "-q", "main")
    of_main = scratch.commit({"main.py": "main\n", "moved.py": LONG + "main\n"})
    scratch.git("merge", "-q", of_side)
    scratch.git("checkout", "-q", "side")
    scratch.git("merge", "-q", of_main)
    scratch.commit({"later.py": "side\n"})
    assert len(scratch.git("merge-base", "--all", "main", "side").split()) == 2
    return scratch


@pytest.mark.parametrize("depth", [None, 9])
def test_of_two_merge_bases_neither_makes_changes_of_what_the_other_has(crossed, tmp_path, depth):
    clone = crossed.clone(tmp_path / "clone", *(["--depth=9", "--no-single-branch"] if depth else []), "--branch=side")
    assert changed(clone, "origin/main") == {"later.py": b"0\n"}
    assert clone.repository().base_of("origin/main") == clone.git("rev-parse", "origin/main^1")
    assert changed(clone, "HEAD~1") == {"later.py": b"0\n"}


def test_what_was_taken_back_of_another_merge_base_is_a_change(crossed):
    crossed.commit({"side.py": "0\n", "added.py": None, "gone.py": "0\n"})
    found = crossed.repository().changed_since("main")
    assert {change.path: change.base for change in found.changes} == {"later.py": b"0\n", "side.py": b"side\n", "gone.py": None}
    assert found.deleted == ("added.py",)


def test_a_file_that_is_renamed_keeps_the_version_of_the_merge_base_that_changed_it(crossed):
    crossed.git("checkout", "-q", "main")
    crossed.git("mv", "side.py", "new.py")
    crossed.git("mv", "moved.py", "new_moved.py")
    found = crossed.repository().changed_since("side~1")
    assert {change.path: (change.old_path, change.base) for change in found.changes} == {
        "new.py": ("side.py", b"side\n"),
        "new_moved.py": ("moved.py", (LONG + "main\n").encode()),
    }


def test_no_command_is_made_of_names_that_a_shell_would_read(forked, tmp_path):
    clone = fetched_clone(forked, tmp_path / "clone", depth=1)
    clone.git("config", "branch.side.remote", "$(touch pwned)")
    assert shlex.split(refused(clone, "origin/main")) == ["git", "fetch", "--unshallow", "origin"]
