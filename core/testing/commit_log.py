"""In-memory twin of the port ``CommitLog``."""

from __future__ import annotations

from collections.abc import Mapping

from core.domain.quality.history import Commit, CommitWindow, Touch, blob_digest


class InMemoryCommitLog:
    """A first-parent line of commits of Python files; ``depth`` cuts what ``window`` can see, as a shallow clone does."""

    def __init__(self, *, depth: int | None = None) -> None:
        self._commits: list[Commit] = []
        self._tree: dict[str, str] = {}
        self._depth = depth
        #: Content by blob id.
        self.blobs: dict[str, bytes] = {}

    def commit(self, files: Mapping[str, bytes | None], *, renamed: Mapping[str, str] | None = None, at: float | None = None) -> str:
        """Commit contents by path (None: removed) and renames (new path → old path); return the commit's id."""
        moves = dict(renamed or {})
        before = dict(self._tree)
        for old in moves.values():
            del self._tree[old]
        touches = [self._touch(before, path, moves.get(path, path), content) for path, content in files.items()]
        touches += [self._touch(before, new, old, self.blobs[before[old]]) for new, old in moves.items() if new not in files]
        number = len(self._commits) + 1
        made = Commit(
            id=f"{number:040x}",
            at=1000.0 * number if at is None else at,
            touches=tuple(sorted((touch for touch in touches if touch), key=lambda touch: touch.path)),
        )
        self._commits.append(made)
        return made.id

    def window(self, count: int) -> CommitWindow:
        if count <= 0:
            return CommitWindow()
        if not self._commits:
            return CommitWindow(gap="there is no commit yet")
        here = self._commits[-(self._depth or len(self._commits)) :]
        shown = here[-count:]
        if len(here) == len(self._commits) or shown[0] is not here[0]:
            return CommitWindow(commits=tuple(shown))
        end = Commit(id=shown[0].id, at=shown[0].at)
        return CommitWindow(commits=(end, *shown[1:]), gap="shallow clone: run git fetch --unshallow")

    def _touch(self, before: Mapping[str, str], path: str, old: str, content: bytes | None) -> Touch | None:
        old_blob = before.get(old, "")
        blob = "" if content is None else blob_digest(content).hex()
        if content is None:
            self._tree.pop(path)
        else:
            self._tree[path] = blob
            self.blobs[blob] = content
        if (old, old_blob) == (path, blob):
            return None
        return Touch(path=path, old_path=old if old_blob else "", blob=blob, old_blob=old_blob)
