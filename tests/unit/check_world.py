"""A repository in memory whose tasks change files and whose checks look at them, and what was observed of its runs.

What is observed is what processes did: when each started and ended, how, and which files there were. Nothing of it comes from the loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core import events
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.task import Status
from core.event_bus import EventBus
from core.executor import Executor, ExecutorSettings
from core.handlers import CommandHandler, Handlers
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.testing.check_inputs import InMemoryCheckInputs
from core.testing.clock import VirtualClock
from core.testing.journal import InMemoryJournal, InMemoryRunLock
from core.testing.logs import InMemoryLogStore
from core.testing.processes import Script, ScriptedLauncher, ScriptedSignals, text
from core.testing.task_file import InMemoryTaskFile
from tests.unit.test_recovery import Fuse, Fused, Killed

PATHS = ("a.py", "b.py", "c.py")
#: A check of a file with this text fails.
BROKEN = "broken"
#: More starts or waits than this in one run mean that it never ends.
_MOST = 3000


@dataclass(kw_only=True)
class Behaviour:
    """What the command of a task does."""

    duration: float = 1.0
    #: Changes of files: seconds after the start, path, text.
    changes: tuple[tuple[float, str, str], ...] = ()
    #: How many of its first attempts in this repository fail, whatever the files are.
    fails_first: int = 0
    always_fails: bool = False
    #: Files that it fails on when one of them is broken.
    looks_at: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Process:
    """One process that was started."""

    handle: int
    task_id: str
    #: Its entry, and how it was started.
    command: str
    is_check: bool
    run: int
    #: Positions in the order of everything that was observed; ``ended`` is None while it lives.
    started: int
    ended: int | None = None
    #: Files before the launches of its moment, and after its end: what is changed and put back in between does not show.
    files: dict[str, str] = field(default_factory=dict)
    files_after: dict[str, str] = field(default_factory=dict)
    exit_code: int | None = None

    @property
    def passed(self) -> bool:
        return self.exit_code == 0


class Launcher(ScriptedLauncher):
    """Decides at the start of a process how it ends, by the files there are, and writes down what happens."""

    def __init__(self, world, clock):
        super().__init__(clock, during=self._begin)
        self._world, self._calls = world, 0

    def _next_script(self, command):
        behaviour = self._world.behaviour(command)
        plays = self._world.plays[command] = self._world.plays.get(command, 0) + 1
        failed = behaviour.always_fails or plays <= behaviour.fails_first
        failed = failed or any(self._world.files[path] == BROKEN for path in behaviour.looks_at)
        return Script(duration=behaviour.duration, exit_code=int(failed))

    def _begin(self, launch):
        world, handle = self._world, len(self.started)
        assert handle < _MOST, "the run never ends"
        command = text(launch.command)
        process = world.note_start(handle, launch.env["ORCHESTRATOR_TASK_ID"], command, self._clock.now())
        for after, path, content in world.behaviour(command).changes:
            self._change(process, after, path, content)

    def _change(self, process, after, path, content):
        if after == 0.0:
            self._world.change(path, content)
        else:
            self.at(after, lambda: self._world.change(path, content) if process.ended is None else None)

    def wait(self, timeout):
        self._calls += 1
        assert self._calls < _MOST, "the run never ends"
        exits = super().wait(timeout)
        for each in exits:
            self._world.note_end(each.handle, each.exit_code)
        return exits


class WatchedFile(InMemoryTaskFile):
    """Fails when the tool writes a status of a check that nobody gave it."""

    def __init__(self, tasks):
        super().__init__(tasks)
        self.note_hand()

    def note_hand(self):
        self.given = {task.id: task.status for task in self.tasks if task.check}

    def save_by_hand(self, tasks):
        super().save_by_hand(tasks)
        self.note_hand()

    def write(self, edits):
        result = super().write(edits)
        self.watch()
        return result

    def watch(self):
        shown = {task.id: task.status for task in self.tasks if task.check}
        assert shown == self.given, f"statuses of checks in the file: {shown}, given by a person: {self.given}"


class CheckWorld:
    """``behaviours`` by command. ``run`` works the backlog off; a killed run leaves what was durable."""

    def __init__(self, tasks, behaviours):
        self.files = dict.fromkeys(PATHS, "0")
        self.file, self.journal = WatchedFile(tasks), InMemoryJournal()
        self._behaviours = behaviours
        self.processes: list[Process] = []
        self.alive: dict[int, Process] = {}
        self.plays: dict[str, int] = {}
        self.runs, self.order = 0, 0
        #: Files before the first launch of a moment.
        self._moment: tuple[float, dict[str, str]] = (0.0, {})
        self.events: list[events.Event] = []

    def run(self, *, fuse=None, edits=(), signals=(), **options):
        """Run once; return the summary, None where it was killed at call number ``fuse``.

        ``edits`` are saves of the tasks file: seconds after the start, and what makes new entries of the old ones.
        """
        self.runs += 1
        self.alive, self.events, clock = {}, [], VirtualClock(1000.0 * self.runs)
        fuse = Fuse(self, fuse)
        self.inputs = InMemoryCheckInputs(self.files)
        launcher = Launcher(self, clock)
        sent = ScriptedSignals()
        for after, edit in edits:
            launcher.at(after, lambda edit=edit: self.file.save_by_hand(edit(self.file.tasks)))
        for after, number in signals:
            launcher.at(after, lambda number=number: (sent.send(number), launcher.wake()))
        bus = EventBus()
        bus.subscribe(self.events.append)
        memory = Memory(file=Fused(self.file, fuse), journal=Fused(self.journal, fuse), clock=clock, run_id=f"r{self.runs}")
        executor = Executor(
            launcher=Fused(launcher, fuse),
            logs=InMemoryLogStore(),
            clock=clock,
            settings=ExecutorSettings(tasks_file="tasks.yml"),
            handlers=Handlers(CommandHandler("/repo")),
        )
        orchestrator = Orchestrator(
            options=RunOptions(**options),
            memory=memory,
            runner=executor,
            lock=InMemoryRunLock(),
            signals=sent,
            clock=clock,
            bus=bus,
            pid=1,
            inputs=self.inputs,
        )
        try:
            last = orchestrator.run()
        except Killed:
            self.file, self.journal = fuse.copy
            self.alive = {}
            return None
        self.file.watch()
        return last

    def __repr__(self):
        tasks = [
            (
                task.id,
                task.command,
                task.status.value,
                "needs",
                task.dependencies,
                "sources",
                task.sources,
                task.priority,
                task.retries.limit,
            )
            for task in self.file.tasks
        ]
        return "\n".join(["", *map(str, tasks), *map(str, self._behaviours.items()), *map(str, self.processes), str(self.files)])

    # -- what happens ----------------------------------------------------------------------------------------------------

    def behaviour(self, command):
        return self._behaviours[command]

    def change(self, path, content):
        if self.files[path] == content:
            return
        self.files[path] = content
        self.inputs.files[path] = content

    def note_start(self, handle, task_id, command, now):
        self.order += 1
        if self._moment[0] != now:
            self._moment = (now, dict(self.files))
        process = Process(
            handle=handle,
            task_id=task_id,
            command=command,
            is_check=command.startswith("check"),
            run=self.runs,
            started=self.order,
            files=self._moment[1],
        )
        self.processes.append(process)
        self.alive[handle] = process
        return process

    def note_end(self, handle, exit_code):
        self.order += 1
        process = self.alive.pop(handle)
        process.ended, process.exit_code, process.files_after = self.order, exit_code, dict(self.files)

    @property
    def entries(self):
        return {task.id: task for task in self.file.tasks}

    def of_run(self, task_id=None):
        """Return the processes of the last run, of one task or all, in the order of their starts."""
        return [each for each in self.processes if each.run == self.runs and task_id in (None, each.task_id)]


@dataclass(frozen=True, kw_only=True)
class Change:
    """An edit of one entry."""

    task_id: str
    fields: dict[str, object]

    def __call__(self, tasks):
        return [replace(task, **self.fields) if task.id == self.task_id else task for task in tasks]


@dataclass(frozen=True, kw_only=True)
class Removal:
    """An edit that removes an entry, unless another one depends on it."""

    task_id: str

    def __call__(self, tasks):
        needed = any(self.task_id in task.dependencies for task in tasks)
        return [task for task in tasks if task.id != self.task_id or needed]


def is_off(task):
    return task.status is Status.CANCELLED
