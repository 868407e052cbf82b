"""A stop signal to a command without a loop of its own, in a real process: what is left of it, and what is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.rig import until
from tests.waiting import TIMEOUT

#: Begins every script: stop signals are answered, and ``ready`` says so to the test and waits for the signal.
_HEAD = """
import os, signal, subprocess, sys, time, weakref
from core.files.temporary import temporary_directory
from core.sudden_stop import held, removed_with_us, sudden_stops

def ready():
    print("ready", flush=True)
    time.sleep(60)

with sudden_stops():
"""


def _script(body: str, cwd: Path, number: int = signal.SIGTERM) -> subprocess.CompletedProcess[str]:
    """Run ``body`` and send it ``number`` once it has said ``ready``."""
    code = _HEAD + "".join(f"    {line}\n" for line in body.splitlines())
    process = subprocess.Popen([sys.executable, "-c", code], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if line == "ready\n":
        process.send_signal(number)
    output, errors = process.communicate(timeout=TIMEOUT)
    return subprocess.CompletedProcess([], process.returncode, line + output, errors)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_stop_signal_ends_the_process_with_its_own_code_and_one_line(tmp_path: Path, number: int, code: int) -> None:
    ended = _script("ready()", tmp_path, number)

    assert (ended.returncode, ended.stderr) == (code, f"stopped by {signal.Signals(number).name}\n")


def test_a_signal_inside_a_weakref_callback_is_not_lost(tmp_path: Path) -> None:
    body = """
class Thing: pass
thing = Thing()
watch = weakref.ref(thing, lambda _: ready())
del thing
print("went on")"""
    ended = _script(body, tmp_path, signal.SIGINT)

    assert (ended.returncode, ended.stderr) == (130, "stopped by SIGINT\n"), ended.stdout
    assert "went on" not in ended.stdout


def test_what_is_held_comes_to_its_end_first(tmp_path: Path) -> None:
    body = """
with held():
    with held():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        open("inner", "w").close()
    open("whole", "w").close()
open("too-much", "w").close()"""
    ended = _script(body, tmp_path)

    assert (ended.returncode, ended.stderr) == (143, "stopped by SIGTERM\n")
    assert sorted(os.listdir(tmp_path)) == ["inner", "whole"]


def test_temporary_directories_and_children_are_gone(tmp_path: Path) -> None:
    body = """
child = subprocess.Popen(["sh", "-c", "sleep 300 & echo $! >> pids; wait"], start_new_session=True)
while not os.path.exists("pids"): time.sleep(0.01)
print(child.pid, file=open("pids", "a"))
with temporary_directory("outer-", os.getcwd()) as outer, temporary_directory("inner-", outer):
    ready()"""
    ended = _script(body, tmp_path)

    assert ended.returncode == 143, ended.stderr
    assert os.listdir(tmp_path) == ["pids"]
    for pid in (tmp_path / "pids").read_text().split():
        until(lambda pid=pid: _state(pid) in ("", "Z"), what=f"{pid} is gone")


def test_without_a_signal_a_temporary_directory_is_gone_after_its_block(tmp_path: Path) -> None:
    ended = _script('with temporary_directory("a-", os.getcwd()) as path: print(os.path.isdir(path))', tmp_path)

    assert (ended.returncode, ended.stdout, os.listdir(tmp_path)) == (0, "True\n", [])


def test_a_reader_that_does_not_read_stderr_does_not_delay_the_end(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, bytes(65536))
    except BlockingIOError:
        os.set_blocking(writer, True)
    process = subprocess.Popen([sys.executable, "-c", _HEAD + "    ready()"], stdout=subprocess.PIPE, stderr=writer, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)

    assert process.wait(TIMEOUT) == 143
    process.stdout.close()
    os.close(reader)
    os.close(writer)


def test_a_hangup_that_is_ignored_stays_ignored_and_handlers_come_back() -> None:
    code = """
import os, signal
from core.sudden_stop import sudden_stops
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
before = [signal.getsignal(n) for n in (1, 2, 15)]
with sudden_stops():
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set(), "what is started inherits the mask"
assert before == [signal.getsignal(n) for n in (1, 2, 15)]
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGUSR1}
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr


def _state(pid: str) -> str:
    """Return the letter of a process's state; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
