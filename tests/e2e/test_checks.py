"""Checks: run in every run, never done in the file, up to date while what they are about has not changed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, events_of


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "repository")
    rig.root.mkdir()
    git(rig, "init", "-q", "-b", "main")
    yield rig
    rig.close()


def git(rig: Rig, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=rig.root, check=True, capture_output=True, text=True)


def commit(rig: Rig, message: str = "as it is") -> None:
    git(rig, "add", "-A")
    git(rig, "commit", "-q", "-m", message)


TESTS = {"id": "tests", "command": "echo run >> runs.log; test ! -e broken", "check": True}


def last_of(rig: Rig, *arguments: str) -> dict[str, object]:
    """Run, and return the last event."""
    ended = rig.run("run", *arguments, "--json")
    last = events_of(ended.stdout)[-1]
    return {**last, "passed": sorted(last["passed"]), "up_to_date": sorted(last["up_to_date"])}


def test_a_clone_of_a_green_run_with_broken_tests_is_not_green(rig: Rig, tmp_path: Path) -> None:
    (rig.root / ".gitignore").write_text(".orchestrator/\nlogs/\nruns.log\n")
    rig.write_tasks(TESTS)
    assert rig.run("run").returncode == 0
    (rig.root / "broken").touch()
    commit(rig)
    clone = Rig(tmp_path / "clone")
    git(rig, "clone", "-q", str(rig.root), str(clone.root))

    ended = clone.run("run", "--strict", CI="true")

    assert ended.returncode == 1, ended.stderr
    assert clone.lines("runs.log") == ["run"], "the check ran"
    assert "status" not in rig.tasks_file.read_text()


def test_a_check_without_sources_runs_every_time(rig: Rig) -> None:
    rig.write_tasks(TESTS)
    assert [rig.run("run").returncode for _ in range(3)] == [0, 0, 0]
    assert len(rig.lines("runs.log")) == 3


def test_a_check_is_up_to_date_until_one_of_its_sources_changes(rig: Rig) -> None:
    (rig.root / "src").mkdir()
    (rig.root / "src" / "a.py").write_text("a = 1\n")
    (rig.root / "b.py").write_text("b = 1\n")
    rig.write_tasks(
        {**TESTS, "sources": ["src/**/*.py"]}, {"id": "style", "command": "echo run >> style.log", "check": True, "sources": ["b.py"]}
    )
    first, second = last_of(rig), last_of(rig)
    (rig.root / "src" / "new.py").write_text("n = 1\n")
    third = last_of(rig)

    assert (first["passed"], first["up_to_date"]) == (["style", "tests"], [])
    assert (second["passed"], second["up_to_date"], second["exit_code"]) == ([], ["style", "tests"], 0)
    assert (third["passed"], third["up_to_date"]) == (["tests"], ["style"])
    assert len(rig.lines("runs.log")) == 2


def test_a_failed_check_runs_again_although_nothing_changed(rig: Rig) -> None:
    (rig.root / "a.py").write_text("a = 1\n")
    (rig.root / "broken").touch()
    rig.write_tasks({**TESTS, "sources": ["a.py"]})
    codes = [rig.run("run").returncode for _ in range(2)]
    (rig.root / "broken").unlink()

    assert codes == [1, 1]
    assert rig.run("run").returncode == 0
    assert len(rig.lines("runs.log")) == 3


@pytest.mark.parametrize("change", [{"command": "echo run >> runs.log; true"}, {"env": {"A": "b"}}, {"verify": "true"}])
def test_another_command_environment_or_verify_makes_it_run(rig: Rig, change: dict[str, object]) -> None:
    (rig.root / "a.py").write_text("a = 1\n")
    check = {**TESTS, "sources": ["a.py"]}
    rig.write_tasks(check)
    rig.run("run")
    rig.write_tasks({**check, **change})

    assert last_of(rig)["passed"] == ["tests"]
    assert last_of(rig)["up_to_date"] == ["tests"]


def test_fresh_runs_what_is_up_to_date(rig: Rig) -> None:
    (rig.root / "a.py").write_text("a = 1\n")
    rig.write_tasks({**TESTS, "sources": ["a.py"]})
    rig.run("run")

    assert last_of(rig, "--fresh")["passed"] == ["tests"]


def test_what_depends_on_a_check_runs_only_when_it_passes(rig: Rig) -> None:
    rig.write_tasks(TESTS, {"id": "release", "command": "touch released", "dependencies": ["tests"]})
    (rig.root / "broken").touch()
    first = last_of(rig)
    (rig.root / "broken").unlink()
    second = last_of(rig)

    assert (first["exit_code"], first["failed"], first["blocked"]) == (1, ["tests"], {"release": "it depends on tests, which failed"})
    assert (second["exit_code"], second["done"]) == (0, ["release"])


def test_a_check_runs_again_after_a_task_that_ended_later_and_its_failure_is_the_runs(rig: Rig) -> None:
    rig.write_tasks({**TESTS, "priority": "high"}, {"id": "work", "command": "touch broken"})
    ended = last_of(rig)

    assert rig.lines("runs.log") == ["run", "run"]
    assert (ended["exit_code"], ended["failed"], ended["done"]) == (1, ["tests"], ["work"])


def test_a_check_that_nothing_waits_for_runs_after_the_work(rig: Rig) -> None:
    rig.write_tasks(TESTS, {"id": "work", "command": "true"})
    assert last_of(rig)["exit_code"] == 0
    assert rig.lines("runs.log") == ["run"]


def test_a_check_whose_sources_a_task_left_alone_is_not_run_again(rig: Rig) -> None:
    (rig.root / "a.py").write_text("a = 1\n")
    rig.write_tasks({**TESTS, "sources": ["a.py"], "priority": "high"}, {"id": "work", "command": "touch other"})
    ended = last_of(rig)

    assert (ended["exit_code"], ended["passed"], ended["done"]) == (0, ["tests"], ["work"])
    assert rig.lines("runs.log") == ["run"]


def test_a_check_that_failed_before_the_work_that_mends_it_passes_in_the_same_run(rig: Rig) -> None:
    (rig.root / "broken").touch()
    rig.write_tasks({**TESTS, "priority": "high"}, {"id": "mend", "command": "rm broken"})
    ended = last_of(rig)

    assert (ended["exit_code"], ended["passed"], ended["failed"]) == (0, ["tests"], [])


def test_time_that_ends_before_a_check_could_run_again_is_not_green(rig: Rig) -> None:
    rig.write_tasks({**TESTS, "priority": "high"}, {"id": "work", "command": "sleep 2.5"})
    ended = last_of(rig, "--time-budget", "2s", "--budget", "100")

    assert ended["exit_code"] == 1
    assert "tests" in str(ended["left"])


def test_a_cancelled_check_is_switched_off(rig: Rig) -> None:
    rig.write_tasks({**TESTS, "status": "cancelled"})
    assert last_of(rig)["passed"] == []
    assert rig.lines("runs.log") == []


def test_a_status_of_done_on_a_check_is_refused_with_its_place(rig: Rig) -> None:
    rig.write_tasks({**TESTS, "status": "done"})
    ended = rig.run("run")

    assert ended.returncode == 2
    assert "tasks.yml:5:11: a check has results, and no end" in ended.stderr


def test_the_budget_is_for_work_and_not_for_checks(rig: Rig) -> None:
    rig.write_tasks({**TESTS, "cost": 5}, {"id": "work", "command": "true", "cost": 2})
    ended = last_of(rig, "--budget", "2")

    assert (ended["exit_code"], ended["passed"], ended["spent"]) == (0, ["tests"], 2)


def test_a_check_interrupted_by_a_kill_has_no_result(rig: Rig) -> None:
    rig.write_tasks({**TESTS, "command": "echo run >> runs.log; kill -9 $PPID; sleep 5"})
    rig.run("run")
    rig.write_tasks(TESTS)

    assert last_of(rig)["passed"] == ["tests"]


def test_in_a_folder_without_git_sources_count_too(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    (rig.root / "a.py").write_text("a = 1\n")
    rig.write_tasks({**TESTS, "sources": ["**/*.py"]})
    assert (last_of(rig)["passed"], last_of(rig)["up_to_date"]) == (["tests"], ["tests"])
    (rig.root / "b.py").write_text("b = 1\n")
    assert last_of(rig)["passed"] == ["tests"]


def test_every_view_says_how_checks_stand_and_since_when(rig: Rig) -> None:
    (rig.root / "a.py").write_text("a = 1\n")
    (rig.root / "broken").touch()
    rig.write_tasks(TESTS, {"id": "style", "command": "true", "check": True, "sources": ["a.py"]})
    before = {task["id"]: task["result"] for task in rig.json("list")}
    rig.run("run", "--junit", "report.xml")
    after = {task["id"]: task["result"]["state"] for task in rig.json("list")}
    plan, junit = rig.json("plan"), (rig.root / "report.xml").read_text()

    assert before == {"tests": {"state": "not run yet", "at": None}, "style": {"state": "not run yet", "at": None}}
    assert after == {"tests": "failed", "style": "up to date"}
    assert ([start["id"] for start in plan["starts"]], plan["up_to_date"]) == (["tests"], ["style"])
    assert {check["id"]: check["state"] for check in rig.json("status")["checks"]} == after
    assert rig.json("why", "style")["result"]["state"] == "up to date"
    assert "is up to date: nothing that it is about has changed" in rig.run("why", "style").stdout
    assert "up to date" in rig.run("list").stdout
    assert 'tests="2" failures="1"' in junit
    assert "failed" in rig.run("status").stdout


def test_only_checks_that_failed_are_not_offered_to_retry(rig: Rig) -> None:
    (rig.root / "broken").touch()
    rig.write_tasks(TESTS)
    assert "--retry-failed" not in rig.run("run").stdout


def test_a_check_is_asked_for_by_its_result(rig: Rig) -> None:
    rig.write_tasks(TESTS, {"id": "style", "command": "false", "check": True})
    rig.run("run")
    assert [task["id"] for task in rig.json("list", "--status", "passed")] == ["tests"]
    assert [task["id"] for task in rig.json("list", "--status", "failed")] == ["style"]


def test_a_check_is_added_from_the_command_line(rig: Rig) -> None:
    rig.write("")
    added = rig.run("add", "The style holds", "--id", "style", "-c", "true", "--check", "--source", "src", "--source", "*.cfg")
    refused = rig.run("add", "Build it", "-c", "true", "--source", "src")

    assert added.returncode == 0, added.stderr
    (task,) = rig.json("list")
    assert (task["check"], task["sources"], task["result"]["state"]) == (True, ["src", "*.cfg"], "not run yet")
    assert refused.returncode == 2
    assert "sources is for checks" in refused.stderr


def test_a_check_runs_after_a_command_that_has_edited_the_tasks_file_as_its_last_act(rig: Rig) -> None:
    (rig.root / "edit").write_text("sed -i 's/task work/what was worked/' tasks.yml")
    rig.write_tasks(TESTS, {"id": "work", "command": "sh edit"})

    ended = rig.run("run", "--json")

    assert ended.returncode == 0, ended.stderr
    last = events_of(ended.stdout)[-1]
    assert (last["passed"], last["left"]) == (["tests"], {})
    assert rig.lines("runs.log") == ["run"]


def test_what_depends_on_an_up_to_date_check_is_ready(rig: Rig) -> None:
    (rig.root / "src").mkdir()
    (rig.root / "src" / "a.py").write_text("a = 1\n")
    rig.write_tasks({**TESTS, "sources": ["src"]}, {"id": "release", "dependencies": ["tests"], "manual": True})
    before = rig.run("why", "release")
    assert "it depends on tests, which has not passed yet" in before.stdout, before.stdout
    assert rig.run("run").returncode == 0

    tests, release = rig.json("list")
    status = rig.json("status")
    why = rig.json("why", "tests")

    assert (tests["readiness"], release["readiness"]) == (None, "waiting")
    assert status["next"] == []
    assert why["verdict"] == "up_to_date"
    assert "release waits" in rig.run("why", "release").stdout
    assert "tests is up to date: nothing that it is about has changed since it passed" in rig.run("why", "tests").stdout


def test_why_a_check_is_run_is_said(rig: Rig) -> None:
    (rig.root / "src").mkdir()
    (rig.root / "src" / "a.py").write_text("a = 1\n")
    rig.write_tasks({**TESTS, "sources": ["src"]}, {"id": "always", "command": "true", "check": True})
    assert "it has not been run here yet" in rig.run("why", "tests").stdout
    assert rig.run("run").returncode == 0
    (rig.root / "src" / "a.py").write_text("a = 2\n")

    assert "its sources, its entry, its program or its environment changed since it passed" in rig.run("why", "tests").stdout
    assert "it names no sources, so every run runs it" in rig.run("why", "always").stdout
    (rig.root / "broken").touch()
    assert rig.run("run").returncode == 1
    assert "a check that failed is run again" in rig.run("why", "tests").stdout


def test_a_check_whose_sources_another_check_has_changed_runs_again(rig: Rig) -> None:
    (rig.root / "code").write_text("ugly")
    tests = {"id": "tests", "command": "echo tests >> runs.log; test -e code", "check": True, "sources": ["code"]}
    rig.write_tasks(tests, {"id": "format", "command": "echo tidy > code", "check": True})
    commit(rig)

    ended = rig.run("run", "-j", "1")

    assert ended.returncode == 0, ended.stderr
    assert rig.lines("runs.log") == ["tests", "tests"]
    assert rig.run("run", "-j", "1").returncode == 0
    assert rig.lines("runs.log") == ["tests", "tests"]


def test_checks_that_change_each_others_sources_come_to_an_end(rig: Rig) -> None:
    one = {"id": "one", "command": "date +%N > b; echo one >> runs.log", "check": True, "sources": ["a"]}
    two = {"id": "two", "command": "date +%N > a; echo two >> runs.log", "check": True, "sources": ["b"]}
    rig.write_tasks(one, two)
    for name in ("a", "b"):
        (rig.root / name).touch()
    commit(rig)

    ended = rig.run("run", "-j", "1")

    assert ended.returncode == 0, ended.stderr
    assert 2 <= len(rig.lines("runs.log")) <= 4
