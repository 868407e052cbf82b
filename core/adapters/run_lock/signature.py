"""What the lock file says of its holder, and whether that process is alive."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

#: Bytes of the file that are read; what we write is shorter.
LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The signature in the lock file."""

    pid: int
    #: When the process with that pid started, in ticks since the boot.
    started: str
    #: Machine, boot and pid namespace in which the pid is valid.
    place: str
    run_id: str
    #: When the lock was taken (ISO 8601).
    since: str

    def is_dead(self) -> bool:
        """True if the holder is certainly dead; never so for one on another machine or in another container."""
        return self.place == _place() and _started(self.pid) != self.started


def own(run_id: str) -> Holder:
    """Return the signature of this process."""
    pid = os.getpid()
    return Holder(pid=pid, started=_started(pid), place=_place(), run_id=run_id, since=datetime.now(UTC).isoformat(timespec="seconds"))


def to_bytes(holder: Holder) -> bytes:
    return json.dumps(asdict(holder)).encode() + b"\n"


def from_bytes(content: bytes) -> Holder | None:
    """Return a signature, ignoring fields of later versions; None when it is not a valid one."""
    try:
        said = json.loads(content)
        return Holder(**{field.name: said[field.name] for field in fields(Holder)})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _started(pid: int) -> str:
    """Return when ``pid`` started; empty when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if words[0] in (b"Z", b"X") else words[19].decode()


def _place() -> str:
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return f"{socket.gethostname()} {file.read().strip()} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()
