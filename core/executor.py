"""Launches attempts, watches them, settles outcomes. A task's failure is an outcome; an exception is a failure of ours.

An attempt is one or more phases in one log: the command (none for a goal), then each check. A phase ends when its
whole process tree is gone: what a command leaves behind is terminated, after ``grace`` seconds killed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.attempt_text import ending_words, footer, header, shown
from core.domain.runs.attempt_work import environment, phases
from core.domain.runs.outcome import Ending, Outcome
from core.domain.tasks.task import Task
from core.ports.clock import Clock
from core.ports.processes import CommandNotStarted, Exit, Launch, Launcher, Log, LogStore

#: Seconds between looks at the size of the logs, and between looks at a tree that has been told to end.
_LOOK = 0.1
_DRAIN_LOOK = 0.02

#: Seconds in which helpers of a command (a resource tracker, a tee behind a pipe) may end by themselves after it.
_LINGER = 0.2


@dataclass(slots=True, kw_only=True)
class _Live:
    """An attempt under way."""

    attempt: Attempt
    task: Task
    log: Log
    phases: tuple[Phase, ...]
    begun: float
    deadline: float | None
    phase: int = 0
    handle: int | None = None
    #: The leader of the present phase has ended; its tree may live on.
    exit: Exit | None = None
    #: Why the tree was told to end, when it was not its own idea.
    ordered: tuple[Ending, str] | None = None
    #: Until when what the leader left may end by itself.
    linger_until: float | None = None
    #: When TERM turns into KILL.
    kill_at: float | None = None
    left_behind: int = 0
    cpu: float = 0.0
    peak_memory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorSettings:
    """What an Executor needs to know of the settings."""

    #: Absolute path of the repository.
    root: str
    #: Path of the tasks file, told to the commands.
    tasks_file: str
    #: Variables for every process; a task's own are stronger.
    variables: Mapping[str, str] = field(default_factory=dict)
    #: Seconds between TERM and KILL.
    grace: float = 5.0
    #: Seconds; for tasks that set none. None: no limit.
    timeout: float | None = None
    handlers: Mapping[str, str] = field(default_factory=dict)
    #: Hears the variables of each task before anything is written of it; ``mask`` then takes the secrets out of what is.
    learn: Callable[[Mapping[str, str]], None] = lambda _variables: None
    mask: Callable[[str], str] = str
    #: What runs a plugin, before its name: the work of a task with ``plugin`` is a process like any other.
    plugin_command: tuple[str, ...] = ("orchestrator", "plugins", "run")


class Executor:
    """Runs attempts through a Launcher. One thread, any number of attempts at once."""

    def __init__(self, *, launcher: Launcher, logs: LogStore, clock: Clock, settings: ExecutorSettings) -> None:
        self._launcher = launcher
        self._logs = logs
        self._clock = clock
        self._settings = settings
        self._live: dict[str, _Live] = {}
        self._by_handle: dict[int, _Live] = {}
        self._ended: list[Attempt] = []
        self._looked = 0.0

    @property
    def running(self) -> tuple[str, ...]:
        """Ids of the tasks with an attempt under way, in the order of their starts."""
        return tuple(self._live)

    @property
    def busy(self) -> bool:
        """Whether ``wait`` has something to return, now or later."""
        return bool(self._live or self._ended)

    def prepare(self, task: Task, *, run_id: str, number: int) -> Attempt:
        """Open the attempt's log and return the attempt as it is to be recorded before ``launch``.

        Raises StorageError when the log cannot be created.
        """
        self._settings.learn(task.env)
        started = self._clock.now()
        log = self._logs.open(Attempt(run_id=run_id, task_id=task.id, number=number, started=started))
        attempt = Attempt(run_id=run_id, task_id=task.id, number=number, started=started, log=log.path)
        begun = self._clock.monotonic()
        timeout = task.timeout if task.timeout is not None else self._settings.timeout
        self._live[task.id] = _Live(
            attempt=attempt,
            task=task,
            log=log,
            phases=phases(task, self._settings.handlers, self._settings.plugin_command),
            begun=begun,
            deadline=None if timeout is None else begun + timeout,
        )
        return attempt

    def launch(self, task_id: str) -> None:
        """Start the first phase of a prepared attempt."""
        live = self._live[task_id]
        self._note(live, header(live.attempt, live.phases, self._cwd(live.task)))
        self._start_phase(live)

    def wait(self, timeout: float) -> tuple[Attempt, ...]:
        """Return the attempts that ended, each with its outcome, waiting at most ``timeout`` seconds for the first."""
        if not self._ended:
            for exit_ in self._launcher.wait(min(timeout, self._patience())):
                self._leader_ended(exit_)
            self._look()
        ended, self._ended = tuple(self._ended), []
        return ended

    def stop(self, task_id: str, ending: Ending, reason: str) -> None:
        """Tell an attempt's tree to end (TERM, after ``grace`` seconds KILL); its outcome will be ``ending``."""
        live = self._live.get(task_id)
        if live is None or live.ordered is not None:
            return
        live.ordered = (ending, reason)
        if live.handle is None:
            self._finish(live, live.ordered)  # prepared and never launched
        else:
            self._terminate(live, live.handle)

    def stop_all(self, reason: str, *, now: bool = False) -> None:
        """Stop every attempt as interrupted; with ``now`` the trees are killed at once."""
        for task_id, live in list(self._live.items()):
            self.stop(task_id, Ending.INTERRUPTED, reason)
            if now:
                live.kill_at = self._clock.monotonic()

    def prune(self) -> None:
        """Remove the logs that retention no longer keeps."""
        self._logs.prune()

    # -- phases --------------------------------------------------------------------------------------------------

    def _start_phase(self, live: _Live) -> None:
        phase = live.phases[live.phase]
        if phase.is_check:
            self._note(live, f"verify: {shown(phase.command)}")
        launch = Launch(
            command=phase.command,
            cwd=self._cwd(live.task),
            env={**self._settings.variables, **environment(live.task, live.attempt, self._settings.tasks_file)},
            output=live.log.output,
            run_id=live.attempt.run_id,
        )
        live.exit, live.kill_at, live.linger_until = None, None, None
        try:
            live.handle = self._launcher.start(launch)
        except CommandNotStarted as refusal:
            self._finish(live, _judge(phase, refusal.reason), refusal.exit_code)
            return
        self._by_handle[live.handle] = live

    def _leader_ended(self, exit_: Exit) -> None:
        live = self._by_handle.get(exit_.handle)
        if live is None:
            return
        live.exit = exit_
        live.cpu += exit_.cpu
        live.peak_memory = max(live.peak_memory, exit_.peak_memory)
        if self._launcher.survivors(exit_.handle) == 0:
            self._phase_ended(live)
        elif live.kill_at is None:
            live.linger_until = self._clock.monotonic() + _LINGER

    def _phase_ended(self, live: _Live) -> None:
        """The whole tree is gone: go on with the next check, or settle."""
        assert live.exit is not None
        self._forget(live)
        phase = live.phases[live.phase]
        if live.ordered is not None:
            self._finish(live, live.ordered, live.exit.exit_code)
        elif live.exit.exit_code != 0:
            self._finish(live, _judge(phase, ending_words(live.exit.exit_code, live.exit.signal)), live.exit.exit_code)
        elif live.phase + 1 < len(live.phases):
            live.phase += 1
            self._start_phase(live)
        else:
            self._finish(live, (Ending.SUCCEEDED, "every check passed" if phase.is_check else "exit 0"), 0)

    def _finish(self, live: _Live, verdict: tuple[Ending, str], exit_code: int | None = None) -> None:
        ending, reason = verdict[0], self._settings.mask(verdict[1])
        duration = self._clock.monotonic() - live.begun
        if live.left_behind:
            reason += f"; {live.left_behind} process{'es' if live.left_behind > 1 else ''} left behind, terminated"
        left_out = live.log.trim()
        self._note(live, footer(ending, reason, duration, live.cpu, live.peak_memory, left_out))
        outcome = Outcome(
            ending=ending,
            reason=reason,
            exit_code=exit_code,
            duration=duration,
            cpu=live.cpu,
            peak_memory=live.peak_memory,
            cost=live.task.cost if any(not phase.is_check for phase in live.phases) else 0.0,
            log=live.attempt.log,
            log_digest=live.log.close(),
            verified=ending is Ending.SUCCEEDED and live.phases[-1].is_check,
        )
        del self._live[live.task.id]
        self._ended.append(replace(live.attempt, outcome=outcome))

    # -- trees ---------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Keep deadlines, turn TERM into KILL, notice trees that are gone, keep logs under their limit."""
        now = self._clock.monotonic()
        for live in list(self._live.values()):
            if live.handle is None:
                continue
            if live.deadline is not None and now >= live.deadline and live.ordered is None:
                timeout = live.deadline - live.begun
                self.stop(live.task.id, Ending.TIMED_OUT, f"timed out after {timeout:g} s")
            if live.kill_at is not None or live.linger_until is not None:
                self._drain(live, live.handle, now)
        if now - self._looked >= _LOOK:
            self._looked = now
            for live in self._live.values():
                live.log.trim()

    def _drain(self, live: _Live, handle: int, now: float) -> None:
        """See a tree to its end: what lingers is terminated, what does not heed that is killed."""
        survivors = self._launcher.survivors(handle)
        if live.exit is not None and survivors == 0:
            self._phase_ended(live)
        elif live.kill_at is not None:
            if now >= live.kill_at:
                self._launcher.signal(handle, signal.SIGKILL)
        elif live.linger_until is not None and now >= live.linger_until:
            live.left_behind = survivors
            self._terminate(live, handle)

    def _terminate(self, live: _Live, handle: int) -> None:
        self._launcher.signal(handle, signal.SIGTERM)
        # A stopped process would sit on its TERM for ever.
        self._launcher.signal(handle, signal.SIGCONT)
        live.kill_at = self._clock.monotonic() + self._settings.grace

    def _forget(self, live: _Live) -> None:
        if live.handle is not None:
            self._by_handle.pop(live.handle, None)
            self._launcher.forget(live.handle)
            live.handle = None

    def _patience(self) -> float:
        """Return how long nothing has to be looked at."""
        if not self._live:
            return float("inf")
        if any(live.kill_at is not None or live.linger_until is not None for live in self._live.values()):
            return _DRAIN_LOOK
        deadlines = [live.deadline for live in self._live.values() if live.deadline is not None]
        until = min(deadlines) - self._clock.monotonic() if deadlines else _LOOK
        return max(0.0, min(until, _LOOK))

    def _note(self, live: _Live, text: str) -> None:
        live.log.note(self._settings.mask(text))

    def _cwd(self, task: Task) -> str:
        return str(PurePath(self._settings.root, task.cwd)) if task.cwd else self._settings.root


def _judge(phase: Phase, words: str) -> tuple[Ending, str]:
    if phase.is_check:
        return Ending.FAILED_VERIFY, f"check failed: {shown(phase.command)}: {words}"
    return Ending.FAILED, words
