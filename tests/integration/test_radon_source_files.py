"""Which files are measured, in git repositories and plain folders, and what becomes of odd ones."""

from __future__ import annotations

import os
import socket
import subprocess
from functools import partial

import pytest

from core.adapters.git import Git, list_files
from core.adapters.radon import RadonMeter
from core.adapters.radon.source_files import LARGEST

SOURCE = "def f():\n    pass\n"


@pytest.fixture
def write(tmp_path):
    def write(*paths, text=SOURCE):
        for path in paths:
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    return write


@pytest.fixture
def git(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    git("init", "-q")
    return git


def paths(root, names=None, **globs):
    return [
        measured.path for measured in RadonMeter(str(root), jobs=1, listing=partial(list_files, Git(str(root))), **globs).measure(names)
    ]


def problems(root, names=None):
    return {
        measured.path: measured.measure.problem
        for measured in RadonMeter(str(root), jobs=1, listing=partial(list_files, Git(str(root)))).measure(names)
    }


def test_tracked_and_untracked_files_are_measured_and_ignored_ones_are_not(tmp_path, git, write):
    write("tracked.py", "new.py", "build/out.py", ".hidden/tool.py", "notes.txt")
    write(".gitignore", text="build/\n")
    git("add", "tracked.py", ".hidden")
    git("commit", "-qm", "first")
    assert paths(tmp_path) == [".hidden/tool.py", "new.py", "tracked.py"]


def test_a_tracked_file_that_is_deleted_has_no_entry(tmp_path, git, write):
    write("a.py", "b.py")
    git("add", ".")
    (tmp_path / "a.py").unlink()
    assert paths(tmp_path) == ["b.py"]


def test_an_ignored_file_is_measured_when_named(tmp_path, git, write):
    write("build/out.py")
    write(".gitignore", text="build/\n")
    assert paths(tmp_path, ["build/out.py"]) == ["build/out.py"]
    assert paths(tmp_path, ["build"]) == []


def test_a_project_below_the_top_of_its_repository_is_measured_alone(tmp_path, git, write):
    write("api/a.py", "web/b.py")
    assert paths(tmp_path / "api") == ["a.py"]


def test_a_submodule_and_a_repository_inside_are_left_out(tmp_path, git, write):
    write("other/c.py", "own.py")
    subprocess.run(["git", "init", "-q", str(tmp_path / "other")], check=True)
    assert paths(tmp_path) == ["own.py"]


@pytest.mark.parametrize("in_git", [True, False])
def test_environments_and_installed_packages_are_left_out(tmp_path, write, in_git, request):
    if in_git:
        request.getfixturevalue("git")
    write(
        "a.py",
        "env/lib/b.py",
        "env/pyvenv.cfg",
        "lib/site-packages/c.py",
        "web/node_modules/d.py",
        "deep/ly/env/pyvenv.cfg",
        "deep/ly/env/e.py",
    )
    assert paths(tmp_path) == ["a.py"]


def test_a_plain_folder_is_walked_without_its_hidden_directories(tmp_path, write):
    write("a.py", "b/c.py", ".tox/d.py", ".hidden.py", "inner/.git/HEAD", "inner/e.py")
    assert paths(tmp_path) == [".hidden.py", "a.py", "b/c.py"]


def test_links_are_left_out_and_loops_end(tmp_path, write):
    write("real.py", "there/a.py")
    (tmp_path / "link.py").symlink_to("real.py")
    (tmp_path / "out.py").symlink_to("/etc/hostname")
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    (tmp_path / "self.py").symlink_to("self.py")
    (tmp_path / "again").symlink_to(tmp_path)
    assert paths(tmp_path) == ["real.py", "there/a.py"]


def test_a_named_link_says_where_its_content_is_measured(tmp_path, write):
    write("real.py")
    (tmp_path / "link.py").symlink_to("real.py")
    assert problems(tmp_path, ["link.py"]) == {"link.py": "a symbolic link (to real.py): what it points to is measured where it lies"}


def test_nothing_outside_the_project_is_read(tmp_path, write):
    write("inside/a.py", "secret.py")
    (tmp_path / "inside" / "way").symlink_to(tmp_path)
    root = tmp_path / "inside"
    assert problems(root, ["../secret.py", str(tmp_path / "secret.py"), "way/secret.py"]) == {
        "../secret.py": "outside the project",
        "way/secret.py": "outside the project",
    }


def test_what_is_no_regular_file_is_left_out_or_says_so(tmp_path, write):
    os.mkfifo(tmp_path / "pipe.py")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket.py"))
    listener.close()
    (tmp_path / "folder.py").mkdir()
    write("folder.py/a.py")
    assert paths(tmp_path) == ["folder.py/a.py"]
    assert problems(tmp_path, ["pipe.py", "socket.py"]) == {"pipe.py": "not a regular file", "socket.py": "not a regular file"}


def test_a_file_without_permission_says_so(tmp_path, write):
    write("a.py")
    (tmp_path / "a.py").chmod(0)
    if os.access(tmp_path / "a.py", os.R_OK):
        pytest.skip("this user may read everything")
    assert problems(tmp_path) == {"a.py": "cannot be read (Permission denied)"}


def test_a_giant_is_not_read(tmp_path):
    with open(tmp_path / "giant.py", "wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert problems(tmp_path) == {"giant.py": "too large: 50.0 MB of source, the limit is 2 MB"}
    with open(tmp_path / "giant.py", "wb") as file:
        file.write(b"#" * (LARGEST - 1) + b"\n")
    assert problems(tmp_path) == {"giant.py": ""}


def test_names_that_are_no_text_are_measured(tmp_path, git):
    odd = os.fsdecode(b"caf\xe9\n.py")
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9\n.py"), "wb") as file:
        file.write(SOURCE.encode())
    meter = RadonMeter(str(tmp_path), jobs=1, cache=str(tmp_path / "m.db"), key=b"a secret")
    os.utime(os.path.join(os.fsencode(tmp_path), b"caf\xe9\n.py"), (1, 1))
    assert [measured.path for measured in meter.measure()] == [odd]


def test_without_the_git_command_the_folder_is_walked(tmp_path, git, write, monkeypatch):
    write("a.py", "build/b.py")
    write(".gitignore", text="build/\n")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert paths(tmp_path) == ["a.py", "build/b.py"]


def test_gits_variables_of_a_hook_do_not_lead_elsewhere(tmp_path, git, write, monkeypatch):
    write("a.py")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert paths(tmp_path) == ["a.py"]
