"""``state.db`` on a real disk: kill -9, damage, versions, backups, disks that refuse."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from core.adapters.state_db import migrations, open_journal, open_journal_to_read
from core.domain.runs.attempt import RunRecord
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
from core.errors import StorageError
from core.ports.state_tables import Migrations

WRITER = """
import sys
from pathlib import Path
from core.adapters.state_db import open_journal
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
journal = open_journal(Path(sys.argv[1]))
for number in range(10**9):
    journal.record("r", str(number), Status.PENDING, Status.DONE, 0.0, Code.SAVED.of())
    print(number, flush=True)
"""


def test_what_was_recorded_survives_kill_nine(tmp_path):
    path = tmp_path / "state.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(200):
            last = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split()
    last = int(rest[-1]) if rest else last

    journal = open_journal(path)
    recorded = [int(transition.task_id) for transition in journal.unwritten()]
    journal.close()

    assert recorded[: last + 1] == list(range(last + 1))
    assert len(recorded) <= last + 2


def test_a_damaged_file_is_moved_aside_and_kept(tmp_path):
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database at all" * 100)

    journal = open_journal(path)
    journal.begin_run(RunRecord(id="r", pid=1, started=1.0))
    journal.close()

    assert journal.repaired == "state.db was damaged; it was moved to state.db.damaged-1 and a new one begun; tasks.yml is as it was"
    assert (tmp_path / "state.db.damaged-1").read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize(("byte", "bit"), [(47, 3), (47, 7), (60, 7)], ids=["a format of 12", "a format of 132", "a version below 0"])
def test_a_bit_that_flipped_in_the_header_is_damage_and_neither_a_full_disk_nor_an_endless_migration(tmp_path, byte, bit):
    path = tmp_path / "state.db"
    open_journal(path).close()
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    path.write_bytes(content)

    journal = open_journal(path)
    journal.close()

    assert journal.repaired.startswith("state.db was damaged; it was moved to state.db.damaged-1")


def test_a_newer_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "state.db"
    open_journal(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(StorageError, match="newer orchestrator") as refusal:
        open_journal(path)
    assert "upgrade" in refusal.value.hint


def later(version):
    """Return a component of that version, each of whose steps makes a table."""
    steps = tuple((f"CREATE TABLE later_{number} (x INTEGER) STRICT",) for number in range(version))
    return Migrations(component="later", steps=steps)


def tables(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}


def test_a_migration_is_preceded_by_a_backup_and_only_the_newest_are_kept(tmp_path):
    path = tmp_path / "state.db"
    journal = open_journal(path)
    journal.record("r", "a", Status.PENDING, Status.DONE, 1.0, Code.TEXT.of("kept"))
    journal.close()
    for version in range(1, 6):
        open_journal(path, [later(version)]).close()

    # Named after the sum of the versions before the migration: of the file's format (1), the journal and the component.
    backups = sorted(backup.name for backup in tmp_path.glob("*.bak"))
    assert backups == [f"state.db.v{1 + migrations.JOURNAL.version + later}.bak" for later in (2, 3, 4)]
    reopened = open_journal(path, [later(5)])
    assert [str(transition.reason) for transition in reopened.unwritten()] == ["kept"]
    reopened.close()


def test_tables_of_a_component_are_made_when_the_state_is_opened_with_it(tmp_path):
    path = tmp_path / "state.db"
    open_journal(path, [later(1)]).close()
    assert "later_0" in tables(path)

    journal = open_journal(path, [later(2)])
    journal.execute("INSERT INTO later_1 VALUES (?)", (7,))
    journal.close()
    open_journal(path).close()  # the component is switched off

    read = open_journal_to_read(path, [later(2)])
    assert read.execute("SELECT x FROM later_1") == ((7,),)
    read.close()


def test_a_component_of_a_newer_version_is_refused_and_the_file_left_alone(tmp_path):
    path = tmp_path / "state.db"
    open_journal(path, [later(2)]).close()
    before = path.read_bytes()

    for opener in (open_journal, open_journal_to_read):
        with pytest.raises(StorageError, match=r"newer orchestrator \(later version 2, this one knows 1\)"):
            opener(path, [later(1)])
    assert path.read_bytes() == before


def test_a_step_of_a_component_that_fails_is_an_error_and_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "state.db"
    journal = open_journal(path)
    journal.save_state("kept", 1)
    journal.close()
    broken = Migrations(component="later", steps=(("CREATE TABLE later_half (x INTEGER) STRICT", "THIS IS NO SQL"),))
    with pytest.raises(StorageError, match="the tables of the wing later cannot be brought to version 1"):
        open_journal(path, [broken])

    journal = open_journal(path)
    assert (journal.load_state("kept"), journal.repaired) == (1, "")
    journal.close()
    assert "later_half" not in tables(path)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TABLE later_one (x INTEGER); CREATE TABLE later_two (x INTEGER)", "one statement at a time"),
        ("INSERT INTO later_0 VALUES (?)", "bindings"),
        ("INSERT INTO later_0 VALUES ('no number')", "cannot store TEXT"),
        ("CREATE TABLE seen (x INTEGER)", "begin with later_, and it touches the table seen$"),
        ("CREATE TABLE laterer_seen (x INTEGER)", "the table laterer_seen"),
        ("CREATE INDEX seen ON later_0 (x)", "the index seen"),
        ("CREATE VIEW later_view AS SELECT x FROM later_0", "the view later_view"),
        ("ALTER TABLE later_0 RENAME TO seen", "the table seen"),
        ("ALTER TABLE runs ADD COLUMN mine INTEGER", "the table runs"),
        ("DROP TABLE outcomes", "the table outcomes"),
    ],
)
def test_a_wrong_step_of_a_wing_names_wing_and_reason_and_leaves_the_file_as_it_was(tmp_path, statement, said):
    path = tmp_path / "state.db"
    journal = open_journal(path, [later(1)])
    journal.save_state("kept", 1)
    journal.close()
    before = tables(path)
    wrong = Migrations(component="later", steps=(*later(1).steps, (statement,)))

    for opener in (open_journal, open_journal_to_read):
        with pytest.raises(StorageError, match=f"the tables of the wing later cannot be brought to version 2: .*{said}") as refused:
            opener(path, [wrong])
        assert refused.value.hint == "this is a mistake in the wing later; the file was left as it is"
    journal = open_journal(path, [later(1)])
    assert (journal.load_state("kept"), journal.repaired, tables(path)) == (1, "", before)
    journal.close()
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_wing_may_use_keys_and_counters_for_which_sqlite_makes_tables_of_its_own(tmp_path):
    steps = (("CREATE TABLE later_0 (x INTEGER PRIMARY KEY AUTOINCREMENT, y TEXT UNIQUE)", "CREATE INDEX later_by_y ON later_0 (y)"),)
    open_journal(tmp_path / "state.db", [Migrations(component="later", steps=steps)]).close()

    assert {"later_0", "later_by_y"} < tables(tmp_path / "state.db")


def test_a_step_of_the_journal_that_fails_leaves_the_old_version(tmp_path, monkeypatch):
    path = tmp_path / "state.db"
    open_journal(path).close()
    steps = (*migrations.JOURNAL.steps, ("CREATE TABLE half (x INTEGER) STRICT", "THIS IS NO SQL"))
    monkeypatch.setattr(migrations, "JOURNAL", Migrations(component="journal", steps=steps))
    with pytest.raises(StorageError):
        open_journal(path)
    monkeypatch.undo()

    open_journal(path).close()
    assert "half" not in tables(path)


def test_a_directory_that_cannot_be_made_is_named_in_the_error(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageError, match=r"cannot create .*file/state"):
        open_journal(tmp_path / "file" / "state" / "state.db")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "CREATE TRIGGER grow AFTER INSERT ON state BEGIN DELETE FROM runs; END",
    ],
)
def test_a_database_with_views_or_triggers_is_no_journal(tmp_path, statement):
    path = tmp_path / "state.db"
    open_journal(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    read = open_journal_to_read(path)
    assert "which no journal has" in read.repaired
    read.close()
    journal = open_journal(path)
    assert "was damaged; it was moved to state.db.damaged-1" in journal.repaired
    journal.close()


@pytest.mark.parametrize(("reason", "at"), [("hex(zeroblob(9000000))", 0.0), ("''", 9e999), ("''", -1e300)])
def test_values_out_of_range_are_damage_and_fill_no_memory(tmp_path, reason, at):
    path = tmp_path / "state.db"
    open_journal(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"INSERT INTO transitions (run_id, task_id, before, after, at, reason) VALUES ('r', 'a', 'pending', 'done', ?, {reason})", (at,)
        )
    journal = open_journal_to_read(path)
    with pytest.raises(StorageError, match="is damaged"):
        journal.transitions("a")
    journal.close()
