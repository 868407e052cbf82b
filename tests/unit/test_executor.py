"""What an attempt is: its phases, its deadline, its tree, its evidence."""

from __future__ import annotations

import math
import signal

from core.domain.runs.attempt import work_of
from core.domain.runs.outcome import Ending, Usage
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Task
from core.executor import Executor, ExecutorSettings
from core.handlers import CommandHandler, Handlers
from core.testing.clock import VirtualClock
from core.testing.logs import InMemoryLogStore
from core.testing.processes import HANG, Script, ScriptedLauncher


class ExecutorRig:
    """An Executor with twins around it."""

    def __init__(self, scripts=None, handlers=None, **settings):
        self.clock = VirtualClock()
        self.launcher = ScriptedLauncher(self.clock, scripts or {})
        self.logs = InMemoryLogStore()
        self.executor = Executor(
            launcher=self.launcher,
            logs=self.logs,
            clock=self.clock,
            settings=ExecutorSettings(**{"tasks_file": "/repo/tasks.yml", **settings}),
            handlers=Handlers(CommandHandler("/repo", handlers)),
        )

    def start(self, task, number=1):
        attempt = self.executor.prepare(task, run_id="r1", number=number)
        self.executor.launch(task.id)
        return attempt

    def outcome(self, task, seconds=1000.0):
        self.start(task)
        return self.until_ended(seconds)

    def until_ended(self, seconds=1000.0):
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            for attempt in self.executor.wait(1.0):
                return attempt.outcome
        raise AssertionError("the attempt did not end")

    def notes(self):
        return [line for log in self.logs.logs.values() for line in log.notes]


def task(command="work", **fields):
    return Task(id=fields.pop("id", "t"), description="d", command=command, **fields)


def test_exit_zero_without_checks_succeeds_unverified():
    outcome = ExecutorRig({"work": Script(duration=2.0, cpu=1.5, peak_memory=2**20)}).outcome(task(cost=3.0))

    assert (outcome.ending, str(outcome.reason), outcome.exit_code) == (Ending.SUCCEEDED, "exit 0", 0)
    assert outcome.usage == Usage(seconds=2.0, cpu=1.5, peak_memory=2**20, units=3.0)
    assert not outcome.verified


def test_another_exit_code_fails():
    outcome = ExecutorRig({"work": Script(exit_code=3)}).outcome(task())

    assert (outcome.ending, str(outcome.reason), outcome.exit_code) == (Ending.FAILED, "exit 3", 3)


def test_a_signal_is_named():
    outcome = ExecutorRig({"work": Script(signal=signal.SIGSEGV)}).outcome(task())

    assert (outcome.ending, str(outcome.reason), outcome.exit_code) == (Ending.FAILED, "killed by SIGSEGV", None)


def test_a_command_that_cannot_start_is_an_outcome_not_an_error():
    outcome = ExecutorRig({"work": Script(refused=Code.NO_SUCH_COMMAND.of("work"), exit_code=127)}).outcome(task())

    assert (outcome.ending, str(outcome.reason), outcome.exit_code) == (Ending.FAILED, "no such command: work", 127)


def test_checks_run_after_the_command_in_order():
    rig = ExecutorRig()
    outcome = rig.outcome(task(verify=("first", "second")))

    assert rig.launcher.commands == ["work", "first", "second"]
    assert (outcome.ending, str(outcome.reason), outcome.verified) == (Ending.SUCCEEDED, "every check passed", True)


def test_a_failing_check_is_failed_verify_and_the_rest_is_not_run():
    rig = ExecutorRig({"first": Script(exit_code=1)})
    outcome = rig.outcome(task(verify=("first", "second")))

    assert rig.launcher.commands == ["work", "first"]
    assert (outcome.ending, str(outcome.reason)) == (Ending.FAILED_VERIFY, "check failed: first: exit 1")
    assert not outcome.verified


def test_checks_do_not_run_after_a_failed_command():
    rig = ExecutorRig({"work": Script(exit_code=1)})
    rig.outcome(task(verify=("check",)))

    assert rig.launcher.commands == ["work"]


def test_the_timeout_spans_command_and_checks():
    rig = ExecutorRig({"work": Script(duration=6.0), "check": HANG})
    outcome = rig.outcome(task(verify=("check",), timeout=10.0))

    assert (outcome.ending, str(outcome.reason)) == (Ending.TIMED_OUT, "timed out after 10 s")
    assert 10.0 <= outcome.usage.seconds < 10.2


def test_a_task_without_a_timeout_gets_the_configured_one():
    assert str(ExecutorRig({"work": HANG}, timeout=5.0).outcome(task()).reason) == "timed out after 5 s"


def test_term_turns_into_kill_after_the_grace_period():
    rig = ExecutorRig({"work": Script(duration=math.inf, ignores_term=True)}, grace=5.0)
    outcome = rig.outcome(task(timeout=10.0))

    numbers = [number for _, number in rig.launcher.sent]
    assert numbers[:2] == [signal.SIGTERM, signal.SIGCONT]
    assert numbers[-1] == signal.SIGKILL
    assert outcome.ending is Ending.TIMED_OUT
    assert 15.0 <= outcome.usage.seconds < 15.2


def test_what_a_command_leaves_behind_is_ended_before_its_checks():
    rig = ExecutorRig({"work": Script(leftovers=2)})
    outcome = rig.outcome(task(verify=("check",)))

    assert (1, signal.SIGTERM) in rig.launcher.sent
    assert str(outcome.reason) == "every check passed; 2 processes left behind, terminated"


def test_leftovers_that_ignore_term_are_killed():
    rig = ExecutorRig({"work": Script(leftovers=1, ignores_term=True)}, grace=5.0)
    outcome = rig.outcome(task())

    assert outcome.ending is Ending.SUCCEEDED
    assert 5.2 <= outcome.usage.seconds < 5.4


def test_processes_that_end_shortly_after_their_command_are_not_killed():
    rig = ExecutorRig({"work": Script(leftovers=1)})
    rig.start(task())
    rig.launcher.at(0.1, lambda: rig.launcher.signal(1, signal.SIGKILL))
    outcome = rig.until_ended()

    assert str(outcome.reason) == "exit 0"
    assert (1, signal.SIGTERM) not in rig.launcher.sent


def test_stopping_everything_interrupts_every_attempt():
    rig = ExecutorRig({"work": HANG})
    rig.start(task(id="a"))
    rig.start(task(id="b"))
    rig.executor.stop_all(Code.STOPPED.of(signal.SIGTERM))

    outcomes = [attempt.outcome for _ in range(3) for attempt in rig.executor.wait(1.0)]
    assert len(outcomes) == 2
    assert {(outcome.ending, str(outcome.reason)) for outcome in outcomes} == {(Ending.INTERRUPTED, "stopped by SIGTERM")}
    assert rig.executor.running == ()


def test_stopping_now_kills_without_grace():
    rig = ExecutorRig({"work": Script(duration=math.inf, ignores_term=True)}, grace=60.0)
    rig.start(task())
    rig.executor.stop_all(Code.RUN_BROKE_OFF.of(), now=True)

    assert rig.until_ended().usage.seconds < 0.2


def test_a_handler_runs_for_its_kind_and_the_checks_after_it():
    rig = ExecutorRig(handlers={"refactor": "agent"})
    rig.outcome(task(command=None, kind="refactor", verify=("check",)))

    assert rig.launcher.commands == ["agent", "check"]


def test_a_goal_is_only_its_check_and_costs_nothing():
    rig = ExecutorRig({"check": Script(exit_code=1)})
    outcome = rig.outcome(task(command=None, verify=("check",), cost=5.0))

    assert (outcome.ending, outcome.usage.units) == (Ending.FAILED_VERIFY, 0.0)


def test_task_text_reaches_the_command_as_environment_only():
    nasty = Task(id="t", description="$(rm -rf /); `x`", command="work", env={"MODE": "fast"}, origin={"path": "a b.py", "block": "f"})
    rig = ExecutorRig()
    rig.start(nasty, number=4)

    env = rig.launcher.started[0].env
    assert env["ORCHESTRATOR_TASK_DESCRIPTION"] == "$(rm -rf /); `x`"
    assert (env["ORCHESTRATOR_TASK_PATH"], env["ORCHESTRATOR_TASK_BLOCK"], env["ORCHESTRATOR_TASK_ATTEMPT"]) == ("a b.py", "f", "4")
    assert env["MODE"] == "fast"
    assert rig.launcher.commands == ["work"]


def test_a_task_starts_in_its_own_directory():
    rig = ExecutorRig()
    rig.start(task(cwd="sub/dir"))

    assert rig.launcher.started[0].cwd == "/repo/sub/dir"


def test_the_log_says_what_ran_how_it_ended_and_what_it_took():
    rig = ExecutorRig({"work": Script(duration=1.5, cpu=0.25, peak_memory=3 * 2**20)})
    outcome = rig.outcome(task(verify=("check",)))

    assert rig.notes() == [
        "task t, attempt 1, run r1",
        "command: work",
        "cwd: /repo",
        "started: 2026-11-21T02:55:07.000+00:00",
        "verify: check",
        "succeeded: every check passed",
        "duration: 1.500 s, cpu: 0.250 s, peak memory: 3.0 MiB",
    ]
    assert len(outcome.log_digest) == 64


def test_a_manual_task_has_no_command_to_run():
    assert work_of(task(manual=True), {}) == ()


def test_every_process_gets_the_runs_variables_unless_its_task_overrides_them():
    rig = ExecutorRig(variables={"ORCHESTRATOR_TASKS_FILE": "plan.yml", "SHARED": "run"})
    rig.start(task(env={"SHARED": "task"}))

    told = rig.launcher.started[0].env
    assert (told["ORCHESTRATOR_TASKS_FILE"], told["SHARED"]) == ("plan.yml", "task")


def test_a_tasks_own_environment_wins():
    rig = ExecutorRig()
    rig.outcome(Task(id="t", description="d", command="c", env={"ORCHESTRATOR_TASK_KIND": "mine"}))

    assert rig.launcher.started[0].env["ORCHESTRATOR_TASK_KIND"] == "mine"


def test_a_deadline_moves_by_the_time_for_which_the_tool_was_suspended():
    rig = ExecutorRig({"work": Script(duration=1.0), "check": Script(duration=5.0)})
    rig.start(task(timeout=4.0, verify=("check",)))
    rig.launcher.at(0.5, lambda: setattr(rig.launcher, "suspended", 10.0))
    assert rig.until_ended().ending is Ending.SUCCEEDED

    rig.start(task(timeout=4.0, verify=("check",)))
    rig.launcher.at(0.5, lambda: setattr(rig.launcher, "suspended", 11.0))
    outcome = rig.until_ended()
    assert (outcome.ending, str(outcome.reason)) == (Ending.TIMED_OUT, "timed out after 4 s")
