"""GitPython, hardened: every process that it starts goes through our client.

| GitPython by itself | here |
|---|---|
| runs ``git version`` when it is imported | nothing is started |
| finds ``git`` by a search path that may name the current directory | absolute entries only |
| passes on ``GIT_DIR``, ``GIT_INDEX_FILE``, ``GIT_TRACE`` … of its process | dropped |
| obeys hooks, file system monitors, filters, helpers of any configuration | switched off as for reading |
| waits for ever for a git that is blocked, or kills it with the help of ``ps`` | a stall is detected |
| ``Git.USE_SHELL``, long-lived helpers, streams | refused |
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.adapters.git.client import Git

if TYPE_CHECKING:
    from git import Repo

_LOCK = threading.Lock()


def init_repository(directory: str, *, executable: str, object_format: str) -> Repo:
    """Make an empty repository in ``directory`` and open it. The caller closes it.

    Only repositories of the tool's own are opened: GitPython reads configuration, references and objects in this process and blocks on
    a named pipe. Raises GitFailed, here and from every command of the repository.
    """
    client = Git(directory, executable=executable)
    client.run("init", "--quiet", "--template=", f"--object-format={object_format}")
    with _without_git_variables():
        import git

        class HardenedCommand(git.Git):
            """Starts what GitPython asks for by our client, always in ``directory``."""

            def execute(self, command: str | Sequence[Any], *_: Any, **options: Any) -> Any:
                if isinstance(command, str) or any(options.values()):
                    raise NotImplementedError(f"only plain commands are supported, not {command} with {options}")
                return os.fsdecode(client.run(*map(str, command[1:]))).removesuffix("\n")

        class HardenedRepo(git.Repo):
            GitCommandWrapperType = HardenedCommand

        return HardenedRepo(directory, expand_vars=False)


@contextmanager
def _without_git_variables() -> Iterator[None]:
    """Hide variables that GitPython reads in this process: they would lead it to another repository.

    The git that importing it looks for is one that does not exist, so that none is started.
    """
    with _LOCK:
        hidden = {name: os.environ.pop(name) for name in tuple(os.environ) if name.startswith("GIT_")}
        os.environ |= {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": "/nonexistent/git"}
        try:
            yield
        finally:
            del os.environ["GIT_PYTHON_REFRESH"], os.environ["GIT_PYTHON_GIT_EXECUTABLE"]
            os.environ.update(hidden)
