"""Tasks named on the command line: `run ID…`, and `reset` of many at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, events_of


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("status", ["pending", "done", "failed", "cancelled"])
def test_a_named_task_runs_whatever_its_status(rig: Rig, status: str) -> None:
    rig.write_tasks({"id": "a", "command": "echo a >> ran", "status": status}, {"id": "b", "command": "echo b >> ran"})
    ended = rig.run("run", "a")

    assert ended.returncode == 0
    assert rig.lines("ran") == ["a"]
    assert rig.statuses() == {"a": "done", "b": "pending"}


def test_what_a_named_task_needs_and_is_not_done_runs_before_it(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "done", "command": "echo done >> ran", "status": "done"},
        {"id": "failed", "command": "echo failed >> ran", "status": "failed"},
        {"id": "open", "command": "echo open >> ran", "dependencies": ["failed"]},
        {"id": "named", "command": "echo named >> ran", "dependencies": ["done", "open"]},
        {"id": "beside", "command": "echo beside >> ran"},
    )
    assert rig.run("run", "named").returncode == 0
    assert rig.lines("ran") == ["failed", "open", "named"]


@pytest.mark.parametrize(
    ("named", "status"),
    [
        ({"command": "false"}, "failed"),
        ({"verify": "false", "status": "done"}, "pending"),
        ({"manual": True, "command": "true"}, "pending"),
        ({"command": "true", "dependencies": ["gone"]}, "pending"),
    ],
)
def test_a_named_task_that_does_not_end_done_is_exit_1(rig: Rig, named: dict[str, object], status: str) -> None:
    rig.write_tasks({"id": "gone", "command": "true", "status": "cancelled"}, {"id": "named", **named})
    ended = rig.run("run", "named")

    assert ended.returncode == 1
    assert rig.statuses() == {"gone": "cancelled", "named": status}


def test_named_tasks_and_those_of_only_and_tag_run_together(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "a", "command": "echo a >> ran", "status": "done"},
        {"id": "b", "command": "echo b >> ran"},
        {"id": "c", "command": "echo c >> ran", "tags": ["night"]},
        {"id": "d", "command": "echo d >> ran", "tags": ["night"], "status": "done"},
        {"id": "e", "command": "echo e >> ran"},
    )
    assert rig.run("run", "-j1", "a", "--only", "b", "--tag", "night").returncode == 0
    assert rig.lines("ran") == ["a", "b", "c"]


def test_a_named_task_that_is_not_there_is_a_mistake(rig: Rig) -> None:
    rig.write_tasks({"id": "build", "command": "touch ran"})
    for command in ("run", "plan"):
        refused = rig.run(command, "biuld")
        assert refused.returncode == 2
        assert "no task biuld" in refused.stderr


def test_a_tasks_file_in_the_place_of_a_task_is_a_mistake_that_says_how(rig: Rig) -> None:
    rig.write_tasks({"id": "build", "command": "touch ran"})
    refused = rig.run("run", "tasks.yml")
    assert refused.returncode == 2
    assert "-f tasks.yml" in refused.stderr


def test_the_plan_of_named_tasks_is_what_runs(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "a", "command": "true", "status": "failed"},
        {"id": "b", "command": "true", "status": "done", "dependencies": ["a"]},
        {"id": "c", "command": "true"},
    )
    planned = [start["id"] for start in rig.json("plan", "b")["starts"]]
    assert planned == [start["id"] for start in rig.json("run", "-n", "b")["starts"]] == ["a", "b"]


def test_history_says_that_a_task_ran_again_because_it_was_named(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true", "status": "done"})
    rig.run("run", "a")
    assert "named on the command line" in rig.run("history", "a").stdout


# -- a failed task whose entry was edited --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "edit",
    [
        {"command": "true"},
        {"command": ["false", "x"]},
        {"env": {"A": "1"}},
        {"timeout": "1m"},
        {"retries": 1},
        {"verify": "true"},
        {"cwd": "."},
        {"dependencies": ["other"]},
        {"kind": "fix"},
    ],
)
def test_a_failed_task_whose_entry_was_edited_runs_again(rig: Rig, edit: dict[str, object]) -> None:
    entry = {"id": "a", "command": "echo x >> ran; false"}
    other = {"id": "other", "command": "true", "status": "done"}
    rig.write_tasks(entry, other)
    assert rig.run("run").returncode == 1
    assert rig.run("run").returncode == 1
    assert len(rig.attempts("a")) == 1
    rig.write_tasks({**entry, **edit, "status": "failed"}, other)

    assert rig.statuses()["a"] == "pending"
    assert [start["id"] for start in rig.json("plan")["starts"]] == ["a"]
    rig.run("run")
    assert len(rig.attempts("a")) > 1
    assert "its entry was edited" in rig.run("history", "a").stdout


def test_words_about_a_failed_task_are_no_reason_to_run_it_again(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "false"})
    rig.run("run")
    rig.write_tasks(
        {"id": "a", "description": "Other words", "command": "false", "status": "failed", "tags": ["t"], "priority": 3, "cost": 2}
    )

    assert rig.statuses()["a"] == "failed"
    rig.run("run")
    assert len(rig.attempts("a")) == 1


def test_a_task_that_somebody_set_to_failed_stays_failed(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "false"})
    rig.run("run")
    rig.write_tasks({"id": "a", "command": "true", "status": "pending"})
    rig.run("run")
    rig.write_tasks({"id": "a", "command": "echo other", "status": "failed"})

    assert rig.run("run").returncode == 1
    assert rig.statuses() == {"a": "failed"}


def test_a_failed_task_that_is_edited_during_the_run_runs_again_in_it(rig: Rig) -> None:
    mend = "sed -i s/exit.1$/true/ tasks.yml && until grep -q mended ran; do sleep 0.05; done"
    rig.write(
        f"- id: a\n  description: Fails at first\n  command: echo mended >> ran; exit 1\n  priority: high\n"
        f"- id: b\n  description: Mends it\n  command: until grep -q failed tasks.yml; do sleep 0.05; done; > ran; {mend}\n"
    )
    ended = rig.run("run", "-j2", "--json")

    assert ended.returncode == 0
    assert sorted(events_of(ended.stdout, "run_finished")[0]["done"]) == ["a", "b"]


# -- reset ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ended_tasks(rig: Rig) -> Rig:
    rig.write_tasks(
        {"id": "done", "command": "true", "status": "done", "tags": ["night"]},
        {"id": "failed", "command": "true", "status": "failed", "tags": ["night"]},
        {"id": "cancelled", "command": "true", "status": "cancelled"},
        {"id": "open", "command": "true", "tags": ["night"]},
        {"id": "unwatched", "command": "true", "check": True, "status": "cancelled", "tags": ["night"]},
    )
    return rig


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        (["--all"], ["done", "failed", "cancelled"]),
        (["--tag", "night"], ["done", "failed"]),
        (["--failed"], ["failed"]),
        (["--failed", "--tag", "night"], ["failed"]),
        (["cancelled", "--tag", "night"], ["done", "failed", "cancelled"]),
        (["unwatched"], ["unwatched"]),
    ],
)
def test_reset_puts_what_it_names_back_to_pending(ended_tasks: Rig, arguments: list[str], changed: list[str]) -> None:
    shown = ended_tasks.run("reset", "--dry-run", *arguments)
    assert shown.stdout.count('+  status: "pending"') == len(changed)
    answer = ended_tasks.json("reset", *arguments)

    assert [change["id"] for change in answer if change["before"] != change["after"]] == changed
    assert {task for task, status in ended_tasks.statuses().items() if status == "pending"} == {"open", *changed}


def test_reset_without_anything_to_reset_says_so(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    ended = rig.run("reset", "--failed")
    assert (ended.returncode, ended.stdout) == (0, "nothing to reset\n")


@pytest.mark.parametrize("arguments", [[], ["--all", "done"], ["--all", "--failed"], ["--tag", "nihgt"]])
def test_reset_asks_for_what_it_needs(ended_tasks: Rig, arguments: list[str]) -> None:
    before = ended_tasks.tasks_file.read_text()
    refused = ended_tasks.run("reset", *arguments)
    assert refused.returncode == 2
    assert "hint" in refused.stderr
    assert ended_tasks.tasks_file.read_text() == before


@pytest.mark.parametrize("command", ["done", "reset"])
def test_a_check_has_results_and_no_end(rig: Rig, command: str) -> None:
    rig.write_tasks({"id": "lint", "command": "true", "check": True})
    refused = rig.run(command, "lint")
    assert refused.returncode == 2
    assert "lint is a check" in refused.stderr
    assert "orchestrator run lint" in refused.stderr


def test_cancel_switches_a_check_off(rig: Rig) -> None:
    rig.write_tasks({"id": "lint", "command": "true", "check": True})
    assert rig.run("cancel", "lint").returncode == 0
    assert rig.statuses() == {"lint": "cancelled"}


# -- checks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["lint"], ["--fresh"], ["--fresh", "--tag", "night"]])
def test_a_check_that_is_up_to_date_runs_when_it_is_named_or_everything_is_to_be_fresh(rig: Rig, arguments: list[str]) -> None:
    (rig.root / "a.src").touch()
    rig.write_tasks({"id": "lint", "command": "echo x >> ran", "check": True, "sources": ["*.src"], "tags": ["night"]})
    rig.run("run")
    assert rig.run("run").returncode == 0
    assert rig.lines("ran") == ["x"]

    assert rig.run("run", *arguments).returncode == 0
    assert rig.lines("ran") == ["x", "x"]


def test_a_named_check_that_fails_is_exit_1_and_one_that_was_switched_off_is_on_again(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "lint", "command": "test -e ok", "check": True, "status": "cancelled"},
        {"id": "other", "command": "touch other.ran", "check": True},
    )
    assert rig.run("run", "lint").returncode == 1
    (rig.root / "ok").touch()
    assert rig.run("run", "lint").returncode == 0
    assert rig.statuses()["lint"] == "pending"
    assert not (rig.root / "other.ran").exists()


def test_a_check_that_passes_is_its_own_proof(rig: Rig) -> None:
    rig.write_tasks({"id": "lint", "command": "true", "check": True}, {"id": "build", "command": "true"})
    ended = rig.run("run", "-j1")
    unverified = [line for line in ended.stderr.splitlines() if "unverified" in line]
    assert ["build" in line for line in unverified] == [True]
    assert "unverified" not in rig.run("history", "lint").stdout


def test_a_strict_run_of_a_check_that_is_up_to_date_has_seen_something(rig: Rig) -> None:
    (rig.root / "a.src").touch()
    rig.write_tasks({"id": "lint", "command": "true", "check": True, "sources": ["*.src"]})
    assert [rig.run("run", "--strict").returncode for _ in range(2)] == [0, 0]
