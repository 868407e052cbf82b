"""The CodeMeter that counts as radon does: an unchanged file costs a stat, a known content a look-up, the rest one parse."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from core.adapters.radon.content_measures import ContentMeasures, no_collecting, unpacked, variant
from core.adapters.radon.measure_cache import MeasureCache, Stamp
from core.adapters.radon.source_files import LARGEST, Listing, SourceFiles, Unreadable, read_content, read_text, too_large
from core.domain.quality.history import blob_digest
from core.domain.quality.metric import Block, FileMeasure, Metric
from core.ports.code import Measured

#: Called with the number of sources measured so far, and the number of all that have to be.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Seen:
    """A path as of the last audit; its measure is unpacked at first use."""

    stamp: Stamp
    blob: bytes
    data: bytes | None
    measure: FileMeasure | None = None


class RadonMeter:
    """Measures one project.

    ``cache``: path of a database in a directory that exists, or None. ``key``: the secret that seals its rows; None:
    nothing is kept. ``jobs`` 0: one a core. ``listing`` returns what is to be chosen from, None where it does not know: then, and
    without it, every file below. ``metrics`` names what is measured beside what always is: ``cognitive``
    (UsageError where that is not installed) and ``duplication``.
    """

    def __init__(
        self,
        root: str,
        *,
        include: Sequence[str] = ("**/*.py",),
        exclude: Sequence[str] = (),
        jobs: int = 0,
        cache: str | None = None,
        key: bytes | None = None,
        progress: Progress | None = None,
        listing: Listing = lambda: None,
        metrics: Collection[str] = (),
    ) -> None:
        self._root = os.path.abspath(root)
        self._files = SourceFiles(self._root, include, exclude, listing)
        cognitive, windows = Metric.COGNITIVE in metrics, Metric.DUPLICATION in metrics
        self._cache = MeasureCache(cache, variant(cognitive=cognitive, windows=windows), key)
        self._contents = ContentMeasures(self._cache, jobs or len(os.sched_getaffinity(0)), cognitive=cognitive, windows=windows)
        self._progress = progress
        self._seen: dict[str, _Seen] | None = None

    def measure(self, paths: Sequence[str] | None = None) -> tuple[Measured, ...]:
        with no_collecting(), closing(self._cache):
            files, problems = (self._files.selected(), {}) if paths is None else self._files.named(paths)
            measures = {path: FileMeasure(problem=problem) for path, problem in problems.items()}
            changed = [path for path in files if not self._add_unchanged(path, measures)]
            self._measure_changed(changed, measures)
            if paths is None:
                self._forget_all_but(measures)
            return tuple(Measured(path=path, measure=measures[path]) for path in sorted(measures))

    def measure_sources(self, sources: Sequence[bytes]) -> tuple[FileMeasure, ...]:
        names = [blob_digest(source) for source in sources]
        with no_collecting(), closing(self._cache):
            measures = dict(self._contents.of(zip(names, sources, strict=True), lambda _: None))
        return tuple(measures[name] for name in names)

    def measure_blobs(self, ids: Iterable[str], read: Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]) -> Mapping[str, FileMeasure]:
        names = {bytes.fromhex(name): name for name in ids}
        with no_collecting(), closing(self._cache):
            measures = self._known(names)
            missing = [name for blob, name in names.items() if blob not in measures]
            if missing:
                sources = ((bytes.fromhex(name), source) for name, source in read(missing))
                measures.update(self._contents.of(sources, self._counter(len(missing))))
        return {name: measures[blob] for blob, name in names.items() if blob in measures}

    def advise(self, path: str, block: Block | None = None, *, metric: Metric, threshold: float) -> str:
        from core.adapters.radon.advice import advise
        from core.adapters.radon.file_measure import measure_source

        try:
            source = read_content(f"{self._root}/{path}").data
            return advise(read_text(source), partial(measure_source, source), block, metric=metric, threshold=threshold)
        except (Unreadable, FileNotFoundError):
            return ""

    def close(self) -> None:
        """Close the cache, which every call opens when it needs it and closes itself."""
        self._cache.close()

    def _known(self, blobs: Collection[bytes]) -> dict[bytes, FileMeasure]:
        """Return the measures of known contents: most were seen in the work tree a moment ago."""
        present = {seen.blob: seen.measure for seen in (self._seen or {}).values() if seen.measure}
        measures = {blob: present[blob] for blob in blobs if blob in present}
        return measures | self._contents.known([blob for blob in blobs if blob not in measures])

    def _add_unchanged(self, path: str, measures: dict[str, FileMeasure]) -> bool:
        """Add the measure of a file that need not be read to ``measures``; return False where it must be read."""
        try:
            found = os.lstat(f"{self._root}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError as error:
            measures[path] = FileMeasure(problem=f"cannot be read ({error.strerror})")
            return True
        if not stat.S_ISREG(found.st_mode):
            return True
        if found.st_size > LARGEST:
            measures[path] = FileMeasure(problem=too_large(found.st_size))
            return True
        seen = self._all_seen().get(path)
        if not seen or seen.stamp != Stamp.of(found):
            return False
        seen.measure = seen.measure or unpacked(seen.data)
        if seen.measure:
            measures[path] = seen.measure
        return seen.measure is not None

    def _measure_changed(self, paths: Sequence[str], measures: dict[str, FileMeasure]) -> None:
        """Read files, and measure those whose content is not known."""
        blobs: dict[str, tuple[bytes, Stamp | None]] = {}

        def read() -> Iterator[tuple[bytes, bytes]]:
            for path in paths:
                try:
                    content = read_content(f"{self._root}/{path}")
                except FileNotFoundError:
                    continue
                except Unreadable as unreadable:
                    measures[path] = FileMeasure(problem=str(unreadable))
                else:
                    blobs[path] = content.blob, content.stamp
                    yield content.blob, content.data

        by_blob = dict(self._contents.of(read(), self._counter(len(paths))))
        for path, (blob, stamp) in blobs.items():
            measures[path] = by_blob[blob]
            if stamp:
                self._all_seen()[path] = _Seen(stamp, blob, None, by_blob[blob])
        self._cache.set_files({path: (stamp, blob) for path, (blob, stamp) in blobs.items() if stamp})

    def _forget_all_but(self, paths: Container[str]) -> None:
        gone = [path for path in self._all_seen() if path not in paths]
        for path in gone:
            del self._all_seen()[path]
        self._cache.forget_files(gone)

    def _all_seen(self) -> dict[str, _Seen]:
        if self._seen is None:
            self._seen = {path: _Seen(stamp, blob, data) for path, (stamp, blob, data) in self._cache.files().items()}
        return self._seen

    def _counter(self, total: int) -> Callable[[int], None]:
        """Return a function that reports progress, called with how many more are done."""
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            if self._progress and more:
                self._progress(done, total)

        return count
