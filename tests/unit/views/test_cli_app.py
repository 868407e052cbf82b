"""From words on the command line to one command."""

import pytest

from core.assembly.container import Session
from core.cli.app import command_first, invoke, overview
from core.cli.commands import COMMANDS
from core.errors import UsageError
from core.terminal.console import Console


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["run", "-j", "2"], ["run", "-j", "2"]),
        (["-C", "dir", "run", "-j", "2"], ["run", "-C", "dir", "-j", "2"]),
        (["--file", "t.yml", "--json", "list"], ["list", "--file", "t.yml", "--json"]),
        (["--directory=x", "config", "show"], ["config", "show", "--directory=x"]),
        (["help", "run"], ["help", "run"]),
    ],
)
def test_common_options_may_stand_before_the_command(given, expected):
    assert command_first(given, COMMANDS) == expected


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (["rnu"], "no such command: rnu", "did you mean: orchestrator run"),
        (["statsu", "--json"], "no such command: statsu", "did you mean: orchestrator status"),
        (["qqqq"], "no such command: qqqq", "orchestrator --help lists the commands"),
        (["--bogus"], "no command in: orchestrator --bogus", "orchestrator --help lists the commands"),
        (["-C", "dir"], "no command in: orchestrator -C dir", "orchestrator --help lists the commands"),
    ],
)
def test_what_is_no_command_is_an_error_with_the_nearest_one(given, message, hint):
    with pytest.raises(UsageError) as caught:
        invoke(Session(Console()), given)
    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize("words", [["completion"], ["completion", "--bogus"], ["completion", "bash", "more"], ["completion", "tcsh"]])
def test_wrong_options_and_arguments_are_usage_errors_that_name_the_help(words):
    with pytest.raises(UsageError) as caught:
        invoke(Session(Console()), words)
    assert caught.value.hint == "orchestrator completion --help lists what it takes"


def test_names_are_unique_and_every_command_is_in_the_overview():
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))
    assert all(f"  {command.name}" in overview() and command.help in overview() for command in COMMANDS)


def test_the_overview_fits_80_columns():
    assert max(len(line) for line in overview().splitlines()) <= 80
