"""Measuring in several processes: the same results, and nothing that happens in one of them is lost or left behind."""

from __future__ import annotations

import errno
import faulthandler
import os
import signal
import threading
import time

import pytest

from core.adapters.radon_meter import RadonMeter, pool
from core.adapters.radon_meter.file_measure import measure_source
from core.adapters.radon_meter.packing import unpack
from core.adapters.radon_meter.pool import measure_many

SOURCES = [b"def f%d(x):\n    return 1 if x else %d\n" % (number, number) + b"# filler\n" * (number % 7 * 400) for number in range(300)]


def measured(sources, jobs):
    return [unpack(data) for data in measure_many(sources, jobs, lambda _: None)]


def die(number):
    faulthandler.disable()  # quietly
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def no_process_stays_behind():
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture
def trap(monkeypatch):
    """Let something happen where a source with a certain mark is measured."""

    def set_trap(mark, happens):
        def measure(source):
            if mark in source:
                happens()
            return measure_source(source)

        monkeypatch.setattr(pool, "measure_source", measure)

    return set_trap


def test_processes_come_to_the_same_results_in_the_same_order():
    assert measured(SOURCES, 3) == measured(SOURCES, 1) == [measure_source(source) for source in SOURCES]


def test_progress_counts_every_source_once():
    for jobs in (1, 2):
        heard = []
        measure_many(SOURCES, jobs, heard.append)
        assert sum(heard) == len(SOURCES)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_source_that_kills_its_process_is_a_problem_of_its_own(trap, number):
    trap(b"f17(", lambda: die(number))
    results = measured(SOURCES, 2)
    assert results[17].problem == f"measuring it ended Python with {number.name}"
    assert [index for index, result in enumerate(results) if result.problem] == [17]
    assert results[18] == measure_source(SOURCES[18])


def test_every_process_may_die(trap):
    trap(b"filler", lambda: die(signal.SIGSEGV))
    small = [b"x = 1\n", *(b"# filler %d\n" % number * 8000 for number in range(6))]
    results = measured(small, 2)
    assert [bool(result.problem) for result in results] == [False] + [True] * 6


def test_our_own_mistake_is_raised_and_not_called_a_problem_of_the_source(trap):
    def fail():
        raise AssertionError("ours")

    trap(b"f17(", fail)
    with pytest.raises(AssertionError, match="ours"):
        measured(SOURCES, 2)


def test_an_interrupt_ends_the_processes(trap):
    parent = os.getpid()

    def interrupt():
        os.kill(parent, signal.SIGINT)
        time.sleep(60)

    trap(b"f17(", interrupt)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        measured(SOURCES, 2)
    assert time.monotonic() - began < 10


def test_where_no_process_can_be_started_it_measures_itself(monkeypatch):
    def refuse():
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    assert measured(SOURCES, 2) == measured(SOURCES, 1)


def test_few_small_sources_start_no_process(monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    assert len(measured(SOURCES[:5], 8)) == 5


def test_it_works_beside_threads():
    stop = threading.Event()
    beside = threading.Thread(target=stop.wait)
    beside.start()
    try:
        assert measured(SOURCES, 2) == measured(SOURCES, 1)
    finally:
        stop.set()
        beside.join()


def test_a_parent_that_ignores_dead_children_is_served(trap):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert measured(SOURCES, 2) == measured(SOURCES, 1)
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_descriptors_are_closed():
    before = len(os.listdir("/proc/self/fd"))
    measured(SOURCES, 2)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_meter_tells_how_far_it_is(tmp_path):
    for index, source in enumerate(SOURCES[:40]):
        (tmp_path / f"m{index}.py").write_bytes(source)
    heard = []
    RadonMeter(str(tmp_path), jobs=2, progress=lambda done, total: heard.append((done, total))).measure()
    assert heard[-1] == (40, 40)
    assert heard == sorted(heard)
