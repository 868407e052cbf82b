"""Which layers of a sandbox this machine offers, and what tier they make."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
import sys
import warnings
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from core.plugins.rules.seccomp import AUDIT_ARCHITECTURE

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_VERSION = 1
_PR_GET_SECCOMP = 21
#: Landlock before this version does not stop a file from being emptied; a read-only mount does.
_TRUNCATE_ABI = 3
#: The namespaces that bubblewrap makes: mounts, names, messages, users, processes, network.
_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000


class Tier(StrEnum):
    """How strong a sandbox is."""

    #: bubblewrap's namespaces around Landlock, system call filter and limits.
    STRONG = "strong"
    #: Landlock, system call filter and limits.
    BASIC = "basic"
    #: No sandbox that confines: plugins are off.
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What the kernel and the machine offer."""

    #: Version of Landlock's interface; 0 where it is missing or switched off.
    landlock: int
    #: Whether system call filters exist for this machine.
    seccomp: bool
    #: Path of bubblewrap where it is installed and namespaces are allowed; empty otherwise.
    bubblewrap: str
    #: Why bubblewrap is not used; empty when it is.
    bubblewrap_problem: str

    @property
    def tier(self) -> Tier:
        if not self.seccomp or not self.landlock:
            return Tier.NONE
        if self.bubblewrap:
            return Tier.STRONG
        return Tier.BASIC if self.landlock >= _TRUNCATE_ABI else Tier.NONE

    def lines(self) -> tuple[str, ...]:
        """Return one line a layer for a person, and the tier they make."""
        landlock = f"version {self.landlock}" if self.landlock else "missing: the kernel has none, or it is switched off"
        seccomp = "yes" if self.seccomp else "missing: plugins need Linux on x86_64 or aarch64 with system call filters"
        return (
            f"landlock: {landlock}",
            f"seccomp: {seccomp}",
            f"bubblewrap: {self.bubblewrap or self.bubblewrap_problem}",
            f"sandbox for plugins: {self.tier}" + (" – plugins are off" if self.tier is Tier.NONE else ""),
        )


@cache
def sandbox_layers() -> Layers:
    """Return the layers of this machine, found without starting anything; ``proven`` tries them."""
    machine_fits = sys.platform == "linux" and platform.machine() in AUDIT_ARCHITECTURE and sys.maxsize > 2**32
    if not machine_fits:
        return Layers(landlock=0, seccomp=False, bubblewrap="", bubblewrap_problem="missing: this is not Linux on x86_64 or aarch64")
    landlock, seccomp = _kernel()
    bubblewrap, problem = _bubblewrap()
    return Layers(landlock=landlock, seccomp=seccomp, bubblewrap=bubblewrap, bubblewrap_problem=problem)


def _kernel() -> tuple[int, bool]:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    landlock = library.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    return max(0, landlock), library.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def _bubblewrap() -> tuple[str, str]:
    path = shutil.which("bwrap", path=os.defpath + ":/usr/local/bin")
    if path is None:
        return "", "not installed: apt install bubblewrap gives the stronger sandbox"
    problem = "" if os.stat(path).st_mode & stat.S_ISUID else _why_no_namespaces()
    return ("", f"does not work here: {problem}") if problem else (path, "")


def _why_no_namespaces() -> str:
    """Return why the kernel refuses the namespaces that bubblewrap makes; empty when it does not. A fork of this process asks for them."""
    import ctypes

    unshare = ctypes.CDLL(None, use_errno=True).unshare
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # beside threads: the child takes no lock of theirs
        try:
            pid = os.fork()
        except OSError as error:  # this user may have no more processes
            return f"it cannot be tried: {error.strerror}"
    if not pid:
        os._exit(ctypes.get_errno() if unshare(_NAMESPACES) else 0)
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return ""  # our parent ignores SIGCHLD: unknown until the first plugin starts
    return f"no namespaces: {os.strerror(code)}" if code else ""


def proven(layers: Layers) -> Layers:
    """Return the layers that work when tried: bubblewrap, where it was found, is started once around an empty program.

    Called only before an admitted plugin is started: reading a repository starts no process.
    """
    problem = _why_it_fails(layers.bubblewrap) if layers.bubblewrap else ""
    return replace(layers, bubblewrap="", bubblewrap_problem=f"does not work here: {problem}") if problem else layers


@cache
def _why_it_fails(path: str) -> str:
    command = [path, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--", "true"]
    try:
        probe = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not probe.returncode:
        return ""
    return (probe.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[0]
