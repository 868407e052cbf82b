"""What every Launcher does, held against the twin and against real processes."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from core.adapters.processes import ProcessLauncher
from core.domain.runs.reasons import Code
from core.ports.processes import CommandNotStarted, Exit, Launch, Launcher
from core.testing.clock import VirtualClock
from core.testing.processes import HANG, Script, ScriptedLauncher
from tests.run_ids import own_run_id
from tests.waiting import TIMEOUT, until

_IGNORE = ("sh", "-c", "trap '' TERM; echo deaf; sleep 1060 & wait; sleep 1060; sleep 1060")
_LEAVE = ("sh", "-c", "setsid -f sleep 1060; sleep 1060 & exit 5")

#: What a command does → the real command, and its script for the twin.
_COMMANDS: dict[str, tuple[str | tuple[str, ...], Script]] = {
    "succeeds": ("true", Script()),
    "fails": ("sh -c 'exit 3'", Script(exit_code=3)),
    "takes a moment": ("sleep 0.2", Script(duration=0.2)),
    "crashes": (("sh", "-c", "kill -SEGV $$"), Script(signal=signal.SIGSEGV)),
    "hangs": ("sleep 1060", HANG),
    "ignores TERM": (_IGNORE, Script(duration=1060.0, ignores_term=True)),
    "leaves two": (_LEAVE, Script(exit_code=5, leftovers=2)),
    "is refused": ("no-such-command --now", Script(refused=Code.NO_SUCH_COMMAND.of("no-such-command"), exit_code=127)),
}


@dataclass
class Rig:
    launcher: Launcher
    now: Callable[[], float]
    later: Callable[[float, Callable[[], None]], None]
    output: int
    directory: str
    #: What its commands have printed.
    said: Callable[[], str]

    def start(self, kind: str, word: str = "run") -> int:
        launch = Launch(command=_COMMANDS[kind][0], cwd=self.directory, env={}, output=self.output, run_id=own_run_id(word))
        return self.launcher.start(launch)

    def exit_of(self, handle: int, timeout: float = TIMEOUT) -> Exit:
        deadline = self.now() + timeout
        while self.now() < deadline:
            for exit_ in self.launcher.wait(deadline - self.now()):
                if exit_.handle == handle:
                    return exit_
        raise AssertionError("it did not end")

    def settled(self, handle: int, timeout: float = TIMEOUT) -> bool:
        """Tell whether the tree is gone within ``timeout`` seconds."""
        deadline = self.now() + timeout
        while self.launcher.survivors(handle) and self.now() < deadline:
            self.launcher.wait(0.01)
        return self.launcher.survivors(handle) == 0


def _refuse(pid: int, flags: int = 0) -> int:
    """What a kernel before 5.3 says, and a container that does not know the call."""
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def _later(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


@pytest.fixture(params=["twin", "real", "real, without pidfds"])
def rig(request: pytest.FixtureRequest, tmp_path, monkeypatch) -> Iterator[Rig]:
    if request.param == "twin":
        clock = VirtualClock()
        scripts = {" ".join(command) if isinstance(command, tuple) else command: script for command, script in _COMMANDS.values()}
        twin = ScriptedLauncher(clock, scripts)
        yield Rig(twin, clock.monotonic, twin.at, -1, "/", lambda: "deaf")
        twin.close()
        return
    if request.param == "real, without pidfds":
        monkeypatch.setattr(os, "pidfd_open", _refuse)
    descriptor = os.open(tmp_path / "output", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    with ProcessLauncher() as launcher:
        yield Rig(launcher, time.monotonic, _later, descriptor, str(tmp_path), (tmp_path / "output").read_text)
    os.close(descriptor)


def test_an_exit_carries_the_exit_code(rig):
    exits = {kind: rig.exit_of(rig.start(kind)) for kind in ("succeeds", "fails")}
    assert [(exit_.exit_code, exit_.signal) for exit_ in exits.values()] == [(0, None), (3, None)]


def test_without_interference_there_are_no_notices(rig):
    rig.exit_of(rig.start("succeeds"))
    assert rig.launcher.notices() == ()


def test_a_death_by_signal_is_distinguished_from_an_exit_code(rig):
    exit_ = rig.exit_of(rig.start("crashes"))
    assert (exit_.exit_code, exit_.signal) == (None, signal.SIGSEGV)


def test_an_exit_is_reported_once(rig):
    rig.exit_of(rig.start("succeeds"))
    assert rig.launcher.wait(0.02) == ()


def test_handles_are_never_used_twice(rig):
    handles = []
    for _ in range(3):
        handles.append(rig.start("succeeds"))
        rig.exit_of(handles[-1])
        rig.launcher.forget(handles[-1])
    assert len(set(handles)) == 3


def test_wait_returns_when_the_first_of_several_ends(rig):
    slow, quick = rig.start("hangs"), rig.start("takes a moment")
    assert [exit_.handle for exit_ in rig.launcher.wait(TIMEOUT)] == [quick]
    assert rig.launcher.survivors(slow) == 1


def test_wait_with_nothing_running_lasts_as_long_as_asked(rig):
    begun = rig.now()
    assert rig.launcher.wait(0.05) == ()
    assert rig.now() - begun >= 0.05


def test_wait_for_no_time_does_not_wait(rig):
    rig.start("hangs")
    assert rig.launcher.wait(0) == ()


def test_a_wake_before_the_wait_is_not_lost(rig):
    rig.launcher.wake()
    rig.launcher.wake()
    assert rig.launcher.wait(None) == ()
    begun = rig.now()
    rig.launcher.wait(0.05)
    assert rig.now() - begun >= 0.05, "one wait uses up every wake before it"


def test_a_wake_during_the_wait_ends_it(rig):
    rig.start("hangs")
    rig.later(0.1, rig.launcher.wake)
    begun = rig.now()
    assert rig.launcher.wait(TIMEOUT) == ()
    assert rig.now() - begun < TIMEOUT


def test_what_cannot_be_started_says_why_in_one_sentence(rig):
    with pytest.raises(CommandNotStarted) as refusal:
        rig.start("is refused")
    assert (str(refusal.value.reason), refusal.value.exit_code) == ("no such command: no-such-command", 127)


def test_a_refusal_leaves_the_launcher_as_it_was(rig):
    with pytest.raises(CommandNotStarted):
        rig.start("is refused")
    assert rig.exit_of(rig.start("succeeds")).exit_code == 0


def test_a_running_leader_is_a_survivor_and_an_ended_one_is_not(rig):
    handle = rig.start("takes a moment")
    assert rig.launcher.survivors(handle) == 1
    rig.exit_of(handle)
    assert rig.launcher.survivors(handle) == 0


def test_what_a_leader_leaves_behind_is_counted_and_can_be_ended(rig):
    handle = rig.start("leaves two")
    assert rig.exit_of(handle).exit_code == 5
    assert rig.launcher.survivors(handle) == 2
    assert rig.launcher.signal(handle, signal.SIGTERM) == 2
    assert rig.settled(handle)
    assert rig.launcher.signal(handle, signal.SIGKILL) == 0


def test_survivors_of_one_tree_are_not_those_of_another(rig):
    leaving, innocent = rig.start("leaves two"), rig.start("hangs")
    rig.exit_of(leaving)
    other = rig.start("succeeds")
    rig.exit_of(other)
    assert [rig.launcher.survivors(handle) for handle in (leaving, innocent, other)] == [2, 1, 0]
    rig.launcher.signal(leaving, signal.SIGKILL)
    assert [rig.launcher.survivors(handle) for handle in (leaving, innocent)] == [0, 1]


def test_term_ends_a_tree_and_is_reported_as_its_signal(rig):
    handle = rig.start("hangs")
    assert rig.launcher.signal(handle, signal.SIGTERM) == 1
    assert rig.exit_of(handle).signal == signal.SIGTERM


def test_a_tree_that_ignores_term_ends_by_kill(rig):
    handle = rig.start("ignores TERM")
    until(lambda: "deaf" in rig.said())
    assert rig.launcher.signal(handle, signal.SIGTERM) >= 1
    rig.launcher.wait(0.1)
    assert rig.launcher.survivors(handle) >= 1
    assert rig.launcher.signal(handle, signal.SIGKILL) >= 1
    assert rig.exit_of(handle).signal == signal.SIGKILL
    assert rig.launcher.survivors(handle) == 0


def test_a_stopped_process_sees_its_term_when_it_goes_on(rig):
    handle = rig.start("hangs")
    rig.launcher.signal(handle, signal.SIGSTOP)
    rig.launcher.wait(0.1)
    rig.launcher.signal(handle, signal.SIGTERM)
    assert rig.launcher.wait(0.1) == ()
    assert rig.launcher.survivors(handle) == 1
    rig.launcher.signal(handle, signal.SIGCONT)
    assert rig.exit_of(handle).signal == signal.SIGTERM


def test_signal_zero_only_counts(rig):
    handle = rig.start("hangs")
    assert rig.launcher.signal(handle, 0) == 1
    assert rig.launcher.survivors(handle) == 1


def test_the_end_of_a_forgotten_leader_is_not_reported(rig):
    forgotten, kept = rig.start("succeeds"), rig.start("takes a moment")
    rig.launcher.forget(forgotten)
    assert rig.exit_of(kept).exit_code == 0
    assert rig.launcher.wait(0.05) == ()


def test_sweeping_a_run_that_left_nothing_finds_nothing(rig):
    handle = rig.start("hangs", "alive")
    assert rig.launcher.kill_remaining(own_run_id("long-dead")) == 0
    assert rig.launcher.survivors(handle) == 1
