"""Which tasks that have ended run again, and which edits of an entry are a reason to try it again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.runs.reasons import Code
from core.domain.runs.reopening import reopened
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.task import Place, Retry, Status, Task
from core.domain.tasks.work_digest import work_digest


def task(name, status=Status.PENDING, *dependencies):
    return Task(id=name, description=f"Do {name}", command="true", status=status, dependencies=dependencies)


CHAIN = (
    task("failed", Status.FAILED),
    task("cancelled", Status.CANCELLED),
    task("open", Status.PENDING, "failed", "cancelled"),
    task("named", Status.DONE, "open"),
    task("beside", Status.FAILED),
)


@pytest.mark.parametrize(
    ("options", "again"),
    [
        ({}, {}),
        ({"named": {"named"}}, {"named": Code.NAMED, "failed": Code.NEEDED}),
        ({"named": {"cancelled"}}, {"cancelled": Code.NAMED}),
        ({"only": {"named"}}, {}),
        ({"retry_failed": True}, {"failed": Code.RETRY_FAILED, "beside": Code.RETRY_FAILED}),
        ({"retry_failed": True, "only": {"open"}}, {"failed": Code.RETRY_FAILED}),
        ({"retry_failed": True, "named": {"named"}}, {"named": Code.NAMED, "failed": Code.NEEDED}),
        (
            {"retry_failed": True, "named": {"named"}, "only": {"beside"}},
            {"named": Code.NAMED, "failed": Code.NEEDED, "beside": Code.RETRY_FAILED},
        ),
    ],
)
def test_what_runs_again_and_why(options, again):
    assert (
        reopened(CHAIN, RunOptions(**{key: frozenset(value) if isinstance(value, set) else value for key, value in options.items()}))
        == again
    )


@given(st.sampled_from(list(Status)), st.sets(st.sampled_from([each.id for each in CHAIN])), st.booleans())
def test_only_what_has_ended_is_reopened_and_every_named_task_of_it(status, named, retry_failed):
    tasks = [replace(each, status=status) for each in CHAIN]
    again = reopened(tasks, RunOptions(named=frozenset(named), retry_failed=retry_failed))
    ended = status in (Status.DONE, Status.FAILED, Status.CANCELLED)
    assert set(again) >= (named if ended else set())
    assert ended or not again


@pytest.mark.parametrize(
    "edit",
    [
        {"command": "false"},
        {"command": ("true",)},
        {"plugin": "p"},
        {"with_": {"a": 1}},
        {"verify": ("true",)},
        {"dependencies": ("b",)},
        {"timeout": 1.0},
        {"retries": Retry(limit=1)},
        {"env": {"A": "b"}},
        {"cwd": "sub"},
        {"kind": "fix"},
        {"manual": True},
    ],
)
def test_what_decides_how_an_attempt_ends_changes_the_digest(edit):
    assert work_digest(replace(task("a"), **edit)) != work_digest(task("a"))


@pytest.mark.parametrize(
    "edit",
    [
        {"description": "Other words"},
        {"tags": ("t",)},
        {"priority": 5},
        {"cost": 2.0},
        {"status": Status.FAILED},
        {"component": "c"},
        {"epic": "e"},
        {"place": Place(line=7, column=3)},
        {"extra": {"x-a": 1}},
        {"origin": {"by": "reflector", "score": 12}},
    ],
)
def test_what_does_not_leaves_it(edit):
    assert work_digest(replace(task("a"), **edit)) == work_digest(task("a"))
