"""What git's objects give in every shape a repository comes in (the table of ``core.adapters.git``)."""

from __future__ import annotations

import os

import pytest

from core.adapters.git import Git, GitLog

LONG = "".join(f"line_{number} = {number}\n" for number in range(30))


def grow(scratch, count):
    return [scratch.commit({"a.py": "x\n" * lines}) for lines in range(1, count + 1)]


def test_a_folder_without_git_has_a_gap(tmp_path, scratch):
    (tmp_path / "plain").mkdir()
    history = type(scratch)(tmp_path / "plain").history().revisions(5)
    assert (history.revisions, history.gap) == ((), "not a git repository")


def test_a_missing_git_command_is_a_gap_that_says_to_install_it(scratch):
    history = scratch.history(executable="git-that-is-not-there").revisions(5)
    assert history.gap == "the git command cannot be started (No such file or directory): install git, or put it on PATH"


def test_somebody_elses_repository_is_a_gap_with_the_line_to_type(scratch, monkeypatch):
    grow(scratch, 1)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert f"git config --global --add safe.directory '{scratch.root}'" in scratch.history().revisions(5).gap


def test_a_repository_without_a_commit_has_a_gap(scratch):
    assert scratch.history().revisions(5).gap == "there is no commit yet"


def test_a_detached_head_is_the_end_of_the_window(scratch, numbers_of):
    ids = grow(scratch, 4)
    scratch.git("checkout", "-q", "--detach", ids[2])
    assert numbers_of(scratch.history().revisions(2)) == [{"a.py": 2.0}, {"a.py": 3.0}]


def test_a_linked_worktree_has_the_history_of_its_own_head(scratch, tmp_path, numbers_of):
    ids = grow(scratch, 3)
    scratch.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"), ids[1])
    assert numbers_of(type(scratch)(tmp_path / "linked").history().revisions(9)) == [{"a.py": 1.0}, {"a.py": 2.0}]


def test_a_bare_repository_is_read_like_any_other(scratch, tmp_path, numbers_of):
    grow(scratch, 3)
    bare = scratch.clone(tmp_path / "bare.git", "--bare")
    assert numbers_of(bare.history().revisions(2)) == [{"a.py": 2.0}, {"a.py": 3.0}]


def test_a_project_below_the_root_sees_the_same_commits_with_its_own_paths(scratch, numbers_of):
    scratch.commit({"app/a.py": "x\n", "elsewhere.py": "x\n"})
    scratch.commit({"elsewhere.py": "x\nx\n"})
    scratch.commit({"app/a.py": "x\nx\n"})
    history = scratch.history("app").revisions(5)
    assert numbers_of(history) == [{"a.py": 1.0}, {}, {"a.py": 2.0}]
    assert scratch.history("app")._log.window(5).prefix == "app/"


@pytest.mark.parametrize(("depth", "seen"), [(1, [{}]), (3, [{}, {"a.py": 3.0}, {"a.py": 4.0}])])
def test_a_shallow_clone_gives_what_is_there_and_says_how_to_get_the_rest(scratch, tmp_path, numbers_of, depth, seen):
    ids = grow(scratch, 4)
    shallow = scratch.clone(tmp_path / "shallow", f"--depth={depth}")
    history = shallow.history().revisions(50)
    assert numbers_of(history) == seen
    assert history.gap == (
        f"shallow clone: the history ends at {ids[-depth][:10]} after {depth} revision{'s' * (depth > 1)}; "
        "run git fetch --unshallow (in GitHub Actions: fetch-depth: 0 at actions/checkout)"
    )
    shallow.git("fetch", "-q", "--unshallow")
    assert shallow.history().revisions(50).gap == ""


def test_a_shallow_clone_that_is_deep_enough_has_no_gap(scratch, tmp_path, numbers_of):
    grow(scratch, 5)
    history = scratch.clone(tmp_path / "shallow", "--depth=4").history().revisions(3)
    assert numbers_of(history) == [{"a.py": 3.0}, {"a.py": 4.0}, {"a.py": 5.0}]
    assert history.before["a.py"].maintainability == 2.0
    assert history.gap == ""


def test_a_merge_counts_once_against_its_first_parent(scratch, numbers_of):
    scratch.commit({"a.py": "x\n", "b.py": "x\n"})
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit({"a.py": "x\nx\n"})
    scratch.commit({"a.py": "x\nx\nx\n"})
    scratch.git("checkout", "-q", "main")
    scratch.commit({"b.py": "x\nx\n"})
    scratch.git("merge", "-q", "--no-edit", "side")
    assert numbers_of(scratch.history().revisions(5)) == [{"a.py": 1.0, "b.py": 1.0}, {"b.py": 2.0}, {"a.py": 3.0}]


def test_a_partial_clone_never_fetches(scratch, tmp_path, numbers_of):
    scratch.commit({"a.py": LONG})
    scratch.commit({"a.py": LONG + "more\n"})
    scratch.commit({"b.py": LONG + "more\n", "a.py": None})
    scratch.git("config", "uploadpack.allowFilter", "true")
    partial = scratch.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    before = partial.git("count-objects", "-v")
    history = partial.history().revisions(5)
    assert numbers_of(history) == [{"a.py": None}, {"a.py": None}, {"b.py": None}]
    assert history.revisions[2].renamed == {"b.py": "a.py"}
    assert "is missing or damaged" in history.revisions[0].changed["a.py"].problem
    assert partial.git("count-objects", "-v") == before


def test_what_a_treeless_clone_lacks_is_a_gap(scratch, tmp_path):
    grow(scratch, 3)
    scratch.git("config", "uploadpack.allowFilter", "true")
    treeless = scratch.clone(tmp_path / "treeless", "--filter=tree:0", "--no-checkout")
    assert treeless.history().revisions(5).gap.endswith("git fetch --refetch --no-filter")
    treeless.git("fetch", "-q", "--refetch", "--no-filter")
    assert treeless.history().revisions(5).gap == ""


def test_submodules_and_symbolic_links_are_not_files_of_ours(scratch, tmp_path, numbers_of):
    inner = tmp_path / "inner"
    inner.mkdir()
    other = type(scratch)(inner)
    other.git("init", "-q")
    other.commit({"inside.py": "x\n"})
    scratch.commit({"a.py": "x\n"})
    scratch.git("submodule", "add", "-q", f"file://{inner}", "sub.py")
    (scratch.root / "link.py").symlink_to("a.py")
    scratch.commit()
    assert numbers_of(scratch.history().revisions(5)) == [{"a.py": 1.0}, {}]


def test_a_file_that_becomes_a_link_is_removed_and_one_that_was_a_link_is_new(scratch, numbers_of):
    scratch.commit({"a.py": "x\n", "b.py": "x\nx\n"})
    (scratch.root / "b.py").unlink()
    (scratch.root / "b.py").symlink_to("a.py")
    scratch.commit()
    (scratch.root / "b.py").unlink()
    scratch.commit({"b.py": "x\nx\nx\n"})
    history = scratch.history().revisions(5)
    assert numbers_of(history) == [{"a.py": 1.0, "b.py": 2.0}, {}, {"b.py": 3.0}]
    assert history.revisions[1].removed == ("b.py",)


def test_a_change_of_mode_alone_is_no_change(scratch, numbers_of):
    scratch.commit({"a.py": "x\n"})
    (scratch.root / "a.py").chmod(0o755)
    scratch.commit()
    assert numbers_of(scratch.history().revisions(5)) == [{"a.py": 1.0}, {}]


def test_only_what_the_globs_select_is_looked_at(scratch):
    scratch.commit({"a.py": "x\n", "tests/t.py": "x\n", "notes.txt": "x\n", "bin/tool": "x\n"})
    git = Git(str(scratch.root))
    window = GitLog(git, include=("**/*.py", "bin/tool"), exclude=("tests/",)).window(5)
    assert [touch.path for touch in window.commits[0].touches] == ["a.py", "bin/tool"]


def test_any_name_a_file_may_have_is_read(scratch, numbers_of):
    names = ["naïve.py", 'quo"te.py', "tab\there.py", "new\nline.py", "sp ace.py", ":colon.py", os.fsdecode(b"latin\xe9.py")]
    scratch.commit(dict.fromkeys(names, "x\n"))
    assert numbers_of(scratch.history().revisions(1)) == [dict.fromkeys(sorted(names, key=os.fsencode), 1.0)]


def damage(scratch, object_id):
    path = scratch.root / ".git" / "objects" / object_id[:2] / object_id[2:]
    path.chmod(0o644)
    path.write_bytes(b"damaged")


def test_a_damaged_blob_is_a_problem_of_that_version_only(scratch, numbers_of):
    scratch.commit({"a.py": "x\n"})
    scratch.commit({"a.py": "x\nx\n", "b.py": "x\n"})
    scratch.commit({"a.py": "x\nx\nx\n"})
    damage(scratch, scratch.git("rev-parse", "HEAD~1:a.py"))
    assert numbers_of(scratch.history().revisions(5)) == [
        {"a.py": 1.0},
        {"a.py": None, "b.py": 1.0},
        {"a.py": 3.0},
    ]


@pytest.mark.parametrize("what", ["HEAD", "HEAD~1", "HEAD^{tree}"])
def test_a_damaged_commit_or_tree_is_a_gap_that_says_fsck(scratch, what):
    grow(scratch, 3)
    damage(scratch, scratch.git("rev-parse", what))
    history = scratch.history().revisions(5)
    assert history.revisions == ()
    assert history.gap.endswith("git fsck")


def test_replacements_and_grafts_do_not_change_what_was_committed(scratch, numbers_of):
    ids = grow(scratch, 3)
    scratch.git("replace", scratch.git("rev-parse", f"{ids[0]}:a.py"), scratch.git("rev-parse", f"{ids[2]}:a.py"))
    scratch.git("replace", "--graft", ids[2])
    (scratch.root / ".git" / "info").mkdir(exist_ok=True)
    (scratch.root / ".git" / "info" / "grafts").write_text(f"{ids[1]}\n")
    assert numbers_of(scratch.history().revisions(5)) == [{"a.py": 1.0}, {"a.py": 2.0}, {"a.py": 3.0}]


def test_inside_a_hook_the_project_is_read_and_not_where_the_variables_point(scratch, tmp_path, monkeypatch, numbers_of):
    grow(scratch, 2)
    (tmp_path / "other").mkdir()
    other = type(scratch)(tmp_path / "other")
    other.git("init", "-q")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere"))
    assert numbers_of(scratch.history().revisions(5)) == [{"a.py": 1.0}, {"a.py": 2.0}]


def test_a_sha256_repository_is_read(tmp_path, scratch, numbers_of):
    (tmp_path / "sha256").mkdir()
    other = type(scratch)(tmp_path / "sha256")
    other.git("init", "-q", "--object-format=sha256")
    grow(other, 2)
    assert numbers_of(other.history().revisions(5)) == [{"a.py": 1.0}, {"a.py": 2.0}]


def test_the_second_look_reads_only_what_new_commits_brought(scratch):
    grow(scratch, 3)
    history = scratch.history()
    history.revisions(50)
    assert len(history._meter.read) == 3
    history.revisions(50)
    assert history._meter.read == []
    scratch.commit({"a.py": "new\n", "b.py": "x\n"})
    history.revisions(50)
    assert len(history._meter.read) == 1  # b.py is the first a.py again
