"""What happens to tasks when the tool itself is killed, and what a launcher costs its surroundings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.adapters.processes import ProcessLauncher
from core.adapters.processes.mark import Marker, of_run
from core.adapters.processes.tree import Tree, children, is_alive
from core.adapters.run_lock import FileRunLock
from core.adapters.stop_signals import SystemStopSignals
from core.ports.processes import Launch
from tests.run_ids import own_run_id
from tests.waiting import TIMEOUT, until

#: Starts a plain task, one that ignores TERM, and a daemon with neither environment nor stdio; then says so and waits.
_DRIVER = """
import os, sys, time
sys.path[:0] = {path!r}
from core.adapters.processes import ProcessLauncher
from core.adapters.run_lock import FileRunLock
from core.ports.processes import Launch

lock = FileRunLock("state")
lock.acquire({run!r})
log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
launcher = ProcessLauncher()
daemon = '''
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        os.execve("/bin/sleep", ["sleep", "1061"], {{}})
os._exit(0)
'''
for command in ("sleep 1061", ("sh", "-c", "trap '' TERM; sleep 1061; sleep 1061"), (sys.executable, "-I", "-S", "-c", daemon)):
    launcher.start(Launch(command=command, cwd=os.getcwd(), env={{}}, output=log, run_id={run!r}))
{more}
launcher.wait(1)
print(os.getpid(), flush=True)
{then}
"""


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start a driver in a process group of its own; return it and its run id once its tasks run."""
    drivers: list[subprocess.Popen[str]] = []

    def start(then: str = "launcher.wait(None)", more: str = "") -> tuple[subprocess.Popen[str], str]:
        run = f"guarded-{os.getpid()}-{time.monotonic_ns()}"
        source = _DRIVER.format(path=sys.path, run=run, then=then, more=more)
        process = subprocess.Popen(
            [sys.executable, "-c", source], cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True, env=dict(os.environ)
        )
        drivers.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(process.pid)
        return process, run

    yield start
    for process in drivers:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def left_of(run: str) -> list[int]:
    return Tree(Marker(), of_run(run), trust_limit=False).members()


def names_of(run: str) -> list[str]:
    """Return the programs that are left; one that ends while it is looked at is a question mark."""
    names = []
    for pid in left_of(run):
        try:
            names.append(Path(f"/proc/{pid}/comm").read_text().strip())
        except OSError:
            names.append("?")
    return sorted(names)


@pytest.mark.parametrize("whole_group", [False, True], ids=["the tool alone", "its whole group"])
def test_nothing_outlives_a_tool_that_was_killed(driver, whole_group):
    process, run = driver()
    until(lambda: names_of(run) == ["sh", "sleep", "sleep", "sleep"], what="sleep; sh and its sleep; the daemon")
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    until(lambda: not left_of(run), what="nothing is left of it")


def test_a_forked_worker_of_the_tool_does_not_keep_its_tasks_alive(driver):
    """A pool's worker hangs when its parent is killed; it must not hold what tells the guardian."""
    process, run = driver(more="worker = os.fork()\nif worker == 0:\n    os.closerange(0, 3)\n    time.sleep(1000)\n    os._exit(0)")
    process.kill()
    process.wait()
    until(lambda: not left_of(run), what="nothing is left of it")


def test_the_lock_is_free_and_the_log_closed_when_only_the_guardian_is_left(driver, tmp_path):
    process, run = driver()
    process.kill()
    process.wait()
    until(lambda: not left_of(run), what="nothing is left of it")
    lock = FileRunLock(str(tmp_path / "state"))
    lock.acquire("next")
    lock.release()


def _open_files(pid: int) -> set[str]:
    names = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            names.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    return names


def test_a_guardian_holds_nothing_of_the_tool_open(tmp_path):
    log = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(log, True)  # as what the tool itself inherited is
    with ProcessLauncher() as launcher:
        launcher.start(Launch(command="true", cwd=str(tmp_path), env={}, output=log, run_id=own_run_id()))
        guardian = launcher._guardian.pid
        # While it starts, Python has files of its own open.
        until(lambda: not any("python" in name or name.endswith(".py") for name in _open_files(guardian)))
        open_files = _open_files(guardian)
    os.close(log)
    # Where libffi makes its trampolines from its own file (Python 3.14 of Debian), it keeps that open.
    held = {name for name in open_files if not Path(name).name.startswith("libffi.so")}
    pipes = {name for name in held if name.startswith("pipe:")}
    assert (held - pipes, len(pipes)) == ({"/dev/null"}, 1), open_files


def test_a_clean_close_dismisses_the_guardian(tmp_path):
    with open(tmp_path / "log", "wb") as log:
        launcher = ProcessLauncher()
        launcher.start(Launch(command="true", cwd=str(tmp_path), env={}, output=log.fileno(), run_id=own_run_id()))
        guardian = launcher._guardian.pid
        assert guardian is not None
        assert is_alive(guardian)
        launcher.close()
    assert not os.path.exists(f"/proc/{guardian}")


def test_a_tool_that_ends_without_closing_leaves_nothing_either(driver):
    process, run = driver(then="os._exit(0)")
    process.wait()
    until(lambda: not left_of(run), what="nothing is left of it")


def test_a_launcher_that_starts_nothing_needs_no_guardian():
    before = children()
    with ProcessLauncher():
        assert children() == before


def test_two_thousand_starts_leak_neither_descriptors_nor_zombies(tmp_path):
    descriptors, processes = len(os.listdir("/proc/self/fd")), children()
    with open(tmp_path / "log", "wb") as log, ProcessLauncher() as launcher:
        launch = Launch(command="true", cwd=os.getcwd(), env={}, output=log.fileno(), run_id=own_run_id())
        elsewhere = Launch(command="true", cwd=str(tmp_path), env={}, output=log.fileno(), run_id=own_run_id())
        for number in range(1000):
            handles = {launcher.start(launch), launcher.start(elsewhere if number % 10 == 0 else launch)}
            while handles:
                for exit_ in launcher.wait(TIMEOUT):
                    assert exit_.exit_code == 0
                    assert launcher.survivors(exit_.handle) == 0
                    launcher.forget(exit_.handle)
                    handles.remove(exit_.handle)
        assert len(children()) == len(processes) + 1, "the guardian"
        assert len(os.listdir("/proc/self/fd")) <= descriptors + 5, "log, both ends of the wake pipe, the guardian's pipe, the children"
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert children() == processes


def test_a_signal_between_the_check_and_the_wait_still_ends_the_wait(tmp_path):
    """The handler runs before ``wait`` is entered; without the descriptor the wait would sleep through it."""
    with ProcessLauncher() as launcher, SystemStopSignals() as signals, signals.waking(launcher.wake_fd):
        os.kill(os.getpid(), signal.SIGTERM)
        begun = time.monotonic()
        assert launcher.wait(TIMEOUT) == ()
        assert time.monotonic() - begun < TIMEOUT
        assert signals.received() == signal.SIGTERM


def test_stop_signals_are_given_back_as_they_were(monkeypatch):
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with SystemStopSignals():
        assert all(signal.getsignal(number) != handler for number, handler in previous.items())
    assert {number: signal.getsignal(number) for number in previous} == previous


def test_a_run_under_nohup_does_not_hear_of_a_closed_terminal():
    source = textwrap.dedent(f"""
        import os, signal, sys
        sys.path[:0] = {sys.path!r}
        from core.adapters.stop_signals import SystemStopSignals
        with SystemStopSignals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            print(signals.count())
    """)
    command = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", sys.executable, "-c", source]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0\n"
