"""Why the environment of wily cannot be made, and with what. What a package index gives: ``tests/e2e/test_audit_with_wily.py``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from core.adapters.wily import WilyEnvironment
from core.errors import StateRefused, StorageError

find_spec = importlib.util.find_spec


def without(monkeypatch, *modules):
    """Let this Python have none of the modules."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in modules else find_spec(name))


@pytest.fixture
def environment(tmp_path):
    return WilyEnvironment(tmp_path / "cache", lambda text: None)


def test_without_pip_and_ensurepip_it_is_an_error_with_what_to_install(environment, monkeypatch):
    without(monkeypatch, "pip", "ensurepip")
    with pytest.raises(StorageError, match="this Python has neither pip nor ensurepip") as refused:
        environment.python()
    assert "sudo apt install python3-venv" in refused.value.hint
    assert [path.name for path in environment.place.iterdir()] == ["lock"]


def test_without_pip_the_environment_brings_its_own(environment, monkeypatch):
    without(monkeypatch, "pip")
    done = subprocess.run([environment.python(), "-m", "wily", "--version"], capture_output=True, text=True)
    assert "1.25.0" in done.stdout, done.stderr


def test_an_environment_that_others_could_have_written_is_refused(environment):
    environment.directory.mkdir(parents=True)
    environment.place.chmod(0o777)
    with pytest.raises(StateRefused, match="can be written by others"):
        environment.python()
    environment.place.chmod(0o700)
    environment.directory.rmdir()
    environment.directory.symlink_to("/usr")
    with pytest.raises(StateRefused, match="is a symbolic link"):
        environment.python()


FULL_DISK = """
import subprocess, sys
from pathlib import Path
from core.adapters.wily import WilyEnvironment
from core.errors import StorageError
place = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", place], check=True)
try:
    print("made", WilyEnvironment(place / "cache", lambda text: None).python())
except StorageError as error:
    print(f"{error} ({error.hint})")
print(sorted(path.name for path in (place / "cache" / "wily").iterdir()))
"""


def test_a_full_disk_is_named_and_nothing_is_left_on_it(tmp_path):
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", FULL_DISK, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    if "unshare" in done.stderr:
        pytest.skip(f"no mounts of our own here: {done.stderr}")
    assert done.stdout.startswith("the environment of wily cannot be made: no space left on device (free about 200 MB there"), done.stderr
    assert done.stdout.endswith("['lock']\n")
