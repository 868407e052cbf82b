"""state.db and metrics.db: databases with rows, tables and views that the tool never wrote."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing, suppress

from tests.security.repository import HOSTILE_LINES, HOSTILE_TEXT, ORCHESTRATOR, Repository
from tests.security.trick import Tricks

DATABASES = Tricks()


def _change(repository: Repository, database: str, *statements: str, values: tuple[object, ...] = ()) -> None:
    """Change a database as somebody does who knows it: rows without a checksum pass for those of an older version."""
    with closing(sqlite3.connect(repository.root / ".orchestrator" / database)) as connection:
        for statement in statements:
            connection.execute(statement, values if "?" in statement else ())
        for table in ("runs", "attempts", "outcomes", "transitions", "state"):
            with suppress(sqlite3.Error):
                connection.execute(f"UPDATE {table} SET checked = NULL")
        connection.commit()


@DATABASES.add
def journal_names_logs_elsewhere(repository: Repository) -> None:
    _change(
        repository, "state.db", "UPDATE attempts SET log = ?", "UPDATE outcomes SET log = ?", values=(str(repository.outside / "victim"),)
    )


@DATABASES.add
def journal_names_a_device_as_log(repository: Repository) -> None:
    _change(repository, "state.db", "UPDATE attempts SET log = ?", "UPDATE outcomes SET log = ?", values=("../../../../../../dev/zero",))


@DATABASES.add
def journal_names_a_pipe_as_log(repository: Repository) -> None:
    repository.pipe("logs/pipe.log")
    _change(repository, "state.db", "UPDATE attempts SET log = ?", "UPDATE outcomes SET log = ?", values=("logs/pipe.log",))


@DATABASES.add
def journal_says_hostile_things(repository: Repository) -> None:
    for statement in (
        "UPDATE outcomes SET reason = ?",
        "UPDATE outcomes SET log_digest = ?",
        "UPDATE attempts SET log = ?",
        "UPDATE transitions SET reason = ?",
    ):
        _change(repository, "state.db", statement, values=(HOSTILE_LINES,))
    _change(
        repository,
        "state.db",
        "INSERT INTO attempts (seq, run_id, task_id, number, started, log) SELECT seq + 100, run_id, ?, number, started, log FROM attempts",
        values=(HOSTILE_TEXT,),
    )
    _change(repository, "state.db", "INSERT INTO runs (id, pid, started) SELECT ?, 1, started FROM runs", values=(HOSTILE_LINES,))


@DATABASES.add
def journal_has_hostile_numbers(repository: Repository) -> None:
    _change(
        repository,
        "state.db",
        "UPDATE attempts SET number = 9223372036854775807, started = 1e300",
        "UPDATE outcomes SET duration = -1e300, cpu = 9e999, peak_memory = -9223372036854775808",
        "UPDATE outcomes SET cost = 9e999, exit_code = 9223372036854775807",
        "UPDATE runs SET pid = 1, started = -9e999, ended = NULL, exit_code = -1",
        "UPDATE transitions SET at = -9e999, after = 'no such word'",
    )


@DATABASES.add
def journal_has_words_that_nobody_knows(repository: Repository) -> None:
    _change(
        repository,
        "state.db",
        "UPDATE outcomes SET ending = 'no such ending'",
        "UPDATE transitions SET before = 'x', after = 'y'",
        "UPDATE state SET value = '[' || value",
    )


@DATABASES.add
def journal_names_processes_of_others(repository: Repository) -> None:
    """As if a run of this machine were still going on in processes that are not ours to end."""
    _change(repository, "state.db", "UPDATE runs SET pid = 1, ended = NULL, exit_code = NULL", "DELETE FROM outcomes")
    repository.write(".orchestrator/lock", '{"pid": 1, "run": "x", "started": 0}\n')


@DATABASES.add
def journal_counts_for_ever(repository: Repository) -> None:
    """A view in place of a table that never runs out of rows."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
    _change(
        repository,
        "state.db",
        "DROP TABLE attempts",
        f"CREATE VIEW attempts AS {endless} i AS seq, 'r' AS run_id, 'a' AS task_id, i AS number, 0.0 AS started, '' AS log FROM n",
        "DROP TABLE transitions",
        f"CREATE VIEW transitions AS {endless} i AS seq, 'r' AS run_id, 'a' AS task_id,"
        " 'x' AS before, 'y' AS after, 0.0 AS at, '' AS reason "
        "FROM n",
    )


@DATABASES.add
def journal_has_triggers_and_large_values(repository: Repository) -> None:
    _change(
        repository,
        "state.db",
        "CREATE TRIGGER grow AFTER INSERT ON state BEGIN INSERT INTO state (key, value) VALUES (hex(randomblob(9999999)), 'x'); END",
        "UPDATE transitions SET reason = hex(zeroblob(60000000))",
        "UPDATE outcomes SET reason = hex(zeroblob(60000000))",
    )


@DATABASES.add
def journal_is_of_a_newer_tool(repository: Repository) -> None:
    _change(repository, "state.db", "PRAGMA user_version = 2147483647")


@DATABASES.add
def journal_has_other_tables(repository: Repository) -> None:
    _change(repository, "state.db", "DROP TABLE attempts", "CREATE TABLE attempts (x)", "DROP TABLE runs", "CREATE TABLE runs (id)")


@DATABASES.add
def journal_has_a_great_many_rows(repository: Repository) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
    transitions, attempts = "(seq, run_id, task_id, before, after, at, reason)", "(seq, run_id, task_id, number, started, log)"
    _change(
        repository,
        "state.db",
        f"INSERT INTO transitions {transitions} {numbers} SELECT i + 1000, 'r', 'a', 'pending', 'done', 0.0, 'x' FROM n",
        f"INSERT INTO attempts {attempts} {numbers} SELECT i + 1000, 'r', 'a', i + 10, 0.0, 'logs/x.log' FROM n",
    )


def _metrics(repository: Repository, *statements: str) -> None:
    """Change a cache of measures that the tool itself has laid out and filled."""
    ended = subprocess.run([ORCHESTRATOR, "audit"], cwd=repository.root, env=repository.environment(), capture_output=True, check=False)
    assert ended.returncode == 1, ended.stderr
    _change(repository, "metrics.db", *statements)


@DATABASES.add
def measures_are_forged(repository: Repository) -> None:
    """A bad file gets the numbers of a good one, and files outside get some as well."""
    good = "(SELECT data FROM measure JOIN file ON measure.blob = file.blob WHERE path = CAST('a.py' AS BLOB))"
    bad = "(SELECT blob FROM file WHERE path = CAST('package/b.py' AS BLOB))"
    _metrics(
        repository,
        f"UPDATE measure SET data = {good} WHERE blob = {bad}",
        "UPDATE OR IGNORE file SET path = CAST('../../etc/passwd' AS BLOB) WHERE path = CAST('a.py' AS BLOB)",
    )
    repository.git("add", "--force", ".orchestrator/metrics.db")
    repository.git("commit", "--quiet", "-m", "Track it")


@DATABASES.add
def measures_are_of_a_hostile_size(repository: Repository) -> None:
    _metrics(repository, "UPDATE measure SET data = zeroblob(200000000), variant = hex(zeroblob(30000000))")


@DATABASES.add
def measures_never_end(repository: Repository) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
    columns = "CAST(i AS BLOB) AS path, i AS size, i AS modified, i AS changed, i AS inode, CAST(i AS BLOB) AS blob, x'00' AS seal"
    _metrics(repository, "DROP TABLE file", f"CREATE VIEW file AS {endless} {columns} FROM n")


@DATABASES.add
def measures_are_a_great_many(repository: Repository) -> None:
    rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT n.i, file.* FROM n, file LIMIT 400000"
    _metrics(
        repository,
        f"CREATE TEMP TABLE more AS {rows}",
        "UPDATE more SET path = CAST('x' || rowid AS BLOB)",
        "ALTER TABLE more DROP COLUMN i",
        "INSERT INTO file SELECT * FROM more",
    )
