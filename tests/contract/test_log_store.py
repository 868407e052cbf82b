"""What every LogStore does, held against the twin and against files."""

from __future__ import annotations

import os
import string
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from core.adapters.log_files import FileLogStore
from core.domain.runs.attempt import Attempt
from core.ports.processes import Log, LogStore
from core.testing.logs import InMemoryLogStore

_LIMIT = 4000
_KEEP = 3


@dataclass
class Rig:
    store: LogStore
    write: Callable[[Log, str], object]
    #: Returns the store of another run in the same repository.
    another: Callable[[], LogStore]
    #: Adds an event log of a run by its name.
    add_run_log: Callable[[str], object]
    #: Returns the names of the event logs of runs that are there.
    run_logs: Callable[[], list[str]]

    def open(self, task_id: str = "build", started: float = 1795229707.123456) -> Log:
        return self.store.open(Attempt(run_id="run-1", task_id=task_id, number=1, started=started))

    def log(self, output: str, task_id: str = "build", started: float = 1795229707.123456) -> str:
        """Write a whole log and return its path."""
        log = self.open(task_id, started)
        log.note("task build, attempt 1\ncommand: make")
        self.write(log, output)
        log.note("failed: exit 2\nduration: 1.0 s")
        log.close()
        return log.path


@pytest.fixture(params=["twin", "real"])
def rig(request: pytest.FixtureRequest, tmp_path) -> Rig:
    if request.param == "twin":
        twin = InMemoryLogStore(limit=_LIMIT, keep=_KEEP)
        return Rig(
            store=twin,
            write=lambda log, text: log.print(text),
            another=lambda: InMemoryLogStore(limit=_LIMIT, keep=_KEEP, earlier=twin),
            add_run_log=twin.run_logs.append,
            run_logs=lambda: list(twin.run_logs),
        )

    def files() -> FileLogStore:
        return FileLogStore(str(tmp_path), limit=_LIMIT, keep=_KEEP)

    logs = tmp_path / "logs"
    logs.mkdir()
    return Rig(
        store=files(),
        write=lambda log, text: os.write(log.output, text.encode()),
        another=files,
        add_run_log=lambda name: (logs / name).touch(),
        run_logs=lambda: sorted(path.name for path in logs.glob("run-*.jsonl")),
    )


def test_the_tail_is_the_tasks_own_output_without_our_lines(rig):
    assert rig.store.tail(rig.log("one\ntwo\nthree\n"), 2) == ("two", "three")


def test_a_tail_longer_than_the_output_is_all_of_it(rig):
    assert rig.store.tail(rig.log("one\n\ntwo\n"), 50) == ("one", "", "two")


def test_a_silent_task_has_an_empty_tail(rig):
    assert rig.store.tail(rig.log(""), 20) == ()


def test_no_lines_asked_for_are_no_lines(rig):
    assert rig.store.tail(rig.log("one\n"), 0) == ()


def test_a_log_that_is_gone_has_an_empty_tail(rig):
    assert rig.store.tail("logs/task-none-20260101T000000.000000Z.log", 20) == rig.store.tail("", 20) == ()


def test_the_tail_of_a_log_that_is_still_written_can_be_read(rig):
    log = rig.open()
    log.note("task build")
    rig.write(log, "so far\n")
    assert rig.store.tail(log.path, 20) == ("so far",)
    log.close()


def test_control_characters_of_a_tail_are_escaped(rig):
    (line,) = rig.store.tail(rig.log("a\x07b\x1b]0;title\x9bc\td\n"), 1)
    assert line == "a\\x07b\\x1b]0;title\\x9bc\td"


def test_two_attempts_never_share_a_log(rig):
    logs = [rig.open(task_id, started=1795229707.0) for task_id in ("build", "build", "build/x", "build:x", "build_x")]
    assert len({log.path for log in logs}) == 5
    for log in logs:
        log.close()


def test_a_path_is_relative_and_inside_the_directory(rig):
    path = rig.log("", task_id="../../etc/passwd")
    assert path.startswith("logs/task-")
    assert rig.store.tail(rig.log("x\n", task_id="a/b:c"), 1) == ("x",)


def test_a_log_under_its_limit_is_left_whole(rig):
    log = rig.open()
    rig.write(log, "line\n" * 100)
    assert log.trim() == 0
    log.close()
    assert len(rig.store.tail(log.path, 1000)) == 100


def test_a_log_over_its_limit_loses_its_middle_and_says_how_much(rig):
    log = rig.open()
    log.note("task build")
    for number in range(2000):
        rig.write(log, f"line {number}\n")
    left_out = log.trim()
    assert 2000 * 10 - _LIMIT * 2 < left_out < 2000 * 10
    assert log.trim() == left_out, "nothing more was written"
    for number in range(2000, 3000):
        rig.write(log, f"line {number}\n")
    assert log.trim() > left_out
    log.close()
    lines = rig.store.tail(log.path, 10_000)
    assert lines[0] == "line 0"
    assert lines[-1] == "line 2999"
    assert sum(len(line) + 1 for line in lines) < _LIMIT * 1.5


def test_the_digest_is_of_everything_written(rig):
    digests = []
    for index, output in enumerate(["a\n", "b\n", "a\n"]):
        log = rig.open(started=1795229707.0 + index)
        rig.write(log, output)
        digests.append(log.close())
    assert digests[0] == digests[2] != digests[1]
    assert all(len(digest) == 64 and set(digest) <= set(string.hexdigits) for digest in digests)


def test_pruning_keeps_the_newest_of_all_tasks(rig):
    paths = [rig.log(f"{number}\n", task_id=f"t{5 - number}", started=1795229707.0 + number) for number in range(5)]
    later = rig.another()
    assert later.prune() == 2
    assert [rig.store.tail(path, 1) for path in paths] == [(), (), ("2",), ("3",), ("4",)]
    assert later.prune() == 0


def test_pruning_spares_every_log_of_its_own_run(rig):
    """Otherwise a run of a thousand tasks would end with the path of a failure's log that is gone."""
    earlier = rig.log("earlier\n", started=1795229700.0)
    rig.store = rig.another()
    own = [rig.log(f"{number}\n", started=1795229707.0 + number) for number in range(5)]
    assert rig.store.prune() == 1
    assert rig.store.tail(earlier, 1) == ()
    assert [rig.store.tail(path, 1) for path in own] == [("0",), ("1",), ("2",), ("3",), ("4",)]


def test_pruning_keeps_as_many_event_logs_of_runs_as_logs_of_attempts(rig):
    names = [f"run-2026112{day}T010203-00ff.jsonl" for day in range(5)]
    for name in names:
        rig.add_run_log(name)
    paths = [rig.log("x\n", started=1795229707.0 + number) for number in range(4)]
    later = rig.another()
    assert later.prune() == 3, "two event logs, one log of an attempt"
    assert rig.run_logs() == names[2:]
    assert [rig.store.tail(path, 1) for path in paths] == [(), ("x",), ("x",), ("x",)]
    assert later.prune() == 0


def test_pruning_nothing_removes_nothing(rig):
    assert rig.store.prune() == 0
