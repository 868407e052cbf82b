"""Views whose reader does not keep up: lines are left out and counted, what must arrive is kept."""

from __future__ import annotations

import io
import json

import pytest

from core.errors import StorageError
from core.terminal.live_view import LiveView
from core.terminal.output import Look, Output
from core.terminal.plain_view import PlainView
from core.terminal.program_views import JsonView
from core.terminal.view_lines import ViewLines


class Reader:
    """A Sink whose reader takes everything, or nothing while it is ``away``."""

    def __init__(self) -> None:
        self.away = self.closed = False
        self.refusal = None
        self.text = self.kept = ""

    @property
    def waiting(self) -> int:
        return len(self.kept)

    def add(self, text: str) -> None:
        self.kept += text
        self.push()

    def add_bytes(self, content: bytes) -> None:
        self.add(content.decode())

    def push(self) -> None:
        if not self.away:
            self.text, self.kept = self.text + self.kept, ""

    def drain(self, seconds: float | None) -> bool:
        assert seconds is not None or not self.away, "nobody would ever end this wait"
        self.push()
        return not self.kept


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def output(reader, clock):
    return Output(io.StringIO(), Look(), monotonic=clock, sink=reader)


def test_lines_are_left_out_beyond_the_limit_and_counted_where_they_are_missing(reader, output):
    lines = ViewLines(output, lambda count: f"{count} missing\n", most=10)
    reader.away = True
    for word in ("one\n", "two\n", "three\n", "four\n", "five\nsix\n"):
        lines.add(word)
        output.flush()
    reader.away = False
    lines.add("seven\n")
    lines.add("eight\n")
    output.flush()
    assert reader.text == "one\ntwo\nthree\n3 missing\neight\n" or reader.text == "one\ntwo\nthree\n4 missing\neight\n"


def test_after_a_gap_half_of_what_is_kept_must_be_read_first(reader, output):
    lines = ViewLines(output, lambda count: f"{count} missing\n", most=10)
    reader.away = True
    for _ in range(4):
        lines.add("abcdef\n")
        output.flush()
    reader.text, reader.kept = reader.kept[:7], reader.kept[7:]
    lines.add("later\n")
    reader.kept = ""
    lines.add("last\n")
    output.flush()
    assert reader.kept == "3 missing\nlast\n"


def test_a_gap_at_the_end_is_said_at_the_end(reader, output):
    lines = ViewLines(output, lambda count: f"{count} missing\n", most=3)
    reader.away = True
    for _ in range(3):
        lines.add("abc\n")
        output.flush()
    lines.close_gap()
    output.flush()
    assert reader.kept == "abc\n2 missing\n"


def test_the_last_event_is_never_left_out_and_says_what_came_of_the_run(reader, output, facts):
    view = JsonView(output, most=1)
    view(facts.run_started())
    reader.away = True
    for number in range(100):
        view(facts.finished(f"t{number}"))
        output.flush()
    view(facts.run_finished(done=("a",)))
    reader.away = False
    view.close()
    output.finish()
    events = [json.loads(line) for line in reader.text.splitlines()]
    assert [event["event"] for event in events] == ["run_started", "task_finished", "events_dropped", "run_finished"]
    assert events[2] == {"event": "events_dropped", "at": 1000.0, "run_id": "r1", "count": 99}
    assert events[3]["done"] == ["a"]


def test_a_plain_view_says_what_it_left_out_and_the_summary_arrives(reader, output, facts, clock, monkeypatch):
    monkeypatch.setattr("core.terminal.view_lines.MOST", 1)
    view = PlainView(output, output, tail=lambda _path: (), now=clock)
    view._lines._most = 1
    view(facts.run_started())
    reader.away = True
    for number in range(5):
        view(facts.finished(f"t{number}"))
        output.flush()
    view(facts.run_finished(done=("t0",)))
    reader.away = False
    output.finish()
    assert "t0" in reader.text
    assert "4 lines left out" in reader.text
    assert "1 done" in reader.text.splitlines()[-1]


def test_a_terminal_that_takes_nothing_gets_one_frame_and_not_one_for_every_moment(reader, facts, clock):
    terminal = Output(io.StringIO(), Look(terminal=True, live=True), monotonic=clock, sink=reader)
    view = LiveView(terminal, terminal, tail=lambda _path: (), upcoming=lambda _count: (), now=clock, monotonic=clock)
    view(facts.run_started())
    view(facts.started("a"))
    reader.away = True
    clock.at += 1
    view.tick()
    frame = reader.waiting
    for _ in range(1000):
        clock.at += 1
        view.tick()
    assert reader.waiting == frame > 0
    view(facts.finished("a"))
    reader.away = False
    clock.at += 1
    view.tick()
    clock.at += 1
    view.tick()
    assert "✓" in reader.text


def test_lines_for_a_terminal_that_takes_nothing_are_bounded_and_the_rest_is_counted(reader, facts, clock):
    terminal = Output(io.StringIO(), Look(terminal=True, live=True), monotonic=clock, sink=reader)
    view = LiveView(terminal, terminal, tail=lambda _path: (), upcoming=lambda _count: (), now=clock, monotonic=clock)
    view(facts.run_started())
    reader.away = True
    clock.at += 1
    view.tick()
    for number in range(2500):
        view(facts.finished(f"t{number}"))
    view(facts.run_finished(done=("t0",)))
    reader.away = False
    terminal.finish()
    assert reader.text.count("✓") == 2000
    assert "500 lines left out" in reader.text
    assert "1 done" in reader.text


def test_only_finish_waits_and_not_beyond_its_patience(reader, output):
    reader.away = True
    output.add("result\n")
    output.flush()
    output.tick()
    output.patience = 2.0
    with pytest.raises(StorageError, match="could not be written to stdout: nobody read it"):
        output.finish()
