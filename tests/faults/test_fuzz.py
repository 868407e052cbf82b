"""Row 10: whatever the bytes, a value or a declared error, in little CPU time and memory; each target in a process of its own."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.fuzz import CORPUS, TARGETS
from tests.faults.scale import count, seed

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_a_value_or_a_declared_error(name: str, tmp_path: Path) -> None:
    kept = tmp_path / "finding"
    options = ["--inputs", str(count(1_500, 3_000_000)), "--seed", str(seed()), "--kept", str(kept)]
    ended = subprocess.run([sys.executable, "-m", "tests.faults.fuzz", name, *options], cwd=_ROOT, capture_output=True, text=True)
    print(ended.stdout.strip())

    assert ended.returncode == 0, (
        f"{_put_into_corpus(name, kept)} broke it (exit {ended.returncode}, {' '.join(options)}): {ended.stderr[-3000:]}"
    )


def _put_into_corpus(name: str, kept: Path) -> str:
    """Keep a finding where every later run reads it again; return its name."""
    if not kept.exists():
        return "nothing that was read"
    data = kept.read_bytes()
    found = CORPUS / name / hashlib.sha256(data).hexdigest()[:16]
    found.parent.mkdir(parents=True, exist_ok=True)
    found.write_bytes(data)
    return f"{found.relative_to(_ROOT)} ({data[:200]!r})"
