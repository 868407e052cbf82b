"""The port ``LogStore`` on files."""

from core.adapters.log_files.reading import follow_lines, read_bytes, read_lines
from core.adapters.log_files.store import FileLogStore

__all__ = ["FileLogStore", "follow_lines", "read_bytes", "read_lines"]
