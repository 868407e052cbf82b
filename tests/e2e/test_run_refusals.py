"""Files that cannot be right: every problem at once, each with its place, and nothing runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig
from tests.waiting import TIMEOUT

_WRONG = """\
- id: build
  description: a typo in a key
  comand: touch ran
- id: test
  description: a dependency that is not there
  command: touch ran
  dependencies: [biuld]
- id: a
  description: one of a circle
  dependencies: [c]
- id: b
  description: one of a circle
  dependencies: [a]
- id: c
  description: one of a circle
  dependencies: [b]
- id: build
  description: an id that is taken
  command: touch ran
- id: deploy
  description: a bad type
  command: touch ran
  cost: cheap
- id: fine
  description: nothing wrong here
  command: touch ran
"""
_PROBLEMS = [
    "tasks.yml:3:3: a task has no field \"comand\" (did you mean 'command'?)",
    "tasks.yml:7:18: there is no task biuld to depend on (did you mean 'build'?)",
    "tasks.yml:10:18: tasks depend on each other in a circle: a → c → b → a (remove one of these dependencies)",
    "tasks.yml:17:7: the id build is here twice, first in line 1 (give each task an id of its own)",
    'tasks.yml:23:9: cost must be a number, not the text "cheap"',
]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("command", [["run"], ["validate"], ["run", "--dry-run"], ["plan"]])
def test_all_five_sorts_of_mistakes_in_one_file_are_told_at_once(rig: Rig, command: list[str]) -> None:
    rig.write(_WRONG)
    refused = rig.run(*command)

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.splitlines() == [*_PROBLEMS, "error: 5 problems"]
    assert not (rig.root / "ran").exists()
    assert list((rig.root / "logs").glob("*.log")) == []
    assert rig.tasks_file.read_text() == _WRONG


def test_a_program_gets_the_same_problems(rig: Rig) -> None:
    rig.write(_WRONG)
    refused = json.loads(rig.run("run", "--json").stdout)

    assert refused["exit_code"] == 2
    places = [f"{problem['file']}:{problem['line']}:{problem['column']}: {problem['message']}" for problem in refused["problems"]]
    assert places == [problem.partition(" (")[0] for problem in _PROBLEMS]


def test_doctor_gives_every_fact_although_the_config_is_wrong(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    (rig.root / "config.yaml").write_text("jobs: many\nbudgt: {}\n")
    text, value = rig.run("doctor"), rig.run("doctor", "--json")
    told = {one["subject"]: one for one in json.loads(value.stdout)}

    assert (text.returncode, value.returncode) == (1, 1)
    assert told["settings"] == {
        "subject": "settings",
        "found": "config.yaml:1:7: jobs must be a whole number of at least 0, not 'many' and 1 more",
        "health": "bad",
        "advice": "orchestrator validate lists them all",
    }
    assert told["tasks.yml"]["found"] == "1 task"
    assert {"python", "git", "run lock", "state"} <= set(told)
    assert "config.yaml:1:7" in text.stdout
    (rig.root / "config.yaml").unlink()
    (rig.root / "config.yaml").mkdir()
    assert "config.yaml" in {one["subject"]: one for one in json.loads(rig.run("doctor", "--json").stdout)}["settings"]["found"]


@pytest.mark.parametrize("name", ["../tasks.yml", "../plans/night.yml", "here.yml", "{root}/tasks.yml"])
def test_a_tasks_file_is_named_from_where_a_person_stands(rig: Rig, name: str) -> None:
    (rig.root / ".git").mkdir()
    for path in ("tasks.yml", "plans/night.yml", "sub/here.yml"):
        (rig.root / path).parent.mkdir(exist_ok=True)
        (rig.root / path).write_text(f"- {{id: {Path(path).stem}, description: d, command: pwd}}\n")
    named = name.format(root=rig.root)
    listed = rig.run("-C", "sub", "list", "-f", "here.yml") if name == "here.yml" else _in(rig, "sub", "list", "-f", named)
    assert listed.returncode == 0, listed.stderr
    assert Path(name).stem in listed.stdout
    if name.startswith("../"):
        assert _in(rig, "sub", "run", "-q", "-f", named).returncode == 0
        assert (rig.root / ".orchestrator").is_dir(), "the repository's, not one beside the file"


@pytest.mark.parametrize("name", ["../../outside.yml", "/etc/outside.yml"])
def test_a_tasks_file_outside_of_the_repository_is_refused(rig: Rig, name: str) -> None:
    (rig.root / ".git").mkdir()
    (rig.root / "sub").mkdir()
    refused = _in(rig, "sub", "list", "-f", name)
    assert refused.returncode == 2
    assert "must be a path inside the repository" in refused.stderr


def test_a_file_that_is_not_there_is_not_promised_by_init(rig: Rig) -> None:
    assert "orchestrator init" in rig.run("list").stderr
    refused = rig.run("list", "-f", "nofile.yml").stderr
    assert "nofile.yml is not there" in refused
    assert "orchestrator init" not in refused


def _in(rig: Rig, folder: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ORCHESTRATOR, *words], cwd=rig.root / folder, env=rig.environment(), capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def test_one_task_is_counted_as_one(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    assert rig.run("validate").stdout == "tasks.yml: 1 task, no problems\n"


def test_the_config_is_told_of_together_with_the_tasks(rig: Rig) -> None:
    rig.write(_WRONG)
    (rig.root / "config.yaml").write_text("bugdet: 3\n")
    refused = rig.run("validate")

    assert refused.stderr.splitlines() == [
        "config.yaml:1:1: unknown key 'bugdet' (did you mean 'budget'?)",
        *_PROBLEMS,
        "error: 6 problems",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "-j", "-1"], "--jobs"),
        (["run", "--budget", "lots"], "--budget"),
        (["run", "--time-budget", "soon"], "soon"),
        (["run", "--jobz", "3"], "--jobz"),
        (["run", "-C", "nowhere"], "nowhere"),
        (["run", "-f", "other.yml"], "other.yml"),
        (["done", "biuld"], "no task biuld"),
        (["why", "biuld"], "no task biuld"),
        (["log", "build"], "no attempt"),
    ],
)
def test_a_command_line_that_does_not_fit_is_refused_by_name(rig: Rig, arguments: list[str], message: str) -> None:
    rig.write_tasks({"id": "build", "command": "touch ran"})
    refused = rig.run(*arguments)

    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (rig.root / "ran").exists()


@pytest.mark.parametrize("command", ["run", "plan"])
def test_only_a_task_that_is_not_there_is_a_mistake(rig: Rig, command: str) -> None:
    rig.write_tasks({"id": "build", "command": "touch ran"})
    refused = rig.run(command, "--only", "biuld")

    assert refused.returncode == 2
    assert "no task biuld" in refused.stderr
    assert "build" in refused.stderr


def test_a_tag_that_no_task_has_is_a_mistake(rig: Rig) -> None:
    rig.write_tasks({"id": "build", "command": "touch ran", "tags": ["nightly"]})
    refused = rig.run("run", "--tag", "nightyl")

    assert refused.returncode == 2
    assert "nightyl" in refused.stderr


def test_a_word_that_is_no_status_is_a_mistake(rig: Rig) -> None:
    rig.write_tasks({"id": "build", "command": "touch ran"})
    refused = rig.run("list", "--status", "doen")

    assert refused.returncode == 2
    assert "doen" in refused.stderr


@pytest.mark.parametrize("command", [["run"], ["plan"], ["status"], ["list"], ["validate"], ["done", "a"], ["add", "something"]])
def test_where_there_is_no_tasks_file_the_next_thing_to_type_is_said(rig: Rig, command: list[str]) -> None:
    refused = rig.run(*command)

    assert refused.returncode == 2
    assert "tasks.yml is not there" in refused.stderr
    assert "orchestrator init" in refused.stderr


@pytest.mark.parametrize("command", [["run"], ["done", "a"]])
def test_looking_for_a_file_that_is_not_there_leaves_nothing_behind(rig: Rig, command: list[str]) -> None:
    rig.run(*command)

    assert list(rig.root.iterdir()) == []


def test_two_runs_at_once_are_refused_with_the_pid(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch up; while [ ! -e go ]; do sleep 0.05; done"})
    first = rig.start("run")
    while not (rig.root / "up").exists():
        assert first.poll() is None
    second = rig.run("run")

    assert second.returncode == 4
    assert f"another run holds the lock: pid {first.pid}" in second.stderr
    assert f"kill {first.pid}" in second.stderr
    (rig.root / "go").touch()
    assert first.wait(TIMEOUT) == 0
    assert len(rig.attempts("a")) == 1
