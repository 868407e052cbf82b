"""Processes that wily needs: each in a group of its own that ends when we do, whatever ends us."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence

from core.domain.untrusted.git_reading import reading_environment

#: The shell's stdin is a pipe that only we hold open: its end means that we are gone, and the whole group is killed.
#: wily's pool would outlive it otherwise: its workers hold each other's pipes.
_GUARD = 'exec 3<&0 </dev/null; (read -r _ <&3; kill -KILL 0) & guard=$!; exec 3<&-; "$@"; code=$?; kill $guard; exit $code'

#: File of a command's directory that receives its output.
_OUTPUT = "output"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class WilyFailed(Exception):
    """wily did not build. Internal to this package."""


def run_wily(command: Sequence[str], directory: str, lock: int) -> None:
    """Run a command of wily; see ``run_guarded``. Raises WilyFailed with one sentence when it cannot be started or ends badly."""
    try:
        code = run_guarded(command, directory, lock, _environment(directory))
    except OSError as error:
        raise WilyFailed(f"wily cannot be started ({error.strerror})") from error
    if code != 0:
        lines = output_lines(directory)
        raise WilyFailed(f"wily ended with {code}: {lines[-1] if lines else 'it said nothing'}")


def run_guarded(command: Sequence[str], directory: str, lock: int, environment: Mapping[str, str]) -> int:
    """Run a command with ``directory`` for its working directory and its output; return its exit code. Nothing of it runs on afterwards.

    The file descriptor ``lock`` stays open, and so the lock held, until its last process is gone. Raises OSError when it cannot be started.
    """
    with open(os.path.join(directory, _OUTPUT), "wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=directory,
            env=dict(environment),
            start_new_session=True,
            pass_fds=(lock,),
        )
    try:
        # Reaped only after the group is gone: until then nobody else can be given its number.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        assert process.stdin
        process.stdin.close()
    return code


def output_lines(directory: str) -> list[str]:
    """Return what the last command in ``directory`` wrote: its lines, without colours and without empty ones."""
    with open(os.path.join(directory, _OUTPUT), encoding="utf-8", errors="replace") as file:
        lines = [_COLOUR.sub("", line).strip() for line in file]
    return [line for line in lines if line]


def _environment(directory: str) -> dict[str, str]:
    """Return an environment in which no variable or configuration directs git: wily checks out wherever ``GIT_DIR`` points."""
    # Not even the user's own configuration counts: the tree is ours, and owned by us.
    nobodys = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    # The straight line that the tree shows is made of grafts, and the locale is wily's, too.
    git = {key: value for key, value in reading_environment({}).items() if key.startswith("GIT_") and key != "GIT_GRAFT_FILE"}
    return {**inherited, **git, **nobodys, "TMPDIR": directory}
