"""Nothing that a task starts outlives it, whatever it does to hide. Real processes only."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.adapters.processes import ProcessLauncher
from core.adapters.processes.mark import _number, _number_from_text
from core.adapters.processes.tree import children, is_alive
from core.ports.processes import Exit, Launch
from tests.run_ids import own_run_id
from tests.waiting import TIMEOUT


@pytest.fixture
def launcher() -> Iterator[ProcessLauncher]:
    before = set(children())
    with ProcessLauncher() as launcher:
        yield launcher
    assert set(children()) <= before, "a launcher that is closed leaves no child, dead or alive"


@pytest.fixture
def start(launcher: ProcessLauncher, tmp_path: Path) -> Iterator[Callable[..., int]]:
    descriptor = os.open(tmp_path / "output", os.O_RDWR | os.O_CREAT | os.O_APPEND)

    def start(command: str | tuple[str, ...], word: str = "run", **env: str) -> int:
        return launcher.start(Launch(command=command, cwd=str(tmp_path), env=env, output=descriptor, run_id=own_run_id(word)))

    yield start
    os.close(descriptor)


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", textwrap.dedent(source))


def ended(launcher: ProcessLauncher, handle: int, timeout: float = TIMEOUT) -> Exit:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for exit_ in launcher.wait(deadline - time.monotonic()):
            if exit_.handle == handle:
                return exit_
    raise AssertionError("it did not end")


def eventually(condition: Callable[[], object], timeout: float = TIMEOUT) -> bool:
    deadline = time.monotonic() + timeout
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


def name_of(pid: int) -> str:
    """Return the name of a process, dead or alive; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def read_pids(path: Path, count: int) -> list[int]:
    assert eventually(lambda: path.exists() and len(path.read_text().split()) == count)
    return [int(word) for word in path.read_text().split()]


#: Forks twice, with a session of its own in between, and runs on with an empty environment and no stdio.
_DAEMON = """
    import os, sys
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 100)
            fd = os.open("pids", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(fd, b"%d\\n" % os.getpid())
            os.close(fd)
            os.execve("/bin/sleep", ["unsuspicious", "1060"], {})
        os._exit(0)
    os.wait()
"""


def test_a_daemon_without_environment_or_stdio_is_found_while_its_leader_lives(launcher, start, tmp_path):
    handle = start(python(_DAEMON + "    import time; time.sleep(1000)"))
    (daemon,) = read_pids(tmp_path / "pids", 1)
    assert launcher.survivors(handle) == 2
    assert launcher.signal(handle, signal.SIGTERM) == 2
    assert ended(launcher, handle).signal == signal.SIGTERM
    assert eventually(lambda: launcher.survivors(handle) == 0)
    assert not is_alive(daemon)


def test_a_daemon_without_environment_or_stdio_is_found_after_its_leader_ended(launcher, start, tmp_path):
    handle = start(python(_DAEMON))
    assert ended(launcher, handle).exit_code == 0
    (daemon,) = read_pids(tmp_path / "pids", 1)
    assert launcher.survivors(handle) == 1
    assert launcher.signal(handle, signal.SIGKILL) == 1
    assert launcher.survivors(handle) == 0
    assert not os.path.exists(f"/proc/{daemon}"), "the orphan was reaped, too"


def test_a_daemon_belongs_to_the_tree_that_started_it_and_to_no_other(launcher, start, tmp_path):
    innocent = [start("sleep 1060") for _ in range(3)]
    handle = start(python(_DAEMON))
    ended(launcher, handle)
    (daemon,) = read_pids(tmp_path / "pids", 1)
    assert [launcher.survivors(other) for other in innocent] == [1, 1, 1]
    for other in innocent:
        launcher.signal(other, signal.SIGKILL)
    assert is_alive(daemon)
    assert launcher.survivors(handle) == 1


def test_a_tree_in_which_everybody_ignores_term_ends_by_kill(launcher, start, tmp_path):
    branch = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for depth in range(3):
            if os.fork() == 0:
                os.setsid()
        with open("pids", "a") as file:
            file.write(f"{os.getpid()}\\n")
        time.sleep(1000)
    """
    handle = start(python(branch))
    pids = read_pids(tmp_path / "pids", 8)
    assert launcher.signal(handle, signal.SIGTERM) == 8
    launcher.wait(0.1)
    assert launcher.survivors(handle) == 8
    assert launcher.signal(handle, signal.SIGKILL) == 8
    assert launcher.survivors(handle) == 0
    assert ended(launcher, handle).signal == signal.SIGKILL
    assert not any(is_alive(pid) for pid in pids)


def test_a_stopped_tree_ends_by_kill(launcher, start):
    handle = start(("sh", "-c", "sleep 1060 & kill -STOP $$"))
    assert eventually(lambda: launcher.survivors(handle) == 2)
    assert launcher.signal(handle, signal.SIGKILL) == 2
    assert ended(launcher, handle).signal == signal.SIGKILL
    assert launcher.survivors(handle) == 0


@pytest.mark.parametrize("new_session", [False, True], ids=["one group", "a session each"])
def test_a_chain_that_forks_for_ever_is_caught(launcher, start, tmp_path, new_session):
    """Each process lives for a moment and hands over to the next; at most 20,000, should we fail."""
    chain = f"""
        import os
        for _ in range(20_000):
            if os.fork():
                os._exit(0)
            if {new_session}:
                os.setsid()
        open("ran-out", "w").close()
    """
    handle = start(python(chain))
    assert ended(launcher, handle).exit_code == 0
    assert [launcher.survivors(handle) > 0 for _ in range(50)] == [True] * 50
    assert eventually(lambda: launcher.signal(handle, signal.SIGKILL) == 0 and launcher.survivors(handle) == 0)
    assert not (tmp_path / "ran-out").exists()


def test_a_fork_bomb_is_caught(launcher, start):
    """Every process forks as long as there are fewer than 200."""
    bomb = """
        import mmap, os, time
        count = mmap.mmap(-1, 8)
        while int.from_bytes(count[:], "little") < 200:
            count[:] = (int.from_bytes(count[:], "little") + 1).to_bytes(8, "little")
            if os.fork() == 0:
                os.setsid()
        time.sleep(1000)
    """
    handle = start(python(bomb))
    assert eventually(lambda: launcher.survivors(handle) > 20)
    assert eventually(lambda: launcher.signal(handle, signal.SIGKILL) == 0 and launcher.survivors(handle) == 0)
    assert ended(launcher, handle).signal == signal.SIGKILL


def test_orphans_that_end_by_themselves_do_not_pile_up_as_zombies(launcher, start):
    def orphans():
        # Another test's orphans may become ours meanwhile.
        return [name for pid in children() if (name := name_of(pid)) in ("true", "setsid")]

    handle = start(("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do setsid -f true; done; sleep 1060"))
    assert eventually(lambda: len(orphans()) > 5)
    assert eventually(lambda: launcher.wait(0.1) == () and not orphans()), f"left: {orphans()}"
    launcher.signal(handle, signal.SIGKILL)


def test_children_that_somebody_else_of_the_tool_started_are_left_alone(launcher, start):
    """Another part of the tool waits for its own child and must find its exit status."""
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 7"], os.environ)
    handle = start(("sh", "-c", "setsid -f sleep 1060"))
    ended(launcher, handle)
    assert launcher.survivors(handle) == 1
    launcher.signal(handle, signal.SIGKILL)
    launcher.wait(1.1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_closing_ends_everything_that_still_runs(tmp_path):
    before = set(children())
    with open(tmp_path / "output", "wb") as output:
        launcher = ProcessLauncher()
        for command in ("sleep 1060", ("sh", "-c", "trap '' TERM; setsid -f sleep 1060; sleep 1060"), python(_DAEMON)):
            launcher.start(Launch(command=command, cwd=str(tmp_path), env={}, output=output.fileno(), run_id=own_run_id()))
        (daemon,) = read_pids(tmp_path / "pids", 1)
        launcher.close()
        launcher.close()
    assert not is_alive(daemon)
    assert set(children()) <= before


def test_a_leader_that_somebody_else_has_reaped_does_not_keep_the_launcher_from_closing(launcher, start):
    others = set(children())
    start("sleep 1060")
    (leader,) = [pid for pid in set(children()) - others if _number(pid) != _number(os.getpid())]
    os.kill(leader, signal.SIGKILL)
    os.waitpid(leader, 0)
    launcher.close()


def test_a_sweep_ends_what_a_dead_run_left_and_nothing_else(launcher, start, tmp_path):
    ours = start("sleep 1060", word="alive")
    left = start(python(_DAEMON), word="dead")
    ended(launcher, left)
    (daemon,) = read_pids(tmp_path / "pids", 1)
    start("sleep 1060", word="dead")
    start("sleep 1060", word="dead-2")
    with ProcessLauncher() as next_run:
        assert next_run.kill_remaining(own_run_id("dead")) == 2
        assert next_run.kill_remaining(own_run_id("dead")) == 0
    assert not is_alive(daemon)
    assert launcher.survivors(ours) == 1


def test_a_run_inside_a_task_is_part_of_the_tree_and_so_are_its_tasks(launcher, start, tmp_path):
    inner = f"""
        import os, sys, time
        sys.path[:0] = {sys.path!r}
        from core.adapters.processes import ProcessLauncher
        from core.ports.processes import Launch
        launcher = ProcessLauncher()
        handle = launcher.start(Launch(command="sleep 1060", cwd=os.getcwd(), env={{}}, output=1, run_id={own_run_id("inner")!r}))
        open("ready", "w").close()
        launcher.wait(None)
    """
    handle = start(python(inner), word="outer")
    assert eventually((tmp_path / "ready").exists)
    assert launcher.survivors(handle) == 3, "the inner run, its guardian, its task"
    assert launcher.signal(handle, signal.SIGKILL) == 3
    assert launcher.survivors(handle) == 0


def test_the_environment_alone_marks_a_tree_where_the_limit_cannot_be_set(start, launcher, tmp_path, monkeypatch):
    others = set(children())
    monkeypatch.setattr(launcher._marker, "_numbered", False)
    handle = start(("sh", "-c", "setsid -f sleep 1060; sleep 1060 & exit 0"))
    ended(launcher, handle)
    assert launcher.survivors(handle) == 2
    orphans = set(children()) - others - {launcher._guardian.pid}
    assert launcher.signal(handle, signal.SIGKILL) == 2
    assert launcher.survivors(handle) == 0
    for pid in orphans:
        os.waitpid(pid, 0)


def test_the_number_of_a_process_that_changed_its_group_is_read_from_its_limits(start):
    """What ``prlimit`` refuses to show for such a process, its text file shows."""
    for pid in (os.getpid(), os.getppid()):
        if os.stat(f"/proc/{pid}").st_uid == os.geteuid():
            assert _number_from_text(pid) == _number(pid)
    others = set(children())
    start("sleep 1060")
    (marked,) = [pid for pid in set(children()) - others if _number(pid) != _number(os.getpid())]
    assert _number_from_text(marked) == _number(marked)
    assert _number_from_text(2**22) is None
