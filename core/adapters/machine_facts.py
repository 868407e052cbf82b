"""Facts about the machine and the file system that our promises rest on."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from core.domain.settings.diagnosis import Diagnosis, Health
from core.domain.untrusted.git_reading import absolute_entries, reading_environment
from core.files.temporary import temporary_directory

_LIBRARIES = ("typer", "PyYAML", "jsonschema", "radon", "cryptography", "GitPython")
#: File systems on which ``flock`` and shared memory hold for one machine only.
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"})


def diagnose_machine(root: Path, state: Path | None) -> tuple[Diagnosis, ...]:
    """Look at Python, system, libraries, git and the file system that holds ``root``.

    ``state``, a directory of ours in it, is where a probe is written and removed; without one nothing is.
    """
    return (_python(), _system(), _libraries(), _git(), *_file_system(root, state), _disk(root), _supervision())


def _python() -> Diagnosis:
    return Diagnosis(subject="python", found=f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})")


def _system() -> Diagnosis:
    found = f"{platform.system()} {platform.release()} {platform.machine()}"
    if found.startswith("Linux "):
        return Diagnosis(subject="system", found=found, health=Health.GOOD)
    return Diagnosis(
        subject="system", found=found, health=Health.BAD, advice="runs are supported on Linux only; looking at a backlog works"
    )


def _libraries() -> Diagnosis:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} –")
    return Diagnosis(subject="libraries", found=", ".join(found))


def _git() -> Diagnosis:
    path = shutil.which("git", path=absolute_entries(os.environ.get("PATH", os.defpath)))
    if path is None:
        return Diagnosis(subject="git", found="none", health=Health.WARNING, advice="no history: trends, churn and audit --since need git")
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, check=False, timeout=10, env=reading_environment(os.environ)
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        advice = "trends, churn and audit --since need git"
        return Diagnosis(subject="git", found=f"{path} cannot be started: {problem}", health=Health.BAD, advice=advice)
    return Diagnosis(subject="git", found=done.stdout.strip().removeprefix("git version ") or "does not answer", health=Health.GOOD)


def _file_system(root: Path, state: Path | None) -> tuple[Diagnosis, ...]:
    kind = _mount_type(root)
    if kind in _NETWORK:
        advice = "the run lock and the journal hold for one machine only: run from one machine"
        kind_found = Diagnosis(subject="file system", found=kind, health=Health.WARNING, advice=advice)
    else:
        kind_found = Diagnosis(subject="file system", found=kind or "unknown", health=Health.GOOD if kind else Health.FACT)
    if not os.access(root, os.W_OK):
        return kind_found, _not_writable(root, "permission denied")
    if state is None:
        return kind_found, Diagnosis(subject="exchange of files", found="not tried: there is no state directory yet")
    return kind_found, _exchange(state)


def _mount_type(root: Path) -> str:
    """Return the type of the mount that holds ``root``, by the longest mount point that is a parent of it."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    here = str(root.resolve())
    holding = [(len(fields[1]), fields[2]) for fields in mounts if here == fields[1] or here.startswith(fields[1].rstrip("/") + "/")]
    return max(holding, default=(0, ""))[1]


def _exchange(state: Path) -> Diagnosis:
    """Try whether two files can be swapped in one step, which closes the last window in which a save could be lost."""
    subject = "exchange of files"
    try:
        with temporary_directory("probe-", state, sweep=False) as folder:
            one, other = Path(folder, "one"), Path(folder, "other")
            one.write_text("1")
            other.write_text("2")
            rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
            swapped = rename is not None and rename(-100, os.fsencode(one), -100, os.fsencode(other), 2) == 0
    except OSError as problem:
        return _not_writable(state, (problem.strerror or str(problem)).lower())
    if swapped:
        return Diagnosis(subject=subject, found="renameat2", health=Health.GOOD)
    return Diagnosis(subject=subject, found="none", health=Health.WARNING, advice="a save in the same millisecond as ours could be lost")


def _not_writable(place: Path, reason: str) -> Diagnosis:
    advice = "a run needs to write here; plan, list, status and audit work without"
    return Diagnosis(subject="writing", found=f"{place}: {reason}", health=Health.BAD, advice=advice)


def _disk(root: Path) -> Diagnosis:
    free = shutil.disk_usage(root).free
    found = f"{free / 2**30:.1f} GiB free"
    if free < 256 * 2**20:
        return Diagnosis(subject="disk", found=found, health=Health.WARNING, advice="logs lose lines first when it is full")
    return Diagnosis(subject="disk", found=found, health=Health.GOOD)


def _supervision() -> Diagnosis:
    """Look for what reaching every descendant of a task rests on."""
    missing = [name for name, there in (("pidfd", hasattr(os, "pidfd_open")), ("/proc", Path("/proc/self/environ").exists())) if not there]
    if missing:
        advice = "processes that a task daemonises may outlive it"
        return Diagnosis(subject="processes", found=f"without {', '.join(missing)}", health=Health.BAD, advice=advice)
    return Diagnosis(subject="processes", found="pidfd, subreaper, /proc", health=Health.GOOD)
