"""What showing 2,000 no-op tasks costs, by view, in CPU of the views alone: ``python tests/benchmarks/view_cost.py``."""

from __future__ import annotations

import io
import os
import pty
import threading
import time

from core import events
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.terminal.output import Look, Output
from core.terminal.views import Sources, ViewOptions, pick_views

TASKS = 2_000
REPEATS = 5


def stream(count: int) -> list[events.Event]:
    stamp = {"at": time.time(), "run_id": "bench"}
    found: list[events.Event] = [events.RunStarted(**stamp, tasks=count, open=count, jobs=2, budget=None, time_budget=None)]
    outcome = Outcome(
        ending=Ending.SUCCEEDED, reason=Code.EXIT.of(0), exit_code=0, usage=Usage(seconds=0.001, units=1.0), log="logs/task-t-1.log"
    )
    for n in range(count):
        task = {"task_id": f"t{n}", "description": f"Do thing number {n} of very many"}
        found.append(
            events.TaskStarted(**stamp, **task, attempt=1, command="true", log="logs/x.log", cost=1.0, reason="first", expected=None)
        )
        found.append(
            events.TaskFinished(**stamp, **task, attempt=1, status="done", outcome=outcome, reason="exit 0", done=n + 1, total=count)
        )
    done = tuple(f"t{n}" for n in range(count))
    found.append(
        events.RunFinished(
            **stamp, exit_code=0, duration=1.0, done=done, failed=(), blocked={}, waiting={}, left={}, spent=float(count), reason=""
        )
    )
    return found


def play(kind: str, spread: float) -> float:
    """Return CPU seconds spent in the views for one run whose events spread over ``spread`` seconds of wall time."""
    controller, terminal = pty.openpty()
    drain = threading.Thread(target=_drain, args=(controller,), daemon=True)
    drain.start()
    live = kind == "live"
    screen = Output(os.fdopen(terminal, "w"), Look(terminal=live, colour=live, live=live))
    environ = {"GITHUB_ACTIONS": "true"} if kind == "github" else {}
    view_options = ViewOptions(json=kind == "json")
    result = Output(io.StringIO(), Look()) if kind in ("json", "github") else screen
    sources = Sources(tail=lambda _path, _lines: ("one line",), upcoming=lambda count: ("t1", "t2", "t3")[:count])
    views = pick_views(environ, result, screen, view_options, sources)
    script = stream(TASKS)
    spent, pause = 0.0, spread / len(script)
    for event in script:
        begin = time.thread_time()
        for view in views:
            view(event)
            view.tick()
        spent += time.thread_time() - begin
        end = time.perf_counter() + pause
        while time.perf_counter() < end:
            pass
    return spent


def _drain(descriptor: int) -> None:
    while True:
        try:
            if not os.read(descriptor, 65536):
                return
        except OSError:
            return


if __name__ == "__main__":
    for kind in ("live", "plain", "github", "json"):
        spent = min(play(kind, 1.0) for _ in range(REPEATS))
        print(f"{kind:8} {spent * 1000:6.1f} ms for {TASKS:,} tasks in 1 s: {spent:.1%} of the run, {spent / TASKS * 1e6:.1f} µs a task")
