"""Granted plugins as listeners: one process each, fed by a thread of its own, so that a slow one delays neither the run nor the others."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from core.domain.plugins.configuration import PluginConfiguration
from core.domain.plugins.plugin import ProvisionKind
from core.errors import OrchestratorError
from core.event_values import name_of, to_json
from core.events import Event
from core.plugins.host.grant import granted, one_line
from core.plugins.host.plugin_host import OpenPlugin, PluginHost
from core.ports.sandbox import Conversation

#: Events that may wait for one listener.
ROOM = 10_000
#: Seconds for all listeners together to take the events left when the run has ended, and when it was cancelled.
CLOSE_SECONDS = 10.0
CANCELLED_SECONDS = 0.5
#: Seconds within which a killed listener's thread has noticed, but for a machine in trouble.
_NOTICING = 10.0
_CHECK_EVERY = 0.05
#: Seconds between two checks of the resources that an idle listener uses.
_WATCH_EVERY = 1.0


class PluginListeners:
    """An EventSink that sends every granted listener the events it names, in order and once each. Use from one thread.

    They are started by the first event. ``problems`` returns what went wrong since its last call; ``close`` ends them.
    """

    def __init__(
        self, open_host: Callable[[], PluginHost], configuration: Callable[[str], PluginConfiguration], *, room: int = ROOM
    ) -> None:
        self._open_host = open_host
        self._configuration = configuration
        self._room = room
        self._listeners: list[_Listener] | None = None
        self._problems: list[str] = []

    def __call__(self, event: Event) -> None:
        name = name_of(event)
        if self._listeners is None:
            self._listeners = self._started()
        for listener in self._listeners:
            listener.emit(name, event)

    def problems(self) -> tuple[str, ...]:
        """Return problems for a person, a sentence each; every sentence once."""
        found = [*self._problems, *(line for listener in self._listeners or () for line in listener.new_problems())]
        self._problems.clear()
        return tuple(found)

    def close(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Let the listeners take the events that wait, then end them: nothing of them is left. A second call does nothing."""
        listeners = self._listeners or []
        for listener in listeners:
            listener.finish()
        began = time.monotonic()
        while busy := [listener for listener in listeners if listener.busy]:
            if time.monotonic() >= began + (CANCELLED_SECONDS if cancelled() else CLOSE_SECONDS):
                break
            busy[0].wait(_CHECK_EVERY)
        for listener in listeners:
            listener.end()

    def _started(self) -> list[_Listener]:
        try:
            host = self._open_host()
        except OrchestratorError as error:
            self._problems.append(one_line(error))
            return []
        manifests, problems = granted(host, ProvisionKind.LISTENER)
        self._problems += problems
        listeners = []
        for manifest in manifests:
            provision = manifest.provision(ProvisionKind.LISTENER)
            wanted = frozenset(provision.events if provision else ())
            listeners.append(_Listener(host, manifest.id, wanted, self._configuration(manifest.id), self._room))
        for listener in listeners:
            listener.wait_ready()
        return listeners


class _Listener:
    """One plugin, its process and its thread. A process in the strong sandbox dies with the thread that started it."""

    def __init__(self, host: PluginHost, name: str, wanted: frozenset[str], configuration: PluginConfiguration, room: int) -> None:
        self._host = host
        self._name = name
        self._wanted = wanted
        self._configuration = configuration
        self._room = room
        #: None: there are no more events.
        self._waiting: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._session: Conversation | None = None
        self._problem = ""
        #: Events it did not get: dropped before the queue, and failed in the thread.
        self._dropped = 0
        self._failed = 0
        self._problem_returned = False
        self._killed = False
        self._finishing = False
        self._thread = threading.Thread(target=self._run, name=f"listener {name}", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self._thread.is_alive()

    def wait_ready(self) -> None:
        """Wait until it runs or is refused: the host must start no process while tasks are being launched."""
        self._ready.wait()

    def emit(self, name: str, event: Event) -> None:
        if self._wanted and name not in self._wanted:
            return
        if not self.busy or self._waiting.qsize() >= self._room:
            self._dropped += 1
        else:
            self._waiting.put(event)

    def finish(self) -> None:
        if not self._finishing:
            self._finishing = True
            self._waiting.put(None)

    def wait(self, seconds: float) -> None:
        self._thread.join(seconds)

    def end(self) -> None:
        """Kill it if it has not ended by itself."""
        session = self._session
        if self.busy and session is not None:
            self._killed = True
            session.kill()
            self._thread.join(_NOTICING)

    def new_problems(self) -> tuple[str, ...]:
        found = []
        if self._problem and not self._problem_returned:
            self._problem_returned = True
            found.append(self._problem)
        if self._finishing and not self.busy:
            while not self._waiting.empty():
                self._dropped += self._waiting.get() is not None
        lost = self._dropped + self._failed
        if self._finishing and lost:
            found.append(f"plugin {self._name}: {lost} {'event was' if lost == 1 else 'events were'} not told")
            self._dropped = self._failed = 0
        return tuple(found)

    # -- in its thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with self._host.open(self._name, ProvisionKind.LISTENER) as opened:
                self._session = opened.session
                self._ready.set()
                self._feed(opened)
                self._session = None
        except OrchestratorError as error:
            self._problem = self._problem or one_line(error)
        finally:
            self._session = None
            self._ready.set()

    def _feed(self, opened: OpenPlugin) -> None:
        while (event := self._next(opened.session)) is not None:
            answer = opened.call({"event": to_json(event)}, self._configuration)
            if answer.ok:
                continue
            self._failed += 1
            problem = "it was ended before it had taken every event" if self._killed else answer.problem
            self._problem = self._problem or f"plugin {self._name}: {problem}"
            if opened.session.ended:
                return

    def _next(self, session: Conversation) -> Event | None:
        """Wait for an event; meanwhile the limits of a call hold for the plugin. None: there are no more."""
        while True:
            try:
                return self._waiting.get(timeout=_WATCH_EVERY)
            except queue.Empty:
                problem = session.watch()
            if problem:
                self._problem = self._problem or f"plugin {self._name}: {problem}"
                return None
