"""The error boundary: words for a person, an exit code for a script, JSON for a program."""

import errno
import json

import pytest

from core.cli.failure import annotation_lines, error_json, error_text, guarded
from core.domain.runs.exit_code import ExitCode
from core.errors import EditRefused, InvalidFile, LockHeld, OrchestratorError, Problem, StorageError, UsageError
from core.terminal.console import Console

PROBLEMS = (
    Problem(file="tasks.yml", line=9, column=3, message='a task has no field "dep"', hint="did you mean 'dependencies'?"),
    Problem(file="tasks.yml", line=2, column=1, message="the task has no id"),
    Problem(file="config.yaml", message="is a directory"),
)


def raising(error):
    def command(_arguments):
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such task"), 2),
        (InvalidFile(PROBLEMS), 2),
        (StorageError("disk full"), 2),
        (EditRefused(PROBLEMS[0]), 2),
        (LockHeld(7, "noon"), 4),
        (OrchestratorError("odd"), 3),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
    ],
)
def test_each_error_has_its_exit_code(error, code, capsys):
    assert guarded(raising(error), [], Console()) == code


def test_what_went_wrong_and_what_to_type_next():
    error = UsageError("no such task: lnt", hint="did you mean lint?\norchestrator list shows all")
    assert error_text(error) == "error: no such task: lnt\n  hint: did you mean lint?\n  hint: orchestrator list shows all\n"


def test_every_problem_of_a_file_is_one_line_with_its_place():
    assert error_text(InvalidFile(PROBLEMS)) == (
        "config.yaml: is a directory\n"
        "tasks.yml:2:1: the task has no id\n"
        "tasks.yml:9:3: a task has no field \"dep\" (did you mean 'dependencies'?)\n"
        "error: 3 problems\n"
    )


def test_github_gets_every_place_as_an_annotation():
    assert annotation_lines(InvalidFile(PROBLEMS)).splitlines() == [
        "::error file=config.yaml::is a directory",
        "::error file=tasks.yml,line=2,col=1::the task has no id",
        "::error file=tasks.yml,line=9,col=3::a task has no field \"dep\" (did you mean 'dependencies'?)",
    ]
    assert annotation_lines(UsageError("a\nb")) == "::error::a%0Ab\n"


def test_github_annotations_are_written_in_github_only(capsys, monkeypatch):
    for value, expected in (("true", True), ("", False)):
        monkeypatch.setenv("GITHUB_ACTIONS", value)
        guarded(raising(InvalidFile(PROBLEMS)), [], Console())
        assert ("::error" in capsys.readouterr().out) is expected


def test_with_json_the_error_is_one_object_on_stdout_and_still_words_on_stderr(capsys):
    assert guarded(raising(InvalidFile(PROBLEMS)), ["run", "--json"], Console()) == 2
    out, err = capsys.readouterr()
    value = json.loads(out)
    assert out.count("\n") == 1
    assert value["error"] == "3 problems"
    assert value["problems"][0] == {"file": "config.yaml", "line": 0, "column": 0, "message": "is a directory", "hint": ""}
    assert err.endswith("error: 3 problems\n")


def test_one_problem_is_the_error_itself():
    value = error_json(EditRefused(PROBLEMS[1]))
    assert (value["error"], len(value["problems"])) == ("tasks.yml:2:1: the task has no id", 1)


def test_the_exit_codes_are_the_documented_ones():
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "BUG": 3,
        "LOCKED": 4,
        "BUDGET": 5,
        "TIMEOUT": 124,
        "HANGUP": 129,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }
    assert all(code.meaning.endswith((".", ")")) for code in ExitCode)


def test_what_the_machine_refuses_is_not_our_mistake(capsys):
    assert guarded(raising(OSError(errno.EIO, "Input/output error", "/some/file")), [], Console()) == 2
    said = capsys.readouterr().err
    assert "error: /some/file: Input/output error" in said
    assert "mistake" not in said


def test_without_descriptors_the_way_out_is_said(capsys):
    assert guarded(raising(OSError(errno.EMFILE, "Too many open files")), [], Console()) == 2
    assert "ulimit -n" in capsys.readouterr().err
