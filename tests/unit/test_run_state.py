"""What a run knows of itself."""

from __future__ import annotations

from core.domain.runs.budget import Budget
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code
from core.domain.runs.run_state import RunState
from core.domain.tasks.plan import Decision, Rank
from core.domain.tasks.task import Status, Task, Work

_RANK = Rank(effective_priority=0, priority_from="t", remaining_path=1.0, order=0)


def _state(limit=10.0):
    return RunState(began=0.0, budget=Budget(limit=limit))


def _decision(cost=4.0):
    return Decision(task=Task(id="t", description="t", cost=cost), work=Work.COMMAND, rank=_RANK, cost=cost, expected=None)


def test_what_was_reserved_gives_way_to_what_was_used():
    state = _state()
    state.begin_attempt(decision := _decision())
    assert (state.budget.reserved, state.budget.spent) == (4.0, 0.0)

    outcome = Outcome(ending=Ending.SUCCEEDED, reason=Code.EXIT.of(0), usage=Usage(units=1.5))
    assert state.end_attempt("t", outcome) is decision
    assert (state.budget.reserved, state.budget.spent, state.tries, state.decisions) == (0.0, 1.5, {"t": 1}, {})


def test_the_last_end_of_a_task_counts():
    state = _state()
    for task_id, status in (("a", Status.FAILED), ("b", Status.DONE), ("a", Status.DONE), ("b", Status.DONE)):
        state.end_task(task_id, status)

    assert (state.done_count, state.completions) == (2, 3)
    assert (state.with_status(Status.DONE), state.with_status(Status.FAILED)) == (("a", "b"), ())


def test_the_first_reason_to_stop_counts():
    state = _state()
    state.stop("a failed")
    state.stop("b failed")

    assert state.stop_reason == "a failed"


def test_a_warning_is_given_once():
    state = _state()

    assert [state.first_time(word) for word in ("a", "b", "a")] == [True, True, False]
