"""What is known of a run from its events."""

from core.domain.runs.outcome import Ending, Usage
from core.reports.run.progress import Progress


def fed(*stream):
    progress = Progress()
    for event in stream:
        progress.take(event)
    return progress


def test_cost_is_reserved_at_the_start_and_spent_at_the_end(facts):
    progress = fed(facts.run_started(budget=10.0), facts.started("a", cost=4.0))
    assert (progress.spent, progress.reserved, progress.budget_left) == (0.0, 4.0, 6.0)
    progress.take(facts.finished("a", outcome=facts.outcome(usage=Usage(units=3.0))))
    assert (progress.spent, progress.reserved, progress.budget_left) == (3.0, 0.0, 7.0)


def test_a_failed_attempt_spends_too_and_counts_as_a_try(facts):
    stream = (facts.run_started(budget=10.0), facts.started("a"), facts.retried("a"), facts.started("a"))
    progress = fed(*stream)
    assert (progress.spent, progress.reserved, progress.tries["a"]) == (1.0, 1.0, 2)
    assert list(progress.running) == ["a"]
    assert not progress.pausing


def test_without_a_budget_nothing_is_left_to_tell(facts):
    assert fed(facts.run_started()).budget_left is None


def test_a_task_that_fails_after_an_interruption_is_one_failure(facts):
    interrupted = facts.finished("a", status="pending", outcome=facts.outcome(Ending.INTERRUPTED))
    progress = fed(facts.run_started(), interrupted, facts.failed("a"), facts.failed("b"))
    assert progress.failed == 2
    assert [event.status for event in progress.ended.values()] == ["failed", "failed"]


def test_a_goal_whose_check_failed_runs_no_more(facts):
    from core.events import TaskWaiting

    progress = fed(facts.run_started(budget=5.0), facts.started("goal", cost=0.0))
    progress.take(TaskWaiting(at=1.0, run_id="r", task_id="goal", description="Goal", reason="its check failed"))
    assert not progress.running


def test_the_end_of_the_run_ends_everything(facts):
    progress = fed(facts.run_started(), facts.started("a"), facts.run_finished(spent=7.0))
    assert (progress.running, progress.spent, progress.reserved) == ({}, 7.0, 0.0)
