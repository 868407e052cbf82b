"""``check: true`` and what goes with it in tasks.yml."""

from __future__ import annotations

import pytest

from core.adapters.tasks_yaml import parse_tasks
from core.domain.tasks.task import Status, Work
from core.errors import InvalidFile


def test_a_check_its_sources_and_that_it_does_not_gate_are_read():
    (task,) = parse_tasks(
        "- {id: a, description: d, command: c, check: true, sources: ['src/**/*.py', '!src/made/**'], gate: false}", "tasks.yml"
    )

    assert (task.check, task.sources, task.gate) == (True, ("src/**/*.py", "!src/made/**"), False)
    assert task.work() is Work.CHECK


@pytest.mark.parametrize("status", ["cancelled", "pending"])
def test_a_check_can_be_switched_off_and_on(status):
    (task,) = parse_tasks(f"- {{id: a, description: d, verify: c, check: true, status: {status}}}", "tasks.yml")

    assert task.status is Status(status)


@pytest.mark.parametrize(
    ("entry", "at", "message"),
    [
        ("command: c, check: true, status: done", "done", "whether it passed is known only after running it, so it cannot be done (take"),
        ("command: c, check: true, status: failed", "failed", "or write 'status: cancelled' to switch the check off)"),
        ("command: c, check: true, status: in_progress", "in_progress", "so it cannot be in_progress"),
        ("check: true", "{id", "a check has something to run, and this one has no command, plugin or verify (add 'command: …')"),
        ("command: c, sources: [a]", "sources", "sources is for checks, and this task is none (add 'check: true', or take it out)"),
        ("command: c, gate: false", "gate", "gate is for checks, and this task is none (add 'check: true', or take it out)"),
        ("command: c, check: true, manual: true", "manual", "a check is run by the tool, so it cannot be manual (take one of the two out)"),
        ("command: c, check: true, sources: []", "[]", "sources must not be an empty list (leave the line out)"),
        ("command: c, check: true, sources: [/etc/*]", "/etc", "sources[0] must be a glob inside the repository"),
        ("command: c, check: true, sources: [a/../b]", "a/..", "sources[0] must be a glob inside the repository"),
        ("command: c, check: yes please", "yes", 'check must be true or false, not the text "yes please"'),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_place(entry, at, message):
    text = f"- {{id: a, description: d, {entry}}}"
    with pytest.raises(InvalidFile) as refusal:
        parse_tasks(text, "tasks.yml")
    (problem,) = refusal.value.problems
    assert message in str(problem)
    assert (problem.line, problem.column) == (1, text.index(at) + 1)
