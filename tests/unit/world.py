"""A repository in memory, and runs that work it off with the real loop, planner, executor and memory."""

from __future__ import annotations

from core.domain.runs.run_state import RunOptions
from core.domain.tasks.task import Task
from core.event_bus import EventBus
from core.executor import Executor, ExecutorSettings
from core.handlers import CommandHandler, Handlers
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.testing.clock import VirtualClock
from core.testing.journal import InMemoryJournal, InMemoryRunLock
from core.testing.logs import InMemoryLogStore
from core.testing.processes import ScriptedLauncher, ScriptedSignals
from core.testing.task_file import InMemoryTaskFile


def task(name, *deps, command="", **fields):
    command = f"run {name}" if command == "" else command
    return Task(id=name, description=f"do {name}", command=command, dependencies=deps, **fields)


class World:
    """A repository in memory: a file, a journal, a launcher; ``run`` works it off."""

    def __init__(self, tasks, scripts=None, during=None):
        self.clock = VirtualClock()
        self.file = InMemoryTaskFile(tasks)
        self.journal = InMemoryJournal()
        self.launcher = ScriptedLauncher(self.clock, scripts or {}, during=during)
        self.logs = InMemoryLogStore()
        self.lock = InMemoryRunLock()
        self.signals = ScriptedSignals()
        self.events = []
        self.tick = None
        self.runs = 0

    def run(self, reflect=None, **options):
        self.runs += 1
        run_id = f"r{self.runs}"
        options = RunOptions(**options)
        memory = Memory(file=self.file, journal=self.journal, clock=self.clock, run_id=run_id)
        executor = Executor(
            launcher=self.launcher,
            logs=self.logs,
            clock=self.clock,
            settings=ExecutorSettings(tasks_file="/repo/tasks.yml"),
            handlers=Handlers(CommandHandler("/repo", options.handlers)),
        )
        bus = EventBus()
        bus.subscribe(self.events.append, tick=self.tick)
        orchestrator = Orchestrator(
            options=options,
            memory=memory,
            runner=executor,
            lock=self.lock,
            signals=self.signals,
            clock=self.clock,
            bus=bus,
            pid=1,
            reflect=None if reflect is None else (lambda _passed: reflect(memory)),
        )
        return orchestrator.run()

    @property
    def statuses(self):
        return {entry.id: entry.status.value for entry in self.file.tasks}

    @property
    def commands(self):
        return self.launcher.commands

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]
