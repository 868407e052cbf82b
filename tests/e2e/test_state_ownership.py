"""State is ours or it is not there: what a repository brings under our names is refused, with the path and what to type.

``audit`` does without its cache and says so; what looks at the backlog or works on it ends with 2. Nothing outside is touched,
nothing waits.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import time
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy

TASKS = '- id: a\n  description: x\n  command: "true"\n'
LOOKING = (("status",), ("history",), ("list",), ("why", "a"), ("show", "a"), ("log", "a"), ("plan",), ("graph",))
WORKING = (("run",), ("done", "a"), ("reset", "a"), ("cancel", "a"))
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away or make a device")


def link(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def hard_link(path: Path, outside: Path) -> None:
    outside.write_bytes(b"precious")
    os.link(outside, path)


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path, _: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path, _: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 7))


def stranger(path: Path, _: Path) -> None:
    path.write_bytes(b"")
    os.chown(path, 65534, 65534)


def open_to_all(path: Path, _: Path) -> None:
    path.write_bytes(b"")
    path.chmod(0o666)


REASONS = {
    link: "is a symbolic link", hard_link: "has a second name elsewhere", pipe: "is a named pipe", unix_socket: "is a socket",
    device: "is a device", stranger: "belongs to user 65534", open_to_all: "can be written by other users",
}  # fmt: skip
TRICKS = [link, hard_link, pipe, unix_socket, open_to_all, pytest.param(device, marks=root_only), pytest.param(stranger, marks=root_only)]


@pytest.fixture
def repository(tmp_path):
    made = CodeRepository(tmp_path / "r")
    made.write("bad.py", branchy("f", 21))
    (made.root / "tasks.yml").write_text(TASKS)
    return made


def refused(done, reason):
    assert done.returncode == 2, done.stderr
    assert reason in done.stderr, done.stderr
    assert "hint: " in done.stderr, done.stderr


def measured_without_cache(done, reason):
    assert done.returncode == 1, done.stderr
    assert "bad.py" in done.stdout, done.stdout
    (note,) = (line for line in done.stderr.splitlines() if line.startswith("note: measured without the cache: "))
    assert reason in note


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("name", ["state.db", "metrics.db"])
def test_a_file_of_ours_that_is_not_ours_is_refused(repository, tmp_path, trick, name):
    state, outside = repository.root / ".orchestrator", tmp_path / "outside"
    state.mkdir(mode=0o700)
    trick(state / name, outside)
    before = outside.read_bytes() if outside.exists() else None

    refused(repository.run("status"), f"{state / name} {REASONS[trick]}")
    measured_without_cache(repository.audit("--no-history"), f"{state / name} {REASONS[trick]}")

    assert (outside.read_bytes() if outside.exists() else None) == before


@pytest.mark.parametrize("name", ["lock", "lock.mutex", "state.db-wal", "state.db-shm", "metrics.db-journal", "mark", "state.db.v1.bak"])
def test_every_name_in_the_directory_is_looked_at(repository, tmp_path, name):
    (repository.root / ".orchestrator").mkdir(mode=0o700)
    link(repository.root / ".orchestrator" / name, tmp_path / "outside")
    refused(repository.run("run"), f"{name} is a symbolic link")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("command", [*LOOKING, *WORKING], ids=" ".join)
def test_a_state_directory_that_is_a_link_is_followed_by_nobody(repository, tmp_path, command):
    outside = tmp_path / "outside"
    outside.mkdir()
    (repository.root / ".orchestrator").symlink_to(outside)
    refused(repository.run(*command), f"{repository.root}/.orchestrator is a symbolic link")
    assert os.listdir(outside) == []


def test_doctor_names_it_and_validate_needs_none_of_it(repository, tmp_path):
    (repository.root / ".orchestrator").symlink_to(tmp_path / "outside")
    said = repository.run("doctor").stdout
    assert f"{repository.root}/.orchestrator is a symbolic link" in said
    done = repository.run("validate")
    assert done.returncode == 0, done.stderr
    measured_without_cache(repository.audit(), "is a symbolic link")
    assert not (tmp_path / "outside").exists()


def test_init_writes_through_no_link(tmp_path):
    fresh = CodeRepository(tmp_path / "fresh")
    outside = tmp_path / "outside"
    outside.mkdir()
    (fresh.root / ".orchestrator").symlink_to(outside)
    refused(fresh.run("init"), f"{fresh.root}/.orchestrator is a symbolic link")
    assert os.listdir(outside) == []


@pytest.mark.parametrize("trick", [link, pipe, open_to_all])
def test_a_directory_of_logs_that_is_not_ours_is_refused(repository, tmp_path, trick):
    trick(repository.root / "logs", tmp_path / "outside")
    done = repository.run("run")
    assert done.returncode == 2, done.stderr
    assert "logs" in done.stderr, done.stderr
    assert not (tmp_path / "outside").exists()
    assert "status: done" not in (repository.root / "tasks.yml").read_text()


# -- tracked by git ------------------------------------------------------------------------------------------------------


def test_state_that_came_with_a_clone_decides_nothing(repository, tmp_path):
    """What the clone brings says that the task is done and, under the blob of the bad file, that it is a good one."""
    assert repository.run("run").returncode == 0
    assert repository.audit("--no-history").returncode == 1
    (repository.root / "tasks.yml").write_text(TASKS)
    repository.git("add", "-f", "-A")
    repository.git("commit", "-q", "-m", "with state")
    clone = CodeRepository(tmp_path / "clone")
    shutil.rmtree(clone.root)
    repository.git("clone", "-q", str(repository.root), str(clone.root))

    for command in (("status",), ("history",), ("run",)):
        refused(clone.run(*command), f"{clone.root}/.orchestrator is tracked by git")
    measured_without_cache(clone.audit("--no-history"), "is tracked by git")
    assert "is tracked by git" in clone.run("doctor").stdout

    clone.git("rm", "-r", "-q", "--cached", ".orchestrator")
    shutil.rmtree(clone.root / ".orchestrator")
    done = clone.run("run")
    assert done.returncode == 0, done.stderr


def test_a_checkout_over_state_of_ours_is_noticed(repository):
    """What git ignores it overwrites without a word, so a branch may bring its own journal into a directory that was ours."""
    assert repository.run("run").returncode == 0
    assert repository.run("status").returncode == 0
    repository.git("add", "-f", ".orchestrator/state.db")
    refused(repository.run("status"), "is tracked by git")


def test_below_the_top_of_a_repository_and_in_a_linked_work_tree_git_is_asked_too(repository, tmp_path):
    repository.write("sub/bad.py", branchy("f", 21))
    (repository.root / "sub" / ".orchestrator").mkdir()
    (repository.root / "sub" / ".orchestrator" / "state.db").write_bytes(b"")
    (repository.root / "sub" / "tasks.yml").write_text(TASKS)
    repository.git("add", "-f", "-A")
    repository.git("commit", "-q", "-m", "all")
    refused(repository.run("status", cwd="sub"), "sub/.orchestrator is tracked by git")
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"))
    refused(repository.run("status", "-C", str(tmp_path / "tree" / "sub")), "tree/sub/.orchestrator is tracked by git")


def test_git_is_asked_once_and_again_when_its_index_changes(repository, tmp_path):
    asked = tmp_path / "asked"
    recorder = tmp_path / "bin" / "git"
    recorder.parent.mkdir()
    recorder.write_text(f'#!/bin/sh\necho "$*" >> {asked}\nexec {shutil.which("git")} "$@"\n')
    recorder.chmod(0o755)
    variables = {"PATH": f"{recorder.parent}:{os.environ['PATH']}", "HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": ""}

    def questions(*command):
        asked.write_text("")
        done = repository.run(*command, **variables)
        assert done.returncode == 0, done.stderr
        return asked.read_text().count("-- .orchestrator")

    repository.git("add", "bad.py")
    index = repository.root / ".git" / "index"
    while time.time() - index.stat().st_ctime < 2.2:  # until an equal stamp proves an equal index
        time.sleep(0.1)
    assert questions("run") == 1
    assert questions("status") == questions("run", "--quiet") == 0
    repository.git("add", "tasks.yml")
    assert questions("status") == 1


# -- modes, keys ---------------------------------------------------------------------------------------------------------


def test_state_and_logs_are_closed_to_others_whatever_the_umask(repository):
    before = os.umask(0)
    try:
        done = repository.run("run")
        assert done.returncode == 0, done.stderr
        repository.audit("--no-history")
    finally:
        os.umask(before)
    for top in (repository.root / ".orchestrator", repository.root / "logs"):
        for path in (top, *top.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"


def test_the_key_of_the_cache_is_made_on_first_use_and_closed_to_others(repository, tmp_path):
    home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": ""}
    key = tmp_path / "home" / ".config" / "orchestrator" / "state.key"
    assert repository.run("status", **home).returncode == 0
    assert not key.exists(), "looking makes nothing"
    repository.audit(**home)
    assert (stat.S_IMODE(key.stat().st_mode), len(key.read_bytes())) == (0o600, 32)


@pytest.mark.parametrize("home", ["/proc/nowhere", ""])
def test_without_a_place_for_a_key_nothing_is_shared_and_nothing_is_said(repository, home):
    for _ in range(2):
        done = repository.audit("--no-history", HOME=home, XDG_CONFIG_HOME="")
        assert done.returncode == 1, done.stderr
        assert "without the cache" not in done.stderr


def test_a_key_that_others_could_have_put_there_is_not_used(repository, tmp_path):
    config = tmp_path / "config"
    config.mkdir()
    config.chmod(0o777)
    done = repository.audit("--no-history", XDG_CONFIG_HOME=str(config))
    measured_without_cache(done, f"{config}, on the way to {config}/orchestrator/state.key, can be written by others")
    assert os.listdir(config) == []


def test_a_key_inside_the_repository_is_no_secret(repository):
    config = repository.root / "config"
    repository.audit("--no-history", XDG_CONFIG_HOME=str(config))
    assert not config.exists()
    assert not (repository.root / ".orchestrator" / "metrics.db").exists()


def test_an_index_of_git_that_is_a_pipe_is_not_waited_for(repository):
    assert repository.run("run", "--no-reflect").returncode == 0
    (repository.root / ".git/index").unlink(missing_ok=True)
    os.mkfifo(repository.root / ".git/index")
    ended = repository.run("status")
    assert ended.returncode == 0, ended.stderr
