"""A mistake of ours ends in a crash log, not in a traceback."""

import pytest

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
    text = log.read_text()
    assert "ZeroDivisionError: by zero" in text
    assert "arguments: ['run', '-C', 'repository']" in text
    error = capsys.readouterr().err
    assert error.startswith("error: ZeroDivisionError: by zero\n  hint: ")
    assert error.rstrip().endswith(log.name)
    assert "Traceback" not in error


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
