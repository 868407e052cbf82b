"""Runs a command under ``strace`` and tells what it, and everything it started, did to the world outside."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_LAUNCH = Path(__file__).with_name("launch.py")
#: Wall time after which a command counts as one that does not end; long, for the machine may be busy.
TIMEOUT = 60.0

#: Calls that name a file they change; the path is their first string, or the first after a directory.
_CHANGING = (
    *("mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"),
    *("truncate", "mknod", "mknodat", "chmod", "fchmodat", "chown", "lchown", "fchownat", "utimensat", "setxattr", "lsetxattr"),
    *("mount", "umount2", "chroot", "pivot_root"),
)
_OPENING = ("open", "openat", "openat2", "creat")
_STARTING = ("execve", "execveat")
_TALKING = ("connect", "sendto", "sendmsg", "sendmmsg", "bind", "listen")
_SIGNALLING = ("kill", "tkill", "tgkill", "pidfd_send_signal", "ptrace", "process_vm_writev")
_WATCHED = ",".join((*_CHANGING, *_OPENING, *_STARTING, *_TALKING, *_SIGNALLING))

_CALL = re.compile(r"^(?P<at>[\d.]+) (?P<kind>\w+)\((?P<arguments>.*?)(?:\)\s+= (?P<result>.*)| <unfinished .*|)$", re.DOTALL)
#: A text, and the directory that it is relative to where the call names one.
_TEXT = re.compile(r'(?:(?:AT_FDCWD|\d+)<((?:[^<>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"')
_DESCRIPTOR = re.compile(r"^\d+<((?:[^<>\\]|\\.)*)>$")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One system call that may matter."""

    pid: int
    #: Unix time, in seconds.
    at: float
    kind: str
    #: As strace writes them.
    arguments: str
    result: str
    #: The files that it names: where it really is if the call opened it, else as given, made absolute if it says where it is.
    paths: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The file that it is about: what it opens, starts, makes or changes. Empty: none."""
        if not self.paths:
            return ""
        return self.paths[-1 if self.kind.startswith(("link", "symlink")) else 0]

    @property
    def failed(self) -> bool:
        return self.result.startswith("-1")

    def __str__(self) -> str:
        return f"{self.kind}({self.arguments[:200]}) = {self.result[:80]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a command and everything it started did, printed and cost."""

    #: In the order of time, here and below; the first one starts the command itself.
    started: tuple[Call, ...]
    opened: tuple[Call, ...]
    changed: tuple[Call, ...]
    talked: tuple[Call, ...]
    signalled: tuple[Call, ...]
    #: Every process there was.
    pids: tuple[int, ...]
    #: As a shell gives it: 128 + number for a signal.
    exit_code: int
    stdout: bytes
    stderr: bytes
    #: Seconds of all processes together, the tracer's among them.
    cpu: float
    #: Bytes, of the largest process.
    peak: int
    #: False: killed when the timeout was over.
    ended: bool


@lru_cache(maxsize=1)
def why_not() -> str:
    """Return why nothing can be watched here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (Debian: apt install strace)"
    tried = subprocess.run(["strace", "-f", "--seccomp-bpf", "-qq", "-o", os.devnull, "true"], capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()}"


def observe(
    command: Sequence[str], directory: Path, scratch: Path, environment: Mapping[str, str], *, cpu: float, timeout: float = TIMEOUT
) -> Observation:
    """Run ``command`` in ``directory`` to its end; ``scratch`` is a directory to be made.

    ``cpu`` is the CPU time, in seconds, that all processes together may take; one that alone takes twice as much is killed.
    """
    scratch.mkdir(parents=True)
    tracing = ["--seccomp-bpf", "-ff", "-qqq", "-ttt", "-y", "-s", "4096", "-e", f"trace={_WATCHED}", "-e", "signal=none"]
    wish = {
        "command": [shutil.which("strace"), *tracing, "-o", str(scratch / "calls"), *command],
        "directory": str(directory),
        "environment": dict(environment),
        "stdout": str(scratch / "stdout"),
        "stderr": str(scratch / "stderr"),
        "seconds": timeout,
        # Far enough above the limit for the judge to see it exceeded: the kernel counts by ticks, a fifth too much on a busy machine.
        "cpu": math.ceil(2 * cpu),
    }
    launched = subprocess.run([sys.executable, "-I", "-S", str(_LAUNCH), json.dumps(wish)], capture_output=True, text=True)
    assert launched.returncode == 0, launched.stderr
    report = json.loads(launched.stdout)
    recordings = list(scratch.glob("calls.*"))
    calls = sorted((call for recording in recordings for call in _calls(recording)), key=lambda call: call.at)

    def of(kinds: Sequence[str]) -> tuple[Call, ...]:
        return tuple(call for call in calls if call.kind in kinds)

    return Observation(
        started=of(_STARTING),
        opened=of(_OPENING),
        changed=of(_CHANGING),
        talked=of(_TALKING),
        signalled=of(_SIGNALLING),
        pids=tuple(int(recording.suffix[1:]) for recording in recordings),
        exit_code=_exit_code(report["status"]),
        stdout=(scratch / "stdout").read_bytes(),
        stderr=(scratch / "stderr").read_bytes(),
        cpu=report["cpu"],
        peak=report["peak"],
        ended=report["ended"],
    )


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _calls(recording: Path) -> Iterator[Call]:
    pid = int(recording.suffix[1:])
    opened: dict[str, str] = {}
    for line in recording.read_text("utf-8", "surrogateescape").split("\n"):
        found = _CALL.match(line)
        if found is not None:
            arguments, result = found["arguments"], found["result"] or ""
            paths = tuple(opened.get(path, path) for path in _paths(arguments, result))
            if found["kind"] in _OPENING and paths:
                opened[f"/proc/self/fd/{result.partition('<')[0]}"] = paths[0]
            yield Call(pid=pid, at=float(found["at"]), kind=found["kind"], arguments=arguments, result=result, paths=paths)


def _paths(arguments: str, result: str) -> tuple[str, ...]:
    opened = _DESCRIPTOR.match(result)
    if opened is not None:
        return (_plain(opened[1]),)
    return tuple(os.path.join(_plain(found[1] or ""), _plain(found[2])) for found in _TEXT.finditer(arguments))


def _plain(text: str) -> str:
    """Return what strace wrote with escapes."""
    return os.fsdecode(_ESCAPE.sub(_unescaped, os.fsencode(text)))


def _unescaped(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, letter = found.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 255])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    return _LETTERS.get(letter, letter)
