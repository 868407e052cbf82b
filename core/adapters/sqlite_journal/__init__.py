"""The journal in SQLite: ``.orchestrator/state.db``."""

from core.adapters.sqlite_journal.journal import SqliteJournal
from core.adapters.sqlite_journal.opening import open_journal, open_journal_to_read, open_scratch_journal

__all__ = ["SqliteJournal", "open_journal", "open_journal_to_read", "open_scratch_journal"]
