"""A mistake of ours ends in a crash log, not in a traceback."""

from __future__ import annotations

import platform
import re
import subprocess
import sys

import pytest

from core import __version__
from core.cli.failure import guarded
from core.terminal.console import Console


def broken(_arguments):
    raise ZeroDivisionError("by zero")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return tmp_path


def test_the_log_lies_in_the_state_directory_of_the_repository(here, capsys):
    (here / "repository" / ".orchestrator").mkdir(parents=True)
    assert guarded(broken, ["run", "-C", "repository"], Console()) == 3
    (log,) = (here / "repository" / ".orchestrator").iterdir()
    assert re.fullmatch(r"crash-\d{8}-\d{6}-\d+\.log", log.name)
    about, libraries, arguments, encoding, empty, first, *traceback = log.read_text().splitlines()
    assert about.startswith(f"orchestrator {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()} ")
    assert re.fullmatch(r"typer \S+, rich \S+, PyYAML \S+, jsonschema \S+, radon \S+", libraries)
    assert (arguments, encoding) == ("arguments: ['run', '-C', 'repository']", f"encoding: {sys.getfilesystemencoding()}")
    assert (empty, first) == ("", "Traceback (most recent call last):")
    assert traceback[-2:] == ['    raise ZeroDivisionError("by zero")', "ZeroDivisionError: by zero"]
    hint = f"this is a mistake in orchestrator; please report it with repository/.orchestrator/{log.name}"
    assert capsys.readouterr().err == f"error: ZeroDivisionError: by zero\n  hint: {hint}\n"


def test_without_a_state_directory_none_is_made(here, capsys):
    assert guarded(broken, ["list"], Console()) == 3
    assert [path.name for path in here.iterdir()] == ["tmp"]
    (log,) = (here / "tmp").iterdir()
    assert str(log) in capsys.readouterr().err


def test_with_no_place_to_write_the_traceback_is_told(here, capsys):
    (here / "tmp").rmdir()
    assert guarded(broken, ["list"], Console()) == 3
    assert "Traceback" in capsys.readouterr().err


def test_the_environment_is_not_in_the_log(here, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    guarded(broken, ["list"], Console())
    (log,) = (here / "tmp").iterdir()
    assert "hunter2" not in log.read_text()


_CODE = """
import sys
started = []
starts = ("subprocess.Popen", "os.posix_spawn", "os.system")
sys.addaudithook(lambda event, arguments: started.append(arguments) if event in starts else None)
from core.cli.crash_log import crash_text
print(crash_text(ValueError("x"), ["audit"]))
assert not started, started
"""


def test_the_text_names_the_system_without_starting_a_program() -> None:
    ended = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == (
        f"orchestrator {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}"
    )
    assert (lines[2], lines[-2:]) == ("arguments: ['audit']", ["ValueError: x", ""])
