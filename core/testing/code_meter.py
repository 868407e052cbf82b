"""In-memory twin of the port ``CodeMeter``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from core.domain.quality.metric import Block, FileMeasure
from core.domain.untrusted.globs import matches
from core.ports.code import Measured


class InMemoryMeter:
    """Measures the bytes in ``files`` with a function of the test's choice, and remembers blobs as a cache does."""

    def __init__(
        self,
        measure: Callable[[bytes], FileMeasure],
        files: Mapping[str, bytes] | None = None,
        *,
        include: Sequence[str] = ("**/*.py",),
        exclude: Sequence[str] = (),
    ) -> None:
        self._measure = measure
        self._include = include
        self._exclude = exclude
        self._blobs: dict[str, FileMeasure] = {}
        #: Contents by path.
        self.files = dict(files or {})
        #: What ``advise`` answers, by path and block name.
        self.advice: dict[tuple[str, str], str] = {}

    def measure(self, paths: Sequence[str] | None = None) -> tuple[Measured, ...]:
        chosen = self._selected("") if paths is None else {path for named in paths for path in self._named(named)}
        return tuple(Measured(path=path, measure=self._measure(self.files[path])) for path in sorted(chosen))

    def measure_sources(self, sources: Sequence[bytes]) -> tuple[FileMeasure, ...]:
        return tuple(map(self._measure, sources))

    def measure_blobs(self, ids: Iterable[str], read: Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]) -> Mapping[str, FileMeasure]:
        wanted = list(dict.fromkeys(ids))
        missing = [name for name in wanted if name not in self._blobs]
        if missing:
            self._blobs.update((name, self._measure(source)) for name, source in read(missing))
        return {name: self._blobs[name] for name in wanted if name in self._blobs}

    def advise(self, path: str, block: Block | None = None) -> str:
        return self.advice.get((path, block.name if block else ""), "")

    def _named(self, path: str) -> Iterable[str]:
        if path in self.files:
            return (path,)
        return self._selected("" if path in {"", "."} else f"{path.removesuffix('/')}/")

    def _selected(self, directory: str) -> set[str]:
        return {
            path
            for path in self.files
            if path.startswith(directory)
            and any(matches(path, glob) for glob in self._include)
            and not any(matches(path, glob) for glob in self._exclude)
        }
