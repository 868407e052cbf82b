"""wily for a repository: the Python that has it, and trends from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.assembly.project import Project, own_environment
from core.domain.quality.history import History
from core.errors import StateRefused, StorageError
from core.files.user_places import user_places
from core.ports.code import CommitLog, MetricHistory

if TYPE_CHECKING:
    from core.adapters.git import Git
    from core.adapters.wily import WilyEnvironment

#: Called with lines of text that say what is going on.
Note = Callable[[str], None]


class _NoHistory:
    """A MetricHistory that only says why there is none."""

    def __init__(self, gap: str) -> None:
        self.gap = gap

    def revisions(self, count: int) -> History:
        return History(gap=self.gap if count > 0 else "")


def wily_history(project: Project, git: Git, log: CommitLog, note: Note) -> MetricHistory:
    """Return the history as wily tells it. Where its environment is missing and cannot be made, an empty one that says why."""
    from core.adapters.git import GitWorktrees
    from core.adapters.wily import OTHERWISE, WilyHistory

    try:
        python = wily_python(project, note)
    except StorageError as failed:
        return _NoHistory(f"no trends: {failed} ({failed.hint}; {OTHERWISE})")
    return WilyHistory(log, GitWorktrees(git), str(project.state / "wily"), python=python)


def warn_of_no_history(history: MetricHistory, note: Note) -> None:
    """Say why wily's environment could not be made, for a run: it is made before the run begins, which goes on without trends."""
    if isinstance(history, _NoHistory):
        note(f"warning: {history.gap}\n")


def wily_python(project: Project, note: Note) -> str:
    """Return the Python that has wily: the user's, else that of an environment of our own, which is made where it is missing.

    Raises StorageError with what to do when it cannot be made.
    """
    if named := project.settings.audit.wily_python:
        return named
    environment = own_environment_of_wily(note)
    if environment.directory.resolve().is_relative_to(project.root.resolve()):
        hint = "set XDG_CACHE_HOME to a directory of your own"
        raise StateRefused(f"{environment.place}: an environment inside the repository is not used", hint=hint)
    return environment.python()


def own_environment_of_wily(note: Note) -> WilyEnvironment:
    """Return the environment of wily, whether it exists or not."""
    from core.adapters.wily import WilyEnvironment

    return WilyEnvironment(user_places(own_environment()).cache, note)
