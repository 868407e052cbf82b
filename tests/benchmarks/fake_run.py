"""A made-up run played to the real views in real time, to look at them: ``python tests/benchmarks/fake_run.py [-v] [--speed 2]``."""

from __future__ import annotations

import argparse
import os
import time

from core import events
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.reports.run.event_line import Volume
from core.terminal.console import Console
from core.terminal.views import Sources, View, ViewOptions, pick_views

#: id, description, seconds, ending, reason, verified, expected
SCRIPT = [
    ("lint", "Check the style of every file with ruff", 1.2, Ending.SUCCEEDED, "exit 0", True, 1.1),
    ("types", "Check the types of core with mypy in strict mode", 4.4, Ending.SUCCEEDED, "exit 0", True, 5.0),
    ("unit", "Run the unit tests, which use no disk and no network", 3.1, Ending.FAILED, "exit 1", False, 3.0),
    ("docs", "Check that the generated parts of the documentation are what the code says", 2.0, Ending.SUCCEEDED, "exit 0", False, None),
    ("flaky-service", "Talk to the service", 0.8, Ending.FAILED, "exit 7", False, None),
    ("wheel", "Build the wheel", 2.5, Ending.SUCCEEDED, "exit 0", True, 60.0),
    ("slow", "Something that never ends", 3.0, Ending.TIMED_OUT, "ran longer than 3s", False, 2.0),
    (
        "übersetzung-全角文字",
        "Wide 全角文字 and ünïcödé characters in a description that is far too long for any terminal " * 2,
        1.5,
        Ending.SUCCEEDED,
        "exit 0",
        True,
        2.0,
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-v", action="store_true")
    parser.add_argument("-q", action="store_true")
    parser.add_argument("--junit", default="")
    parser.add_argument("--speed", type=float, default=1.0)
    arguments = parser.parse_args()
    volume = Volume.VERBOSE if arguments.v else Volume.QUIET if arguments.q else Volume.NORMAL
    console = Console()
    queue = [entry[0] for entry in SCRIPT]
    sources = Sources(tail=_tail, upcoming=lambda count: tuple(queue[:count]))
    views = pick_views(
        os.environ, console.stdout, console.stderr, ViewOptions(json=arguments.json, volume=volume, junit=arguments.junit), sources
    )
    _Play(views, queue, arguments.speed).run()


def _tail(path: str, lines: int) -> tuple[str, ...]:
    if "unit" in path:
        text = [
            "def test_adds():",
            ">       assert 1 + 1 == 3",
            "E       assert 2 == 3",
            "",
            "::error::injected",
            "1 failed, 211 passed in 2.9s",
        ]
        return tuple(text[-lines:])
    return (f"working on {path}", r"a coloured \x1b[31mred\x1b[0m line", "finished")[-lines:]


class _Play:
    def __init__(self, views: list[View], queue: list[str], speed: float) -> None:
        self.views, self.queue, self.speed = views, queue, speed
        self.began = time.time()
        self.done: list[str] = []
        self.failed: list[str] = []
        self.spent = 0.0

    def emit(self, kind, **fields) -> None:
        event = kind(at=time.time(), run_id="fake", **fields)
        for view in self.views:
            view(event)

    def run(self) -> None:
        self.emit(events.RunStarted, tasks=12, open=len(SCRIPT) + 3, jobs=3, budget=12.0, time_budget=None)
        self.emit(events.RunRecovered, dead_run="old", interrupted=("wheel",), killed=2, replayed=1)
        self.emit(events.CodeMeasured, files=120, findings=14, seconds=0.84, withheld=4)
        waiting, running, again = list(SCRIPT), [], []
        while waiting or running or again:
            now = time.time()
            for moment, entry in list(again):
                if moment <= now:
                    again.remove((moment, entry))
                    running.append((self.start(entry, 2), entry, 2))
            while waiting and len(running) < 3:
                entry = waiting.pop(0)
                self.queue.remove(entry[0])
                running.append((self.start(entry, 1), entry, 1))
            for item in list(running):
                started, entry, attempt = item
                if now - started >= entry[2] / self.speed:
                    running.remove(item)
                    self.finish(entry, attempt, again)
            for view in self.views:
                view.tick()
            time.sleep(0.03)
        self.emit(
            events.TaskAppended,
            task_id="refactor-core-a1b2",
            description="Split parse() in core/reader.py: complexity 18, threshold 10",
            reason="new",
        )
        self.emit(events.TaskWaiting, task_id="review", description="Read the release notes", reason="only a person finishes it")
        self.emit(events.Warned, message="84% of the budget is used: 10 of 12")
        self.emit(
            events.RunFinished,
            exit_code=1,
            duration=time.time() - self.began,
            done=tuple(self.done),
            failed=tuple(self.failed),
            blocked={"publish": "it depends on unit, which failed"},
            waiting={"review": "only a person finishes it"},
            left={"deploy": "cost 4 does not fit the budget: 2 of 12 left"},
            spent=self.spent,
            reason="the budget is used up",
        )

    def start(self, entry, attempt: int) -> float:
        task_id, description, *_, expected = entry
        self.emit(
            events.TaskStarted,
            task_id=task_id,
            description=description,
            attempt=attempt,
            command=f"make {task_id}",
            log=f"logs/task-{task_id}-1.log",
            cost=1.0,
            reason="highest priority",
            expected=expected,
        )
        return time.time()

    def finish(self, entry, attempt: int, again: list) -> None:
        task_id, description, duration, ending, reason, verified, _ = entry
        retry = task_id == "flaky-service"
        if retry and attempt == 2:
            ending, reason = Ending.SUCCEEDED, "exit 0"
        log = f"logs/task-{task_id}-1.log"
        outcome = Outcome(
            ending=ending, reason=Code.TEXT.of(reason), exit_code=0, usage=Usage(seconds=duration, units=1.0), log=log, verified=verified
        )
        if retry and attempt == 1:
            self.emit(events.TaskRetried, task_id=task_id, attempt=1, outcome=outcome, pause=2.0)
            again.append((time.time() + 2, entry))
            return
        (self.done if outcome.succeeded else self.failed).append(task_id)
        self.spent += 1.0
        self.emit(
            events.TaskFinished,
            task_id=task_id,
            description=description,
            attempt=attempt,
            status="done" if outcome.succeeded else "failed",
            outcome=outcome,
            reason=reason,
            done=len(self.done),
            total=len(SCRIPT) + 3,
        )


if __name__ == "__main__":
    main()
