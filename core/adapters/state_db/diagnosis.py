"""What ``orchestrator doctor`` says of the state database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from core.adapters.state_db.bounds import confine
from core.adapters.state_db.migrations import VERSION
from core.adapters.state_db.opening import check_journal
from core.domain.settings.diagnosis import Diagnosis, Health


def diagnose_state(path: Path) -> Diagnosis:
    """Return the version of the state database and what it holds; it is opened for reading only. Raises StateRefused."""
    try:
        check_journal(path)
    except FileNotFoundError:
        return Diagnosis(subject="state", found="none yet")
    except OSError as error:
        return Diagnosis(subject="state", found=f"{path}: {error.strerror}", health=Health.BAD)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            confine(connection)
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            counts = "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM attempts)"
            runs, attempts = connection.execute(counts).fetchone() if version else (0, 0)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return Diagnosis(subject="state", found=f"{path}: {error}", health=Health.BAD, advice="the next run moves it aside and begins anew")
    found = f"version {version} of {VERSION}, runs: {runs}, attempts: {attempts}"
    if version > VERSION:
        return Diagnosis(subject="state", found=found, health=Health.BAD, advice="it was written by a newer orchestrator: upgrade")
    return Diagnosis(subject="state", found=found, health=Health.GOOD)
