"""The journal in SQLite: ``.orchestrator/state.db``."""

from core.adapters.state_db.journal import SqliteJournal
from core.adapters.state_db.opening import diagnose_state, open_journal, open_journal_to_read, open_scratch_journal

__all__ = ["SqliteJournal", "diagnose_state", "open_journal", "open_journal_to_read", "open_scratch_journal"]
