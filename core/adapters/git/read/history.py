"""The history of the numbers, read from git's objects: each distinct version of a file is measured once, ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed
from core.adapters.git.read.blobs import read_blobs
from core.domain.quality.history import CHURN_FACTOR, CommitWindow, History, assemble
from core.domain.quality.metric import FileMeasure
from core.ports.code import CodeMeter, CommitLog


class BlobHistory:
    """MetricHistory that checks nothing out. A second look costs the new commits only: the meter knows the old blobs."""

    def __init__(self, git: Git, log: CommitLog, meter: CodeMeter) -> None:
        self._git = git
        self._log = log
        self._meter = meter

    def revisions(self, count: int) -> History:
        window = self._log.window(CHURN_FACTOR * count)
        try:
            measures = self._meter.measure_blobs(_distinct(window.newest(count)), self._read)
        except GitFailed as failed:
            return History(gap=str(failed))

        def measure(blob: str) -> FileMeasure:
            return measures.get(blob) or FileMeasure(problem=f"git blob {blob[:12]} is missing or damaged")

        return assemble(window, count, lambda _commit, _path, blob: measure(blob), lambda _path, blob: measure(blob))

    def _read(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        return read_blobs(self._git, ids)


def _distinct(window: CommitWindow) -> tuple[str, ...]:
    touches = [touch for commit in window.commits for touch in commit.touches]
    return tuple(dict.fromkeys(blob for touch in touches for blob in (touch.old_blob, touch.blob) if blob))
