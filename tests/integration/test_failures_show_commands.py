"""A test that fails shows what it has run, whatever its assertion was about."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.commands import Commands, noted


def test_argv_exit_code_and_both_streams_are_shown() -> None:
    commands = Commands()
    with noted(commands):
        subprocess.run(["sh", "-c", "echo said; echo complained >&2; exit 3"], capture_output=True, text=True)

    assert str(commands) == "$ sh -c 'echo said; echo complained >&2; exit 3'\n  exit 3\n  stdout: said\n  stderr: complained"


def test_of_a_long_output_the_end_is_shown() -> None:
    commands = Commands()
    with noted(commands):
        subprocess.run([sys.executable, "-c", "print('x' * 10_000 + 'the end')"], capture_output=True)

    assert "characters] xxx" in str(commands)
    assert str(commands).endswith("xthe end\n  stderr: (empty)")
    assert len(str(commands)) < 4_000


def test_a_command_that_did_not_end_shows_what_it_said_so_far() -> None:
    commands = Commands()
    with noted(commands):
        process = subprocess.Popen(["sh", "-c", "echo so far; exec sleep 1000"], stdout=subprocess.PIPE, text=True)
        while not commands.run[0].stdout:
            with pytest.raises(subprocess.TimeoutExpired):
                process.communicate(timeout=0.1)
        process.kill()
        shown = str(commands)
        process.communicate()

    assert shown == "$ sh -c 'echo so far; exec sleep 1000'\n  it has not been waited for\n  stdout: so far"


def test_of_many_commands_the_last_ones_are_shown() -> None:
    commands = Commands()
    with noted(commands):
        for number in range(10):
            subprocess.run(f"exit {number}", shell=True)

    assert str(commands).startswith("(2 earlier ones)\n$ exit 2\n  exit 2\n")
