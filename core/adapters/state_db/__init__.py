"""The journal in SQLite: ``.orchestrator/state.db``."""

from core.adapters.state_db.journal import SqliteJournal
from core.adapters.state_db.opening import open_journal, open_journal_to_read, open_scratch_journal

__all__ = ["SqliteJournal", "open_journal", "open_journal_to_read", "open_scratch_journal"]
