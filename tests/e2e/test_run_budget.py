"""What a run may spend, and in which order it spends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, chain, events_of


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def _most_at_once(rig: Rig) -> int:
    running = most = 0
    for line in rig.lines("trace"):
        running += 1 if line.startswith("start") else -1
        most = max(most, running)
    return most


def _traced(task_id: str, meanwhile: str = ":") -> str:
    return f"echo start {task_id} >> trace; {meanwhile}; echo end {task_id} >> trace"


def test_never_more_is_reserved_than_the_budget_and_what_was_left_is_said(rig: Rig) -> None:
    both = "until [ $(grep -c start trace) = 2 ]; do sleep 0.02; done"
    rig.write_tasks(*({"id": task, "command": _traced(task, both), "cost": 4} for task in "abcd"))
    ended = rig.run("run", "-j3", "--budget", "10")

    assert ended.returncode == 0
    assert _most_at_once(rig) == 2, "three slots, and a third task would have reserved 12 of 10"
    assert sorted(line for line in rig.lines("trace") if line.startswith("start")) == ["start a", "start b"]
    assert "left  c  it does not fit the budget: 2 of 10 left" in ended.stdout
    assert "2 done, 2 left" in ended.stdout
    assert "8 of 10 spent" in ended.stdout
    assert rig.statuses() == {"a": "done", "b": "done", "c": "pending", "d": "pending"}


def test_a_task_that_does_not_fit_the_budget_is_passed_over_for_one_that_fits(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "large", "command": _traced("large"), "cost": 8, "priority": "high"},
        {"id": "huge", "command": _traced("huge"), "cost": 9, "priority": "high"},
        {"id": "small", "command": _traced("small"), "cost": 2},
    )
    ended = rig.run("run", "--budget", "10", "--json")

    finished = events_of(ended.stdout, "run_finished")[0]
    assert sorted(finished["done"]) == ["large", "small"]
    assert finished["left"] == {"huge": "it does not fit the budget: 0 of 10 left"}
    assert finished["spent"] == 10


def test_on_exceed_stop_ends_instead(rig: Rig) -> None:
    (rig.root / "config.yaml").write_text("budget: {cost: 10, on_exceed: stop}\n")
    rig.write_tasks(
        {"id": "large", "command": "true", "cost": 8, "priority": 2},
        {"id": "huge", "command": "true", "cost": 9, "priority": 1},
        {"id": "small", "command": "true", "cost": 2},
    )
    finished = events_of(rig.run("run", "--json").stdout, "run_finished")[0]

    assert finished["done"] == ["large"]
    assert set(finished["left"]) == {"huge", "small"}


def test_strict_makes_an_exit_code_of_work_that_was_left(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true", "cost": 4}, {"id": "b", "command": "true", "cost": 4})

    assert rig.run("run", "--budget", "5", "--strict").returncode == 5
    assert rig.run("run", "--budget", "5", "--strict").returncode == 0


def test_every_attempt_of_a_retried_task_is_paid_for(rig: Rig) -> None:
    rig.write_tasks({"id": "flaky", "command": "echo x >> tries; false", "cost": 4, "retries": {"limit": 5, "delay": 0.05}})
    ended = rig.run("run", "--budget", "10", "--json")

    assert len(rig.lines("tries")) == 2
    assert events_of(ended.stdout, "run_finished")[0]["spent"] == 8


def test_the_time_budget_starts_nothing_more_and_lets_what_runs_end(rig: Rig) -> None:
    rig.write_tasks(*({"id": task, "command": _traced(task, "sleep 3.1")} for task in "abcd"))
    ended = rig.run("run", "-j1", "--time-budget", "3s", "--json")

    finished = events_of(ended.stdout, "run_finished")[0]
    assert (finished["done"], finished["failed"]) == (["a"], [])
    assert set(finished["left"]) == {"b", "c", "d"}
    assert rig.lines("trace") == ["start a", "end a"]


def test_the_longest_path_goes_first_without_being_told(rig: Rig) -> None:
    # One slot is held by a loose task until the end of the chain runs: whoever starts another loose task before it waits for ever.
    loose = [{"id": f"loose{number}", "command": "until [ -e end ]; do sleep 0.02; done"} for number in range(8)]
    rig.write_tasks(*loose, *chain(["one", "two", "three", "four"], lambda task: "touch end" if task == "four" else "true"))
    ended = rig.run("run", "-j2", "--json")

    started = [event["task_id"] for event in events_of(ended.stdout, "task_started")]
    assert started[:5] == ["one", "loose0", "two", "three", "four"], "last in the file, and the longest"
    assert rig.statuses() == dict.fromkeys((task["id"] for task in loose), "done") | dict.fromkeys(("one", "two", "three", "four"), "done")


def test_urgency_is_handed_down_to_what_is_in_the_way(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "normal", "command": _traced("normal"), "priority": 5},
        {"id": "groundwork", "command": _traced("groundwork"), "priority": "low"},
        {"id": "hotfix", "command": _traced("hotfix"), "priority": "critical", "dependencies": ["groundwork"]},
    )
    planned = [start["id"] for start in rig.json("plan", "-j1")["starts"]]
    rig.run("run", "-j1")

    started = [line.split()[1] for line in rig.lines("trace") if line.startswith("start")]
    assert started == ["groundwork", "hotfix", "normal"]
    assert planned == started
