"""The port ``RunLock`` on files."""

from core.adapters.run_lock.file_lock import FileRunLock

__all__ = ["FileRunLock"]
