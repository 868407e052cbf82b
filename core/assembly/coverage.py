"""What tests run of a change: a coverage report and the work tree, brought together for the gate."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.assembly.container import Container
from core.domain.quality.coverage import ChangedSource, LineCoverage, NewCodeCoverage, judge_new_code
from core.domain.quality.coverage_paths import coverage_by_path
from core.domain.quality.history import ChangedFile, ChangeSet
from core.domain.quality.metric import Metric
from core.errors import InvalidFile, StorageError
from core.files.reading import MIB, read_regular, repository_top
from core.self_auditor import thresholds_for

#: Bytes of a source that is compared.
_LARGEST = 64 * MIB


def change_coverage(container: Container, report: str = "") -> Callable[[ChangeSet], NewCodeCoverage] | None:
    """Return what judges the changed lines of a change by a coverage report; None where there is no report to judge by.

    ``report`` is the path of one, absolute or relative to the current directory; empty: ``audit.coverage``. It is read at once. Raises
    UsageError where it is missing, InvalidFile with the line where it is none, StorageError.
    """
    from core.adapters.coverage_report import read_coverage

    named = container.settings.audit.coverage
    if not report and not named:
        return None
    root = container.root
    if report:
        path, shown, inside = Path(report), report, None
    else:
        path, shown, inside = root / str(named), str(named), repository_top(root)
    reported = read_coverage(path, shown, inside=inside)
    written = os.stat(path).st_mtime

    def judge(change_set: ChangeSet) -> NewCodeCoverage:
        lines = coverage_by_path(reported, _files(container), (str(root), os.path.realpath(root)), container.repository.facts().prefix)
        sources = (_source(container, change, lines.get(change.path), written) for change in change_set.changes)
        return judge_new_code(shown, (source for source in sources if source is not None))

    return judge


def _files(container: Container) -> frozenset[str]:
    from core.adapters.git import list_files

    return frozenset(list_files(container.git) or ())


def _source(container: Container, change: ChangedFile, lines: LineCoverage | None, written: float) -> ChangedSource | None:
    """Return a changed file as it is now; None where it is gone or cannot be read, which the audit tells."""
    path = container.root / change.path
    with suppress(OSError, InvalidFile, StorageError):
        found = os.lstat(path)
        if stat.S_ISREG(found.st_mode):
            threshold = thresholds_for(change.path, container.settings.audit).of(Metric.COVERAGE)
            now = read_regular(path, change.path, limit=_LARGEST)
            newer = found.st_mtime > written
            return ChangedSource(path=change.path, base=change.base, now=now, lines=lines, newer=newer, threshold=threshold)
    return None
