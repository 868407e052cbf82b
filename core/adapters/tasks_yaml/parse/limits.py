"""How large a ``tasks.yml`` may be: far beyond any real backlog, small enough that no file can hang or fill a machine."""

from __future__ import annotations

#: Bytes; 100,000 tasks of ordinary size are 17 MB.
MAX_BYTES = 32 * 1024 * 1024
#: Maps and lists inside each other.
MAX_DEPTH = 32
#: Values in the whole file.
MAX_NODES = 4_000_000
#: Values inside one task.
MAX_ENTRY_NODES = 50_000
#: Values and characters that all aliases together stand for.
MAX_EXPANSION = 1_000_000
#: Problems listed of one file.
MAX_PROBLEMS = 1_000
