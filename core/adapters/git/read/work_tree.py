"""What differs between a commit and the work tree: files changed, new, gone and moved, committed or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.adapters.git.client import Git
from core.adapters.git.read import raw_diff
from core.adapters.git.read.listing import list_untracked
from core.adapters.git.read.selection import Selection
from core.adapters.git.read.work_files import blob_of
from core.domain.quality.history import Touch
from core.domain.untrusted.git_reading import filters_off
from core.errors import StorageError


class WorkTree:
    """The selected files of one project. Its methods raise GitFailed, and StorageError for a file that cannot be read."""

    def __init__(self, git: Git, selection: Selection) -> None:
        self._git = git
        self._selection = selection

    def touches(self, base: str, *, renames: str = "-M") -> list[Touch]:
        """Return what git reports; a file whose times changed is among them even where its bytes did not.

        ``renames`` is git's option that says how much alike a file and its former self are.
        """
        quiet = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
        arguments = ("diff-index", "--raw", "-z", "--no-abbrev", renames, "--relative", *quiet, base, "--", *self._selection.pathspecs)
        found = raw_diff.touches(self._git.run(*arguments, config=self._without_filters()))
        return list(self._selection.touches(each for touch in found for each in self._without_copies(touch)))

    def moved(self, base: str, *, renames: str = "-M") -> dict[str, str]:
        """Return the path in ``base`` of each file that has another one in the work tree, by its path there."""
        touches = self.touches(base, renames=renames)
        deleted = {touch.old_path: touch.old_blob for touch in touches if not touch.blob}
        found = [*touches, *(self.untracked(deleted) if deleted else ())]
        return {touch.path: touch.old_path for touch in found if touch.blob and touch.old_path not in ("", touch.path)}

    def really_changed(self, touches: Iterable[Touch]) -> tuple[list[Touch], dict[str, str]]:
        """Return the touches whose bytes or place really changed, and the blobs of deleted files by path."""
        changed, deleted = list[Touch](), dict[str, str]()
        for touch in touches:
            blob = self._blob(touch.path, len(touch.old_blob)) if touch.blob else None
            if blob is None:
                deleted.update({touch.old_path: touch.old_blob} if touch.old_path else {})
            elif touch.path != touch.old_path or blob != touch.old_blob:
                changed.append(touch)
        return changed, deleted

    def untracked(self, deleted: dict[str, str]) -> list[Touch]:
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

    def _without_copies(self, touch: Touch) -> Iterator[Touch]:
        """Yield a rename as a new file and one that left the index, if the old one is still there: it is the one that has a past."""
        if touch.old_path in ("", touch.path) or self._blob(touch.old_path, len(touch.old_blob)) is None:
            yield touch
            return
        yield Touch(path=touch.path, old_path="", blob=touch.blob, old_blob="")
        yield Touch(path=touch.old_path, old_path=touch.old_path, blob="", old_blob=touch.old_blob)

    def _blob(self, path: str, length: int) -> str | None:
        """Return git's id of a regular file's bytes; None when there is none."""
        try:
            return blob_of(self._git.directory, path, length)
        except OSError as error:
            raise StorageError(f"{path}: cannot be read ({error.strerror})") from error

    def _without_filters(self) -> dict[str, str]:
        """Return settings that stop git from starting the repository's filters when it reads a file."""
        return filters_off(self._git.text("config", "--null", "--name-only", "--get-regexp", r"^filter\..").split("\0"))
