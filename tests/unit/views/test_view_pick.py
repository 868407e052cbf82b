"""Which views a run gets."""

import io
import json
from itertools import product

import pytest

from core.terminal.console import Ci, ci_of, wants_colour, wants_live
from core.terminal.output import Look, Output
from core.terminal.views import Sources, ViewOptions, pick_views

SOURCES = Sources(tail=lambda _path, _lines: ())
TERMINAL, PIPE = Look(terminal=True, colour=True, live=True), Look()


def kinds(environ, stdout, stderr, **view_options):
    return [
        type(v).__name__
        for v in pick_views(environ, Output(io.StringIO(), stdout), Output(io.StringIO(), stderr), ViewOptions(**view_options), SOURCES)
    ]


@pytest.mark.parametrize(
    ("environ", "stdout", "stderr", "view_options", "expected"),
    [
        # a person
        ({}, TERMINAL, TERMINAL, {}, ["LiveView"]),
        # a pipe behind stdout: progress stays on the terminal
        ({}, PIPE, TERMINAL, {}, ["LiveView"]),
        # a file behind stderr
        ({}, TERMINAL, PIPE, {}, ["PlainView"]),
        ({}, PIPE, PIPE, {}, ["PlainView"]),
        # a program reads the events, a person watches
        ({}, PIPE, TERMINAL, {"json": True}, ["JsonView", "LiveView"]),
        # both on one terminal: the events alone
        ({}, TERMINAL, TERMINAL, {"json": True}, ["JsonView"]),
        ({}, PIPE, PIPE, {"json": True}, ["JsonView"]),
        ({"GITHUB_ACTIONS": "true"}, PIPE, PIPE, {}, ["PlainView"]),
        ({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "s.md"}, PIPE, PIPE, {}, ["PlainView", "ReportFile"]),
        # a step summary is GitHub's alone
        ({"GITHUB_STEP_SUMMARY": "s.md"}, PIPE, PIPE, {}, ["PlainView"]),
        ({}, PIPE, PIPE, {"junit": "j.xml"}, ["PlainView", "ReportFile"]),
    ],
)
def test_views_follow_streams_environment_and_flags(environ, stdout, stderr, view_options, expected):
    assert kinds(environ, stdout, stderr, **view_options) == expected


def test_ci_gets_one_stream_and_people_get_two(facts):
    for environ, on_stdout in (({"CI": "true"}, True), ({}, False)):
        stdout, stderr = Output(io.StringIO(), PIPE), Output(io.StringIO(), PIPE)
        (view,) = pick_views(environ, stdout, stderr, ViewOptions(), SOURCES)
        view(facts.finished("a"))
        view.close()
        assert (bool(stdout._stream.getvalue()), bool(stderr._stream.getvalue())) == (on_stdout, not on_stdout)


def test_events_are_one_json_object_a_line(facts):
    stdout = Output(io.StringIO(), PIPE)
    (view,) = pick_views({}, stdout, Output(io.StringIO(), PIPE), ViewOptions(json=True), SOURCES)
    for event in (facts.run_started(), facts.started("a"), facts.finished("a"), facts.run_finished(done=("a",), left={"b": "no budget"})):
        view(event)
    lines = [json.loads(line) for line in stdout._stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["run_started", "task_started", "task_finished", "run_finished"]
    assert lines[2]["outcome"]["ending"] == "succeeded"
    assert lines[3]["left"] == {"b": "no budget"}


def test_events_are_valid_json_on_a_stream_that_knows_ascii_only(facts):
    stdout = Output(io.StringIO(), Look(unicode=False))
    (view,) = pick_views({}, stdout, Output(io.StringIO(), PIPE), ViewOptions(json=True), SOURCES)
    view(facts.finished("é", description="✓ \udcff"))
    assert json.loads(stdout._stream.getvalue())["description"] == "✓ \udcff"


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({}, True, False),  # no TERM: nobody knows what it understands
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "CI": "true"}, True, False),
        ({"TERM": "xterm", "CI": "false"}, True, True),
        ({"TERM": "xterm", "GITHUB_ACTIONS": "true"}, True, False),
    ],
)
def test_drawing_over_needs_a_terminal_and_a_person(environ, terminal, expected):
    assert wants_live(environ, terminal=terminal) is expected


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),  # empty counts as not set
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),  # who asks for less gets less
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colour_follows_the_conventions(environ, on_terminal, in_pipe):
    assert (wants_colour(environ, terminal=True), wants_colour(environ, terminal=False)) == (on_terminal, in_pipe)


def test_the_ci_service_is_recognised():
    assert ci_of({}) is Ci.NONE
    assert ci_of({"CI": "true", "GITHUB_ACTIONS": "true"}) is Ci.GITHUB
    assert ci_of({"CI": "true", "GITLAB_CI": "true"}) is Ci.GITLAB
    assert ci_of({"CI": "1"}) is Ci.OTHER
    assert all(ci_of({"CI": word}) is Ci.NONE for word in ("", "0", "false", "FALSE"))


def test_every_combination_of_flags_has_a_view():
    for json_wish, out, err, ci in product((True, False), (TERMINAL, PIPE), (TERMINAL, PIPE), ("GITHUB_ACTIONS", "GITLAB_CI", "CI", "X")):
        assert kinds({ci: "true"}, out, err, json=json_wish)
