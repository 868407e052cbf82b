"""What differs between a base revision and the work tree, with the base's bytes: what ``audit --since`` compares."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.adapters.git.client import Git
from core.adapters.git.failure import REFETCH, GitFailed, is_partial
from core.adapters.git.read.base import Base, find_base
from core.adapters.git.read.blobs import read_blobs
from core.adapters.git.read.listing import check_work_tree, file_at
from core.adapters.git.read.selection import Selection
from core.adapters.git.read.work_files import read_regular
from core.adapters.git.read.work_tree import WorkTree
from core.domain.quality.history import ChangedFile, ChangeSet, RepositoryFacts, Touch
from core.errors import StorageError, UsageError


@dataclass(slots=True)
class _LookedUp:
    """What git was asked already: a comparison needs its base, and files of it, several times."""

    bases: dict[str, Base] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes | None] = field(default_factory=dict)


class GitRepository:
    """Repository over one project's git repository."""

    def __init__(
        self, git: Git, *, include: Sequence[str] = ("**/*.py",), exclude: Sequence[str] = (), known: _LookedUp | None = None
    ) -> None:
        self._git = git
        self._known = known or _LookedUp()
        self._selection = Selection(include, exclude)
        self._work_tree = WorkTree(git, self._selection)

    def selecting(self, include: Sequence[str], exclude: Sequence[str]) -> GitRepository:
        return GitRepository(self._git, include=include, exclude=exclude, known=self._known)

    def facts(self) -> RepositoryFacts:
        try:
            bare, shallow, prefix = os.fsdecode(
                self._git.run("rev-parse", "--is-bare-repository", "--is-shallow-repository", "--show-prefix")
            ).split("\n", 2)
            return RepositoryFacts(
                root="" if bare == "true" else self._git.line("rev-parse", "--show-toplevel"),
                prefix=prefix.removesuffix("\n"),
                head=self._git.line("rev-parse", "--verify", "--quiet", "HEAD"),
                branch=self._git.line("symbolic-ref", "--quiet", "--short", "HEAD"),
                shallow=shallow == "true",
                bare=bare == "true",
            )
        except GitFailed as failed:
            return RepositoryFacts(problem=str(failed))

    def base_of(self, revision: str) -> str:
        with _compared_with(revision):
            base = self._base(revision)
        return base.id if base.is_commit else ""

    def file_at(self, commit: str, path: str) -> bytes | None:
        if (commit, path) not in self._known.files:
            with _compared_with(commit[:12]):
                self._known.files[commit, path] = file_at(self._git, commit, path)
        return self._known.files[commit, path]

    def changed_since(self, revision: str) -> ChangeSet:
        with _compared_with(revision):
            base = self._base(revision)
            touches = {touch.path: touch for touch in self._work_tree.touches(base.id)}
            touches |= self._against_other_bases(touches, base.from_other_bases)
            changed, deleted = self._work_tree.really_changed(touches.values())
            changes = self._with_bases([*changed, *self._work_tree.untracked(deleted)])
            blobs = dict(read_blobs(self._git, list(dict.fromkeys(deleted.values()))))
        return ChangeSet(
            base=base.id if base.is_commit else "",
            changes=changes,
            deleted=tuple(sorted(deleted)),
            deleted_bases={path: blobs[blob] for path, blob in sorted(deleted.items()) if blob in blobs},
            note=base.note,
        )

    def contents_since(self, commit: str) -> Mapping[str, tuple[bytes | None, bytes | None]]:
        with _compared_with(commit[:12]):
            changed, deleted = self._work_tree.really_changed({touch.path: touch for touch in self._work_tree.touches(commit)}.values())
            touches = [*changed, *self._work_tree.untracked(deleted)]
            touches += [Touch(path=path, old_path=path, blob="", old_blob=blob) for path, blob in deleted.items()]
            bases = self._bases(touches)
        return {touch.path: (bases.get(touch.old_blob), self._content(touch.path) if touch.blob else None) for touch in touches}

    def _base(self, revision: str) -> Base:
        """Return what a revision is compared by. Raises GitFailed."""
        if revision not in self._known.bases:
            check_work_tree(self._git)
            self._known.bases[revision] = find_base(self._git, revision)
        return self._known.bases[revision]

    def _content(self, path: str) -> bytes | None:
        """Return the bytes of a file of the work tree; None where there is none, or it is too large for a source."""
        try:
            return read_regular(os.path.join(self._git.directory, path))
        except OSError:
            return None

    def _against_other_bases(self, touches: Mapping[str, Touch], blobs: Mapping[str, str]) -> dict[str, Touch]:
        """Return what differs from further merge bases, by path; "the file may have changed" where git did not look."""
        moved = {touch.old_path: touch for touch in touches.values() if touch.old_path not in ("", touch.path)}
        found = {}
        for path, old_blob in blobs.items():
            if not self._selection.has(path):
                continue
            present = moved.get(path) if old_blob else None
            new_path, blob = (present.path, present.blob) if present else (path, "0" * (len(old_blob) or 40))
            found[new_path] = Touch(path=new_path, old_path=path if old_blob else "", blob=blob, old_blob=old_blob)
        return found

    def _with_bases(self, touches: Sequence[Touch]) -> tuple[ChangedFile, ...]:
        bases = self._bases(touches)
        changes = (ChangedFile(path=touch.path, old_path=touch.old_path, base=bases.get(touch.old_blob)) for touch in touches)
        return tuple(sorted(changes, key=lambda change: change.path))

    def _bases(self, touches: Sequence[Touch]) -> dict[str, bytes]:
        """Return the bytes before each change, by blob. Raises StorageError when any is missing."""
        wanted = dict.fromkeys(touch.old_blob for touch in touches if touch.old_blob)
        bases = dict(read_blobs(self._git, list(wanted)))
        for touch in touches:
            if touch.old_blob and touch.old_blob not in bases:
                raise StorageError(
                    f"{touch.old_path}: its base version (git blob {touch.old_blob[:12]}) is missing or damaged",
                    hint=REFETCH if is_partial(self._git.ask) else "git fsck",
                )
        return bases


@contextmanager
def _compared_with(revision: str) -> Iterator[None]:
    """Turn git's failures into errors for a person."""
    try:
        yield
    except GitFailed as failed:
        kind = StorageError if failed.damage else UsageError
        raise kind(f"cannot compare with {revision}: {failed.reason}", hint=failed.hint) from failed
