"""In-memory twin of the port ``MetricHistory``."""

from __future__ import annotations

from collections.abc import Callable

from core.domain.quality.history import History, assemble
from core.domain.quality.metric import FileMeasure
from core.testing.commit_log import InMemoryCommitLog


class InMemoryHistory:
    """Measures the contents of an in-memory log of commits with any function."""

    def __init__(self, log: InMemoryCommitLog, measure: Callable[[bytes], FileMeasure]) -> None:
        self._log = log
        self._measure = measure

    def revisions(self, count: int) -> History:
        def measured(blob: str) -> FileMeasure:
            return self._measure(self._log.blobs[blob])

        return assemble(self._log.window(count), lambda _commit, _path, blob: measured(blob), lambda _path, blob: measured(blob))
