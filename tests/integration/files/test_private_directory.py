"""Directories and files of ours on a real disk: what is not ours is refused, untouched, and nothing waits."""

from __future__ import annotations

import os
import socket
import stat
import subprocess

import pytest

from core.errors import StateRefused
from core.files.private import open_beneath, open_private

NOBODY = 65534
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away or make a device")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def link(path, outside):
    path.symlink_to(outside)


def dangling(path, outside):
    path.symlink_to(outside.with_name("nowhere"))


def hard_link(path, outside):
    os.link(outside, path)


def pipe(path, outside):
    os.mkfifo(path)


def unix_socket(path, outside):
    with socket.socket(socket.AF_UNIX) as listener:
        parent = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        # A socket's address has room for some hundred bytes.
        listener.bind(f"/proc/self/fd/{parent}/{path.name}")
        os.close(parent)


def directory(path, outside):
    path.mkdir()


def device(path, outside):
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def of_another_user(path, outside):
    path.write_bytes(b"theirs")
    os.chown(path, NOBODY, NOBODY)


def writable_by_all(path, outside):
    path.write_bytes(b"anybody's")
    path.chmod(0o666)


def writable_by_a_group(path, outside):
    path.write_bytes(b"the group's")
    os.chown(path, -1, 4242) if os.geteuid() == 0 else pytest.skip("only root can give a file to a group")
    path.chmod(0o660)


TRICKS = [
    link, dangling, hard_link, pipe, unix_socket, directory, writable_by_all,
    pytest.param(device, marks=root_only), pytest.param(of_another_user, marks=root_only), writable_by_a_group,
]  # fmt: skip


@pytest.fixture
def outside(tmp_path):
    place = tmp_path / "outside"
    place.write_bytes(b"precious")
    return place


@pytest.fixture
def ours(tmp_path):
    with open_private(tmp_path / "state", create=True) as place:
        yield place


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_CREAT | os.O_APPEND])
@pytest.mark.parametrize("trick", TRICKS)
def test_a_file_that_is_not_ours_is_refused_and_nothing_outside_changes(tmp_path, ours, outside, trick, flags):
    trick(tmp_path / "state" / "name", outside)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(StateRefused) as refusal:
        ours.open("name", flags)
    assert str(refusal.value).startswith(str(tmp_path / "state" / "name"))
    assert refusal.value.exit_code == 2
    assert refusal.value.hint
    assert outside.read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("name", ["db", "db-wal", "db-shm", "db-journal"])
@pytest.mark.parametrize("trick", TRICKS)
def test_a_database_is_refused_for_any_of_its_files(tmp_path, ours, outside, trick, name):
    trick(tmp_path / "state" / name, outside)
    with pytest.raises(StateRefused, match=rf"/{name} "):
        ours.check_database("db", create=True)
    assert outside.read_bytes() == b"precious"


@pytest.mark.parametrize("trick", [link, dangling, pipe, unix_socket, writable_by_all])
def test_a_directory_that_is_not_ours_is_refused(tmp_path, outside, trick):
    outside.unlink()
    outside.mkdir()
    trick(tmp_path / "state", outside)
    for create in (False, True):
        with pytest.raises(StateRefused, match=r"/state "):
            open_private(tmp_path / "state", create=create)
    assert os.listdir(outside) == []
    assert not (tmp_path / "nowhere").exists()


@root_only
def test_a_directory_of_another_user_is_refused(tmp_path):
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", NOBODY, NOBODY)
    with pytest.raises(StateRefused, match="belongs to user 65534, and orchestrator runs as user 0") as refusal:
        open_private(tmp_path / "state", create=True)
    assert "sudo -u '#65534'" in refusal.value.hint


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_what_is_made_is_closed_to_others_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        with open_private(tmp_path / "state", create=True) as place:
            os.close(place.open("file", os.O_WRONLY | os.O_CREAT))
            place.replace("whole", b"text")
            place.check_database("db", create=True)
            place.directory("inner", create=True).close()
    finally:
        os.umask(before)
    assert (mode(tmp_path / "state"), mode(tmp_path / "state" / "inner")) == (0o700, 0o700)
    assert {mode(tmp_path / "state" / name) for name in ("file", "whole", "db")} == {0o600}


def test_a_directory_that_an_older_version_left_readable_is_made_private_silently(tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    (state / "db").write_bytes(b"")
    (state / "db").chmod(0o644)
    (state / "lock").write_bytes(b"")
    (state / "lock").chmod(0o644)
    with open_private(state) as place:
        place.check_database("db", create=False)
        os.close(place.open("lock", os.O_RDONLY))
    assert (mode(state), mode(state / "db"), mode(state / "lock")) == (0o700, 0o600, 0o600)


def test_absent_files_are_reported_as_not_found(tmp_path, ours):
    with pytest.raises(FileNotFoundError):
        open_private(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        ours.open("nothing", os.O_RDONLY)
    with pytest.raises(FileNotFoundError):
        ours.check_database("nothing", create=False)
    assert ours.check("nothing") is None


def test_a_file_is_replaced_whole(tmp_path, ours):
    ours.replace("file", b"one")
    ours.replace("file", b"two")
    assert ours.read("file") == b"two"
    assert os.listdir(tmp_path / "state") == ["file"]


def test_a_replaced_database_is_told_from_the_one_that_was_checked(tmp_path, ours):
    before = ours.check_database("db", create=True)
    assert ours.check_database("db", create=True) == before
    (tmp_path / "state" / "other").write_bytes(b"")
    (tmp_path / "state" / "other").chmod(0o600)
    os.replace(tmp_path / "state" / "other", tmp_path / "state" / "db")
    assert ours.check_database("db", create=True) != before


@pytest.mark.parametrize("path", ["link/logs", "logs/link", "../outside", "logs/../../outside"])
def test_nothing_is_made_behind_a_link_or_outside_of_the_root(tmp_path, path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    for place in (root / "logs", outside):
        place.mkdir(parents=True)
    (root / "link").symlink_to(outside)
    (root / "logs" / "link").symlink_to(outside)
    with pytest.raises(StateRefused):
        open_beneath(root, path, create=True)
    assert os.listdir(outside) == []


def test_a_directory_below_the_root_keeps_the_mode_its_owner_gave_it(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs").chmod(0o755)
    open_beneath(tmp_path, "logs/deep/deeper", create=True).close()
    assert mode(tmp_path / "logs") == 0o755
    assert mode(tmp_path / "logs" / "deep" / "deeper") == 0o700


def test_what_a_killed_process_left_of_a_file_it_was_writing_is_removed_and_what_a_live_one_writes_is_not(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in (f"cache.json.{gone.pid}.part", f"cache.json.{os.getpid()}.part", "cache.json", "notes.part", "a.b.part"):
        (tmp_path / name).write_text("")
    with open_private(tmp_path) as place:
        place.remove_left_parts()

    assert sorted(os.listdir(tmp_path)) == sorted([f"cache.json.{os.getpid()}.part", "cache.json", "notes.part", "a.b.part"])
