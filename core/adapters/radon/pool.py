"""Measuring many sources in forked processes, largest first. A source that kills its process is a problem of that source.

The kernel ends a process that spends too much processor time on one source: no code of Python's has to return for that, so a
parser or a pattern that does not come to an end cannot hold up the caller, who stays open to signals meanwhile. It refuses
memory beyond a limit as well.
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from struct import Struct

from core.adapters.radon.agreement import raw_counter, tree_counter
from core.adapters.radon.cognitive import cognitive_complexities
from core.adapters.radon.file_measure import MOST_MEMORY, limit_memory, measure_source
from core.adapters.radon.packing import pack

#: Below this many bytes a second process costs more than it brings.
_WORTH_FORKING = 256 * 1024
#: A source from this many bytes on is measured in a process of its own at least: what takes radon quadratic time, takes long.
_WORTH_LIMITING = 4 * 1024
#: Bytes that a process takes at a time; few enough to end together, many enough to seldom ask.
_PORTION = 64 * 1024
_READ_AT_ONCE = 1024 * 1024
#: Index of a source, bytes of its packed measure.
_FRAME = Struct("<II")
_NUMBER = Struct("<I")
#: Processor time for one source: seconds, and seconds more for each MiB; ten times what ordinary code takes.
_SECONDS, _SECONDS_PER_MIB = 3.0, 10.0
#: A terminal sends these to the whole process group; the parent decides whether they end the measuring.
_FOR_THE_PARENT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Outcomes of sources, by index."""

    #: Packed measures.
    measures: dict[int, bytes] = field(default_factory=dict)
    #: Why Python itself ended over a source; it may not another time, with more memory for example.
    crashes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Sources, and what of them is measured."""

    sources: Sequence[bytes]
    cognitive: bool
    windows: bool

    def size(self, index: int) -> int:
        return len(self.sources[index])

    def packed(self, index: int) -> bytes:
        return pack(measure_source(self.sources[index], cognitive=self.cognitive, windows=self.windows))


def measure_many(
    sources: Sequence[bytes], jobs: int, measured: Callable[[int], None], *, cognitive: bool = False, windows: bool = False
) -> Pooled:
    """Measure sources, their ``cognitive`` complexity and ``windows`` where asked for; ``measured`` is called with how many more are done.

    It forks where a source is not tiny; none of the processes outlives the call.
    """
    pooled = Pooled()
    batch = _Batch(sources=sources, cognitive=cognitive, windows=windows)
    processes = _processes(sources, jobs)
    if processes:
        _in_processes(batch, _portions(sources), processes, pooled.measures, measured)
    for index in [index for index in range(len(sources)) if index not in pooled.measures]:
        if processes:
            _alone(batch, index, pooled)
        else:
            pooled.measures[index] = batch.packed(index)
        measured(1)
    return pooled


def _processes(sources: Sequence[bytes], jobs: int) -> int:
    """Return how many processes are worth starting."""
    if jobs > 1 and sum(map(len, sources)) >= _WORTH_FORKING:
        return jobs
    return int(max(map(len, sources), default=0) >= _WORTH_LIMITING)


def _portions(sources: Sequence[bytes]) -> list[list[int]]:
    """Return indices in portions, the largest sources first."""
    portions: list[list[int]] = []
    room = 0
    for index in sorted(range(len(sources)), key=lambda index: -len(sources[index])):
        if room <= 0:
            portions.append([])
            room = _PORTION
        portions[-1].append(index)
        room -= len(sources[index])
    return portions


def _alone(batch: _Batch, index: int, pooled: Pooled) -> None:
    """Measure one source in a process of its own, after one died that may have had it."""
    for status in _in_processes(batch, [[index]], 1, pooled.measures, lambda _: None):
        if index not in pooled.measures and (crash := _crash(batch.size(index), status)):
            pooled.crashes[index] = crash
            return
    if index not in pooled.measures:  # what it raised there it raises here, where it is seen
        pooled.measures[index] = batch.packed(index)


def _crash(size: int, status: int) -> str:
    """Return why a process ended without the measure of a source of ``size`` bytes; empty when it raised something."""
    if os.WIFEXITED(status):
        return f"not measured: it takes more than {MOST_MEMORY // 1024**2} MiB of memory" if os.WEXITSTATUS(status) == errno.ENOMEM else ""
    number = os.WTERMSIG(status)
    if number == signal.SIGPROF:
        return f"not measured: it takes more than {_limit(size):.0f} seconds of processor time"
    return f"measuring it ended Python with {signal.Signals(number).name}"


def _limit(size: int) -> float:
    """Return the seconds of processor time that a source of ``size`` bytes may take."""
    return _SECONDS + _SECONDS_PER_MIB * size / 1024**2


@dataclass(slots=True, kw_only=True)
class _Worker:
    pid: int
    #: Its end of the pipe that results come through, and what came and is no whole frame yet.
    results: int
    pending: bytearray = field(default_factory=bytearray)


def _in_processes(
    batch: _Batch, portions: Sequence[Sequence[int]], jobs: int, results: dict[int, bytes], measured: Callable[[int], None]
) -> list[int]:
    """Put packed measures into ``results``; return the wait statuses of the processes, none where there can be none.

    What a process held when it died is missing.
    """
    raw_counter(), tree_counter()  # imported and compiled once, before there are several of us
    if batch.cognitive:
        cognitive_complexities("")
    queue = _queue(len(portions))
    workers: list[_Worker] = []
    statuses: list[int] = []
    try:
        with suppress(OSError):  # as many as there can be
            workers.extend(_start(batch, portions, queue) for _ in range(min(jobs, len(portions))))
        _collect(workers, results, measured)
    except BaseException:
        for worker in workers:
            os.kill(worker.pid, signal.SIGKILL)
        raise
    finally:
        os.close(queue)
        for worker in workers:
            os.close(worker.results)
            statuses.append(_status(worker.pid))
    return statuses


def _status(pid: int) -> int:
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return signal.SIGKILL  # whoever started us ignores SIGCHLD, so the kernel kept nothing


def _queue(count: int) -> int:
    """Return a pipe's end from which every process takes the number of its next portion, until none is left."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        os.write(writer, b"".join(map(_NUMBER.pack, range(count))))
    finally:
        os.close(writer)
    return reader


def _start(batch: _Batch, portions: Sequence[Sequence[int]], queue: int) -> _Worker:
    """Fork one process. Raises OSError when there can be no further one; nothing of the attempt is left then."""
    reader, writer = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_THE_PARENT)
    pid = -1
    try:
        pid = _fork()
        if not pid:
            for number in _FOR_THE_PARENT:
                signal.signal(number, signal.SIG_IGN)
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(reader)
            limit_memory()
            _work(batch, portions, queue, writer)
            os._exit(0)
    except MemoryError:
        os._exit(errno.ENOMEM)
    finally:
        if not pid:
            os._exit(1)
        os.close(writer)
        if pid < 0:
            os.close(reader)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return _Worker(pid=pid, results=reader)


def _fork() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # beside threads: the child takes no lock of theirs
        return os.fork()


def _work(batch: _Batch, portions: Sequence[Sequence[int]], queue: int, writer: int) -> None:
    while number := os.read(queue, _NUMBER.size):
        frames = bytearray()
        for index in portions[_NUMBER.unpack(number)[0]]:
            signal.setitimer(signal.ITIMER_PROF, _limit(batch.size(index)))
            packed = batch.packed(index)
            signal.setitimer(signal.ITIMER_PROF, 0)
            frames += _FRAME.pack(index, len(packed)) + packed
        while frames:
            del frames[: os.write(writer, frames)]


def _collect(workers: Sequence[_Worker], results: dict[int, bytes], measured: Callable[[int], None]) -> None:
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.results, selectors.EVENT_READ, worker)
        while selector.get_map():
            for key, _ in selector.select():
                worker = key.data
                if data := os.read(worker.results, _READ_AT_ONCE):
                    worker.pending += data
                    measured(_pop_frames(worker.pending, results))
                else:
                    selector.unregister(worker.results)


def _pop_frames(pending: bytearray, results: dict[int, bytes]) -> int:
    """Move whole frames into ``results``; return how many."""
    start = count = 0
    while len(pending) - start >= _FRAME.size:
        index, length = _FRAME.unpack_from(pending, start)
        end = start + _FRAME.size + length
        if end > len(pending):
            break
        results[index] = bytes(pending[start + _FRAME.size : end])
        start, count = end, count + 1
    del pending[:start]
    return count
