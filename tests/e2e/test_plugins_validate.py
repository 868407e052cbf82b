"""``orchestrator validate`` knows what plugins there are and what they take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Validate = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def validate(tmp_path: Path) -> Validate:
    """Validate a tasks file in a repository that has the plugin ``hello``, which takes a ``name``, and ``listen``, which runs no tasks."""
    (tmp_path / "home").mkdir()
    repository = tmp_path / "repository"
    repository.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8"}
        command = [str(Path(sys.executable).parent / "orchestrator"), *words]
        return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)

    for name, kind in (("hello", "task"), ("listen", "listener")):
        assert run("plugins", "new", name, "--kind", kind).returncode == 0

    def check(tasks: str) -> subprocess.CompletedProcess[str]:
        (repository / "tasks.yml").write_text(tasks)
        return run("validate", "--json")

    return check


def messages(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 2, done.stdout
    return [f"{item['line']}:{item['column']} {item['message']}" for item in json.loads(done.stdout)["problems"]]


def test_a_task_that_fits_the_plugins_manifest_is_valid(validate: Validate):
    assert validate("- {id: a, description: a, plugin: hello, with: {name: you}}\n").returncode == 0


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("plugin: helo", "2:3 task 'a': there is no plugin helo"),
        ("plugin: hello, with: {nam: you}", "2:3 task 'a': with: nam: unknown key (did you mean name?)"),
        ("plugin: hello, with: {name: 3}", "2:3 task 'a': with: name: 3 is not string"),
        ("plugin: listen", "2:3 task 'a': plugin listen runs no tasks"),
    ],
)
def test_validate_reports_what_would_fail_in_the_run_with_its_place(validate: Validate, task: str, message: str):
    assert messages(validate(f"# tasks\n- {{id: a, description: a, {task}}}\n")) == [message]


def test_a_task_that_has_ended_may_name_a_plugin_that_is_gone(validate: Validate):
    assert validate("- {id: a, description: a, plugin: gone, status: done}\n").returncode == 0


def test_the_settings_of_a_plugin_that_is_here_are_judged_by_its_schema(validate: Validate, tmp_path: Path):
    (tmp_path / "repository" / "config.yaml").write_text("jobs: 1\nplugins:\n  hello: {name: [1]}\n  elsewhere: {any: thing}\n")
    told = json.loads(validate("- {id: a, description: a}\n").stdout)["problems"]
    assert [(item["file"], item["message"]) for item in told] == [("config.yaml:2:1", "plugins.hello: name: [1] is not string")]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"properties": {"name": {"pattern": "^(a+)+$"}}}, "task 'a': plugin hello cannot be used: its manifest is not valid"),
        ({"properties": {"name": {"$ref": "#"}}}, "task 'a': plugin hello cannot be used: its manifest is not valid"),
        ({"properties": {"name": {"pattern": "^.*a.*!b$"}}}, "task 'a': with: name: '%s!' does not have the right form" % ("a" * 50)),
    ],
)
def test_a_schema_that_explodes_ends_as_a_problem(validate: Validate, tmp_path: Path, schema: dict[str, object], told: str):
    path = tmp_path / "repository/plugins/hello/manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "config": schema}))
    done = validate(f"- {{id: a, description: a, plugin: hello, with: {{name: {'a' * 50}!}}}}\n")
    assert any(told in line for line in messages(done)), done.stdout
