"""The newest first-parent commits and what each did to Python files, read without touching anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.adapters.git.client import Git
from core.adapters.git.failure import GitFailed, is_partial
from core.adapters.git.read import raw_diff
from core.adapters.git.read.commit_graph import shallow_commits
from core.adapters.git.read.listing import check_work_tree
from core.adapters.git.read.selection import Selection
from core.adapters.git.read.work_tree import WorkTree
from core.domain.quality.history import Commit, CommitWindow, Touch
from core.errors import StorageError

#: Added and removed files beyond which git looks for exact renames only: its own default, whatever the repository is set to.
_RENAME_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One commit as ``git rev-list`` prints it."""

    id: str
    at: float
    #: First parent; empty for a root and for the end of a shallow clone.
    parent: str


class GitLog:
    """CommitLog over one project's git repository."""

    def __init__(self, git: Git, *, include: Sequence[str] = ("**/*.py",), exclude: Sequence[str] = ()) -> None:
        self._git = git
        self._selection = Selection(include, exclude)
        self._work_tree = WorkTree(git, self._selection)

    def window(self, count: int) -> CommitWindow:
        if count <= 0:
            return CommitWindow()
        try:
            return self._window(count)
        except GitFailed as failed:
            return CommitWindow(gap=str(failed))

    def _window(self, count: int) -> CommitWindow:
        if not self._git.line("rev-parse", "--verify", "--quiet", "HEAD"):
            self._git.run("rev-parse", "--git-dir")
            return CommitWindow(gap="there is no commit yet")
        lines = self._lines(count)
        prefix = self._git.line("rev-parse", "--show-prefix")
        ends = shallow_commits(self._git)
        found = self._touches([line for line in lines if line.id not in ends])
        commits = tuple(Commit(id=line.id, at=line.at, touches=found.get(line.id, ())) for line in reversed(lines))
        gap = _shallow_gap(commits[0], len(commits)) if commits[0].id in ends else ""
        return CommitWindow(commits=commits, prefix=prefix, gap=gap, moved=self._moved())

    def _moved(self) -> dict[str, str]:
        """Return what moved since HEAD; nothing where the work tree cannot be compared with it."""
        try:
            check_work_tree(self._git)
            return self._work_tree.moved("HEAD", renames=self._renames())
        except (GitFailed, StorageError):
            return {}

    def _renames(self) -> str:
        """Return git's option for renames: in a partial clone only exact ones are found without files of the past."""
        return "-M100%" if is_partial(self._git.ask) else "-M"

    def _lines(self, count: int) -> list[_Line]:
        output = self._git.run("rev-list", "--first-parent", f"--max-count={count}", "--timestamp", "--parents", "HEAD", "--")
        words = [line.split() for line in output.decode("ascii").splitlines()]
        return [_Line(at=float(at), id=commit, parent=parents[0] if parents else "") for at, commit, *parents in words]

    def _touches(self, lines: Sequence[_Line]) -> dict[str, tuple[Touch, ...]]:
        if not lines:
            return {}
        pairs = "".join(f"{line.id} {line.parent}".rstrip() + "\n" for line in lines)
        output = self._git.run(
            "diff-tree", "--stdin", "-r", "--raw", "-z", "--no-abbrev", "--root", "--always", "--relative", self._renames(),
            f"-l{_RENAME_LIMIT}", "--", *self._selection.pathspecs, input=pairs.encode("ascii"),
        )  # fmt: skip
        return {commit: tuple(self._selection.touches(touches)) for commit, touches in raw_diff.commits(output)}


def _shallow_gap(end: Commit, found: int) -> str:
    return (
        f"shallow clone: the history ends at {end.id[:10]} after {found} revision{'s' * (found != 1)}; "
        "run git fetch --unshallow (in GitHub Actions: fetch-depth: 0 at actions/checkout)"
    )
