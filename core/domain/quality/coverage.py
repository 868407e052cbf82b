"""Coverage of new code: which changed lines tests ran, as a coverage report says. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from core.domain.quality.finding import Finding, fingerprint
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import SPECS

#: Pairs of equal lines that are looked at one by one; of more, lines that occur often begin no passage of their own.
_MOST_PAIRS = 2_000_000
#: Files that a note names.
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCoverage:
    """The lines of one file that a report names, 1-based: those that ran and those that did not."""

    run: frozenset[int] = frozenset()
    missed: frozenset[int] = frozenset()

    def __or__(self, other: LineCoverage) -> LineCoverage:
        """Return both together; a line that ran in one of them ran."""
        run = self.run | other.run
        return LineCoverage(run=run, missed=(self.missed | other.missed) - run)

    @property
    def last(self) -> int:
        """The last line that is named; 0 where none is."""
        return max(max(self.run, default=0), max(self.missed, default=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFile:
    """One file as a coverage report names it."""

    #: POSIX paths that may be meant, absolute or relative to an unknown directory.
    names: tuple[str, ...]
    lines: LineCoverage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSource:
    """One changed file of the work tree and what a report says of it."""

    #: Relative to the project.
    path: str
    #: Bytes at the base revision, None for a new file, and now.
    base: bytes | None
    now: bytes
    #: None where the report does not name the file.
    lines: LineCoverage | None
    #: Whether the file changed after the report was written.
    newer: bool = False
    #: Percent of the changed lines that must have run.
    threshold: float = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCodeCoverage:
    """What a report says of a change."""

    #: One for each file below its threshold.
    findings: tuple[Finding, ...] = ()
    #: What it cannot say, a sentence each.
    notes: tuple[str, ...] = field(default_factory=tuple)


def judge_new_code(report: str, sources: Iterable[ChangedSource]) -> NewCodeCoverage:
    """Return the findings of a change: files of whose changed, executable lines too few ran. ``report`` is the name of the report.

    A line is executable when the report names it. A file that the report does not name, or names lines of that it no longer has, is
    unknown and has no finding; notes say so.
    """
    findings: list[Finding] = []
    unnamed: list[str] = []
    other: list[str] = []
    newer: list[str] = []
    for source in sources:
        changed = changed_lines(source.base, source.now)
        if not changed:
            continue
        if source.lines is None:
            unnamed.append(source.path)
        elif source.lines.last > len(source.now.splitlines()):
            other.append(source.path)
        else:
            newer += [source.path] * source.newer
            findings += _finding(source, changed, source.lines)
    notes = (
        *_note(unnamed, f"{report} does not name {{files}}: whether tests run what is new there is unknown"),
        *_note(other, f"{report} names lines that {{files}} no longer has: run the tests again; what they run there is unknown"),
        *_note(newer, f"{report} is older than {{files}}: run the tests again if lines have moved since"),
    )
    return NewCodeCoverage(findings=tuple(findings), notes=notes)


def _finding(source: ChangedSource, changed: frozenset[int], lines: LineCoverage) -> list[Finding]:
    run, missed = changed & lines.run, sorted(changed & lines.missed)
    total = len(run) + len(missed)
    if not missed or 100 * len(run) >= source.threshold * total:
        return []
    # Rounded down: 79.99 % is not yet 80 %.
    score = math.floor(1000 * len(run) / total) / 10
    ranges = _ranges(missed, lines)
    words = line_words(ranges)
    return [
        Finding(
            fingerprint=fingerprint(Metric.COVERAGE, source.path, ""),
            metric=Metric.COVERAGE,
            path=source.path,
            block="",
            line=missed[0],
            end_line=ranges[0][1],
            score=score,
            threshold=source.threshold,
            rank=SPECS[Metric.COVERAGE].rank(score, source.threshold),
            problem=f"{len(missed)} of {total} changed lines were not run: {words}",
            suggestion=f"cover {'line' if len(missed) == 1 else 'lines'} {words}",
        )
    ]


def _ranges(missed: Sequence[int], lines: LineCoverage) -> list[tuple[int, int]]:
    """Return passages of missed lines, first and last; lines between them that are not executable do not part them."""
    executable = sorted(lines.run | lines.missed)
    position = {line: number for number, line in enumerate(executable)}
    ranges: list[tuple[int, int]] = []
    for line in missed:
        if ranges and position[line] == position[ranges[-1][1]] + 1:
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))
    return ranges


def line_words(ranges: Iterable[tuple[int, int]]) -> str:
    """Return ``12–18, 40``."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ranges)


def _note(paths: Sequence[str], text: str) -> tuple[str, ...]:
    if not paths:
        return ()
    more = f" and {len(paths) - _NAMED} more files" if len(paths) > _NAMED else ""
    return (text.format(files=f"{', '.join(paths[:_NAMED])}{more}"),)


def changed_lines(base: bytes | None, now: bytes) -> frozenset[int]:
    """Return the 1-based lines of ``now`` that are not those of ``base``; all of them without a base. Line ends do not count."""
    after = now.splitlines()
    if base is None:
        return frozenset(range(1, len(after) + 1))
    before = base.splitlines()
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    matcher = SequenceMatcher(None, old, new, autojunk=_pairs(old, new) > _MOST_PAIRS)
    kept = {start + block.b + offset + 1 for block in matcher.get_matching_blocks() for offset in range(block.size)}
    return frozenset(range(start + 1, start + len(new) + 1)) - kept


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """Return how many lines both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


def _pairs(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    counts = Counter(new)
    return sum(counts[line] for line in old)
