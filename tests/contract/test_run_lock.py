"""What every RunLock does, held against the twin and against a file between real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from core.adapters.run_lock import FileRunLock
from core.errors import LockHeld, StorageError
from core.ports.journal import RunLock
from core.testing.journal import InMemoryRunLock

_HOLD = """
import sys
from core.adapters.run_lock import FileRunLock
lock = FileRunLock(sys.argv[1])
lock.acquire("the other")
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


@dataclass
class Other:
    """Another process that holds the lock."""

    pid: int
    end: Callable[[], object]
    kill: Callable[[], object]


@dataclass
class Rig:
    lock: RunLock
    again: RunLock
    pid: int
    other: Callable[[], Other]
    #: What somebody does to the lock of ``lock`` while it is held.
    remove: Callable[[], object]
    replace: Callable[[], object]


def _twin_rig() -> Rig:
    lock = InMemoryRunLock(pid=100)

    def other() -> Other:
        held = lock.for_process(200)
        held.acquire("the other")
        return Other(200, held.release, held.die)

    def disturb(found: str | StorageError) -> None:
        lock.disturbance = found

    return Rig(
        lock,
        lock.for_process(100),
        100,
        other,
        lambda: disturb("the lock was removed during the run, and put back"),
        lambda: disturb(StorageError("the lock was replaced during the run")),
    )


@pytest.fixture(params=["twin", "real"])
def rig(request: pytest.FixtureRequest, tmp_path) -> Iterator[Rig]:
    if request.param == "twin":
        yield _twin_rig()
        return
    directory = str(tmp_path / ".orchestrator")
    started: list[subprocess.Popen[str]] = []

    def other() -> Other:
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_with_this_package()
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"

        def kill() -> None:
            process.send_signal(signal.SIGKILL)
            process.wait()

        return Other(process.pid, lambda: process.communicate(""), kill)

    def replace() -> None:
        (tmp_path / "another").write_text("{}")
        os.replace(tmp_path / "another", os.path.join(directory, "lock"))

    lock = FileRunLock(directory)
    yield Rig(lock, FileRunLock(directory), os.getpid(), other, lambda: shutil.rmtree(directory), replace)
    lock.release()
    for process in started:
        process.kill()
        process.communicate()


def _with_this_package() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_lock_nobody_took_has_no_holder(rig):
    assert rig.lock.holder() is None


def test_the_holder_is_the_process_that_took_it(rig):
    rig.lock.acquire("run-1")
    assert rig.again.holder() == rig.pid


def test_a_second_run_in_the_same_process_is_refused(rig):
    rig.lock.acquire("run-1")
    with pytest.raises(LockHeld):
        rig.again.acquire("run-2")
    assert rig.lock.holder() == rig.pid


def test_a_lock_held_by_another_process_names_its_pid_and_what_to_type(rig):
    other = rig.other()
    with pytest.raises(LockHeld, match=f"another run holds the lock: pid {other.pid}, since ") as held:
        rig.lock.acquire("run-1")
    assert held.value.pid == other.pid
    assert held.value.exit_code == 4
    assert held.value.hint.endswith(f"kill {other.pid}")
    assert rig.lock.holder() == other.pid


def test_a_released_lock_is_free(rig):
    other = rig.other()
    other.end()
    assert rig.lock.holder() is None
    assert rig.lock.acquire("run-1") == ""
    rig.lock.release()
    assert rig.lock.holder() is None
    assert rig.again.acquire("run-2") == ""
    rig.again.release()


def test_the_lock_of_a_killed_run_is_taken_silently(rig):
    other = rig.other()
    other.kill()
    assert rig.lock.holder() is None
    assert rig.lock.acquire("run-1") == "the other", "what it left running may still be there"
    assert rig.lock.holder() == rig.pid


def test_releasing_what_one_does_not_hold_changes_nothing(rig):
    other = rig.other()
    rig.lock.release()
    assert rig.lock.holder() == other.pid


def test_a_lock_in_its_place_is_found_as_it_was(rig):
    rig.lock.acquire("run-1")
    assert rig.lock.check(now=True) == ()
    assert rig.again.holder() == rig.pid


def test_who_does_not_hold_the_lock_has_nothing_to_check(rig):
    rig.other()
    assert rig.lock.check(now=True) == ()


def test_a_removed_lock_is_put_back_and_still_held(rig):
    rig.lock.acquire("run-1")
    rig.remove()
    (said,) = rig.lock.check(now=True)
    assert said.endswith("was removed during the run, and put back")
    assert rig.lock.check(now=True) == ()
    with pytest.raises(LockHeld):
        rig.again.acquire("run-2")
    rig.lock.release()
    assert rig.again.acquire("run-2") == ""
    rig.again.release()


def test_another_lock_in_its_place_is_an_error_with_the_reason(rig):
    rig.lock.acquire("run-1")
    rig.replace()
    with pytest.raises(StorageError, match="was replaced during the run"):
        rig.lock.check(now=True)
