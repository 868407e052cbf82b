"""A green run that has executed nothing says so: what was done before it, and `--strict`."""

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


LINE = "2 tasks are done already in tasks.yml and were not run; `orchestrator verify` checks that they still hold\n"


@pytest.fixture
def committed(rig: Rig) -> Rig:
    rig.write_tasks(
        {"id": "a", "command": "touch a.ran", "status": "done"},
        {"id": "b", "verify": "touch b.ran", "status": "done"},
        {"id": "both", "dependencies": ["a", "b"], "status": "done"},
        {"id": "cancelled", "command": "touch c.ran", "status": "cancelled"},
        {"id": "d", "command": "true"},
    )
    return rig


@pytest.mark.parametrize("service", [{"CI": "true"}, {"GITHUB_ACTIONS": "true"}, {"GITLAB_CI": "true"}, {"JENKINS_URL": "x"}])
def test_in_ci_one_line_says_what_was_done_before(committed: Rig, service: dict[str, str]) -> None:
    ended = committed.run("run", **service)
    assert ended.returncode == 0
    assert ended.stdout.endswith(LINE)
    assert not list(committed.root.glob("*.ran"))


def test_only_in_ci_and_not_when_it_is_to_be_quiet(committed: Rig) -> None:
    assert "done already" not in committed.run("run").stdout
    assert "done already" not in committed.run("run", "--quiet", CI="true").stdout


def test_the_last_event_has_their_number(committed: Rig) -> None:
    ended = committed.run("run", "--json", CI="true")
    assert events_of(ended.stdout, "run_finished")[0]["done_earlier"] == 2


def test_what_this_run_does_is_not_counted(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    assert "done already" not in rig.run("run", CI="true").stdout
    assert "1 task is done already in tasks.yml and was not run" in rig.run("run", CI="true").stdout


@pytest.mark.parametrize(
    "tasks",
    [
        [],
        [{"id": "a", "command": "true", "status": "done"}],
        [{"id": "a", "command": "true", "status": "cancelled"}],
        [{"id": "a", "command": "true", "manual": True}],
        [{"id": "a", "command": "true", "status": "done"}, {"id": "b", "dependencies": ["a"]}],
    ],
)
def test_a_strict_run_that_executes_nothing_fails_and_says_why(rig: Rig, tasks: list[dict[str, object]]) -> None:
    rig.write_tasks(*tasks)
    ended = rig.run("run", "--strict")
    assert ended.returncode == 1
    assert "nothing was executed and nothing is up to date" in ended.stderr

    assert rig.run("run").returncode == 0


@pytest.mark.parametrize("task", [{"command": "true"}, {"verify": "true"}, {"verify": "false"}])
def test_a_strict_run_that_executes_something_is_judged_by_that(rig: Rig, task: dict[str, object]) -> None:
    rig.write_tasks({"id": "a", **task})
    assert rig.run("run", "--strict").returncode == 0


def test_a_strict_run_whose_budget_left_everything_says_that(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true", "cost": 5})
    assert rig.run("run", "--strict", "--budget", "1").returncode == 5
