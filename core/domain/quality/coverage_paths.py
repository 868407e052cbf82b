"""Which file of the project a name in a coverage report means. Pure.

| name in the report | the file |
|---|---|
| absolute, below the project | at that place, or none |
| relative, a path from the project or from the root of its git repository | at that place |
| relative to a directory of sources (``pkg/a.py`` for ``src/pkg/a.py``) | the only one whose path ends so |
| absolute on another machine (``/app/src/a.py``, ``C:/src/a.py``) | the one that lies so below the directory there that fits most names |
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from posixpath import basename, isabs, normpath

from core.domain.quality.coverage import LineCoverage, ReportedFile

_DRIVE = re.compile(r"[A-Za-z]:/")


def portable_path(name: str) -> str:
    """Return a path of a report, perhaps of Windows, with slashes and without ``.`` and ``..`` where they can be resolved."""
    return normpath(name.replace("\\", "/"))


def coverage_by_path(
    reported: Iterable[ReportedFile], files: Collection[str], roots: Sequence[str], prefix: str = ""
) -> dict[str, LineCoverage]:
    """Return what a report says, by path of the project. Names that fit no file, or several equally well, are left out.

    ``files`` are the project's, relative to it; ``roots`` are absolute paths of the project, ``prefix`` its place below the root of the
    git repository with a slash at its end.
    """
    known = _Names(frozenset(files), tuple(root.rstrip("/") + "/" for root in roots), prefix)
    found: dict[str, LineCoverage] = {}
    unsure: list[ReportedFile] = []
    for each in reported:
        path, is_settled = known.exact(each.names)
        if path:
            found[path] = found.get(path, LineCoverage()) | each.lines
        elif not is_settled:
            unsure.append(each)
    for path, lines in _by_ending(unsure, known).items():
        found.setdefault(path, lines)
    return found


class _Names:
    """The files of a project, by what may be their names elsewhere."""

    def __init__(self, files: frozenset[str], roots: tuple[str, ...], prefix: str) -> None:
        self._files = files
        self._roots = roots
        self._prefix = prefix
        self._by_basename: dict[str, list[str]] = {}
        for path in sorted(files):
            self._by_basename.setdefault(basename(path), []).append(path)

    def exact(self, names: Iterable[str]) -> tuple[str, bool]:
        """Return the file at one of the names, else nothing; and whether there is nothing more to look for."""
        settled = False
        for name in names:
            inside = next((name[len(root) :] for root in self._roots if name.startswith(root)), None)
            settled = settled or inside is not None
            relative = name if inside is None else inside
            candidates = (relative, relative[len(self._prefix) :] if relative.startswith(self._prefix) else "")
            for path in candidates:
                if path in self._files:
                    return path, True
        return "", settled

    def ending(self, name: str) -> list[str]:
        """Return the files whose path ends with a relative name."""
        return [path for path in self._by_basename.get(basename(name), ()) if path.endswith(f"/{name}")]

    def ended_by(self, name: str) -> list[str]:
        """Return the files with whose whole path a name ends."""
        return [path for path in self._by_basename.get(basename(name), ()) if name.endswith(f"/{path}")]


def _by_ending(reported: Sequence[ReportedFile], known: _Names) -> Mapping[str, LineCoverage]:
    """Return the lines of files whose names are relative to a directory of sources, or absolute on another machine."""
    found: dict[str, LineCoverage] = {}
    foreign: list[tuple[str, str, LineCoverage]] = []
    for each in reported:
        if path := _below_sources(each.names, known):
            found[path] = found.get(path, LineCoverage()) | each.lines
        else:
            foreign += [(directory, path, each.lines) for directory, path in _elsewhere(each.names, known)]
    for path, lines in _below_one_directory(foreign):
        found[path] = found.get(path, LineCoverage()) | lines
    return found


def _below_sources(names: Iterable[str], known: _Names) -> str:
    """Return the only file that ends with one of the relative names; empty where there is none."""
    endings = (known.ending(name) for name in names if not _is_absolute(name))
    return next((paths[0] for paths in endings if len(paths) == 1), "")


def _elsewhere(names: Iterable[str], known: _Names) -> Iterator[tuple[str, str]]:
    """Yield the files that the absolute names end with, each with the directory that is left."""
    for name in filter(_is_absolute, names):
        yield from ((name[: -len(path)], path) for path in known.ended_by(name))


def _below_one_directory(foreign: Sequence[tuple[str, str, LineCoverage]]) -> Iterator[tuple[str, LineCoverage]]:
    """Yield path and lines of the names below that directory of another machine which fits most: ``(directory, path, lines)``.

    Of directories that fit as many, the uppermost: more of the path is the project's then.
    """
    counts = Counter(directory for directory, _, _ in foreign)
    best = max(counts, key=lambda directory: (counts[directory], -len(directory)), default="")
    yield from ((path, lines) for directory, path, lines in foreign if directory == best)


def _is_absolute(name: str) -> bool:
    return isabs(name) or _DRIVE.match(name) is not None
