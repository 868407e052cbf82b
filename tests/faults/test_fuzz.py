"""Row 10: whatever the bytes, a value or a declared error, within two seconds and 256 MiB; each target in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.fuzz import TARGETS
from tests.faults.scale import count, seed

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_a_value_or_a_declared_error(name: str, tmp_path: Path) -> None:
    seconds = count(5, 3600)
    options = ["--seconds", str(seconds), "--seed", str(seed()), "--corpus", str(tmp_path)]
    ended = subprocess.run([sys.executable, "-m", "tests.faults.fuzz", name, *options], cwd=_ROOT, capture_output=True, text=True)
    print(ended.stdout.strip())

    assert ended.returncode == 0, f"{ended.returncode}: {ended.stdout[-500:]}{ended.stderr[-3000:]}"


#: What once broke a reader.
_BREAKERS = [("baseline", b"[" * 1000), ("baseline", b"{\n"), ("baseline", b"{\x85\n\n")]


@pytest.mark.parametrize(("name", "data"), _BREAKERS)
def test_what_once_broke_a_reader_is_refused(name: str, data: bytes) -> None:
    TARGETS[name](data)
