"""One event as one line."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import events
from core.domain.runs.outcome import Ending
from core.domain.runs.reasons import Code
from core.reports.run.event_line import Volume, event_line
from core.reports.text.columns import cells
from core.reports.text.style import Style

PLAIN = Style()
STAMP = {"at": 1.0, "run_id": "r"}


def test_a_success_says_when_nothing_checked_it(facts):
    assert event_line(facts.finished("a"), PLAIN) == "✓     1.5s  a  Do a\n"
    unverified = facts.finished("a", outcome=facts.outcome(verified=False))
    assert event_line(unverified, PLAIN, tries=2) == "✓     1.5s  a  Do a (attempt 2, unverified)\n"


def test_a_milestone_has_no_time_and_nothing_to_verify(facts):
    assert event_line(facts.finished("a", outcome=None), PLAIN) == "✓           a  Do a\n"


def test_a_failure_keeps_its_reason_when_the_line_is_cut(facts):
    event = facts.failed("a", description="very long " * 20, reason="exit 3")
    line = event_line(event, Style(width=40))
    assert line.endswith("…: exit 3\n")
    assert cells(line.rstrip("\n")) <= 40


def test_without_a_width_a_long_description_is_cut_too(facts):
    line = event_line(facts.failed("a", description="very long " * 40, reason="exit 3"), PLAIN)
    assert line.endswith("…: exit 3\n")
    assert cells(line) < 160


def test_an_interrupted_task_is_neither_done_nor_failed(facts):
    event = facts.finished("a", status="pending", outcome=facts.outcome(Ending.INTERRUPTED), reason="stopped by SIGINT")
    assert event_line(event, PLAIN) == "○     1.5s  a  Do a: stopped by SIGINT\n"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            events.RunRecovered(**STAMP, dead_run="r0", interrupted=("a", "b"), killed=1, replayed=0),
            "↻           the run before this one broke off while a, b were running; 1 process of it killed\n",
        ),
        (events.TasksReloaded(**STAMP, added=("x",), removed=(), changed=("y",)), "↻           tasks.yml was edited: added x; changed y\n"),
        (events.Warned(**STAMP, message="80% used", task_id="a"), "!           a: 80% used\n"),
        (events.BudgetExhausted(**STAMP, left=("a", "b"), reason="2 of 10 left"), "!           a, b left: 2 of 10 left\n"),
        (events.TaskAppended(**STAMP, task_id="n", description="New", reason="found"), "+      new  n  New\n"),
        (events.TaskClosed(**STAMP, task_id="n", status="done", reason="gone"), "−   closed  n  gone\n"),
        (events.TaskWaiting(**STAMP, task_id="w", description="Look", reason="a person"), "○    waits  w  Look: a person\n"),
        (events.CodeMeasured(**STAMP, files=1, findings=0, seconds=0.5), ""),
        (
            events.CodeMeasured(**STAMP, files=12, findings=9, seconds=0.5, withheld=3),
            "·     0.5s  12 files measured, 9 findings; 3 wait until reflect.max_open_tasks allows\n",
        ),
    ],
)
def test_lines_of_the_other_events(event, line):
    assert event_line(event, PLAIN) == line


def test_quiet_leaves_out_what_went_well_and_verbose_adds_reasons_and_logs(facts):
    assert event_line(facts.finished("a"), PLAIN, Volume.QUIET) == ""
    assert event_line(facts.failed("a"), PLAIN, Volume.QUIET) != ""
    assert event_line(facts.started("a"), PLAIN, Volume.NORMAL) == ""
    assert event_line(facts.started("a"), PLAIN, Volume.VERBOSE) == "▸           a  true · priority 0\n"
    assert event_line(facts.finished("a"), PLAIN, Volume.VERBOSE).endswith("\n            logs/t.log\n")


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=60), st.integers(60, 120), st.booleans())
def test_a_task_line_is_one_line_no_wider_than_the_terminal(task_id, description, width, colour):
    from core.domain.runs.outcome import Outcome, Usage

    outcome = Outcome(ending=Ending.FAILED, reason=Code.EXIT.of(3), usage=Usage(seconds=99999.0))
    stamp = {"attempt": 1, "status": "failed", "outcome": outcome, "reason": "exit 3", "done": 0, "total": 1}
    event = events.TaskFinished(**STAMP, task_id=task_id[:20] or "t", description=description, **stamp)
    line = event_line(event, Style(colour=colour, width=width), tries=3)
    bare = re.sub(r"\x1b\[\d+m", "", line)
    assert bare.count("\n") == 1
    assert "exit 3 (attempt 3)" in bare
    assert bare.rstrip("\n").isprintable()
    if cells(task_id) <= 10 and task_id.isprintable():
        assert cells(bare.rstrip("\n")) <= width
