"""The lock of a repository between processes that race, die, are frozen, or leave children behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.adapters.processes import ProcessLauncher
from core.adapters.run_lock import FileRunLock
from core.errors import LockHeld, StateRefused, StorageError
from core.ports.processes import Launch
from tests.run_ids import own_run_id


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a program in the directory of the lock, which is called ``state``."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str) -> subprocess.Popen[str]:
        program = f"import os, signal, sys, time\nsys.path[:0] = {sys.path!r}\nfrom core.adapters.run_lock import FileRunLock\n"
        program += "from core.errors import LockHeld\nlock = FileRunLock('state')\n" + textwrap.dedent(source)
        process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_child_that_inherited_the_lock_does_not_hold_it_for_its_dead_parent(python, tmp_path):
    holder = python("""
        lock.acquire("run-1")
        if os.fork() == 0:
            time.sleep(1000)
        print("held", flush=True)
        time.sleep(1000)
    """)
    assert said(holder) == "held"
    holder.kill()
    holder.wait()
    lock = FileRunLock(str(tmp_path / "state"))
    assert lock.holder() is None
    lock.acquire("run-2")
    assert lock.holder() == os.getpid()
    with pytest.raises(LockHeld):
        FileRunLock(str(tmp_path / "state")).acquire("run-3")
    lock.release()


def test_a_child_that_inherited_the_lock_does_not_hold_it_after_its_release(python, tmp_path):
    holder = python("""
        lock.acquire("run-1")
        if os.fork() == 0:
            time.sleep(1000)
        lock.release()
        print("released", flush=True)
        time.sleep(1000)
    """)
    assert said(holder) == "released"
    lock = FileRunLock(str(tmp_path / "state"))
    lock.acquire("run-2")
    assert lock.holder() == os.getpid()
    lock.release()


def test_a_frozen_run_still_holds_its_lock(python, tmp_path):
    holder = python("lock.acquire('run-1'); print('held', flush=True); time.sleep(1000)")
    assert said(holder) == "held"
    holder.send_signal(signal.SIGSTOP)
    with pytest.raises(LockHeld) as held:
        FileRunLock(str(tmp_path / "state")).acquire("run-2")
    assert held.value.pid == holder.pid


def test_a_task_does_not_inherit_the_lock(tmp_path):
    lock = FileRunLock(str(tmp_path / "state"))
    lock.acquire("run-1")
    with open(tmp_path / "log", "wb") as log, ProcessLauncher() as launcher:
        launcher.start(Launch(command="sleep 1060", cwd=str(tmp_path), env={}, output=log.fileno(), run_id=own_run_id()))
        lock.release()
        other = FileRunLock(str(tmp_path / "state"))
        other.acquire("run-2")
        other.release()


def test_eight_racing_processes_hold_the_lock_one_at_a_time(python, tmp_path):
    """Each adds one to a counter that only the lock protects, and says how often it had its turn. Some are killed while they hold it."""
    (tmp_path / "counter").write_text("0")
    source = """
        turns = 0
        while turns < 20:
            try:
                lock.acquire(str(os.getpid()))
            except LockHeld:
                time.sleep(0.001)
                continue
            before = int(open("counter").read())
            time.sleep(0.0005)
            open("counter.new", "w").write(str(before + 1))
            os.replace("counter.new", "counter")
            turns += 1
            if turns == 20 and os.getpid() % 2:
                print(turns, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            lock.release()
        print(turns, flush=True)
    """
    processes = [python(source) for _ in range(8)]
    turns = [int(said(process)) for process in processes]
    assert turns == [20] * 8
    assert (tmp_path / "counter").read_text() == "160"


def test_a_pid_that_was_given_to_another_process_is_not_the_holder(tmp_path):
    lock = FileRunLock(str(tmp_path / "state"))
    lock.acquire("run-1")
    said = json.loads((tmp_path / "state" / "lock").read_text())
    (tmp_path / "state" / "lock").write_text(json.dumps({**said, "started": "1"}))
    assert lock.holder() is None
    lock.release()


def test_a_holder_in_another_container_or_on_another_machine_counts_as_alive(tmp_path):
    lock = FileRunLock(str(tmp_path / "state"))
    lock.acquire("run-1")
    said = json.loads((tmp_path / "state" / "lock").read_text())
    (tmp_path / "state" / "lock").write_text(json.dumps({**said, "pid": 4_000_000, "place": "elsewhere", "host": "elsewhere"}))
    with pytest.raises(LockHeld, match="pid 4000000"):
        FileRunLock(str(tmp_path / "state")).acquire("run-2")
    lock.release()


def test_a_lock_from_before_a_reboot_is_free(tmp_path):
    (tmp_path / "state").mkdir()
    left = {"pid": os.getpid(), "started": "1", "place": "this host before it was booted", "run_id": "r", "since": "yesterday"}
    (tmp_path / "state" / "lock").write_text(json.dumps(left))
    lock = FileRunLock(str(tmp_path / "state"))
    assert lock.holder() is None
    lock.acquire("run-2")
    assert lock.holder() == os.getpid()
    lock.release()


def test_fields_of_a_later_version_are_ignored(tmp_path):
    lock = FileRunLock(str(tmp_path / "state"))
    lock.acquire("run-1")
    said = json.loads((tmp_path / "state" / "lock").read_text())
    (tmp_path / "state" / "lock").write_text(json.dumps({**said, "mood": "confident"}))
    assert FileRunLock(str(tmp_path / "state")).holder() == os.getpid()
    with pytest.raises(LockHeld):
        FileRunLock(str(tmp_path / "state")).acquire("run-2")
    lock.release()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b"[]", b"null", b'{"pid": "x"}'])
def test_a_damaged_file_that_is_not_locked_is_taken(tmp_path, content):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "lock").write_bytes(content)
    lock = FileRunLock(str(tmp_path / "state"))
    assert lock.holder() is None
    lock.acquire("run-1")
    assert lock.holder() == os.getpid()
    lock.release()


def test_a_state_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StorageError, match=r"/state is a file, not a directory") as refusal:
        FileRunLock(str(tmp_path / "state")).acquire("run-1")
    assert refusal.value.exit_code == 2
    assert refusal.value.hint


def test_looking_for_the_holder_of_a_repository_that_never_ran_creates_nothing(tmp_path):
    assert FileRunLock(str(tmp_path / "state")).holder() is None
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("content", [b"[" * 60_000, b'{"pid": 1' + b" " * 100_000])
def test_a_hostile_lock_file_counts_as_unsigned(tmp_path, content):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "lock").write_bytes(content)
    assert FileRunLock(str(tmp_path / "state")).holder() is None


@pytest.mark.parametrize("name", ["lock", "lock.mutex"])
def test_a_pipe_or_a_link_in_place_of_the_lock_is_refused_at_once(tmp_path, name):
    (tmp_path / "state").mkdir()
    os.mkfifo(tmp_path / "state" / name)
    with pytest.raises(StateRefused, match=f"/state/{name} is a named pipe"):
        FileRunLock(str(tmp_path / "state")).acquire("run-1")
    (tmp_path / "state" / name).unlink()
    (tmp_path / "state" / name).symlink_to(tmp_path / "outside")
    with pytest.raises(StateRefused, match=f"/state/{name} is a symbolic link"):
        FileRunLock(str(tmp_path / "state")).acquire("run-1")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("removed", ["state", "state/lock"])
def test_a_removed_lock_is_held_until_it_is_back(python, tmp_path, removed):
    holder = python("""
        lock.acquire("run-1")
        print("held", flush=True)
        sys.stdin.readline()
        print(lock.check(now=True)[0], flush=True)
        time.sleep(1000)
    """)
    assert said(holder) == "held"
    (tmp_path / removed).rename(tmp_path / "elsewhere")
    lock = FileRunLock(str(tmp_path / "state"))
    for refused in (lock.check_free, lambda: lock.acquire("run-2")):
        with pytest.raises(LockHeld) as held:
            refused()
        assert held.value.pid == holder.pid
    assert lock.holder() == holder.pid
    assert not (tmp_path / removed).exists(), "nothing is made beside a live run"
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert said(holder) == f"{tmp_path / removed} was removed during the run, and put back".replace(f"{tmp_path}/", "")
    with pytest.raises(LockHeld):
        lock.acquire("run-2")


def test_a_lock_whose_text_is_gone_is_signed_again(tmp_path):
    lock, other = (FileRunLock(str(tmp_path / "state")) for _ in range(2))
    lock.acquire("run-1")
    (tmp_path / "state" / "lock").write_text("")
    with pytest.raises(LockHeld):
        other.acquire("run-2")
    assert len(lock.check(now=True)) == 1
    assert json.loads((tmp_path / "state" / "lock").read_text())["run_id"] == "run-1"
    assert lock.check(now=True) == ()
    lock.release()


def test_a_lock_of_a_moved_directory_names_its_new_place(tmp_path):
    (tmp_path / "repo").mkdir()
    lock = FileRunLock(str(tmp_path / "repo" / "state"))
    lock.acquire("run-1")
    (tmp_path / "repo").rename(tmp_path / "moved")
    with pytest.raises(StorageError, match="was moved to") as moved:
        lock.check(now=True)
    assert moved.value.hint.endswith(f"orchestrator -C {tmp_path}/moved run")
    assert not (tmp_path / "repo").exists()
    lock.release()
