"""``logs/run-<id>.jsonl``: every event of a run, one JSON object a line."""

from __future__ import annotations

import json
import os
from pathlib import Path

from core.events import Event, to_json


class EventLog:
    """An EventSink. A disk that refuses costs lines, never the run: the journal is the record, this is for reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
        #: Why lines are missing, one sentence; empty when none are.
        self.gap = ""

    def __call__(self, event: Event) -> None:
        if self.gap:
            return
        line = self._encode(to_json(event)) + "\n"
        try:
            if self._descriptor is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            os.write(self._descriptor, line.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self.gap = f"{self._path}: {error.strerror}"

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
