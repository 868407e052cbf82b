"""Snapshots of work trees whose git is not the plain one: nothing of it is started, bytes come back, and what is not ours stays."""

from __future__ import annotations

import os
import subprocess

import pytest

from core.adapters.git import Git, GitSnapshots
from core.adapters.work_listing import WorkListing
from core.errors import StorageError

WHO = {f"GIT_{role}_{what}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Tree:
    def __init__(self, root, *options):
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main", *options)
        self.snapshots = self.opened()

    def opened(self, below=""):
        return GitSnapshots(Git(str(self.root / below)), str(self.root / ".git" / "ours"), kept=("tasks.yml",))

    def git(self, *arguments):
        done = subprocess.run(["git", *arguments], cwd=self.root, env={**os.environ, **WHO}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, path, content):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def read(self, path):
        return (self.root / path).read_bytes()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")

    def undone(self, change):
        """Change something between two snapshots, undo it, and return what is said."""
        before = self.snapshots.take("before")
        change()
        return self.snapshots.restore(before, self.snapshots.take("after", before))


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "tree")


def test_no_program_of_the_repository_is_started_and_bytes_come_back(tree, tmp_path):
    ran = tmp_path / "ran"
    tree.write(".gitattributes", b"* text eol=lf filter=evil ident working-tree-encoding=UTF-16\n")
    tree.write("a.txt", b"$Id: x $\r\nz\r\n")
    for setting in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "core.fsmonitor", "core.alternateRefsCommand"):
        tree.git("config", setting, f"touch {ran}; cat")
    tree.git("config", "filter.evil.required", "true")
    tree.git("config", "core.autocrlf", "true")
    for hook in ("post-index-change", "pre-commit", "post-checkout", "reference-transaction"):
        tree.write(f".git/hooks/{hook}", f"#!/bin/sh\ntouch {ran}\n".encode())
        (tree.root / ".git/hooks" / hook).chmod(0o755)
    done = tree.undone(lambda: tree.write("a.txt", b"gone"))

    assert (done.restored, tree.read("a.txt")) == (("a.txt",), b"$Id: x $\r\nz\r\n")
    assert not ran.exists()


def test_index_refs_and_head_stay_as_they_are(tree):
    tree.write("a.py", b"1\n")
    tree.commit()
    tree.write("a.py", b"2\n")
    tree.git("add", "a.py")
    before = (tree.git("for-each-ref"), tree.git("rev-parse", "HEAD"), tree.read(".git/index"), tree.read(".git/config"))
    tree.undone(lambda: tree.write("a.py", b"3\n"))

    assert (tree.git("for-each-ref"), tree.git("rev-parse", "HEAD"), tree.read(".git/index"), tree.read(".git/config")) == before
    assert tree.read("a.py") == b"2\n"


def test_the_change_can_be_looked_at_in_the_users_own_repository(tree):
    tree.write("a.py", b"old\n")
    before = tree.snapshots.take("before")
    tree.write("a.py", b"new\n")
    after = tree.snapshots.take("after", before)

    assert "-old\n+new\n" in tree.git(*tree.snapshots.shows(before, after).split()[1:])


def test_compiled_code_of_what_was_undone_is_not_taken_for_that_of_the_file(tree):
    tree.write("a.py", b"x = 1\n")
    seconds = []

    def change():
        tree.write("a.py", b"x = 2\n")
        seconds.append(int((tree.root / "a.py").stat().st_mtime))

    tree.undone(change)

    assert tree.read("a.py") == b"x = 1\n"
    assert int((tree.root / "a.py").stat().st_mtime) not in seconds


def test_commits_that_were_made_meanwhile_stay_and_are_named(tree):
    tree.write("a.py", b"old")
    tree.commit()
    was = tree.git("rev-parse", "HEAD")

    def change():
        tree.write("a.py", b"new")
        tree.commit()

    done = tree.undone(change)

    assert (done.restored, tree.read("a.py")) == (("a.py",), b"old")
    assert done.commits == f"{was[:12]}..{tree.git('rev-parse', 'HEAD')[:12]}"


def test_modes_and_links_come_back(tree):
    tree.write("run.sh", b"#!/bin/sh\n")
    (tree.root / "run.sh").chmod(0o750)
    (tree.root / "link").symlink_to("nowhere")

    def change():
        (tree.root / "run.sh").chmod(0o640)
        (tree.root / "link").unlink()
        tree.write("link", b"a file")

    done = tree.undone(change)

    assert done.restored == ("link", "run.sh")
    assert (tree.root / "run.sh").stat().st_mode & 0o777 == 0o750
    assert os.readlink(tree.root / "link") == "nowhere"


def test_a_file_in_the_place_of_a_directory_and_the_reverse_come_back(tree):
    tree.write("folder/a.py", b"a")
    tree.write("file", b"f")

    def change():
        (tree.root / "folder/a.py").unlink()
        (tree.root / "folder").rmdir()
        tree.write("folder", b"a file")
        (tree.root / "file").unlink()
        tree.write("file/inside.py", b"i")

    done = tree.undone(change)

    assert (done.left, tree.read("folder/a.py"), tree.read("file")) == ((), b"a", b"f")


def test_a_directory_that_became_a_link_out_of_the_tree_comes_back_and_nothing_behind_it_is_touched(tree, tmp_path):
    tree.write("folder/a.py", b"a")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.py").write_bytes(b"theirs")

    def change():
        (tree.root / "folder/a.py").unlink()
        (tree.root / "folder").rmdir()
        (tree.root / "folder").symlink_to(tmp_path / "outside")

    tree.undone(change)

    assert (tmp_path / "outside/a.py").read_bytes() == b"theirs"
    assert (tree.read("folder/a.py"), (tree.root / "folder").is_symlink()) == (b"a", False)


def test_ignored_files_nested_repositories_and_large_files_are_left_alone(tree, monkeypatch):
    monkeypatch.setattr("core.adapters.git.write.snapshots.LARGEST_FILE", 100)
    tree.write(".gitignore", b"ignored\n")
    subprocess.run(["git", "init", "-q", tree.root / "nested"], check=True)
    for path in ("ignored", "nested/a.py", "large"):
        tree.write(path, b"x" * 200)

    def change():
        for path in ("ignored", "nested/a.py", "large"):
            tree.write(path, b"y" * 200)

    assert tree.undone(change).restored == ()
    assert {tree.read(path) for path in ("ignored", "nested/a.py", "large")} == {b"y" * 200}


def test_a_file_that_is_tracked_although_it_is_ignored_is_covered(tree):
    tree.write("kept.log", b"old")
    tree.commit()
    tree.write(".gitignore", b"*.log\n")

    assert tree.undone(lambda: tree.write("kept.log", b"new")).restored == ("kept.log",)
    assert tree.read("kept.log") == b"old"


def test_names_that_are_no_text_come_back(tree):
    name = os.fsdecode(b"n\xe4me \n\t'.py")
    tree.write(name, b"old")

    assert tree.undone(lambda: tree.write(name, b"new")).restored == (name,)
    assert tree.read(name) == b"old"


def test_a_project_below_the_top_undoes_changes_beside_it_too(tree):
    tree.write("project/a.py", b"old")
    tree.write("beside.py", b"old")
    tree.snapshots = tree.opened("project")

    def change():
        tree.write("project/a.py", b"new")
        tree.write("beside.py", b"new")

    assert tree.undone(change).restored == ("../beside.py", "a.py")
    assert tree.read("beside.py") == b"old"


def test_a_repository_of_sha256_objects_and_a_linked_worktree_work_the_same(tmp_path):
    tree = Tree(tmp_path / "tree", "--object-format=sha256")
    tree.write("a.py", b"1\n2\n3\n4\n5\n6\n7\n8\n")
    tree.commit()
    tree.git("worktree", "add", "-q", tmp_path / "linked")
    linked = GitSnapshots(Git(str(tmp_path / "linked")), str(tmp_path / "ours"))
    place = tmp_path / "linked" / "a.py"
    before = linked.take("before")
    place.write_bytes(b"x\n2\n3\n4\n5\n6\n7\n8\n")
    after = linked.take("after", before)
    place.write_bytes(b"x\n2\n3\n4\n5\n6\n7\ny\n")

    assert linked.restore(before, after).restored == ("a.py",)
    assert place.read_bytes() == b"1\n2\n3\n4\n5\n6\n7\ny\n"


def test_what_a_killed_run_left_of_the_private_directory_is_no_obstacle(tree):
    tree.write("a.py", b"old")
    tree.snapshots.take("before")
    tree.write(".git/ours/index.lock", b"")
    tree.snapshots = tree.opened()

    assert tree.undone(lambda: tree.write("a.py", b"new")).restored == ("a.py",)


def test_a_private_index_that_is_damaged_is_made_anew(tree):
    tree.write("a.py", b"old")
    tree.snapshots.take("before")
    tree.write(".git/ours/index", b"damaged")
    tree.snapshots = tree.opened()

    assert tree.undone(lambda: tree.write("a.py", b"new")).restored == ("a.py",)


def test_more_names_than_a_pipe_holds_are_given_to_git(tree):
    for number in range(3000):
        tree.write(f"{'long-name-' * 10}{number}.py", b"x")
    before = tree.snapshots.take("before")

    assert tree.git("ls-tree", "-r", "--name-only", before).count("\n") == 3000


def test_without_a_repository_there_is_no_snapshot(tmp_path):
    with pytest.raises(StorageError, match="not a git repository"):
        GitSnapshots(Git(str(tmp_path)), str(tmp_path / "ours")).take("before")


def test_a_listing_names_what_changed_and_leaves_it(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.py").write_text("old")
    (tmp_path / "gone.py").write_text("old")
    (tmp_path / "tasks.yml").write_text("old")
    listing = WorkListing(str(tmp_path), left_out=("logs",), kept=("tasks.yml",))
    before = listing.take("before")
    (tmp_path / "sub/a.py").write_text("other")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "tasks.yml").write_text("other")
    done = listing.restore(before, listing.take("after", before))

    assert (done.restored, done.left, done.why_left) == ((), ("gone.py", "sub/a.py"), "not in a git repository")


def test_files_that_the_change_hid_from_git_are_named(tree):
    tree.write("a.py", b"a = 1\n")
    tree.write(".gitignore", b"*.log\n")
    tree.commit()

    def change():
        tree.write(".gitignore", b"*.log\nhidden/\n")
        tree.write("hidden/b.py", b"b = 1\n")
        tree.write("c.log", b"noise\n")

    undone = tree.undone(change)

    assert (undone.restored, undone.left, undone.why_left) == ((".gitignore",), ("hidden/b.py",), "hidden from git by the change")
    assert tree.read("hidden/b.py") == b"b = 1\n"
