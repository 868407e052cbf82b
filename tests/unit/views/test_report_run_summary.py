"""What a run came to."""

from core.domain.runs.outcome import Ending, Usage
from core.domain.runs.reasons import Code
from core.reports.run.event_line import Volume
from core.reports.run.progress import Progress
from core.reports.run.run_summary import run_summary
from core.reports.text.columns import cells
from core.reports.text.style import PLAIN, Style


def summary(*stream, style=PLAIN, volume=Volume.NORMAL, tail=lambda _path: ("line one", "line two")):
    progress = Progress()
    for event in stream:
        progress.take(event)
    return run_summary(progress, style, tail=tail, volume=volume)


def test_the_summary_lists_what_was_left_then_failures_then_counts(facts):
    text = summary(
        facts.run_started(budget=10.0),
        facts.started("bad"),
        facts.retried("bad"),
        facts.started("bad"),
        facts.failed("bad", outcome=facts.outcome(Ending.FAILED, log="logs/bad.log", usage=Usage(seconds=2.0))),
        facts.finished("good"),
        facts.run_finished(
            exit_code=1,
            done=("good",),
            failed=("bad",),
            blocked={"later": "it depends on bad, which failed"},
            waiting={"look": "a person finishes it"},
            left={"big": "cost 9 does not fit"},
            spent=3.0,
            reason="the budget is used up",
        ),
    )
    assert text == (
        "\n"
        "left     big    cost 9 does not fit\n"
        "waiting  look   a person finishes it\n"
        "blocked  later  it depends on bad, which failed\n"
        "\n"
        "✗ bad  Do bad\n"
        "  exit 3 after 2.0s (2 attempts)\n"
        "  │ line one\n"
        "  │ line two\n"
        "  logs/bad.log\n"
        "\n"
        "1 done, 1 failed, 1 blocked, 1 waiting, 1 left in 3.0s · 3 of 10 spent\n"
        "the budget is used up\n"
        "what waits is for a person, an agent or a handler to finish\n"
        "  orchestrator log bad             the whole log\n"
        "  orchestrator run --retry-failed  try bad again\n"
        "  orchestrator why later           what holds it up\n"
        "  orchestrator why look            who or what can finish it\n"
        "  orchestrator run                 go on with what is left\n"
    )


def test_a_timeout_says_its_time_once(facts):
    outcome = facts.outcome(Ending.TIMED_OUT, reason=Code.TIMED_OUT.of(1), usage=Usage(seconds=1.0))
    text = summary(
        facts.run_started(), facts.failed("a", outcome=outcome, reason=str(outcome.reason)), facts.run_finished(failed=("a",), exit_code=1)
    )
    assert "  timed out after 1 s\n" in text


def test_what_is_told_of_a_failure_begins_with_one_line(facts):
    events = (facts.run_started(), facts.failed("a", description="very long " * 40), facts.run_finished(failed=("a",), exit_code=1))
    heads = [
        next(line for line in summary(*events, style=style).splitlines() if line.startswith("✗")) for style in (PLAIN, Style(width=60))
    ]
    assert cells(heads[0]) < 130
    assert heads[0].endswith("…")
    assert cells(heads[1]) == 60


def test_a_run_without_work_says_so(facts):
    assert summary(facts.run_started(), facts.run_finished()) == "\nnothing to do in 3.0s\n"


def test_a_quiet_run_without_failures_says_nothing(facts):
    stream = (facts.run_started(), facts.finished("a"), facts.run_finished(done=("a",)))
    assert summary(*stream, volume=Volume.QUIET) == ""


def test_many_blocked_tasks_are_counted_and_not_listed(facts):
    held = {f"t{n}": "it depends on x" for n in range(1000)}
    text = summary(facts.run_started(), facts.run_finished(blocked=held, exit_code=1))
    assert "and 990 more" in text
    assert len(text.splitlines()) < 20


def test_a_log_that_is_gone_leaves_its_path(facts):
    text = summary(facts.run_started(), facts.failed("a"), facts.run_finished(failed=("a",), exit_code=1), tail=lambda _path: ())
    assert "\n  logs/t.log\n" in text
    assert "│" not in text


def test_lists_fit_the_terminal(facts):
    held = {"task": "a reason that goes on and on and on and on and on and on and on"}
    text = summary(facts.run_started(), facts.run_finished(left=held), style=Style(width=40))
    assert all(cells(line) <= 40 for line in text.splitlines())


def test_a_run_that_has_not_finished_has_no_summary(facts):
    assert summary(facts.run_started(), facts.started("a")) == ""
