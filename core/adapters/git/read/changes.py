"""What differs between a base revision and the work tree, with the base's bytes: what ``audit --since`` compares."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from core.adapters.git.client import Git
from core.adapters.git.failure import REFETCH, GitFailed, is_partial
from core.adapters.git.read import raw_diff
from core.adapters.git.read.base import find_base
from core.adapters.git.read.blobs import read_blobs
from core.adapters.git.read.listing import check_work_tree, file_at, list_untracked
from core.adapters.git.read.selection import Selection
from core.adapters.git.read.work_files import blob_of, read_regular
from core.domain.quality.history import ChangedFile, ChangeSet, RepositoryFacts, Touch
from core.domain.untrusted.git_reading import filters_off
from core.errors import StorageError, UsageError


class GitRepository:
    """Repository over one project's git repository."""

    def __init__(self, git: Git, *, include: Sequence[str] = ("**/*.py",), exclude: Sequence[str] = ()) -> None:
        self._git = git
        self._selection = Selection(include, exclude)

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
            check_work_tree(self._git)
            base = find_base(self._git, revision)
        return base.id if base.is_commit else ""

    def file_at(self, commit: str, path: str) -> bytes | None:
        with _compared_with(commit[:12]):
            return file_at(self._git, commit, path)

    def changed_since(self, revision: str) -> ChangeSet:
        with _compared_with(revision):
            check_work_tree(self._git)
            base = find_base(self._git, revision)
            touches = {touch.path: touch for touch in self._touches(base.id)}
            touches |= self._against_other_bases(touches, base.from_other_bases)
            changed, deleted = self._really_changed(touches.values())
            changes = self._with_bases([*changed, *self._untracked(deleted)])
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
            changed, deleted = self._really_changed({touch.path: touch for touch in self._touches(commit)}.values())
            touches = [*changed, *self._untracked(deleted)]
            touches += [Touch(path=path, old_path=path, blob="", old_blob=blob) for path, blob in deleted.items()]
            bases = self._bases(touches)
        return {touch.path: (bases.get(touch.old_blob), self._content(touch.path) if touch.blob else None) for touch in touches}

    def _content(self, path: str) -> bytes | None:
        """Return the bytes of a file of the work tree; None where there is none, or it is too large for a source."""
        try:
            return read_regular(os.path.join(self._git.directory, path))
        except OSError:
            return None

    def _touches(self, base: str) -> Iterable[Touch]:
        """Return what git reports; a file whose times changed is among them even where its bytes did not."""
        quiet = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
        arguments = ("diff-index", "--raw", "-z", "--no-abbrev", "-M", "--relative", *quiet, base, "--", *self._selection.pathspecs)
        found = raw_diff.touches(self._git.run(*arguments, config=self._without_filters()))
        return self._selection.touches(found)

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

    def _without_filters(self) -> dict[str, str]:
        """Return settings that stop git from starting the repository's filters when it reads a file."""
        return filters_off(self._git.text("config", "--null", "--name-only", "--get-regexp", r"^filter\..").split("\0"))

    def _really_changed(self, touches: Iterable[Touch]) -> tuple[list[Touch], dict[str, str]]:
        """Return the touches whose bytes or place really changed, and the blobs of deleted files by path."""
        changed, deleted = list[Touch](), dict[str, str]()
        for touch in touches:
            blob = self._blob(touch.path, len(touch.old_blob)) if touch.blob else None
            if blob is None:
                deleted.update({touch.old_path: touch.old_blob} if touch.old_path else {})
            elif touch.path != touch.old_path or blob != touch.old_blob:
                changed.append(touch)
        return changed, deleted

    def _untracked(self, deleted: dict[str, str]) -> list[Touch]:
        """Return the changes of untracked files: new ones, and those of the base under another name or no longer in the index.

        Files found again are taken out of ``deleted``. A move is recognised by equal bytes only.
        """
        untracked = filter(self._selection.has, list_untracked(self._git, self._selection.pathspecs))
        length = len(next(iter(deleted.values()), ""))
        blobs = {path: blob for path in untracked if (blob := self._blob(path, length)) is not None}
        found = []
        # A file that only left the index is matched before any file that moved.
        for path, blob in sorted(blobs.items(), key=lambda item: item[0] not in deleted):
            twins = (old for old, old_blob in deleted.items() if old_blob == blob)
            old_path = path if path in deleted else next(twins, "")
            old_blob = deleted.pop(old_path, "")
            if (old_path, old_blob) != (path, blob):
                found.append(Touch(path=path, old_path=old_path, blob=blob, old_blob=old_blob))
        return found

    def _blob(self, path: str, length: int) -> str | None:
        """Return git's id of a regular file's bytes; None when there is none. Raises StorageError when it cannot be read."""
        try:
            return blob_of(self._git.directory, path, length)
        except OSError as error:
            raise StorageError(f"{path}: cannot be read ({error.strerror})") from error

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
