"""Process trees from their start until nothing of them lives: what a command leaves behind is terminated, in the end killed."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from core.ports.clock import Clock
from core.ports.processes import Exit, Launch, Launcher

#: Seconds between looks at a tree that is being ended.
_DRAIN_INTERVAL = 0.02

#: Seconds in which helpers of a command (a resource tracker, a tee behind a pipe) may end by themselves after it.
_LINGER = 0.2


@dataclass(slots=True, kw_only=True)
class _Tree:
    handle: int
    #: How its first process ended; others may live on.
    exit: Exit | None = None
    #: Until when what the first process left may end by itself (monotonic seconds).
    linger_until: float | None = None
    #: When TERM turns into KILL (monotonic seconds).
    kill_at: float | None = None
    left_behind: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEnd:
    """A tree of which nothing lives any more."""

    exit: Exit
    #: Processes that outlived the first one and had to be terminated.
    left_behind: int


class ProcessTrees:
    """Starts processes through a Launcher and reports each one when its whole tree is gone."""

    def __init__(self, launcher: Launcher, clock: Clock, grace: float) -> None:
        """``grace``: seconds between TERM and KILL."""
        self._launcher = launcher
        self._clock = clock
        self._grace = grace
        self._trees: dict[int, _Tree] = {}
        #: Those that are being ended, or whose first process has ended.
        self._draining: dict[int, _Tree] = {}
        #: Those that are gone and were not returned yet.
        self._gone: list[TreeEnd] = []

    def start(self, launch: Launch) -> int:
        """Start a process; return its handle. Raises CommandNotStarted."""
        handle = self._launcher.start(launch)
        self._trees[handle] = _Tree(handle=handle)
        return handle

    def wait(self, timeout: float) -> list[TreeEnd]:
        """Return the trees that are gone, waiting at most ``timeout`` seconds; may return early and empty."""
        for exit_ in self._launcher.wait(min(timeout, _DRAIN_INTERVAL) if self._draining else timeout):
            tree = self._trees.get(exit_.handle)
            if tree is None:
                continue
            tree.exit = exit_
            if self._launcher.survivors(exit_.handle) == 0:
                self._remove(tree, exit_)
            elif tree.kill_at is None:
                tree.linger_until = self._clock.monotonic() + _LINGER
                self._draining[tree.handle] = tree
        if self._draining:
            now = self._clock.monotonic()
            for tree in list(self._draining.values()):
                self._drain(tree, now)
        gone, self._gone = self._gone, []
        return gone

    def terminate(self, handle: int) -> None:
        """Send TERM to a tree; after the grace period it is killed. Does nothing for one that is gone."""
        tree = self._trees.get(handle)
        if tree is None:
            return
        self._launcher.signal(handle, signal.SIGTERM)
        # A stopped process would never handle its TERM.
        self._launcher.signal(handle, signal.SIGCONT)
        tree.kill_at = self._clock.monotonic() + self._grace
        self._draining[handle] = tree

    def kill_soon(self, handle: int) -> None:
        """End the grace period of a tree that was terminated."""
        tree = self._trees.get(handle)
        if tree is not None:
            tree.kill_at = self._clock.monotonic()

    def _drain(self, tree: _Tree, now: float) -> None:
        survivors = self._launcher.survivors(tree.handle)
        if tree.exit is not None and survivors == 0:
            self._remove(tree, tree.exit)
        elif tree.kill_at is not None:
            if now >= tree.kill_at:
                self._launcher.signal(tree.handle, signal.SIGKILL)
        elif tree.linger_until is not None and now >= tree.linger_until:
            tree.left_behind = survivors
            self.terminate(tree.handle)

    def _remove(self, tree: _Tree, exit_: Exit) -> None:
        self._gone.append(TreeEnd(exit=exit_, left_behind=tree.left_behind))
        del self._trees[tree.handle]
        self._draining.pop(tree.handle, None)
        self._launcher.forget(tree.handle)
