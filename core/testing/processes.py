"""In-memory twins of the ports ``Launcher`` and ``StopSignals``."""

from __future__ import annotations

import math
import signal as signals
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.runs.reasons import Reason
from core.ports.processes import CommandNotStarted, Exit, Launch
from core.testing.clock import VirtualClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a command does when it is started."""

    #: Seconds until its first process ends; ``inf`` hangs.
    duration: float = 0.0
    exit_code: int = 0
    #: The signal it dies of by itself, instead of ``exit_code``.
    signal: int | None = None
    #: Processes of its that live on when the first one has ended.
    leftovers: int = 0
    #: Its whole tree ends only by KILL.
    ignores_term: bool = False
    cpu: float = 0.0
    #: Bytes.
    peak_memory: int = 0
    #: The system refuses to start it, for this reason and with ``exit_code``.
    refused: Reason | None = None


#: For ever, until it is told to end.
HANG = Script(duration=math.inf)

Scripts = Mapping[str, Script | Sequence[Script]]


@dataclass(slots=True, kw_only=True)
class _Tree:
    launch: Launch
    script: Script
    ends: float
    #: The signal it was killed by, when it was.
    killed_by: int | None = None
    leader: bool = True
    leftovers: int = 0
    stopped: bool = False
    #: A signal that a stopped process has not seen yet.
    pending: int | None = None

    def alive(self, now: float) -> int:
        return int(self.leader and (self.stopped or self.ends > now)) + self.leftovers

    def end(self, now: float, number: int) -> None:
        if self.leader and (self.stopped or self.ends > now):
            self.ends, self.killed_by = now, number
        self.leftovers, self.stopped = 0, False


class ScriptedLauncher:
    """Plays scripts on a virtual clock: ``wait`` lets the time pass until the next exit.

    ``scripts`` says what each command does, by its text (an argv joined by spaces); a sequence is played one a
    start, its last script for ever after. ``default`` is for all others. ``during`` is called with each launch: what
    a command does to the world (a file that changes, a stop signal that arrives).
    """

    def __init__(
        self,
        clock: VirtualClock,
        scripts: Scripts | None = None,
        *,
        default: Script | None = None,
        during: Callable[[Launch], None] | None = None,
    ) -> None:
        self._clock = clock
        self._scripts = {command: (script,) if isinstance(script, Script) else tuple(script) for command, script in (scripts or {}).items()}
        self._default = default or Script()
        self._during = during
        self._plays: dict[str, int] = {}
        self._trees: dict[int, _Tree] = {}
        #: Seconds; set by a test that suspends the tool.
        self.suspended = 0.0
        #: What ``notices`` returns next.
        self.noticed: list[str] = []
        self._alarms: list[tuple[float, Callable[[], None]]] = []
        self._woken = False
        #: Every launch that was not refused, in order.
        self.started: list[Launch] = []
        #: Every signal sent: handle, number.
        self.sent: list[tuple[int, int]] = []
        #: Every run id swept, and what a sweep finds there.
        self.swept: list[str] = []
        self.left_by_dead_runs: dict[str, int] = {}
        #: The most trees that were ever alive at once.
        self.most_at_once = 0
        self.closed = False

    @property
    def commands(self) -> list[str]:
        """The text of each command started, in order."""
        return [text(launch.command) for launch in self.started]

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Call ``action`` during the ``wait`` that passes ``seconds`` from now; it may call ``wake``."""
        self._alarms.append((self._clock.monotonic() + seconds, action))
        self._alarms.sort(key=lambda alarm: alarm[0])

    def start(self, launch: Launch) -> int:
        command = text(launch.command)
        script = self._next_script(command)
        if script.refused is not None:
            raise CommandNotStarted(script.refused, script.exit_code or 127)
        handle = len(self.started) + 1
        self.started.append(launch)
        ends = self._clock.monotonic() + script.duration
        self._trees[handle] = _Tree(launch=launch, script=script, ends=ends, leftovers=script.leftovers)
        self.most_at_once = max(self.most_at_once, sum(tree.leader for tree in self._trees.values()))
        if self._during is not None:
            self._during(launch)
        return handle

    def wait(self, timeout: float | None) -> tuple[Exit, ...]:
        deadline = math.inf if timeout is None else self._clock.monotonic() + max(0.0, timeout)
        while True:
            exits = self._exits()
            if exits or self._woken or self._clock.monotonic() >= deadline:
                self._woken = False
                return exits
            self._pass_until(min(deadline, self._next_moment()))

    def wake(self) -> None:
        self._woken = True

    def signal(self, handle: int, number: int) -> int:
        tree, now = self._trees[handle], self._clock.monotonic()
        reached = tree.alive(now)
        self.sent.append((handle, number))
        if number == signals.SIGSTOP:
            tree.stopped = True
        elif number == signals.SIGCONT:
            tree.stopped = False
            if tree.pending is not None:
                tree.end(now, tree.pending)
        elif number == signals.SIGKILL:
            tree.end(now, number)
        elif number != 0 and not tree.script.ignores_term:
            if tree.stopped:
                tree.pending = number
            else:
                tree.end(now, number)
        return reached

    def survivors(self, handle: int) -> int:
        return self._trees[handle].alive(self._clock.monotonic())

    def forget(self, handle: int) -> None:
        self._trees.pop(handle, None)

    def notices(self) -> tuple[str, ...]:
        noticed, self.noticed = tuple(self.noticed), []
        return noticed

    def kill_remaining(self, run_id: str) -> int:
        self.swept.append(run_id)
        return self.left_by_dead_runs.pop(run_id, 0)

    def close(self) -> None:
        self._trees.clear()
        self.closed = True

    # -- inside --------------------------------------------------------------------------------------------------

    def _next_script(self, command: str) -> Script:
        scripts = self._scripts.get(command, (self._default,))
        play = self._plays.get(command, 0)
        self._plays[command] = play + 1
        return scripts[min(play, len(scripts) - 1)]

    def _next_moment(self) -> float:
        ends = [tree.ends for tree in self._trees.values() if tree.leader and not tree.stopped]
        return min([*ends, *(moment for moment, _ in self._alarms[:1])], default=math.inf)

    def _pass_until(self, moment: float) -> None:
        if moment == math.inf:
            raise RuntimeError("this wait would never return: nothing ends, no alarm is set, no timeout was given")
        self._clock.advance(max(0.0, moment - self._clock.monotonic()))
        while self._alarms and self._alarms[0][0] <= self._clock.monotonic():
            self._alarms.pop(0)[1]()

    def _exits(self) -> tuple[Exit, ...]:
        now = self._clock.monotonic()
        due = [(handle, tree) for handle, tree in self._trees.items() if tree.leader and not tree.stopped and tree.ends <= now]
        due.sort(key=lambda item: item[1].ends)
        return tuple(_end(handle, tree) for handle, tree in due)


def text(command: str | tuple[str, ...]) -> str:
    """Return a command as the key it has in ``scripts``."""
    return command if isinstance(command, str) else " ".join(command)


def _end(handle: int, tree: _Tree) -> Exit:
    tree.leader = False
    script = tree.script
    number = tree.killed_by or script.signal
    return Exit(
        handle=handle, exit_code=None if number else script.exit_code, signal=number, cpu=script.cpu, peak_memory=script.peak_memory
    )


class ScriptedSignals:
    """Has received what it was told to: ``send`` is what ``kill`` does to the real one."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = list(numbers)

    def send(self, number: int = signals.SIGTERM) -> None:
        self._numbers.append(number)

    def received(self) -> int | None:
        return self._numbers[0] if self._numbers else None

    def count(self) -> int:
        return len(self._numbers)
