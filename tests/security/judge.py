"""What a command that only reads may do, and what of an observation is more than that."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tests.security.monitor import Call, Observation

#: Seconds of all processes together. The most that the heaviest tricks but one took is 2.2 s: ``audit`` where sources are large and many.
MOST_CPU = 5.0
#: Bytes of one process.
MOST_MEMORY = 256 * 1024 * 1024
#: The word that hostile texts of the tricks put into workflow commands of their own.
PLANTED = "planted"

_WRITING = re.compile(r"\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")
#: What a process opens for writing without a file being written.
_NO_FILES = ("/dev/null", "/dev/tty")
_COMMANDS_OF_OTHERS = re.compile(rf"^\s*(?:::{PLANTED}|##\[{PLANTED}\])".encode(), re.MULTILINE)
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Where a command may write: below these directories, and in these files; and how much memory and time it may take."""

    directories: tuple[Path, ...] = ()
    files: tuple[Path, ...] = field(default=())
    #: Files that may be replaced, by way of a temporary file beside them.
    replaced: tuple[Path, ...] = ()
    #: Bytes that one process may take.
    memory: int = MOST_MEMORY
    #: Seconds of CPU time that all processes together may take.
    cpu: float = MOST_CPU
    #: Whether what is printed is read by a machine that obeys workflow commands.
    obeyed: bool = True

    def has(self, path: str) -> bool:
        """Return whether what lies at an absolute ``path`` once links on the way are followed is one of ours."""
        real = Path(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        inside = any(real == directory or real.is_relative_to(directory) for directory in self.directories)
        return inside or real in self.files or any(_is_on_the_way(real, file) for file in self.replaced)


def _is_on_the_way(path: Path, file: Path) -> bool:
    """Whether ``path`` is a file or the temporary one that takes its place."""
    return path == file or (path.parent == file.parent and path.name.startswith(f".{file.name}."))


def violations(seen: Observation, allowed: Allowed) -> list[str]:
    """Return everything that a command that only reads must not do, one sentence each."""
    return [
        *(f"program started: {call}" for call in seen.started if not _is_ours(call, seen)),
        *(f"file opened for writing: {call.path}: {call}" for call in seen.opened if _writes(call) and not allowed.has(call.path)),
        *(f"changed: {call}" for call in seen.changed if not call.failed and not all(map(allowed.has, _changed(call)))),
        *(f"connection: {call}" for call in seen.talked if not _is_private(call)),
        *(f"signal to another process: {call}" for call in seen.signalled if not _is_to_ours(call, seen)),
        *_costs(seen, allowed),
        *_endings(seen),
        *_texts(seen, obeyed=allowed.obeyed),
    ]


def _is_ours(call: Call, seen: Observation) -> bool:
    """Whether a call starts the command itself, or git, or one of git's own helpers."""
    if call is seen.started[0]:
        return True
    if call.failed:
        return os.path.basename(call.path) == "git"  # the next folder of PATH is tried
    return os.path.realpath(call.path) == _git() or Path(os.path.realpath(call.path)).is_relative_to(_git_helpers())


@lru_cache(maxsize=1)
def _git() -> str:
    return os.path.realpath(shutil.which("git") or "")


@lru_cache(maxsize=1)
def _git_helpers() -> str:
    return os.path.realpath(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip())


def _writes(call: Call) -> bool:
    return call.path not in _NO_FILES and (call.kind == "creat" or bool(_WRITING.search(call.arguments)))


def _changed(call: Call) -> tuple[str, ...]:
    """Return what a call changes: a renaming changes both places."""
    return call.paths[:2] if call.kind.startswith("rename") else (call.path,)


def _is_private(call: Call) -> bool:
    """Whether a call talks within a pair of sockets that a process made for itself, which has no address."""
    return "sa_family" not in call.arguments and call.kind in ("sendto", "sendmsg", "sendmmsg")


def _is_to_ours(call: Call, seen: Observation) -> bool:
    """Whether a signal goes to a process of the command's, or is none at all."""
    target, _, rest = call.arguments.partition(",")
    return rest.strip() == "0" or (target.lstrip("-").isdigit() and int(target) in seen.pids)


def _costs(seen: Observation, allowed: Allowed) -> Iterator[str]:
    if not seen.ended:
        yield "it does not end"
    if seen.cpu > allowed.cpu:
        yield f"{seen.cpu:.1f} s of CPU time"
    if seen.peak > allowed.memory:
        yield f"{seen.peak / 1024 / 1024:.0f} MiB of memory"


def _endings(seen: Observation) -> Iterator[str]:
    if seen.exit_code == 3 or (seen.exit_code > 2 and seen.ended):
        yield f"exit code {seen.exit_code}: {_end_of(seen.stderr)}"
    for text in (seen.stdout, seen.stderr):
        for sign in (b"Traceback (most recent call last)", b"Exception ignored"):
            if sign in text:
                yield f"traceback: {_end_of(text)}"


def _texts(seen: Observation, *, obeyed: bool) -> Iterator[str]:
    for name, text in (("stdout", seen.stdout), ("stderr", seen.stderr)):
        if obeyed and (found := _COMMANDS_OF_OTHERS.search(text)):
            yield f"a line of {name} begins with a workflow command of the repository's: {text[found.start() :][:200]!r}"
        if found := _CONTROL.search(text):
            yield f"control byte on {name}: {text[max(0, found.start() - 60) : found.end() + 60]!r}"


def _end_of(text: bytes) -> str:
    return text.decode("utf-8", "replace")[-600:]
