"""Row 12: state databases of every released schema opened by today's code, and kills in the middle of a migration."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.adapters.state_db.migrations import FORMAT
from tests.faults.scale import count
from tests.faults.state_versions import FIXTURES, VERSION, build, export
from tests.faults.system_calls import Call, inject, record, why_not

_ROOT = Path(__file__).parents[2]
#: Opens a journal as a release would that has two more steps, and prints what it reads.
_NEXT_RELEASE = """
import os, signal, sys
from pathlib import Path
from dataclasses import replace
from core.adapters.state_db import migrations
migrations.JOURNAL = replace(migrations.JOURNAL, steps=migrations.JOURNAL.steps + (
    ("ALTER TABLE attempts ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'", "CREATE INDEX by_task ON attempts (task_id)"),
    ("UPDATE attempts SET mood = task_id", "CREATE TABLE moods (mood TEXT) STRICT", "INSERT INTO moods SELECT mood FROM attempts"),
))
from tests.faults.state_versions import export
if "held" in sys.argv:
    os.kill(os.getpid(), signal.SIGSTOP)
sys.stdout.write(export(Path(sys.argv[1])))
"""


def _recorded(version: int) -> str:
    return (FIXTURES / f"version_{version}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_what_a_released_version_wrote_is_read_to_the_byte(version: int, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    build(version, path)

    assert export(path) == _recorded(version)
    assert export(path) == _recorded(version), "and once more, as it was migrated"


def test_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    from core.errors import StorageError

    path = tmp_path / "state.db"
    build(VERSION, path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer"):
        export(path)

    assert path.read_bytes()[100:] == before[100:]


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_a_kill_in_the_middle_of_a_migration_loses_nothing(tmp_path: Path) -> None:
    def begin(name: str) -> tuple[Path, subprocess.Popen[bytes]]:
        directory = tmp_path / name
        directory.mkdir()
        build(VERSION, directory / "state.db")
        return directory, _migrate(directory, "held")

    directory, process = begin("undisturbed")
    points = [call for call in record(process, tmp_path) if call.changes and call.path.startswith(str(directory))]
    expected = _recorded(VERSION)
    assert process.communicate()[0].decode() == expected

    def kill(index: int, call: Call) -> tuple[bool, str]:
        harmed, victim = begin(f"point-{index}")
        inject(victim, call, "signal=KILL")
        victim.communicate()
        wrong = "" if _migrate(harmed).communicate()[0].decode() == expected else f"killed at {call}: another export\n"
        for backup in harmed.glob(f"state.db.v{VERSION}.bak"):
            wrong += "" if export(backup) == expected else f"killed at {call}: {backup.name} is not whole\n"
        shutil.rmtree(harmed)
        return victim.returncode == -signal.SIGKILL, wrong

    chosen = points[-count(40, 100_000) :]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(kill, range(len(chosen)), chosen))
    killed = sum(each for each, _ in results)
    print(f"{killed} kills at {len(chosen)} of {len(points)} calls of a migration")

    assert "".join(wrong for _, wrong in results) == ""
    assert killed > len(chosen) * 0.8


def _migrate(directory: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _NEXT_RELEASE, directory / "state.db", *words], cwd=_ROOT, stdout=subprocess.PIPE)
