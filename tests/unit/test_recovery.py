"""Killed at any step, resumed by the next plain run: nothing lost, nothing repeated that was recorded, nothing skipped.

Every call into journal, file and launcher is a moment at which the tool can be killed, before or after it took effect.
"""

from __future__ import annotations

import copy

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.domain.runs.run_state import RunOptions
from core.domain.tasks.task import Retry, Status, Task
from core.event_bus import EventBus
from core.executor import Executor, ExecutorSettings
from core.handlers import CommandHandler, Handlers
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.testing.clock import VirtualClock
from core.testing.journal import InMemoryJournal, InMemoryRunLock
from core.testing.logs import InMemoryLogStore
from core.testing.processes import Script, ScriptedLauncher, ScriptedSignals
from core.testing.task_file import InMemoryTaskFile


class Killed(BaseException):
    """kill -9: no handler of ours sees it; what had been durable is in the world's copies."""


class Fused:
    """Stands before an object and kills the tool at the Nth call of any fused object, before or after its effect."""

    def __init__(self, target, fuse):
        self._target, self._fuse = target, fuse

    def __getattr__(self, name):
        value = getattr(self._target, name)
        if not callable(value):
            return value

        def call(*args, **kwargs):
            self._fuse.burn()
            result = value(*args, **kwargs)
            self._fuse.burn()
            return result

        return call


class Disk:
    """What survives: journal and file. And what tasks did to the outside world."""

    def __init__(self, tasks):
        self.file = InMemoryTaskFile(tasks)
        self.journal = InMemoryJournal()
        self.begun, self.ended = [], []


class Fuse:
    """Counts down; at zero the disk is copied as it is and everything stops."""

    def __init__(self, disk, length):
        self.disk, self.left, self.copy = disk, length, None

    def burn(self):
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0 and self.copy is None:
            self.copy = (copy.copy(self.disk.file), self.disk.journal.crashed())
        if self.copy is not None:
            raise Killed


def run(disk, fuse_length, *, jobs=2, scripts=None):
    """Run once; return whether it came to its end. A killed run leaves the disk as it was at that moment."""
    clock, fuse = VirtualClock(), Fuse(disk, fuse_length)
    alive = []

    def during(launch):
        disk.begun.append(launch.env["ORCHESTRATOR_TASK_ID"])
        alive.append(launch)

    launcher = ScriptedLauncher(clock, scripts or {}, default=Script(duration=1.0), during=during)
    memory = Memory(file=Fused(disk.file, fuse), journal=Fused(disk.journal, fuse), clock=clock, run_id=f"r{len(disk.journal.runs())}")
    executor = Executor(
        launcher=Fused(launcher, fuse),
        logs=InMemoryLogStore(),
        clock=clock,
        settings=ExecutorSettings(tasks_file="tasks.yml"),
        handlers=Handlers(CommandHandler("/repo")),
    )
    orchestrator = Orchestrator(
        options=RunOptions(jobs=jobs),
        memory=memory,
        runner=executor,
        lock=InMemoryRunLock(),
        signals=ScriptedSignals(),
        clock=clock,
        bus=EventBus(),
        pid=1,
    )
    try:
        orchestrator.run()
    except Killed:
        disk.file, disk.journal = fuse.copy
        return False
    return True


def recorded_ends(disk):
    return [attempt.task_id for attempt in disk.journal.attempts(limit=10**6) if attempt.outcome and attempt.outcome.succeeded]


def backlog(shape):
    return [Task(id=f"t{n}", description="d", command=f"c{n}", dependencies=tuple(f"t{m}" for m in deps)) for n, deps in enumerate(shape)]


shapes = st.integers(1, 7).flatmap(
    lambda size: st.tuples(*(st.sets(st.integers(0, n - 1), max_size=2) if n else st.just(set()) for n in range(size)))
)


@given(shapes, st.lists(st.integers(0, 120), max_size=6), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_killed_at_any_step_and_resumed_the_backlog_ends_done_and_nothing_recorded_is_repeated(shape, kills, jobs):
    disk = Disk(backlog(shape))
    for length in kills:
        before = recorded_ends(disk)
        starts = len(disk.begun)
        run(disk, length, jobs=jobs)
        assert not set(before) & set(disk.begun[starts:])
    assert run(disk, None, jobs=jobs)

    assert {task.status for task in disk.file.tasks} == {Status.DONE}
    assert sorted(recorded_ends(disk)) == sorted(f"t{n}" for n in range(len(shape)))
    assert disk.journal.unwritten() == ()
    assert disk.journal.open_attempts() == ()
    for task in disk.file.tasks:
        attempts = disk.journal.attempts(task.id)
        assert [attempt.number for attempt in attempts] == list(range(len(attempts), 0, -1))
        assert {attempt.outcome.ending for attempt in attempts[1:]} <= {"interrupted"}


def test_every_single_step_of_a_small_run_can_be_its_last():
    shape = [set(), {0}, {0}, {1, 2}]
    length = 0
    while True:
        disk = Disk(backlog(shape))
        if run(disk, length):
            break
        ended = set(recorded_ends(disk))
        starts = len(disk.begun)
        assert run(disk, None)
        assert not ended & set(disk.begun[starts:])
        assert {task.status for task in disk.file.tasks} == {Status.DONE}
        length += 1
    assert length > 60


class Backlog(RuleBasedStateMachine):
    """Runs, kills, hand edits, cancellations and retries in any order, against what a person would expect."""

    @initialize(shape=shapes)
    def begin(self, shape):
        self.disk = Disk([self._with_retries(task) for task in backlog(shape)])
        #: What a hand said last, by task.
        self.by_hand = {}

    @staticmethod
    def _with_retries(task):
        from dataclasses import replace

        return replace(task, retries=Retry(limit=1), verify=("check",) if task.id == "t1" else ())

    @rule(length=st.integers(0, 150), failing=st.sets(st.sampled_from([f"c{n}" for n in range(7)]), max_size=2))
    def run_and_kill(self, length, failing):
        self._run(length, failing)

    @rule(failing=st.sets(st.sampled_from([f"c{n}" for n in range(7)]), max_size=2))
    def run_to_the_end(self, failing):
        assert self._run(None, failing)
        for task in self.disk.file.tasks:
            by_id = {other.id: other.status for other in self.disk.file.tasks}
            if task.status is Status.PENDING:
                assert any(by_id[name] is not Status.DONE for name in task.dependencies)
            assert task.status is not Status.IN_PROGRESS

    @rule(number=st.integers(0, 6), status=st.sampled_from([Status.PENDING, Status.CANCELLED, Status.DONE]))
    def edit(self, number, status):
        from dataclasses import replace

        tasks = self.disk.file.tasks
        target = f"t{number % len(tasks)}"
        # Between runs the journal may hold what the file does not show; a person edits what they see.
        if run_is_dead(self.disk):
            return
        self.disk.file.save_by_hand([replace(task, status=status) if task.id == target else task for task in tasks])
        self.by_hand[target] = status

    @rule()
    def add(self):
        tasks = self.disk.file.tasks
        self.disk.file.save_by_hand([*tasks, Task(id=f"t{len(tasks)}", description="new", command=f"c{len(tasks)}")])

    def _run(self, length, failing):
        ended = {task.id for task in self.disk.file.tasks if task.status is Status.DONE}
        starts = len(self.disk.begun)
        cancelled = {name for name, status in self.by_hand.items() if status is Status.CANCELLED}
        finished = run(self.disk, length, scripts={command: Script(duration=0.5, exit_code=1) for command in failing})
        started = set(self.disk.begun[starts:])
        assert not started & ended
        assert not started & cancelled
        return finished

    @invariant()
    def nothing_is_done_without_a_recorded_end_or_a_hand(self):
        if not hasattr(self, "disk"):
            return
        ended = set(recorded_ends(self.disk))
        for task in self.disk.file.tasks:
            if task.status is Status.DONE:
                assert task.id in ended or self.by_hand.get(task.id) is Status.DONE

    @invariant()
    def the_file_lists_every_task(self):
        if hasattr(self, "disk"):
            ids = [task.id for task in self.disk.file.tasks]
            assert ids == [f"t{n}" for n in range(len(ids))]


def run_is_dead(disk):
    return bool(disk.journal.dead_runs())


Backlog.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestBacklog = Backlog.TestCase
