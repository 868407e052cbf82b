"""The live view: what a person at a terminal sees of a run."""

import pytest

from core.reports.run.event_line import Volume
from core.terminal.live_view import LiveView


@pytest.fixture
def live(screened, piped, clock):
    return LiveView(
        screened, piped, tail=lambda _path: ("last words",), upcoming=lambda count: ("next-1", "next-2")[:count], now=clock, monotonic=clock
    )


def later(view, clock, seconds=0.2):
    clock.at += seconds
    view.tick()


def test_running_tasks_show_how_long_they_run_and_what_comes_next(live, facts, clock, terminal):
    live(facts.run_started(budget=10.0))
    live(facts.started("build", expected=30.0))
    later(live, clock, 12.0)
    running, state = terminal.shown()
    assert running.startswith("▸    12.0s  build  Do build  ")
    assert running.endswith("  about 20s left")
    assert state == "     12.0s  0 of 4 done · budget 9 of 10 left · next next-1, next-2"


def test_a_finished_task_leaves_one_line_above_what_still_runs(live, facts, clock, terminal):
    live(facts.run_started())
    live(facts.started("a"))
    live(facts.started("b"))
    live(facts.finished("a"))
    later(live, clock)
    assert [row.split("  ")[0][:1] for row in terminal.shown()] == ["✓", "▸", ""]
    assert terminal.shown()[0] == "✓     1.5s  a  Do a"


def test_a_thousand_events_between_two_ticks_are_one_write(live, facts, clock, terminal):
    live(facts.run_started())
    for number in range(1000):
        live(facts.started(f"t{number}"))
        live(facts.finished(f"t{number}"))
    assert terminal.written == []
    later(live, clock)
    assert len(terminal.written) == 1
    assert len(terminal.shown()) == 1001


def test_a_pause_before_a_retry_counts_down(live, facts, clock, terminal):
    live(facts.run_started())
    live(facts.started("flaky"))
    live(facts.retried("flaky", pause=8.0))
    later(live, clock, 3.0)
    assert terminal.shown()[0] == "↻     1.5s  flaky: exit 7; again in 8.0s"
    assert terminal.shown()[1].startswith("↻           flaky")
    assert terminal.shown()[1].endswith("exit 7, again in 5s")


def test_the_end_removes_the_rows_and_prints_the_summary_elsewhere(live, facts, clock, terminal, piped, text_of):
    live(facts.run_started())
    live(facts.started("t"))
    live(facts.failed("t"))
    live(facts.run_finished(failed=("t",), exit_code=1))
    assert terminal.shown() == ["✗     1.5s  t  Do t: exit 3"]
    assert "│ last words" in text_of(piped)


def test_more_running_tasks_than_rows_are_counted(live, facts, clock, terminal):
    terminal.lines = 8
    live(facts.run_started())
    for number in range(20):
        live(facts.started(f"t{number}"))
    later(live, clock)
    assert len(terminal.shown()) == 5
    assert terminal.shown()[3].strip() == "and 17 more"


@pytest.mark.parametrize("columns", [1, 2, 7, 13, 20, 39])
def test_no_row_is_wider_than_a_tiny_terminal(live, facts, clock, terminal, columns):
    terminal.columns = columns
    live(facts.run_started(budget=3.0))
    live(facts.started("全角-build", description="全角文字 " * 20, expected=4.0))
    later(live, clock)
    assert len(terminal.grid) == 3, "two rows and the cursor's"


def test_a_closed_terminal_ends_the_drawing_and_not_the_run(facts, clock, screened, piped, monkeypatch):
    def gone(_text):
        raise BrokenPipeError

    monkeypatch.setattr(screened.terminal, "write", gone)
    view = LiveView(screened, piped, tail=lambda _path: (), upcoming=lambda _count: (), now=clock, monotonic=clock)
    view(facts.run_started())
    view(facts.finished("a"))
    later(view, clock)
    later(view, clock)
    view(facts.run_finished(done=("a",)))
    assert screened.closed


def test_quiet_shows_failures_only(facts, clock, screened, piped, terminal):
    view = LiveView(screened, piped, tail=lambda _path: (), upcoming=lambda _count: (), volume=Volume.QUIET, now=clock, monotonic=clock)
    view(facts.run_started())
    view(facts.finished("good"))
    view(facts.failed("bad"))
    view.close()
    assert [row.split()[2] for row in terminal.shown()] == ["bad"]


def test_close_without_an_end_leaves_the_lines_and_no_rows(live, facts, clock, terminal):
    live(facts.run_started())
    live(facts.started("a"))
    later(live, clock)
    live(facts.finished("a"))
    live.close()
    assert terminal.shown() == ["✓     1.5s  a  Do a"]
