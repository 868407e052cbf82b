"""What every AttemptRunner does, held against the twin and against the Executor with real processes and log files."""

from __future__ import annotations

import math
import signal
import string
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from core.adapters.log_files import FileLogStore
from core.adapters.processes import ProcessLauncher
from core.adapters.system_clock import SystemClock
from core.domain.runs.attempt import Attempt
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Task
from core.executor import Executor, ExecutorSettings
from core.handlers import CommandHandler, Handlers
from core.ports.attempts import AttemptRunner
from core.testing.attempt_runner import ScriptedAttempt, ScriptedRunner
from core.testing.clock import VirtualClock
from core.testing.logs import InMemoryLogStore
from tests.run_ids import own_run_id
from tests.waiting import TIMEOUT

#: A process that uses more memory than the tests' own, and some CPU time.
#: Takes more than its parent ever had: the kernel counts a parent's peak as its child's, and a smaller one cannot be told from it.
_HUNGRY_CODE = """
import os
lines = open(f"/proc/{os.getppid()}/status").read().splitlines()
parents_peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
data = bytearray(max(400_000_000, parents_peak * 3 // 2))
[None for _ in range(3_000_000)]
"""
_HUNGRY = (sys.executable, "-c", _HUNGRY_CODE)


def _task(name: str, command: str | tuple[str, ...] | None, **fields: object) -> Task:
    return Task(id=name, description=f"it {name}", command=command, **fields)  # type: ignore[arg-type]


#: Tasks by what they do, and what the twin makes of them.
_TASKS: dict[str, tuple[Task, ScriptedAttempt | None]] = {
    task.id: (task, script)
    for task, script in (
        (_task("succeeds", "true", cost=3.0), None),
        (_task("fails", "sh -c 'exit 3'"), ScriptedAttempt(ending=Ending.FAILED, reason=Code.EXIT.of(3), exit_code=3)),
        (_task("takes-a-moment", "sleep 0.2"), ScriptedAttempt(usage=Usage(seconds=0.2))),
        (_task("hangs", "sleep 1060"), ScriptedAttempt(usage=Usage(seconds=math.inf))),
        (_task("also-hangs", "sleep 1060"), ScriptedAttempt(usage=Usage(seconds=math.inf))),
        (_task("over-time", "sleep 1060", timeout=0.2), ScriptedAttempt(usage=Usage(seconds=math.inf))),
        (_task("verified", "true", verify=("true", "true")), None),
        (
            _task("unverified", "true", verify=("false",)),
            ScriptedAttempt(ending=Ending.FAILED_VERIFY, reason=Code.CHECK_FAILED.of("false").followed_by(Code.EXIT.of(1)), exit_code=1),
        ),
        (_task("goal", None, verify=("true",), cost=5.0), None),
        (
            _task("refused", "no-such-command --now"),
            ScriptedAttempt(ending=Ending.FAILED, reason=Code.NO_SUCH_COMMAND.of("no-such-command"), exit_code=127),
        ),
        (_task("hungry", _HUNGRY), ScriptedAttempt(usage=Usage(seconds=1.0, cpu=0.5, peak_memory=400_000_000))),
    )
}


@dataclass
class Rig:
    runner: AttemptRunner
    now: Callable[[], float]
    later: Callable[[float, Callable[[], None]], None]
    run_id: str
    #: Whether there is a log at a path.
    has_log: Callable[[str], bool]
    #: Returns the runner of another run in the same repository.
    next_run: Callable[[], AttemptRunner]

    def prepare(self, name: str, number: int = 1) -> Attempt:
        return self.runner.prepare(_TASKS[name][0], run_id=self.run_id, number=number)

    def start(self, name: str, number: int = 1) -> Attempt:
        attempt = self.prepare(name, number)
        self.runner.launch(name)
        return attempt

    def ended(self) -> Attempt:
        """Wait for the next attempt that ends."""
        deadline = self.now() + TIMEOUT
        while self.now() < deadline:
            for attempt in self.runner.wait(deadline - self.now()):
                return attempt
        raise AssertionError("no attempt ended")

    def outcome(self, name: str) -> Outcome:
        self.start(name)
        outcome = self.ended().outcome
        assert outcome is not None
        return outcome


def _later(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


@pytest.fixture(params=["twin", "local"])
def rig(request: pytest.FixtureRequest, tmp_path) -> Iterator[Rig]:
    run_id = own_run_id("run")
    if request.param == "twin":
        clock, logs = VirtualClock(), InMemoryLogStore(keep=1)
        scripts = {name: script for name, (_, script) in _TASKS.items() if script is not None}
        twin = ScriptedRunner(clock, scripts, logs=logs)
        yield Rig(
            runner=twin,
            now=clock.monotonic,
            later=twin.at,
            run_id=run_id,
            has_log=lambda path: path in logs.logs,
            next_run=lambda: ScriptedRunner(clock, scripts, logs=InMemoryLogStore(keep=1, earlier=logs)),
        )
        return
    with ProcessLauncher() as launcher:

        def executor() -> Executor:
            return Executor(
                launcher=launcher,
                logs=FileLogStore(str(tmp_path), keep=1),
                clock=SystemClock(),
                settings=ExecutorSettings(tasks_file="tasks.yml", grace=0.5),
                handlers=Handlers(CommandHandler(str(tmp_path))),
            )

        yield Rig(
            runner=executor(),
            now=time.monotonic,
            later=_later,
            run_id=run_id,
            has_log=lambda path: (tmp_path / path).exists(),
            next_run=executor,
        )


def test_a_prepared_attempt_says_what_will_be_recorded_of_it(rig):
    attempt = rig.prepare("hangs", number=7)
    assert (attempt.run_id, attempt.task_id, attempt.number, attempt.outcome) == (rig.run_id, "hangs", 7, None)
    assert attempt.log.startswith("logs/")
    assert (rig.runner.running, rig.runner.busy) == (("hangs",), True)


def test_an_attempt_that_ended_is_the_one_that_was_prepared_with_its_outcome(rig):
    prepared = rig.start("succeeds")
    ended = rig.ended()
    assert (ended.run_id, ended.task_id, ended.number, ended.started, ended.log) == (
        prepared.run_id,
        prepared.task_id,
        prepared.number,
        prepared.started,
        prepared.log,
    )
    assert (ended.outcome.ending, str(ended.outcome.reason), ended.outcome.exit_code) == (Ending.SUCCEEDED, "exit 0", 0)
    assert ended.outcome.log == prepared.log
    assert len(ended.outcome.log_digest) == 64 and set(ended.outcome.log_digest) <= set(string.hexdigits)


def test_an_ended_attempt_is_returned_once_and_leaves_the_runner_idle(rig):
    rig.outcome("succeeds")
    assert (rig.runner.running, rig.runner.busy) == ((), False)
    assert rig.runner.wait(0.02) == ()


def test_a_failure_is_an_outcome(rig):
    outcome = rig.outcome("fails")
    assert (outcome.ending, str(outcome.reason), outcome.exit_code) == (Ending.FAILED, "exit 3", 3)


def test_what_cannot_be_started_is_an_outcome(rig):
    outcome = rig.outcome("refused")
    assert (outcome.ending, str(outcome.reason), outcome.exit_code) == (Ending.FAILED, "no such command: no-such-command", 127)


@pytest.mark.parametrize(
    ("name", "ending", "verified"),
    [("verified", Ending.SUCCEEDED, True), ("unverified", Ending.FAILED_VERIFY, False), ("succeeds", Ending.SUCCEEDED, False)],
)
def test_an_outcome_says_whether_checks_passed(rig, name, ending, verified):
    outcome = rig.outcome(name)
    assert (outcome.ending, outcome.verified) == (ending, verified)


def test_usage_has_the_seconds_that_passed_and_the_units_of_the_task(rig):
    usage = rig.outcome("takes-a-moment").usage
    assert usage.seconds >= 0.2
    assert (usage.units, usage.tokens, usage.money) == (1.0, 0, 0.0)
    assert rig.outcome("succeeds").usage.units == 3.0


def test_usage_has_cpu_seconds_and_peak_memory(rig):
    usage = rig.outcome("hungry").usage
    assert usage.cpu > 0.0
    assert usage.peak_memory >= 400_000_000


def test_checks_alone_cost_no_units(rig):
    outcome = rig.outcome("goal")
    assert (outcome.ending, outcome.verified, outcome.usage.units) == (Ending.SUCCEEDED, True, 0.0)


def test_a_task_over_its_timeout_is_ended(rig):
    outcome = rig.outcome("over-time")
    assert (outcome.ending, str(outcome.reason)) == (Ending.TIMED_OUT, "timed out after 0.2 s")
    assert outcome.usage.seconds >= 0.2


def test_wait_returns_when_the_first_of_several_ends(rig):
    rig.start("hangs")
    rig.start("takes-a-moment")
    assert rig.runner.running == ("hangs", "takes-a-moment")
    assert rig.ended().task_id == "takes-a-moment"
    assert rig.runner.running == ("hangs",)


def test_wait_with_nothing_running_lasts_as_long_as_asked(rig):
    begun = rig.now()
    assert rig.runner.wait(0.05) == ()
    assert rig.now() - begun >= 0.05


def test_a_wake_ends_the_wait(rig):
    rig.start("hangs")
    rig.later(0.1, rig.runner.wake)
    begun = rig.now()
    while rig.now() - begun < 0.1:
        assert rig.runner.wait(TIMEOUT) == ()
    assert rig.now() - begun < TIMEOUT


def test_a_stopped_attempt_ends_as_asked(rig):
    rig.start("hangs")
    rig.runner.stop("hangs", Ending.INTERRUPTED, Code.TEXT.of("its entry was removed"))
    rig.runner.stop("hangs", Ending.TIMED_OUT, Code.TEXT.of("the first word counts"))
    outcome = rig.ended().outcome
    assert (outcome.ending, str(outcome.reason)) == (Ending.INTERRUPTED, "its entry was removed")


def test_an_attempt_can_be_stopped_before_its_launch(rig):
    rig.prepare("hangs")
    rig.runner.stop("hangs", Ending.INTERRUPTED, Code.TEXT.of("too late"))
    assert rig.ended().outcome.ending is Ending.INTERRUPTED


def test_stopping_what_is_not_under_way_does_nothing(rig):
    rig.runner.stop("hangs", Ending.INTERRUPTED, Code.TEXT.of("nobody there"))
    assert not rig.runner.busy


@pytest.mark.parametrize("now", [False, True])
def test_everything_can_be_stopped(rig, now):
    rig.start("hangs")
    rig.start("also-hangs")
    rig.runner.stop_all(Code.STOPPED.of(signal.SIGTERM), now=now)
    ended: list[Attempt] = []
    deadline = rig.now() + TIMEOUT
    while rig.runner.busy and rig.now() < deadline:
        ended += rig.runner.wait(deadline - rig.now())
    assert {attempt.task_id for attempt in ended} == {"hangs", "also-hangs"}
    assert {(attempt.outcome.ending, str(attempt.outcome.reason)) for attempt in ended} == {(Ending.INTERRUPTED, "stopped by SIGTERM")}
    assert not rig.runner.busy


def test_without_interference_there_are_no_notices(rig):
    rig.outcome("succeeds")
    assert rig.runner.notices() == ()


def test_a_dead_run_that_left_nothing_leaves_nothing_to_kill(rig):
    rig.start("hangs")
    assert rig.runner.kill_remaining(own_run_id("long-dead")) == 0
    assert rig.runner.running == ("hangs",)


def test_pruning_leaves_the_logs_of_this_run_and_its_running_attempts_alone(rig):
    """However many there are beyond the limit, which is one here."""
    ended = [rig.outcome(name) for name in ("succeeds", "fails", "verified")]
    rig.start("takes-a-moment")
    rig.runner.prune()
    assert all(map(rig.has_log, (outcome.log for outcome in ended)))
    last = rig.ended()
    assert (last.task_id, last.outcome.ending, rig.has_log(last.outcome.log)) == ("takes-a-moment", Ending.SUCCEEDED, True)


def test_pruning_removes_logs_of_earlier_runs_beyond_the_limit(rig):
    earlier = [rig.outcome(name).log for name in ("succeeds", "fails", "verified")]
    later = rig.next_run()
    later.prune()
    assert [rig.has_log(path) for path in earlier] == [False, False, True]


def test_an_edited_time_limit_counts_for_the_attempt_under_way(rig):
    rig.start("hangs")
    assert rig.runner.update(replace(_TASKS["hangs"][0], timeout=0.3)) is True
    outcome = rig.ended().outcome
    assert (outcome.ending, str(outcome.reason)) == (Ending.TIMED_OUT, "timed out after 0.3 s")


def test_a_time_limit_that_was_taken_away_ends_nothing(rig):
    rig.start("over-time")
    assert rig.runner.update(replace(_TASKS["over-time"][0], timeout=None)) is True
    rig.start("takes-a-moment")
    assert rig.ended().task_id == "takes-a-moment"
    assert rig.runner.wait(0.1) == ()


def test_an_edit_of_what_is_not_under_way_or_is_being_ended_is_refused(rig):
    assert rig.runner.update(_TASKS["hangs"][0]) is False
    rig.start("hangs")
    rig.runner.stop("hangs", Ending.INTERRUPTED, Code.TEXT.of("its entry was removed"))
    assert rig.runner.update(_TASKS["hangs"][0]) is False
