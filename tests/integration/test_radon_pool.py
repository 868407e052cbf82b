"""Measuring in several processes: the same results, and nothing that happens in one of them is lost or left behind."""

from __future__ import annotations

import errno
import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from core.adapters.radon import RadonMeter, pool
from core.adapters.radon.file_measure import measure_source
from core.adapters.radon.packing import unpack
from core.adapters.radon.pool import measure_many
from tests.waiting import TIMEOUT

SOURCES = [b"def f%d(x):\n    return 1 if x else %d\n" % (number, number) + b"# filler\n" * (number % 7 * 400) for number in range(300)]


def measured(sources, jobs):
    pooled = measure_many(sources, jobs, lambda _: None)
    assert pooled.crashes == {}
    return [unpack(pooled.measures[index]) for index in range(len(sources))]


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
        def measure(source, **_):
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
    pooled = measure_many(SOURCES, 2, lambda _: None)
    assert pooled.crashes == {17: f"measuring it ended Python with {number.name}"}
    assert len(pooled.measures) == len(SOURCES) - 1
    assert unpack(pooled.measures[18]) == measure_source(SOURCES[18])


def test_every_process_may_die(trap):
    trap(b"filler", lambda: die(signal.SIGSEGV))
    small = [b"x = 1\n", *(b"# filler %d\n" % number * 8000 for number in range(6))]
    pooled = measure_many(small, 2, lambda _: None)
    assert (set(pooled.measures), set(pooled.crashes)) == ({0}, set(range(1, 7)))


def test_a_source_that_takes_too_long_is_a_problem_of_its_own(trap, monkeypatch):
    def spin():
        while True:
            pass

    monkeypatch.setattr(pool, "_SECONDS", 0.1)
    trap(b"f17(", spin)
    pooled = measure_many(SOURCES, 2, lambda _: None)
    assert pooled.crashes == {17: "not measured: it takes more than 0 seconds of processor time"}
    assert len(pooled.measures) == len(SOURCES) - 1


def test_code_that_never_returns_to_python_is_ended_too(monkeypatch):
    """A statement of many lines that takes radon quadratic time; one process is allowed, and no second source is there."""
    monkeypatch.setattr(pool, "_SECONDS", 0.1)
    quadratic = b"x = [\n" + b"1,\n" * 4000 + b"]; y = 2\n"
    assert measure_many([quadratic], 1, lambda _: None).crashes.keys() == {0}


def test_what_crashed_is_tried_again_the_next_time(trap, tmp_path):
    for index, source in enumerate(SOURCES):
        (tmp_path / f"m{index}.py").write_bytes(source)
    trap(b"f17(", lambda: die(signal.SIGKILL))
    first = {
        one.path: one.measure.problem for one in RadonMeter(str(tmp_path), jobs=2, cache=str(tmp_path / "m.db"), key=b"a secret").measure()
    }
    assert {path for path, problem in first.items() if problem} == {"m17.py"}
    trap(b"nothing", lambda: None)
    (again,) = (
        one for one in RadonMeter(str(tmp_path), jobs=2, cache=str(tmp_path / "m.db"), key=b"a secret").measure() if one.path == "m17.py"
    )
    assert again.measure == measure_source(SOURCES[17])


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
        time.sleep(1000)

    trap(b"f17(", interrupt)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        measured(SOURCES, 2)
    assert time.monotonic() - began < TIMEOUT


def test_a_signal_to_the_whole_group_is_for_the_parent_to_act_on(trap):
    """As Ctrl-C does during a run, which handles it: the numbers still come in."""
    parent, seen = os.getpid(), []
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        trap(b"f17(", lambda: [os.kill(pid, signal.SIGINT) for pid in (os.getpid(), parent)])
        assert measured(SOURCES, 2) == [measure_source(source) for source in SOURCES]
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]


def test_where_no_process_can_be_started_it_measures_itself(monkeypatch):
    def refuse():
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    descriptors = len(os.listdir("/proc/self/fd"))
    assert measured(SOURCES, 2) == measured(SOURCES, 1)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set(), "it hears signals as before"
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_few_small_sources_start_no_process(monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    tiny = [source[:40] for source in SOURCES[:5]]
    assert len(measured(tiny, 8)) == 5


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
    for index in range(5):
        (tmp_path / f"empty{index}.py").touch()
    heard = []
    RadonMeter(str(tmp_path), jobs=2, progress=lambda done, total: heard.append((done, total))).measure()
    assert heard[-1] == (45, 45)
    assert heard == sorted(heard)


#: In a process of its own: a fork begins with all that its parent holds, and the process of these tests holds much.
_ENORMOUS = """
import resource
from core.adapters.radon.file_measure import measure_source
from core.adapters.radon.packing import unpack
from core.adapters.radon.pool import measure_many
small = [b"x = 1\\n", b"def f(x):\\n    return 1 if x else 2\\n"]
pooled = measure_many([small[0], {source}, small[1]], 2, lambda _: None)
assert [unpack(pooled.measures[index]) for index in (0, 2)] == [measure_source(source) for source in small]
print(pooled.crashes[1], resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, sep=": ")
"""


@pytest.mark.parametrize("source", ['b"x=1;" * 400_000', 'b"T = [" + b"(1, 2, 3), " * 180_000 + b"]"'])
def test_a_source_whose_tree_is_enormous_is_refused_before_it_fills_the_machine(source):
    ended = subprocess.run([sys.executable, "-c", _ENORMOUS.format(source=source)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    problem, _, peak = ended.stdout.rpartition(": ")
    assert problem == "not measured: it takes more than 224 MiB of memory"
    assert int(peak) <= 256 * 1024
