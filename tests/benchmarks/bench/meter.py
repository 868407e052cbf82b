"""What a command costs, everything it started included: wall, CPU, and the memory of its largest process."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

#: What other settings, make and CI services would say to a contestant.
_FOREIGN = ("ORCHESTRATOR_", "MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV", "GITHUB_", "GITLAB_", "PYTEST_")
_SINGLE = ("CI", "COLUMNS", "FORCE_COLOR")

TIMED_OUT = 124


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Seconds, seconds, MiB, and the exit code (``TIMED_OUT`` when it was ended)."""

    wall: float
    cpu: float
    peak: float
    code: int


def compiled(source: Path, scratch: Path) -> Path | None:
    """Return the program made of a C file, or None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    program = scratch / source.stem
    subprocess.run([compiler, "-O2", "-o", program, source], check=True)
    return program


class Meter:
    """Runs commands and measures them; without a C compiler their memory is at least that of this process."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._program = compiled(Path(__file__).with_name("meter.c"), scratch)

    def __call__(self, command: list[str], cwd: Path, limit: float, **variables: str) -> Usage:
        """Run a command to its end, at most ``limit`` seconds; its output goes to a file beside (see ``said``)."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN) and name not in _SINGLE}
        environment = {**kept, "XDG_CACHE_HOME": str(self._scratch / "cache"), **variables}
        with open(self._scratch / "output", "wb") as output:
            streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            if self._program is None:
                return _measured_here(command, cwd, limit, environment, streams)
            result = self._scratch / "usage"
            whole = [str(self._program), str(max(1, round(limit))), str(result), *command]
            subprocess.run(whole, cwd=cwd, env=environment, check=True, **streams)
        wall, cpu, peak, code = result.read_text().split()
        return Usage(wall=float(wall), cpu=float(cpu), peak=int(peak) / 1024, code=int(code))

    def said(self) -> str:
        """The last line of what the last command printed."""
        lines = (self._scratch / "output").read_text(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else ""


def _measured_here(command: list[str], cwd: Path, limit: float, environment: dict[str, str], streams: dict) -> Usage:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, env=environment, start_new_session=True, **streams)
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        code = TIMED_OUT
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(wall=wall, cpu=cpu, peak=after.ru_maxrss / 1024, code=code)
