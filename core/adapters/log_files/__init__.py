"""The port ``LogStore`` on files."""

from core.adapters.log_files.store import FileLogStore

__all__ = ["FileLogStore"]
