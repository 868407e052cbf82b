"""`validate` names programs that do not exist, and sources that match no file: warnings, and no errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    (tmp_path / "bin").mkdir()
    for name in ("bin/tool", "script.sh"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "plain.sh").write_text("#!/bin/sh\n")
    yield rig
    rig.close()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"command": "ruffian check ."}, "no such command: ruffian"),
        ({"command": ["ruffian", "check"]}, "no such command: ruffian"),
        ({"command": "ruffian check . && true"}, "no such command: ruffian"),
        ({"command": "A=1 B=c/d ruffian | cat"}, "no such command: ruffian"),
        ({"command": "./gone.sh"}, "no such command: ./gone.sh"),
        ({"command": "./plain.sh"}, "not executable: ./plain.sh"),
        ({"command": "true", "verify": ["true", "ruffian --fix"]}, "no such command: ruffian"),
        ({"command": "ruffian", "status": "failed"}, "no such command: ruffian"),
        ({"command": "ruffian", "check": True}, "no such command: ruffian"),
        ({"command": "ls", "env": {"PATH": "bin"}}, "no such command: ls"),
        ({"command": "../gone", "cwd": "bin"}, "no such command: ../gone"),
        ({"kind": "fix"}, "no such command: ruffian"),
        ({"command": ["ruff\nian"]}, "no such command: ruff ian"),
        ({"command": "true", "check": True, "sources": ["*.sh", "*.rs"]}, "the glob *.rs of its sources matches no file"),
        ({"command": "true", "check": True, "sources": ["src/"]}, "the glob src/ of its sources matches no file"),
    ],
)
def test_what_cannot_be_is_named_with_its_place(rig: Rig, fields: dict[str, object], said: str) -> None:
    (rig.root / "config.yaml").write_text("handlers: {fix: ruffian --fix}\n")
    rig.write_tasks({"id": "first", "command": "true"}, {"id": "a", **fields})
    ended = rig.run("validate")

    assert ended.returncode == 0, ended.stderr
    assert f"tasks.yml:4:3: warning: task 'a': {said}" in ended.stdout
    assert "tasks.yml: 2 tasks, 1 warning\n" in ended.stdout
    answer = json.loads(rig.run("validate", "--json").stdout)
    assert answer["problems"] == []
    assert [(each["file"], each["line"], each["column"]) for each in answer["warnings"]] == [("tasks.yml", 4, 3)]
    assert said in answer["warnings"][0]["message"]
    assert answer["warnings"][0]["hint"]


@pytest.mark.parametrize(
    "fields",
    [
        {"command": "./script.sh"},
        {"command": "./tool", "cwd": "bin"},
        {"command": "tool", "env": {"PATH": "bin:/usr/bin"}},
        {"command": "orchestrator audit"},
        {"command": "cd bin && ./tool"},
        {"command": "for each in 1 2; do echo $each; done"},
        {"command": "if true; then ruffian; fi"},
        {"command": "$TOOL check"},
        {"command": '"ruffian" check'},
        {"command": "PATH=bin:$PATH tool"},
        {"command": "PATH=bin tool"},
        {"command": "> out echo"},
        {"command": "2> out echo"},
        {"command": "tool() { true; }; tool"},
        {"command": "tool () { true; }; tool"},
        {"command": "[ -e plain.sh ]"},
        {"command": "! false"},
        {"command": "# ruffian\ntrue"},
        {"command": "A=ruffian"},
        {"command": "ruffian", "status": "done"},
        {"command": "ruffian", "status": "cancelled"},
        {"command": "ruffian", "manual": True},
        {"command": "true", "check": True, "sources": ["*.sh", "bin", "!bin/none", "plain.sh"]},
    ],
)
def test_what_may_be_is_not_complained_of(rig: Rig, fields: dict[str, object]) -> None:
    rig.write_tasks({"id": "a", **fields})
    ended = rig.run("validate")
    assert (ended.returncode, ended.stdout) == (0, "tasks.yml: 1 task, no problems\n")


def test_a_program_that_many_tasks_start_is_named_once(rig: Rig) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": f"ruffian {number}"} for number in range(30)))
    ended = rig.run("validate")
    assert ended.stdout.count("ruffian") == 1
    assert "and 29 more tasks" in ended.stdout
    assert "tasks.yml: 30 tasks, 1 warning\n" in ended.stdout


def test_github_marks_the_places(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "ruffian"})
    said = rig.run("validate", GITHUB_ACTIONS="true").stdout
    assert "::warning file=tasks.yml,line=1,col=3::task 'a': no such command: ruffian" in said


def test_validate_starts_and_writes_nothing(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch ran", "check": True, "sources": ["*.sh"]})
    before = sorted(path.name for path in rig.root.iterdir())
    rig.run("validate")
    assert sorted(path.name for path in rig.root.iterdir()) == before
