"""Run ids that no other test process uses: a launcher ends whatever on this machine bears the id of its run, also the tests beside it."""

from __future__ import annotations

import os


def own_run_id(word: str = "run") -> str:
    """Return the same id for the same word, and another one in every process."""
    return f"{word}-{os.getpid()}"
