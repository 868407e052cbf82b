"""wily as a process: in a group of its own that ends when we do, whatever ends us."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence

from core.domain.untrusted.git_reading import reading_environment

#: The shell's stdin is a pipe that only we hold open: its end means we are gone, and the whole group goes, too.
#: wily's pool would outlive it otherwise: its workers hold each other's pipes.
_GUARD = 'exec 3<&0 </dev/null; (read -r _ <&3; kill -KILL 0) & guard=$!; exec 3<&-; "$@"; code=$?; kill $guard; exit $code'

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class WilyFailed(Exception):
    """wily did not build. Internal to this package."""


def run_wily(command: Sequence[str], directory: str, lock: int) -> None:
    """Run a command of wily with ``directory`` for its working directory, its temporary files and its words.

    The file descriptor ``lock`` stays open, and so the lock held, until its last process is gone.
    Raises WilyFailed with one sentence when it cannot be started or ends badly. Nothing of it runs on afterwards.
    """
    words = os.path.join(directory, "output")
    with open(words, "wb") as output:
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=directory,
                env=_environment(directory),
                start_new_session=True,
                pass_fds=(lock,),
            )
        except OSError as error:
            raise WilyFailed(f"wily cannot be started ({error.strerror})") from error
    try:
        # Reaped only after the group is gone: until then nobody else can be given its number.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        assert process.stdin
        process.stdin.close()
    if code != 0:
        raise WilyFailed(f"wily ended with {code}: {_last_words(words)}")


def _environment(directory: str) -> dict[str, str]:
    """Return an environment in which no variable or configuration directs git: wily checks out wherever ``GIT_DIR`` points."""
    # Not even the user's own configuration counts: the tree is ours, and owned by us.
    nobodys = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    # The straight line that the tree shows is made of grafts, and the locale is wily's, too.
    git = {key: value for key, value in reading_environment({}).items() if key.startswith("GIT_") and key != "GIT_GRAFT_FILE"}
    return {**inherited, **git, **nobodys, "TMPDIR": directory}


def _last_words(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [_COLOUR.sub("", line).strip() for line in file]
    return next((line for line in reversed(lines) if line), "it said nothing")
