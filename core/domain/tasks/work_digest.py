"""What a task runs and is judged by, as one digest: it tells whether an edit of an entry is a reason to try a failed task again."""

from __future__ import annotations

import hashlib
import json

from core.domain.tasks.entry import entry_of
from core.domain.tasks.task import Task

#: Fields that decide what is executed, where, for how long, how often, after what, and whether it has succeeded.
_DECIDING = ("command", "plugin", "with", "verify", "dependencies", "timeout", "retries", "env", "cwd", "kind", "manual")


def work_digest(task: Task) -> str:
    """Return the SHA-256 of everything in an entry that decides how an attempt ends; words, tags, priority and cost do not."""
    entry = entry_of(task)
    deciding = {name: entry[name] for name in _DECIDING if name in entry}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True, default=str).encode(errors="surrogatepass")).hexdigest()
