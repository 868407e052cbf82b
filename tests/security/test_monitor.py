"""The monitor sees, and the judge names, a violation of each sort that was planted; and nothing where there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.security.judge import MOST_CPU, Allowed, violations
from tests.security.monitor import Observation, observe, why_not
from tests.waiting import TIMEOUT

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "strace is there")

Watch = Callable[..., list[str]]

_LINE = """
import ctypes, os, signal, socket, subprocess, sys, time
state, outside = sys.argv[1:]
"""


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """Runs Python code beside an allowed directory ``state`` and a forbidden one, and returns the violations."""
    top = tmp_path.resolve()
    for name in ("state", "outside", "work"):
        (top / name).mkdir()

    def watching(code: str, *, timeout: float = 60.0, cpu: float = MOST_CPU) -> list[str]:
        allowed = Allowed(directories=(top / "state",), files=(top / "outside/report",), cpu=cpu)
        return violations(seen(code, timeout=timeout, cpu=cpu), allowed)

    def seen(code: str, *, timeout: float, cpu: float) -> Observation:
        command = [sys.executable, "-I", "-c", _LINE + code, str(top / "state"), str(top / "outside")]
        environment = {"PATH": os.environ["PATH"], "HOME": str(top)}
        return observe(command, top / "work", top / "scratch", environment, cpu=cpu, timeout=timeout)

    return watching


def test_a_command_that_keeps_to_the_rules_has_no_violation(watch: Watch) -> None:
    assert not watch("""
open(state + '/a', 'w').close()
open(outside + '/report', 'w').close()
os.rename(state + '/a', state + '/b')
open('/dev/null', 'w').close()
open('/etc/passwd').close()
os.chmod('/proc/self/fd/%d' % os.open(state, os.O_RDONLY), 0o700)
subprocess.run(['git', '--version'], stdout=subprocess.DEVNULL)
if not os.fork(): os._exit(0)
os.wait()
left, right = socket.socketpair()
left.send(b'x'); right.recv(1)
os.kill(os.getpid(), 0)
print('::error file=a.py::this says ::planted:: and is ours')
""")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("subprocess.run(['sh', '-c', ':'])", "program started: execve("),
        ("os.fork() or os.execv('/bin/true', ['git'])", "program started: execve("),
        ("subprocess.run(['git', '-c', 'alias.x=!sh -c :', 'x'])", "program started: execve("),
        (
            "subprocess.run(['git', 'ls-remote', 'ext::true x'], env={**os.environ, 'GIT_ALLOW_PROTOCOL': 'ext'})",
            "program started: execve(",
        ),
        ("os.execv(sys.executable, [sys.executable, '-c', ''])", "program started: execve("),
        ("subprocess.run(['/no/such/program'], check=False) if os.fork() else None", "program started: execve("),
        ("open(outside + '/x', 'w')", "file opened for writing: "),
        ("os.close(os.open(outside + '/y', os.O_RDONLY | os.O_CREAT))", "file opened for writing: "),
        ("os.symlink(outside, state + '/way'); open(state + '/way/x', 'w')", "file opened for writing: "),
        ("os.chdir(outside); open('x', 'a')", "file opened for writing: "),
        ("open(os.fsencode(outside) + b'/\\xff\\n\"<>', 'w')", "file opened for writing: "),
        ("os.fork() or os.mkdir(outside + '/d')", "changed: "),
        ("open(state + '/a', 'w').close(); os.rename(state + '/a', outside + '/a')", "changed: "),
        ("os.chmod(outside, 0o777)", "changed: "),
        ("os.chmod('/proc/self/fd/%d' % os.open(outside, os.O_RDONLY), 0o777)", "changed: "),
        ("os.symlink(outside, state + '/way'); os.mkdir(state + '/way/d')", "changed: "),
        ("os.mkfifo(outside + '/p')", "changed: "),
        ("socket.socket().connect_ex(('127.0.0.1', 9))", "connection: connect("),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))", "connection: sendto("),
        ("socket.socket(socket.AF_UNIX).bind(state + '/s')", "connection: bind("),
        ("socket.socket(socket.AF_UNIX).connect_ex('/nowhere/var/run/nscd/socket')", "connection: connect("),
        ("os.kill(os.getppid(), signal.SIGCONT)", "signal to another process: kill("),
        ("if os.fork(): os.wait()\nelse:\n while True: pass", " s of CPU time"),
        ("x = bytearray(300 * 1024 * 1024)", " MiB of memory"),
        ("if not os.fork(): x = bytearray(300 * 1024 * 1024)\nelse: os.wait()", " MiB of memory"),
        ("sys.exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "exit code 139"),
        ("raise ValueError", "traceback: "),
        ("class A:\n def __del__(self): raise ValueError\nA()", "traceback: "),
        ("print('said\\n  ::planted file=x::y')", "a line of stdout begins with a workflow command"),
        ("print('##[planted]', file=sys.stderr)", "a line of stderr begins with a workflow command"),
        ("print('a\\x1b[31mb')", "control byte on stdout"),
        ("sys.stdout.buffer.write('\\u009b'.encode())", "control byte on stdout"),
        ("print('a\\rb')", "control byte on stdout"),
    ],
)
def test_a_planted_violation_is_seen(watch: Watch, code: str, sentence: str) -> None:
    found = watch(code)
    assert any(sentence in each for each in found), found


def test_a_process_that_spins_is_killed_soon_after_the_limit_of_the_trick(watch: Watch) -> None:
    found = watch("while True: pass", cpu=1.0, timeout=TIMEOUT)
    assert any(sentence.startswith("exit code 137") for sentence in found), found
    (seconds,) = [float(sentence.split()[0]) for sentence in found if sentence.endswith(" s of CPU time")]
    assert 1.0 < seconds < MOST_CPU, found


def test_a_command_that_does_not_end_is_killed_and_reported(watch: Watch) -> None:
    assert "it does not end" in watch("time.sleep(1000)", timeout=1.0)


def test_processes_that_a_command_leaves_behind_are_waited_for_and_killed(watch: Watch) -> None:
    assert "it does not end" in watch("if not os.fork():\n os.setsid()\n signal.pause()", timeout=1.0)


def test_the_memory_of_the_test_process_is_not_counted_as_the_commands(watch: Watch) -> None:
    ballast = bytearray(300 * 1024 * 1024)
    assert not watch("pass")
    del ballast
