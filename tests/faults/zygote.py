"""Starts the tool as a fork of a process that has it imported: 20 ms instead of 200, so that thousands of kills are affordable.

What is started is a process like any other, with its own pid, session, directory, environment and output; it differs from
the installed command only in not having read its modules from the disk. Some of every storm use the installed command.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.e2e.rig import ORCHESTRATOR
from tests.waiting import TIMEOUT

_ROOT = Path(__file__).parents[2]


class Tool:
    """A process of the tool that the zygote started."""

    def __init__(self, zygote: Zygote, pid: int, output: Path) -> None:
        self._zygote, self._output = zygote, output
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)
        #: As ``subprocess`` has it; None while it lives.
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self.wait(0.0, needed=False)

    def wait(self, timeout: float = TIMEOUT, *, needed: bool = True) -> int | None:
        """Return the exit code once it has ended. Raises TimeoutExpired unless not ``needed``."""
        if self.returncode is None and select.select([self._pidfd], [], [], timeout)[0]:
            status = self._zygote.ask({"reap": self.pid})
            os.close(self._pidfd)
            self.returncode = os.waitstatus_to_exitcode(status)
        if needed and self.returncode is None:
            raise subprocess.TimeoutExpired(f"orchestrator {self.pid}", timeout)
        return self.returncode

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to it alone; nothing happens where it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def output(self) -> str:
        """Return what it has said, both streams together."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""


class Zygote:
    """The process that forks. May be asked from any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._number = 0
        self._outputs = tempfile.TemporaryDirectory()
        assert self.ask({}) == 0

    def start(self, *arguments: str, cwd: Path, environment: dict[str, str], held: bool = False) -> Tool:
        """Start ``orchestrator``; ``held`` leaves it stopped at its beginning, until a SIGCONT."""
        with self._turn:
            self._number += 1
            output = Path(self._outputs.name, str(self._number))
        wanted = {"argv": arguments, "cwd": str(cwd), "env": environment, "output": str(output), "held": held}
        return Tool(self, self.ask(wanted), output)

    def ask(self, wanted: dict[str, Any]) -> int:
        with self._turn:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(wanted) + "\n")
            return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()
        self._outputs.cleanup()


def main() -> None:
    """Read one wish a line, answer with a number a line."""
    for name in _modules_of_a_run():
        with suppress(ImportError):
            importlib.import_module(name)
    # A signal that comes while Python forks would be swallowed; until the tool begins, it ends the fork.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for line in sys.stdin:
        wanted = json.loads(line)
        answer = 0
        if "reap" in wanted:
            answer = os.waitpid(wanted["reap"], 0)[1]
        elif wanted:
            answer = _fork(wanted)
        os.write(1, b"%d\n" % answer)


def _fork(wanted: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        _become(wanted)
        from core.cli import main as orchestrator

        code = orchestrator(wanted["argv"])
    except BaseException:  # noqa: BLE001 (nothing of a fork may go on as the zygote)
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def _become(wanted: dict[str, Any]) -> None:
    os.setsid()
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["env"])
    output = os.open(wanted["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    sys.argv[0] = str(ORCHESTRATOR)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Whoever started the tests may have been started by nohup, which the tool would honour.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if wanted["held"]:
        os.kill(os.getpid(), signal.SIGSTOP)


def _modules_of_a_run() -> list[str]:
    """Return what a run has imported at its end, found out by a fork: a run changes too much of its process."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        with tempfile.TemporaryDirectory() as scratch:
            Path(scratch, "tasks.yml").write_text(
                "- {id: a, description: a, command: 'true', verify: ':'}\n- {id: b, description: b, command: 'false'}\n"
            )
            _become({"cwd": scratch, "env": dict(os.environ), "output": os.path.join(scratch, "output"), "held": False})
            from core.cli import main as orchestrator

            for arguments in (["run", "--no-reflect"], ["run", "--no-reflect", "--retry-failed"]):
                orchestrator(arguments)
            os.write(writer, json.dumps(sorted(sys.modules)).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        names = json.loads(pipe.read())
    os.wait()
    return [name for name in names if name != "__main__"]


if __name__ == "__main__":
    main()
