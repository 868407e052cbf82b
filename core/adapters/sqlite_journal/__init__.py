"""The journal in SQLite: ``.orchestrator/state.db``."""

from core.adapters.sqlite_journal.journal import SqliteJournal, open_journal

__all__ = ["SqliteJournal", "open_journal"]
