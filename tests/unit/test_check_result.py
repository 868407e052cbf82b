"""Whether a result of a check still holds."""

from __future__ import annotations

from core.domain.runs.check_result import CheckResult, still_valid


def results(*told):
    """Return results, newest first, told as ``passed:digest``, oldest first."""
    made = [
        CheckResult(task_id="t", run_id="r", attempt=number, at=float(number), passed=one[0] == "+", digest=one[1:])
        for number, one in enumerate(told)
    ]
    return tuple(reversed(made))


def test_a_success_with_the_same_digest_still_holds():
    known = results("+a")
    assert still_valid(known, "a") == known[0]


def test_a_success_holds_again_when_the_sources_are_what_they_were():
    assert still_valid(results("+a", "-b"), "a")


def test_a_failure_with_the_same_digest_since_then_makes_it_run_again():
    assert still_valid(results("+a", "-a", "-b"), "a") is None


def test_a_success_after_a_failure_with_the_same_digest_holds():
    assert still_valid(results("-a", "+a"), "a")


def test_what_was_never_seen_or_cannot_be_known_is_run():
    assert still_valid(results("+a"), "b") is None
    assert still_valid(results("+"), "") is None
    assert still_valid((), "a") is None
