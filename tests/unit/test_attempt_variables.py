"""The variables of an attempt: bounded, always there, and nobody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.attempt_context import RepositoryContext
from core.domain.runs.attempt import Attempt
from core.domain.runs.outcome import Ending, Outcome
from core.domain.runs.reasons import Code
from core.domain.runs.variables import MeasuredPlace, bounded, outer_repository, task_variables, without_task
from core.domain.tasks.task import Task
from core.testing.task_folders import InMemoryTaskFolders

_ORIGIN = {"by": "reflector", "fingerprint": "f", "path": "a.py", "block": "f", "metric": "complexity", "score": 20, "threshold": 10}


def _attempt(number: int = 1, ending: Ending | None = None) -> Attempt:
    outcome = None if ending is None else Outcome(ending=ending, reason=Code.EXIT.of(3))
    return Attempt(run_id="r", task_id="a", number=number, started=0.0, outcome=outcome)


@given(st.text(st.characters(codec=None), max_size=400), st.integers(0, 100))
def test_a_bounded_text_can_be_a_variable_and_a_short_one_stays(text: str, limit: int) -> None:
    said = bounded(text, limit)
    assert "\0" not in said
    assert len(said.encode()) <= limit + len("…".encode())
    if text.isascii() and "\0" not in text and len(text) <= limit:
        assert said == text


def test_text_of_any_length_leaves_room_for_the_command() -> None:
    long = "ä" * 1_000_000
    task = Task(id=long, description=long, kind=long, verify=(long,), origin=dict.fromkeys(_ORIGIN, long))
    variables = task_variables(task, _attempt(), "/r/tasks.yml", "/r")
    assert sum(len(f"{name}={value}".encode()) + 1 for name, value in variables.items()) < 110 * 1024


def _context(previous: Attempt | None = None, place: MeasuredPlace | None = None) -> tuple[RepositoryContext, InMemoryTaskFolders]:
    folders = InMemoryTaskFolders()
    context = RepositoryContext(folders=folders, previous=lambda _: previous, measure=lambda _: place, unfinished=set)
    return context, folders


@pytest.mark.parametrize("ending", [None, *Ending])
def test_an_attempt_hears_how_the_one_before_it_ended(ending: Ending | None) -> None:
    context, folders = _context(None if ending is None else _attempt(1, ending))
    task = Task(id="a", description="d")
    folders.prepare(task, fresh=False)
    folders.checkpoints["a"].add("half")
    variables = context.variables(task, _attempt(2))
    assert variables["ORCHESTRATOR_PREVIOUS_OUTCOME"] == (ending.value if ending else "")
    assert variables["ORCHESTRATOR_PREVIOUS_REASON"] == ("exit 3" if ending else "")
    assert variables["ORCHESTRATOR_TASK_TRY"] == "1"
    assert folders.checkpoints["a"] == (set() if ending is Ending.SUCCEEDED else {"half"})


def test_a_task_of_the_reflector_is_measured_when_its_attempt_starts() -> None:
    place = MeasuredPlace(line=5, end_line=40, score=21, threshold=9, suggestion="extract")
    context, _ = _context(place=place)
    measured = context.variables(Task(id="a", description="d", origin=_ORIGIN), _attempt())
    assert [measured[f"ORCHESTRATOR_TASK_{name}"] for name in ("LINE", "END_LINE", "SCORE", "THRESHOLD", "SUGGESTION")] == [
        "5",
        "40",
        "21",
        "9",
        "extract",
    ]
    other = context.variables(Task(id="b", description="d"), _attempt())
    assert (other["ORCHESTRATOR_TASK_LINE"], other["ORCHESTRATOR_TASK_SUGGESTION"]) == ("", "")


def test_a_success_is_forgotten_when_a_later_attempt_of_the_run_failed() -> None:
    context, folders = _context()
    context.variables(Task(id="a", description="d"), _attempt())
    context.ended("a", succeeded=True)
    folders.checkpoints["a"].add("half")
    context.ended("a", succeeded=False)
    context.prune()
    assert folders.checkpoints == {"a": {"half"}}


def test_a_run_inside_a_task_passes_nothing_of_that_task_on() -> None:
    context, _ = _context(place=None)
    task = Task(id="a", description="d", origin=_ORIGIN)
    variables = {**task_variables(task, _attempt(), "/r/tasks.yml", "/r"), **context.variables(task, _attempt())}
    assert without_task({**variables, "PATH": "/bin", "ORCHESTRATOR_JOBS": "2"}) == {"PATH": "/bin", "ORCHESTRATOR_JOBS": "2"}


@pytest.mark.parametrize(
    ("file", "given", "outer"),
    [
        ("/r/other.yml", "other.yml", "/r"),
        ("/r/plans/a.yml", "./plans/a.yml", "/r"),
        ("/elsewhere/a.yml", "/elsewhere/a.yml", "/r"),
        ("/r/tasks.yml", "other.yml", ""),
        ("/r/tasks.yml", "", ""),
    ],
)
def test_a_tasks_file_is_bound_to_the_repository_whose_run_passed_it_on(file: str, given: str, outer: str) -> None:
    environment = {"ORCHESTRATOR_TASK_FILE": file, "ORCHESTRATOR_TASK_ROOT": "/r", "ORCHESTRATOR_TASKS_FILE": given}
    assert outer_repository(environment) == outer
    assert outer_repository({"ORCHESTRATOR_TASKS_FILE": given}) == ""
