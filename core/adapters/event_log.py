"""``logs/run-<id>.jsonl``: every event of a run, one JSON object a line."""

from __future__ import annotations

import json
import os
from pathlib import Path

from core.domain.untrusted.printable import inert_json
from core.errors import StateRefused
from core.event_values import to_json
from core.events import Event, RunFinished
from core.files.private import open_beneath


class EventLog:
    """An EventSink. A disk that refuses costs lines, never the run: the journal is the record, this is for reading."""

    def __init__(self, root: Path, directory: str, run_id: str) -> None:
        self._root = root
        self._directory = directory
        self._name = f"run-{run_id}.jsonl"
        self._descriptor: int | None = None
        #: The repository, held open: what takes its place gets no log.
        self._held_root: int | None = None
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
        self._problem = ""
        self._lines: list[str] = []

    def __call__(self, event: Event) -> None:
        self._lines.append(inert_json(self._encode(to_json(event))) + "\n")
        if isinstance(event, RunFinished):
            self.flush()

    def flush(self) -> None:
        """Write the events received since the last call; to be called many times a second."""
        text = "".join(self._lines)
        self._lines.clear()
        if not text or self._problem:
            return
        try:
            descriptor = self._open()
            rest = memoryview(text.encode("utf-8", "backslashreplace"))
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError as error:
            self._problem = f"{self._root / self._directory / self._name}: {error.strerror}"
        except StateRefused as refused:
            self._problem = str(refused)

    def _open(self) -> int:
        """Return the descriptor of the log; one that somebody removed is begun anew. Raises OSError, StateRefused."""
        if self._descriptor is not None and os.fstat(self._descriptor).st_nlink == 0:
            os.close(self._descriptor)
            self._descriptor = None
        if self._descriptor is None:
            if self._held_root is None:
                self._held_root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with open_beneath(self._root, self._directory, create=True, held=self._held_root) as place:
                self._descriptor = place.open(self._name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return self._descriptor

    def close(self) -> tuple[str, ...]:
        """Close the file; return why lines are missing, one sentence, if any are."""
        self.flush()
        for descriptor in (self._descriptor, self._held_root):
            if descriptor is not None:
                os.close(descriptor)
        self._descriptor = self._held_root = None
        return (f"{self._problem}: events are missing there",) if self._problem else ()
