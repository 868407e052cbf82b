"""A task whose work a plugin does."""

from __future__ import annotations

import pytest

from core.adapters.tasks_yaml import parse_tasks
from core.domain.runs.attempt import checks_of, described, work_of
from core.domain.tasks.task import Task, Work
from core.errors import InvalidFile


def test_a_plugin_and_its_configuration_are_read():
    (task,) = parse_tasks(
        "- {id: a, description: d, plugin: changelog, with: {file: CHANGELOG.md, since: 3, deep: [1, {x: y}]}}", "tasks.yml"
    )

    assert task.plugin == "changelog"
    assert task.with_ == {"file": "CHANGELOG.md", "since": 3, "deep": [1, {"x": "y"}]}
    assert task.work() is Work.COMMAND


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("plugin: a_b, command: c", "a task has a command or a plugin, not both (take one of them out)"),
        ("with: {}", "with is the configuration of a plugin, and the task has none (add 'plugin: …')"),
        ("plugin: No Such", 'plugin must be the name of a plugin, not "No Such" (orchestrator plugins list shows them)'),
        ("plugin: ab, with: [1]", "with must be a map, not a list (write 'key: value' lines below it)"),
    ],
)
def test_what_does_not_go_together_is_refused(entry, message):
    with pytest.raises(InvalidFile) as refusal:
        parse_tasks(f"- {{id: a, description: d, {entry}}}", "tasks.yml")
    assert message in str(refusal.value)


def test_its_work_is_a_process_like_any_other_with_the_configuration_as_words():
    task = Task(id="a", description="d", plugin="notify", with_={"text": "a b; $(c)", "times": 2}, verify=("check",))
    (work,), (check,) = work_of(task, {}, ("orchestrator", "plugins", "run")), checks_of(task)

    assert work.command == ("orchestrator", "plugins", "run", "notify", "--with", 'text="a b; $(c)"', "--with", "times=2")
    assert check.command == "check"
    assert described(task, {}) == "plugin notify"
