"""The port CheckJournal: results of checks, newest first, and never too many."""

from __future__ import annotations

from core.domain.runs.check_result import CheckResult
from core.ports.journal import RESULTS_KEPT


def result(task_id="tests", attempt=1, *, passed=True, digest="ab" * 32):
    return CheckResult(task_id=task_id, run_id="r1", attempt=attempt, at=100.0 + attempt, passed=passed, digest=digest)


def test_results_come_by_check_and_newest_first(journal):
    first, second, other = result(), result(attempt=2, passed=False, digest=""), result("types")
    for one in (first, other, second):
        journal.record_check(one)

    assert journal.check_results() == {"tests": (second, first), "types": (other,)}


def test_only_the_newest_results_of_each_check_are_kept(journal):
    journal.record_check(result("types"))
    results = [result(attempt=number + 1) for number in range(RESULTS_KEPT + 3)]
    for one in results:
        journal.record_check(one)

    assert journal.check_results()["tests"] == tuple(reversed(results[3:]))
    assert journal.check_results()["types"] == (result("types"),)


def test_a_result_is_recorded_with_all_else_of_a_transaction_or_not_at_all(journal):
    try:
        with journal.transaction():
            journal.record_check(result())
            raise KeyError
    except KeyError:
        pass

    assert journal.check_results() == {}
