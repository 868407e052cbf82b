"""One running plugin: a confined process that answers calls, one JSON line each, until it is closed, killed or out of time."""

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.plugins.sandbox.network_proxy import NetworkProxy
from core.plugins.sandbox.resource_use import LOOK_EVERY, SpaceWatch, kill_group, tasks_in_group
from core.schema.json_reader import parse_json

LARGEST_LINE = 1024 * 1024
LARGEST_LOG = 256 * 1024
#: Seconds to wait for killed processes to end.
_KILL_SECONDS = 2.0
#: bubblewrap's own two processes belong to the group.
_OVERHEAD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one call. A plugin's failure is an answer, never an exception."""

    #: What the plugin returned; None when ``problem`` says why there is nothing.
    result: Any = None
    #: One sentence for a person; empty when it answered.
    problem: str = ""
    #: Whether it ran longer than its permission and was killed.
    timed_out: bool = False
    #: What it wrote to stdout and stderr, up to 256 KiB.
    log: str = ""
    #: Seconds.
    duration: float = 0.0

    @property
    def ok(self) -> bool:
        return not self.problem


@dataclass(slots=True, kw_only=True)
class Session:
    """Conversation with a confined process. Use it from the thread that opened it: bubblewrap dies with that thread."""

    process: subprocess.Popen[bytes]
    proxy: NetworkProxy | None
    space: SpaceWatch
    #: Processes and threads it may have.
    pids: int
    #: Called with what the plugin writes, as it comes.
    on_log: Callable[[bytes], None] | None = None
    _lines: bytearray = field(default_factory=bytearray)
    _log: bytearray = field(default_factory=bytearray)
    _lost: int = 0

    def send(self, message: Mapping[str, Any], seconds: float) -> str:
        """Send one line within ``seconds``; return why that was not possible, or an empty string."""
        if self.proxy:
            self.proxy.renew()
        return self.send_bytes(json.dumps(message, allow_nan=False).encode() + b"\n", seconds)

    def send_bytes(self, content: bytes, seconds: float) -> str:
        """Send bytes within ``seconds``; return why that was not possible, or an empty string."""
        assert self.process.stdin is not None
        descriptor = self.process.stdin.fileno()
        os.set_blocking(descriptor, False)
        rest = memoryview(content)
        deadline = time.monotonic() + seconds
        try:
            while rest:
                if not select.select([], [descriptor], [], max(0.0, deadline - time.monotonic()))[1]:
                    return self._give_up("it did not take its input and was killed")[1]
                rest = rest[os.write(descriptor, rest[:65536]) :]
        except (BrokenPipeError, ConnectionResetError):
            return self._give_up(self._ending())[1]
        return ""

    def receive(self, seconds: float) -> tuple[dict[str, Any], str, bool]:
        """Wait for one line: (message, problem, timed out). After a problem the whole tree is dead."""
        deadline = time.monotonic() + seconds
        with self._selector() as selector:
            while True:
                line, _, rest = self._lines.partition(b"\n")
                if len(line) > LARGEST_LINE:
                    return self._give_up(f"its answer is larger than {LARGEST_LINE} bytes")
                if len(line) < len(self._lines):
                    self._lines = rest
                    self._drain()
                    return self._decoded(bytes(line))
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return self._give_up(f"it ran longer than {seconds:g} s and was killed", timed_out=True)
                excess = self._excess()
                if excess:
                    return self._give_up(excess)
                if not self._pump(selector, min(remaining, LOOK_EVERY), deadline):
                    return self._give_up(self.space.exceeded(now=True) or self._ending())

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    def kill(self) -> None:
        """Kill the whole group without waiting for it: also from another thread than the one that opened it."""
        kill_group(self.process.pid)

    def watch(self) -> str:
        """Check the resources that it uses between two calls; return why it was killed, or an empty string."""
        excess = self._excess()
        return self._give_up(excess)[1] if excess else ""

    def log(self) -> str:
        """Return what the plugin wrote, and forget it."""
        text = self._log.decode("utf-8", "replace")
        if self._lost:
            text += f"\n[{self._lost} bytes more were left out]\n"
        self._log.clear()
        self._lost = 0
        return text

    def close(self) -> None:
        """End the plugin and everything it started."""
        self._kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        if self.proxy:
            self.proxy.close()

    def _kill(self, *, thoroughly: bool = False) -> None:
        """Kill the whole group and return when none of its processes runs.

        A single process has gone when its answers end; unless it closed them itself: then look ``thoroughly``.
        """
        if self.ended:
            return
        kill_group(self.process.pid)
        deadline = time.monotonic() + _KILL_SECONDS
        while (thoroughly or self.pids > 1) and tasks_in_group(self.process.pid) and time.monotonic() < deadline:
            time.sleep(0.005)
        self.process.wait()
        assert self.process.stdout is not None
        while select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not os.read(self.process.stdout.fileno(), 65536):
                return

    def _excess(self) -> str:
        """Return the limit that it exceeds, or an empty string."""
        if self.pids > 1 and tasks_in_group(self.process.pid) > self.pids + _OVERHEAD:
            return f"it started more than {self.pids} processes and threads and was killed"
        return self.space.exceeded()

    def _selector(self) -> selectors.BaseSelector:
        selector = selectors.DefaultSelector()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if not self.process.stdout.closed:
            selector.register(self.process.stdout, selectors.EVENT_READ)
        if not self.process.stderr.closed:
            selector.register(self.process.stderr, selectors.EVENT_READ)
        if self.proxy:
            selector.register(self.proxy, selectors.EVENT_READ)
        return selector

    def _pump(self, selector: selectors.BaseSelector, seconds: float, deadline: float) -> bool:
        """Move what is waiting; return False when the plugin's answers have ended."""
        for key, _ in selector.select(seconds):
            if key.fileobj is self.proxy and self.proxy is not None:
                if not self.proxy.serve(deadline - time.monotonic()):
                    selector.unregister(self.proxy)
                continue
            content = os.read(key.fd, 65536)
            if not content:
                selector.unregister(key.fileobj)
                if key.fileobj is self.process.stdout:
                    return False
            elif key.fileobj is self.process.stdout:
                self._lines += content
            else:
                self._keep_log(content)
        return True

    def _keep_log(self, content: bytes) -> None:
        room = LARGEST_LOG - len(self._log)
        kept = content[: max(0, room)]
        self._log += kept
        self._lost += len(content) - len(kept)
        if self.on_log and kept:
            self.on_log(kept)

    def _decoded(self, line: bytes) -> tuple[dict[str, Any], str, bool]:
        excess = self.space.exceeded(now=True)
        if excess:
            return self._give_up(excess)
        try:
            message = parse_json(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            return self._give_up("what it answered is no JSON object")
        return message, "", False

    def _give_up(self, problem: str, *, timed_out: bool = False) -> tuple[dict[str, Any], str, bool]:
        self._kill(thoroughly=True)
        self._drain()
        return {}, problem, timed_out

    def _drain(self) -> None:
        assert self.process.stderr is not None
        os.set_blocking(self.process.stderr.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            while content := os.read(self.process.stderr.fileno(), 65536):
                self._keep_log(content)

    def _ending(self) -> str:
        """Return how it ended. It is not reaped, so that its group's number is not given to another process."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is not None:
                how = "exit" if ended.si_code == os.CLD_EXITED else "signal"
                return f"it ended without an answer ({how} {ended.si_status})"
            time.sleep(0.002)
        return "it closed its answers and was killed"
