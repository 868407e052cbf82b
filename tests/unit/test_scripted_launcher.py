"""What makes the Launcher's twin pleasant to test with; the contract it shares with the real one is elsewhere."""

from __future__ import annotations

import pytest

from core.domain.runs.reasons import Code
from core.ports.processes import CommandNotStarted, Launch
from core.testing.clock import VirtualClock
from core.testing.processes import HANG, Script, ScriptedLauncher


def launch(command: str | tuple[str, ...] = "make") -> Launch:
    return Launch(command=command, cwd="/", env={}, output=-1, run_id="run-1")


def test_a_command_does_what_its_script_says_and_time_passes_by_itself():
    clock = VirtualClock()
    launcher = ScriptedLauncher(clock, {"make": Script(duration=3.0, exit_code=1, cpu=2.5, peak_memory=4096)})
    launcher.start(launch())
    (exit_,) = launcher.wait(None)
    assert (exit_.exit_code, exit_.cpu, exit_.peak_memory) == (1, 2.5, 4096)
    assert clock.monotonic() == 3.0


def test_several_scripts_are_played_one_a_start_and_the_last_for_ever():
    launcher = ScriptedLauncher(VirtualClock(), {"make": [Script(exit_code=2), Script(refused=Code.NO_SUCH_COMMAND.of("make")), Script()]})
    launcher.start(launch())
    assert launcher.wait(None)[0].exit_code == 2
    with pytest.raises(CommandNotStarted, match="no such command: make"):
        launcher.start(launch())
    for _ in range(3):
        launcher.start(launch())
        assert launcher.wait(None)[0].exit_code == 0


def test_a_command_without_a_script_plays_the_default():
    launcher = ScriptedLauncher(VirtualClock(), default=Script(exit_code=9))
    launcher.start(launch(("python", "-m", "x")))
    assert launcher.wait(None)[0].exit_code == 9
    assert launcher.commands == ["python -m x"]


def test_exits_come_in_the_order_of_time_and_those_of_one_moment_together():
    launcher = ScriptedLauncher(VirtualClock(), {"a": Script(duration=2), "b": Script(duration=1), "c": Script(duration=2)})
    a, b, c = (launcher.start(launch(command)) for command in "abc")
    assert [[exit_.handle for exit_ in launcher.wait(None)] for _ in range(2)] == [[b], [a, c]]
    assert launcher.most_at_once == 3


def test_a_wait_ends_with_its_timeout_and_not_later():
    clock = VirtualClock()
    launcher = ScriptedLauncher(clock, default=HANG)
    launcher.start(launch())
    assert launcher.wait(2.5) == ()
    assert clock.monotonic() == 2.5


def test_a_wait_that_could_never_end_is_a_mistake_of_the_test():
    launcher = ScriptedLauncher(VirtualClock(), default=HANG)
    launcher.start(launch())
    with pytest.raises(RuntimeError, match="never return"):
        launcher.wait(None)


def test_something_can_happen_during_a_wait_or_a_launch():
    clock, seen = VirtualClock(), []
    launcher = ScriptedLauncher(clock, default=Script(duration=10), during=lambda launch: seen.append(launch.command))
    launcher.at(4, lambda: seen.append(clock.monotonic()))
    launcher.start(launch("make"))
    launcher.wait(None)
    assert seen == ["make", 4]


def test_signals_and_sweeps_are_remembered():
    launcher = ScriptedLauncher(VirtualClock(), default=HANG)
    launcher.left_by_dead_runs["run-0"] = 3
    handle = launcher.start(launch())
    launcher.signal(handle, 15)
    assert (launcher.kill_remaining("run-0"), launcher.kill_remaining("run-0")) == (3, 0)
    assert (launcher.sent, launcher.swept) == ([(handle, 15)], ["run-0", "run-0"])


def test_the_wall_clock_may_jump_while_the_other_goes_on():
    clock = VirtualClock(start=100.0)
    clock.advance(5)
    clock.jump(-50)
    assert (clock.now(), clock.monotonic()) == (55.0, 5.0)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
