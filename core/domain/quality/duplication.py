"""Passages of code that are repeated, in one file or several. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import chain
from operator import attrgetter

from core.domain.quality.audit import AuditedFile
from core.domain.quality.metric import Block, Window

#: Where code is that is in no function or class, as Python's tracebacks call it.
MODULE = "<module>"
_SHAPE_BYTES = 6
#: Copies of a window that are named: of generated code there may be thousands.
_MOST_COPIES = 20
#: Copies that a sentence names.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A place whose code stands elsewhere, too."""

    path: str
    #: 1-based, inclusive.
    line: int
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One place of a repeated passage: as many statements in a row as are, window by window, repeated somewhere."""

    path: str
    #: Dotted name of the innermost block that has it all in it; MODULE where there is none. Of two in one block the second ends in `` #2``.
    block: str
    #: 1-based, inclusive.
    line: int
    end_line: int
    #: Lines of code in it that count.
    lines: int
    #: Short hash of its statements, equal in a renamed copy.
    shape: str
    #: Other places, by path and line; none of them overlaps another or the passage itself.
    copies: tuple[Copy, ...]


#: A window and the file that it is in.
_Place = tuple[int, Window]


def find_passages(
    files: Sequence[AuditedFile], allowed: Callable[[str], float], wanted: Iterable[str] | None = None
) -> tuple[Passage, ...]:
    """Return the repeated passages of ``files``, by path and line; with ``wanted`` only those in files of these paths.

    ``allowed`` is called with a path and returns how many lines a passage in that file may have and be none.
    A passage that lies within another one is left out, and a row of statements that repeats only itself, such as a table of calls.
    """
    repeated = _repeated_windows(files)
    runs: defaultdict[int, list[Window]] = defaultdict(list)
    for number, window in chain.from_iterable(repeated.values()):
        runs[number].append(window)
    asked = None if wanted is None else frozenset(wanted)
    passages: list[Passage] = []
    for number in sorted(runs):
        if asked is None or files[number].path in asked:
            most = allowed(files[number].path)
            passages += _named(each for each in _passages_of(number, runs[number], files, repeated) if each.lines > most)
    return tuple(passages)


def _repeated_windows(files: Iterable[AuditedFile]) -> Mapping[int, Sequence[_Place]]:
    """Return the places of each window that stands in more than one, by its digest."""
    places: defaultdict[int, list[_Place]] = defaultdict(list)
    for number, file in enumerate(files):
        for window in file.measure.windows:
            places[window.digest].append((number, window))
    return {digest: apart for digest, found in places.items() if len(found) > 1 and len(apart := _apart(found)) > 1}


def _named(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Yield the passages of one file, the second of two in one block with a number."""
    counts: Counter[str] = Counter()
    for passage in passages:
        counts[passage.block] += 1
        number = counts[passage.block]
        yield passage if number == 1 else replace(passage, block=f"{passage.block} #{number}")


def elsewhere(passage: Passage) -> str:
    """Return where the copies of a passage are, and what to do about them; one sentence."""
    named = [f"lines {copy.line}–{copy.end_line}{'' if copy.path == passage.path else f' of {copy.path}'}" for copy in passage.copies]
    if len(named) > _NAMED + 1:
        named[_NAMED:] = [f"{len(named) - _NAMED} other places"]
    *others, last = named
    places = f"{', '.join(others)} and {last}" if others else last
    return (
        f"Lines {passage.line}–{passage.end_line} stand again in {places}: make one function of them, with what differs as its parameters."
    )


def _apart(found: Iterable[_Place]) -> list[_Place]:
    """Leave out windows that overlap the one before: in a row of equal statements, each window is the next one's copy."""
    apart: list[_Place] = []
    for number, window in found:
        if not apart or apart[-1][0] != number or apart[-1][1].stop <= window.start:
            apart.append((number, window))
    return apart


def _passages_of(
    number: int, windows: Iterable[Window], files: Sequence[AuditedFile], repeated: Mapping[int, Sequence[_Place]]
) -> Iterator[Passage]:
    """Yield the passages of one file, given its windows that are repeated."""
    runs: list[list[Window]] = []
    for window in sorted(windows, key=attrgetter("start", "stop")):
        if runs and _goes_on((number, runs[-1][-1]), (number, window), {each.digest for each in runs[-1]}, repeated):
            runs[-1].append(window)
        else:
            runs.append([window])
    for run in _outermost(runs):
        first, last = run[0], run[-1]
        copies = _copies(number, run, files, repeated)
        if not copies:
            continue
        yield Passage(
            path=files[number].path,
            block=_block_of(files[number].measure.blocks, first.line, last.end_line),
            line=first.line,
            end_line=last.end_line,
            lines=_lines(run),
            shape=_shape(run),
            copies=copies,
        )


def _goes_on(before: _Place, place: _Place, digests: Container[int], repeated: Mapping[int, Sequence[_Place]]) -> bool:
    """Return whether a window belongs to the run that ends with the one ``before``: it overlaps that, or follows it here and in a copy."""
    stop, window = before[1].stop, place[1]
    if window.start != stop or window.digest in digests:
        return window.start < stop
    ends = {(twin[0], twin[1].stop) for twin in repeated[before[1].digest][:_MOST_COPIES] if twin != before}
    return any((twin[0], twin[1].start) in ends for twin in repeated[window.digest][:_MOST_COPIES] if twin != place)


def _outermost(runs: Iterable[list[Window]]) -> list[list[Window]]:
    """Return runs by line, without those that lie within another one; of two in which the same lines count, the inner one."""
    kept: list[list[Window]] = []
    for run in sorted(runs, key=lambda run: (run[0].line, -run[-1].end_line)):
        if not kept or run[-1].end_line > kept[-1][-1].end_line:
            kept.append(run)
        elif _lines(run) == _lines(kept[-1]):
            kept[-1] = run
    return kept


def _lines(run: Sequence[Window]) -> int:
    return run[-1].through - run[0].before


def _block_of(blocks: Iterable[Block], line: int, end_line: int) -> str:
    around = [block for block in blocks if block.line < line and end_line <= block.end_line]
    return min(around, key=lambda block: block.end_line - block.line).name if around else MODULE


def _shape(run: Iterable[Window]) -> str:
    return blake2b(b"".join(window.digest.to_bytes(8, "little") for window in run), digest_size=_SHAPE_BYTES).hexdigest()


def _copies(number: int, run: Sequence[Window], files: Sequence[AuditedFile], repeated: Mapping[int, Sequence[_Place]]) -> tuple[Copy, ...]:
    """Return where the windows of a run stand elsewhere."""
    first, last = run[0], run[-1]
    twins = {
        (files[other].path, twin)
        for window in run
        for other, twin in repeated[window.digest][:_MOST_COPIES]
        if other != number or twin.end_line < first.line or twin.line > last.end_line
    }
    return tuple(_joined(sorted(twins, key=lambda each: (each[0], each[1].start, each[1].stop))))


def _joined(twins: Iterable[tuple[str, Window]]) -> Sequence[Copy]:
    """Return the places of windows, by path and position; windows of one copy overlap or follow one another, and differ."""
    copies: list[Copy] = []
    stop, digests = -1, set[int]()
    for path, twin in twins:
        goes_on = twin.start < stop or (twin.start == stop and twin.digest not in digests)
        if goes_on and copies[-1].path == path:
            copies[-1] = replace(copies[-1], end_line=max(twin.end_line, copies[-1].end_line))
            stop = max(stop, twin.stop)
        else:
            copies.append(Copy(path=path, line=twin.line, end_line=twin.end_line))
            stop, digests = twin.stop, set()
        digests.add(twin.digest)
    return copies
