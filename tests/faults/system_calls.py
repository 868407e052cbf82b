"""System calls of a running tool: list them, and let something happen at one of them, by ``strace``.

Only the tool's main thread is traced; what it starts is not. A call is named by its kind and by how many of its kind came
before it, which is how ``strace --inject`` counts.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tests.e2e.rig import until
from tests.faults.zygote import Tool
from tests.waiting import TIMEOUT

#: Kinds that begin a process or a thread; they name no path.
STARTING = {"vfork", "clone", "clone3"}
#: Kinds by which a process changes what is outside of it. A kill at any other call leaves the same as one at the next of these.
CHANGING = {
    *("write", "pwrite64", "writev", "ftruncate", "fsync", "fdatasync", "close", "flock", "sendto"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "link", "linkat", "symlink", "symlinkat"),
    *("chmod", "fchmod", "fchmodat", "fchown", "setxattr", "fsetxattr"),
    *STARTING,
    *("kill", "pidfd_send_signal"),
}
_PATH = re.compile(r'"(/[^"]*)"|\d<(/[^>]*)>')
_CREATING = "O_CREAT"
_LINE = re.compile(r"^(?P<kind>\w+)\((?P<arguments>.*?)(?:\) += .*| <unfinished.*|)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One system call of a recording."""

    kind: str
    #: 1 for the first of its kind.
    number: int
    #: With the paths of descriptors, as strace writes it.
    arguments: str

    #: How many of its kind named the same path before it, and it.
    number_on_path: int = 0

    @property
    def path(self) -> str:
        """The first path it names; empty when there is none."""
        found = _PATH.search(self.arguments)
        return (found[1] or found[2]) if found else ""

    @property
    def changes(self) -> bool:
        """Whether it changes something outside of the process."""
        return self.kind in CHANGING or (self.kind == "openat" and _CREATING in self.arguments)

    def is_about(self, directory: Path) -> bool:
        """Whether it names something in ``directory``, or begins a process."""
        return str(directory) in self.arguments or self.kind in STARTING

    def __str__(self) -> str:
        return f"{self.kind} #{self.number} ({self.path or self.arguments[:120]})"


#: A process that has stopped itself and waits for a SIGCONT.
Held = Tool | subprocess.Popen[bytes]


@lru_cache(maxsize=1)
def why_not() -> str:
    """Return why calls cannot be traced here; empty where they can."""
    if shutil.which("strace") is None:
        return "strace is not installed (Debian: apt install strace)"
    tried = subprocess.run(["strace", "-qq", "--inject=chdir:error=EIO", "true"], capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()}"


def record(tool: Held, scratch: Path) -> list[Call]:
    """Let a held tool run to its end and return its calls."""
    listing = scratch / "calls"
    tracer = _attach(tool, "-y", "-s", "16", "-o", str(listing))
    tool.wait(TIMEOUT)
    tracer.wait(TIMEOUT)
    counts: Counter[str] = Counter()
    calls = []
    for line in listing.read_text(errors="replace").splitlines():
        found = _LINE.match(line)
        if found is not None:
            counts[found["kind"]] += 1
            call = Call(kind=found["kind"], number=counts[found["kind"]], arguments=found["arguments"])
            counts[f"{call.kind} {call.path}"] += 1
            calls.append(replace(call, number_on_path=counts[f"{call.kind} {call.path}"]))
    return calls


def inject(tool: Held, call: Call, action: str, *, sticky: bool = False, on_path: str = "") -> None:
    """Let a held tool run, with ``action`` (``signal=KILL``, ``error=EIO``) at ``call``, or there and ever after.

    With ``on_path`` only calls that name this path count and are harmed.
    """
    when = f"{call.number_on_path if on_path else call.number}{'+' if sticky else ''}"
    only = ("-P", on_path) if on_path else ()
    tracer = _attach(tool, "-o", os.devnull, f"--inject={call.kind}:{action}:when={when}", "-e", f"trace={call.kind}", *only)
    try:
        tool.wait(TIMEOUT)
    finally:
        tool.kill()
        tracer.wait(TIMEOUT)


def _attach(tool: Held, *options: str) -> subprocess.Popen[bytes]:
    """Trace a held tool, and let it go."""
    status = Path(f"/proc/{tool.pid}/status")
    until(lambda: "State:\tT" in status.read_text(), every=0.001, what="the tool holds still")
    tracer = subprocess.Popen(["strace", "-qq", "-p", str(tool.pid), *options], stderr=subprocess.DEVNULL)
    until(lambda: "TracerPid:\t0\n" not in status.read_text(), every=0.001, what="strace is attached")
    # One that comes while the tracer takes hold can be lost.
    until(lambda: _goes_on(tool.pid, status), every=0.01, what="the tool goes on")
    return tracer


def _goes_on(pid: int, status: Path) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    try:
        return "State:\tT" not in status.read_text()
    except OSError:
        return True  # it has ended already
