"""A hostile plugin tries about a hundred things, at both tiers, as root and as nobody; every one is denied. The list is printed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from core.plugins.sandbox.layers import Tier, sandbox_layers
from tests.waiting import TIMEOUT

ROOT = Path(__file__).resolve().parents[3]
DRIVER = Path(__file__).parent / "hostile_driver.py"
NOBODY = 65534


def interpreter_for(user: str) -> tuple[str, dict[str, object]]:
    """Return a Python that ``user`` may start, and how to become that user; skips where there is none."""
    if user == "root":
        if os.geteuid():
            pytest.skip("these tests do not run as root")
        return sys.executable, {}
    if os.geteuid():
        return sys.executable, {}
    become: dict[str, object] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    for candidate in (os.path.realpath(sys.executable), shutil.which(f"python3.{sys.version_info.minor}", path=os.defpath) or "/nowhere"):
        try:
            same = subprocess.run([candidate, "-c", "import yaml"], env=python_path(), **become, capture_output=True, check=False)
        except OSError:
            continue
        if same.returncode == 0:
            return candidate, become
    pytest.skip(f"nobody may not start any Python 3.{sys.version_info.minor} here")


def python_path() -> dict[str, str]:
    return {"PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}", "PATH": os.defpath}


@pytest.fixture
def open_directory():
    """A directory that another user can be given; pytest's own is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="orchestrator-hostile-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("user", ["root", "nobody"])
@pytest.mark.parametrize("profile", ["bare", "granted"])
@pytest.mark.parametrize("tier", [Tier.BASIC, Tier.STRONG])
def test_every_attempt_is_denied(tier: Tier, profile: str, user: str, open_directory: Path):
    layers = sandbox_layers()
    if tier is Tier.STRONG and not layers.bubblewrap:
        pytest.skip(f"bubblewrap: {layers.bubblewrap_problem}")
    if layers.tier is Tier.NONE:
        pytest.skip("; ".join(layers.lines()))
    python, become = interpreter_for(user)
    if become:
        os.chown(open_directory, NOBODY, NOBODY)
    command = [python, "-B", str(DRIVER), tier, profile, str(open_directory)]
    done = subprocess.run(command, env=python_path(), cwd="/", **become, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["problem"] == ""
    attempts = outcome["data"]
    for name, result in attempts.items():
        print(f"{tier:6} {user:6} {profile:7} {name:32} {result}")
    assert {name: result for name, result in attempts.items() if not result.startswith("denied")} == {}
    assert len(attempts) >= 95
    assert outcome["untouched"]
