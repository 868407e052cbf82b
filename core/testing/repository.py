"""In-memory twin of the port ``Repository``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.domain.quality.history import ChangedFile, ChangeSet, RepositoryFacts
from core.errors import UsageError


class InMemoryRepository:
    """Trees by revision name, and a work tree. Moves are told, not guessed."""

    def __init__(self) -> None:
        #: Contents by path, by revision name.
        self.trees: dict[str, Mapping[str, bytes]] = {}
        self.work_tree: dict[str, bytes] = {}
        #: New path → old path.
        self.renamed: dict[str, str] = {}

    def facts(self) -> RepositoryFacts:
        return RepositoryFacts(root="/project", head=next(reversed(self.trees), ""), branch="main")

    def base_of(self, revision: str) -> str:
        unborn = revision == "HEAD" and not self.trees
        if revision not in self.trees and not unborn:
            raise UsageError(f"cannot compare with {revision}: there is no such commit in this repository", hint="git log --oneline --all")
        return "" if unborn else revision

    def file_at(self, commit: str, path: str) -> bytes | None:
        return self.trees[commit].get(path)

    def changed_since(self, revision: str) -> ChangeSet:
        unborn = not self.base_of(revision)
        base = {} if unborn else self.trees[revision]
        deleted = set(base) - set(self.work_tree) - set(self.renamed.values())
        return ChangeSet(
            base="" if unborn else revision,
            changes=tuple(self._changes(base)),
            deleted=tuple(sorted(deleted)),
            note="there is no commit yet: every file is new" if unborn else "",
        )

    def _changes(self, base: Mapping[str, bytes]) -> Iterator[ChangedFile]:
        for path, content in sorted(self.work_tree.items()):
            old = path if path in base else self.renamed.get(path, path)
            if (old, base.get(old)) != (path, content):
                yield ChangedFile(path=path, old_path=old if old in base else "", base=base.get(old))
