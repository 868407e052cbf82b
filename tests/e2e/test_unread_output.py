"""Whoever does not read what the tool writes loses lines of a view, and nothing else: no deadline, no answer to a signal, no result."""

from __future__ import annotations

import os
import pty
import resource
import signal
import socket
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, events_of, until
from tests.e2e.test_run_faults import as_mortal
from tests.waiting import TIMEOUT

_WORDS = "words " * 60


class Unread:
    """Streams for a process, of which nobody reads anything until ``read``."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def pipe(self, *, full: bool = True) -> tuple[int, int]:
        """Return both ends of a pipe, reading end first; ``full``: it takes nothing from the beginning."""
        ours, theirs = os.pipe()
        if full:
            _fill(theirs)
        return self._kept(ours, theirs)

    def terminal(self) -> tuple[int, int]:
        """Return both ends of a terminal that is stopped as by Ctrl-S, ours first."""
        ours, theirs = pty.openpty()
        termios.tcflow(theirs, termios.TCOOFF)
        return self._kept(ours, theirs)

    def socket(self) -> tuple[int, int]:
        """Return both ends of a stream socket, as node gives them to its children."""
        pair = socket.socketpair()
        numbers = [os.dup(each.fileno()) for each in pair]
        for each in pair:
            each.close()
        _fill(numbers[1])
        return self._kept(*numbers)

    def _kept(self, *numbers: int) -> tuple[int, int]:
        for number in numbers:
            self._stack.callback(_close, number)
        ours, theirs = numbers
        return ours, theirs


def _fill(number: int) -> None:
    os.set_blocking(number, False)
    try:
        while True:
            os.write(number, b"\n" * 4096)
    except BlockingIOError:
        os.set_blocking(number, True)


def _close(number: int) -> None:
    try:
        os.close(number)
    except OSError:
        return


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def unread() -> Iterator[Unread]:
    with ExitStack() as stack:
        yield Unread(stack)


def _start(rig: Rig, *arguments: str, stdout: int, stderr: int, preexec: Callable[[], None] | None = None, **variables: str) -> Any:
    return subprocess.Popen(
        [ORCHESTRATOR, *arguments],
        cwd=rig.root,
        env=rig.environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=preexec,  # noqa: PLW1509 (no thread runs here)
    )


def _read_all(ours: int, process: subprocess.Popen[bytes]) -> bytes:
    """Read until the end, slowly, and wait for the process."""
    parts = []
    try:
        while part := os.read(ours, 4096):
            parts.append(part)
    except OSError:  # the end of a terminal
        pass
    process.wait(TIMEOUT)
    return b"".join(parts).lstrip(b"\n")


_PLACES = ("pipe", "terminal", "socket")
_STALLED = {
    "stdout": (("run", "--json"), {}),
    "stderr": (("run",), {}),
    "both": (("run", "-v"), {"TERM": "xterm"}),
    "GitHub": (("run",), {"GITHUB_ACTIONS": "true"}),
    "GitLab": (("run",), {"GITLAB_CI": "true"}),
    "quiet": (("run", "--quiet"), {}),
    "unbuffered": (("run", "--json"), {"PYTHONUNBUFFERED": "1"}),
}


@pytest.mark.parametrize(
    ("stalled", "place"), [*((stalled, "pipe") for stalled in _STALLED), ("stdout", "socket"), ("stdout", "terminal"), ("both", "terminal")]
)
def test_time_limits_and_signals_are_heeded_while_nobody_reads(rig: Rig, unread: Unread, stalled: str, place: str) -> None:
    rig.write_tasks(
        {"id": "limited", "command": "touch up; sleep 1060", "timeout": "1s", "priority": "critical"},
        {"id": "endless", "command": "sleep 1060", "priority": "critical"},
        *({"id": f"t{number}", "command": "exit 1", "description": _WORDS} for number in range(60)),
    )
    arguments, variables = _STALLED[stalled]
    _, theirs = getattr(unread, place)()
    stdout = subprocess.DEVNULL if stalled == "stderr" else theirs
    stderr = theirs if stalled in ("stderr", "both") else subprocess.DEVNULL
    process = _start(rig, *arguments, "--no-reflect", "-j3", stdout=stdout, stderr=stderr, **variables)
    until(lambda: [ending for _, ending in rig.journalled_attempts().get("limited", [])] == ["timed_out"], what="the time limit is kept")
    until(lambda: "failed" in rig.journalled().get("t59", ""), what="the rest is worked off")
    process.send_signal(signal.SIGTERM)

    assert process.wait(TIMEOUT) == 143
    assert not rig.processes()
    assert {rig.statuses()[task] for task in ("limited", "t0", "t59")} == {"failed"}
    assert rig.statuses()["endless"] == "pending"


def test_the_result_waits_for_its_reader_when_everything_else_has_ended(rig: Rig, unread: Unread) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": "true", "description": _WORDS} for number in range(100)))
    ours, theirs = unread.pipe()
    process = _start(rig, "run", "--json", "--no-reflect", stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    until(lambda: (rig.root / ".orchestrator").exists() and (rig.json("history") or [{}])[0].get("exit_code") == 0, what="the run ends")
    again = rig.run("run", "--no-reflect")

    assert again.returncode == 0, again.stderr
    assert rig.tasks_file.read_text().count("status: done") == 100
    assert process.poll() is None
    events = events_of(_read_all(ours, process).decode())
    assert process.returncode == 0
    assert [event["event"] for event in events].count("task_finished") == 100
    assert events[-1]["event"] == "run_finished"


def test_a_signal_ends_the_wait_for_a_reader(rig: Rig, unread: Unread) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    _, theirs = unread.pipe()
    process = _start(rig, "run", "--no-reflect", stdout=theirs, stderr=subprocess.DEVNULL)
    until(lambda: (rig.root / ".orchestrator").exists() and (rig.json("history") or [{}])[0].get("exit_code") == 0, what="the run ends")
    # Until its handlers are given back it heeds none: then the second one finds the wait.
    until(lambda: process.poll() is not None or process.send_signal(signal.SIGINT), what="it ends")

    assert process.wait(TIMEOUT) == 130
    assert rig.statuses() == {"a": "done"}


def test_a_reader_who_comes_late_is_told_how_many_events_are_missing(rig: Rig, unread: Unread) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": "true", "description": "x" * 60_000} for number in range(60)))
    ours, theirs = unread.pipe()
    process = _start(rig, "run", "--json", "--no-reflect", "-j2", stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    until(lambda: (rig.root / ".orchestrator").exists() and (rig.json("history") or [{}])[0].get("exit_code") == 0, what="the run ends")
    events = events_of(_read_all(ours, process).decode())
    dropped = [event["count"] for event in events if event["event"] == "events_dropped"]
    (log,) = (rig.root / "logs").glob("run-*.jsonl")

    assert process.returncode == 0, process.stderr.read()
    process.stderr.close()
    assert events[0]["event"] == "run_started"
    assert events[-1]["event"] == "run_finished"
    assert len(events[-1]["done"]) == 60
    assert len(dropped) == 1
    assert len(events) - 1 + dropped[0] == len(events_of(log.read_text()))


def test_both_streams_in_one_pipe_keep_their_order(rig: Rig, unread: Unread) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": "true", "description": _WORDS} for number in range(300)))
    ours, theirs = unread.pipe()
    process = _start(rig, "run", "--no-reflect", "-j2", stdout=theirs, stderr=theirs)
    os.close(theirs)
    until(lambda: (rig.root / ".orchestrator").exists() and (rig.json("history") or [{}])[0].get("exit_code") == 0, what="the run ends")
    lines = _read_all(ours, process).decode().splitlines()

    assert process.returncode == 0
    assert sum(line.startswith("✓") for line in lines) == 300
    assert "300 done" in lines[-1]


def test_a_stopped_terminal_shows_the_summary_when_it_goes_on(rig: Rig, unread: Unread) -> None:
    rig.write_tasks({"id": "good", "command": "true"}, {"id": "bad", "command": "exit 3"})
    ours, theirs = unread.terminal()
    process = _start(rig, "run", "--no-reflect", stdout=theirs, stderr=theirs, TERM="xterm")
    until(lambda: (rig.root / ".orchestrator").exists() and (rig.json("history") or [{}])[0].get("exit_code") == 1, what="the run ends")
    termios.tcflow(theirs, termios.TCOON)
    os.close(theirs)
    shown = _read_all(ours, process).decode()

    assert process.returncode == 1
    assert "exit 3" in shown
    assert "1 done" in shown


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("plan", "--json"), ("show", "t0001"), ("log", "t0001", "--raw")])
def test_a_result_arrives_whole_in_a_non_blocking_pipe(rig: Rig, unread: Unread, arguments: tuple[str, ...], unbuffered: str) -> None:
    rig.write_tasks(
        {"id": "t0001", "command": "head -c 300000 /dev/zero | tr '\\0' x"},
        *({"id": f"o{number}", "command": "true", "description": _WORDS, "status": "done"} for number in range(1000)),
    )
    assert rig.run("run", "--no-reflect").returncode == 0
    ours, theirs = unread.pipe()
    os.set_blocking(theirs, False)
    process = _start(rig, *arguments, stdout=theirs, stderr=subprocess.PIPE, PYTHONUNBUFFERED=unbuffered)
    os.close(theirs)
    got = _read_all(ours, process).decode()
    expected = rig.run(*arguments).stdout

    assert process.returncode == 0, process.stderr.read()
    process.stderr.close()
    assert got == expected.lstrip("\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("log", "big", "--raw"), ("run", "--help"), ("--help",)])
def test_a_result_that_is_cut_by_a_size_limit_is_an_error(rig: Rig, tmp_path: Path, arguments: tuple[str, ...], unbuffered: str) -> None:
    rig.write_tasks(
        {"id": "big", "command": "yes | head -c 300000"},
        *({"id": f"t{number}", "command": "true", "description": _WORDS, "status": "done"} for number in range(100)),
    )
    assert rig.run("run", "--no-reflect").returncode == 0
    with open(tmp_path / "out", "wb") as file:
        process = _start(
            rig,
            *arguments,
            stdout=file.fileno(),
            stderr=subprocess.PIPE,
            preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
            PYTHONUNBUFFERED=unbuffered,
        )
        _, errors = process.communicate(timeout=TIMEOUT)

    assert (process.returncode, errors.decode()) == (2, "error: the result could not be written to stdout: File too large\n")
    assert (tmp_path / "out").stat().st_size == 1000


@pytest.mark.parametrize("place", _PLACES)
def test_an_unread_stream_that_belongs_to_another_user_holds_nothing_up(rig: Rig, unread: Unread, place: str) -> None:
    """The tool may not open it anew."""
    if os.geteuid() != 0:
        pytest.skip("only root gives a pipe away")
    rig.write_tasks(
        {"id": "limited", "command": "touch up; sleep 1060", "timeout": "1s", "priority": "critical"},
        {"id": "endless", "command": "sleep 1060", "priority": "critical"},
    )
    _, theirs = getattr(unread, place)()
    os.fchown(theirs, 65534, 65534)
    os.fchmod(theirs, 0o600)
    process = _start(rig, "run", "--json", "--no-reflect", "-j2", stdout=theirs, stderr=subprocess.DEVNULL, preexec=as_mortal)
    until(lambda: [ending for _, ending in rig.journalled_attempts().get("limited", [])] == ["timed_out"], what="the time limit is kept")
    process.terminate()

    assert process.wait(TIMEOUT) == 143


def test_a_junit_report_that_nobody_reads_holds_no_lock(rig: Rig, unread: Unread) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    os.mkfifo(rig.root.parent / "report")
    process = _start(rig, "run", "--no-reflect", "--junit", "../report", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: (rig.root / ".orchestrator").exists() and (rig.json("history") or [{}])[0].get("exit_code") == 0, what="the run ends")
    again = rig.run("run", "--no-reflect")

    assert again.returncode == 0, again.stderr
    report = (rig.root.parent / "report").read_text()
    assert process.wait(TIMEOUT) == 0
    assert "<testsuite" in report
