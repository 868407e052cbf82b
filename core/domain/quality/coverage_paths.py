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
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    found: dict[str, LineCoverage] = {}
    foreign: list[tuple[str, str, LineCoverage]] = []
    for each in reported:
        for name in each.names:
            if not _is_absolute(name):
                paths = known.ending(name)
                if len(paths) == 1:
                    found[paths[0]] = found.get(paths[0], LineCoverage()) | each.lines
                    break
            elif paths := known.ended_by(name):
                foreign += [(name[: -len(path)], path, each.lines) for path in paths]
    if foreign:
        # Names of one machine lie below one directory there: the one that fits most, of equals the longest path inside.
        counts = Counter(place for place, _, _ in foreign)
        best = max(counts, key=lambda place: (counts[place], -len(place)))
        for place, path, lines in foreign:
            if place == best:
                found.setdefault(path, LineCoverage())
                found[path] |= lines
    return found


def _is_absolute(name: str) -> bool:
    return isabs(name) or _DRIVE.match(name) is not None
