"""Temporary directories: gone after us however we end, never a living process's, whatever somebody put into them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.files.temporary import remove_abandoned, remove_tree, temporary_directory

#: Makes one and waits to be killed.
HOLDER = """
import os, sys, time
from core.files.temporary import temporary_directory
with temporary_directory("ours-", sys.argv[1]) as path:
    open(os.path.join(path, "data"), "w").write("x")
    print(path, flush=True)
    time.sleep(300)
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_process_left_is_removed_by_the_next_and_a_living_ones_is_not(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with temporary_directory("ours-", tmp_path):
        assert len(list(tmp_path.iterdir())) == 2
    assert len(list(tmp_path.iterdir())) == 1

    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert len(list(tmp_path.iterdir())) == 1
    with temporary_directory("ours-", tmp_path) as path:
        assert list(tmp_path.iterdir()) == [Path(path)]
    assert list(tmp_path.iterdir()) == []


def test_only_directories_of_that_name_and_this_user_go_and_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (tmp_path / "ours-link").symlink_to("elsewhere")
    (tmp_path / "ours-file").touch()
    (tmp_path / "other-1").mkdir()
    (tmp_path / "ours-old").mkdir()
    (tmp_path / "ours-old" / "link").symlink_to(tmp_path / "elsewhere")
    if os.geteuid() == 0:
        (tmp_path / "ours-stranger").mkdir()
        os.chown(tmp_path / "ours-stranger", 65534, 65534)

    assert remove_abandoned("ours-", str(tmp_path)) == 1

    kept = {"elsewhere", "ours-link", "ours-file", "other-1"} | ({"ours-stranger"} if os.geteuid() == 0 else set())
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert (tmp_path / "elsewhere" / "file").exists()


def test_without_a_sweep_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "ours-theirs").mkdir()
    with temporary_directory("ours-", tmp_path, sweep=False):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["ours-theirs"]


def test_a_directory_that_was_renamed_inside_is_kept(tmp_path: Path) -> None:
    with temporary_directory("ours-", tmp_path) as path:
        os.rename(path, tmp_path / "final")
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_a_tree_deeper_than_any_path_and_any_recursion_is_removed(tmp_path: Path) -> None:
    top, here = tmp_path / "top", os.getcwd()
    top.mkdir()
    try:
        os.chdir(top)
        for _ in range(1500):
            os.mkdir("d" * 20)
            os.chdir("d" * 20)
        Path("file").touch()
    finally:
        os.chdir(here)
    remove_tree(top)
    assert not top.exists()


def test_modes_and_special_files_do_not_stop_it(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b" / "file").touch()
    os.mkfifo(top / "a" / "pipe")
    (top / "a" / "loop").symlink_to(".")
    (top / "a" / "b").chmod(0)
    (top / "a").chmod(0o500)
    top.chmod(0o300)
    remove_tree(top)
    assert not top.exists()


def test_what_is_not_there_or_is_no_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link", "nothing"):
        remove_tree(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]
