"""Tasks and the entries that describe them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.tasks_yaml.store.text import YamlText
from core.domain.tasks.entry import AppendTask, entry_of, task_of
from core.domain.tasks.task import Place, Retry, Status, Task
from core.ports.standard import tasks_of

_WORDS = st.text(alphabet="abc é:#'\"-", min_size=1, max_size=12).map(str.strip).filter(bool)
_TASKS = st.builds(
    Task,
    id=st.just("a"),
    description=_WORDS,
    command=st.none() | _WORDS | st.lists(_WORDS, min_size=1, max_size=3).map(tuple),
    verify=st.lists(_WORDS, max_size=2).map(tuple),
    priority=st.integers(-5, 5),
    cost=st.integers(0, 5).map(float),
    status=st.sampled_from(Status),
    timeout=st.none() | st.integers(1, 100).map(float),
    retries=st.builds(Retry, limit=st.integers(0, 3), delay=st.sampled_from([1.0, 5.0])),
    env=st.dictionaries(st.sampled_from(["A", "B"]), _WORDS, max_size=2),
    kind=st.sampled_from(["task", "docs"]),
    tags=st.lists(st.sampled_from(["x", "y"]), unique=True).map(tuple),
    manual=st.booleans(),
    extra=st.dictionaries(st.sampled_from(["x-a", "x-b"]), st.integers(-1000, 1000), max_size=1),
)


@given(_TASKS)
def test_the_entry_of_a_task_is_read_back_as_that_task(task):
    backlog = YamlText()
    backlog.write([AppendTask(fields=entry_of(task))])
    (read,) = backlog.read().tasks

    assert replace(read, place=Place(line=0, column=0)) == task


@given(_TASKS)
def test_an_entry_and_its_task_say_the_same(task):
    assert task_of(entry_of(task)) == task


def test_an_entry_says_only_what_differs_from_the_defaults():
    assert entry_of(Task(id="a", description="x", retries=Retry(limit=2))) == {"id": "a", "description": "x", "retries": 2}


def test_statuses_written_as_text_become_members():
    (task, other) = tasks_of([Task(id="a", description="x", status="done"), {"id": 1, "description": "y", "dependencies": ["a"]}])

    assert task.status is Status.DONE
    assert (other.id, other.dependencies, other.status) == ("1", ("a",), Status.PENDING)


def test_unknown_fields_and_statuses_are_refused():
    with pytest.raises(TypeError, match="prio"):
        task_of({"id": "a", "description": "x", "prio": 1})
    with pytest.raises(ValueError, match="ready"):
        task_of({"id": "a", "description": "x", "status": "ready"})
