"""Measures by content, which is named by its git blob id: looked up in the cache, or made by the pool and put there."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from core.adapters.radon.cognitive import counter_version
from core.adapters.radon.measure_cache import MeasureCache
from core.adapters.radon.packing import Damaged, unpack
from core.domain.quality.metric import FileMeasure

#: Raised whenever the same bytes may come to other numbers, problems or shapes than before, or are packed otherwise.
_COUNTER = 10
#: Bytes of source held at once.
_BATCH = 16 * 1024 * 1024


class ContentMeasures:
    """One cache, and ``jobs`` processes for what it does not have, ``cognitive`` complexity and ``windows`` included or not."""

    def __init__(self, cache: MeasureCache, jobs: int, *, cognitive: bool = False, windows: bool = False) -> None:
        self._cache = cache
        self._jobs = jobs
        self._cognitive = cognitive
        self._windows = windows

    def known(self, blobs: Iterable[bytes]) -> dict[bytes, FileMeasure]:
        """Return the measures of those of ``blobs`` that the cache has."""
        found = ((blob, unpacked(data)) for blob, data in self._cache.measures(blobs).items())
        return {blob: measure for blob, measure in found if measure}

    def of(self, sources: Iterable[tuple[bytes, bytes]], measured: Callable[[int], None]) -> Iterator[tuple[bytes, FileMeasure]]:
        """Return the measures of ``(blob, bytes)`` pairs as they come, made where not known; ``measured`` is called with how many more."""
        for batch, repeated in _batches(sources):
            known = self.known(batch)
            measured(len(known) + repeated)
            yield from known.items()
            new = [blob for blob in batch if blob not in known]
            if not new:
                continue
            from core.adapters.radon.pool import measure_many  # when nothing changed, the counters are not needed

            pooled = measure_many([batch[blob] for blob in new], self._jobs, measured, cognitive=self._cognitive, windows=self._windows)
            self._cache.add_measures({new[index]: data for index, data in pooled.measures.items()})
            yield from ((new[index], unpack(data)) for index, data in pooled.measures.items())
            yield from ((new[index], FileMeasure(problem=problem)) for index, problem in pooled.crashes.items())


@contextmanager
def no_collecting() -> Iterator[None]:
    """Pause the cyclic collector: trees are large and have no cycles, and looking for some takes as long as parsing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def unpacked(data: bytes | None) -> FileMeasure | None:
    """Return a packed measure; None when there is none or it is damaged."""
    try:
        return unpack(data) if data else None
    except Damaged:
        return None


def variant(*, cognitive: bool = False, windows: bool = False) -> str:
    """Return what a measure depends on beside the content. Raises UsageError where complexipy is needed and missing."""
    import radon

    beside = f", complexipy {counter_version()}" if cognitive else ""
    beside += ", windows" if windows else ""
    return f"radon {radon.__version__}, python {sys.version_info[0]}.{sys.version_info[1]}, counter {_COUNTER}{beside}"


def _batches(sources: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[Mapping[bytes, bytes], int]]:
    """Yield distinct contents, so many bytes at a time, and how many of the sources repeat one of them."""
    batch: dict[bytes, bytes] = {}
    size = count = 0
    for blob, source in sources:
        count += 1
        size += len(source)
        batch[blob] = source
        if size >= _BATCH:
            yield batch, count - len(batch)
            batch, size, count = {}, 0, 0
    if batch:
        yield batch, count - len(batch)
