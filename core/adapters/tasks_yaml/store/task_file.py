"""The port TaskFile on ``tasks.yml``: reading it, noticing what others save, and writing edits."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path

from core.adapters.tasks_yaml.edit.edits import apply_edits
from core.adapters.tasks_yaml.parse.document import Document, decode, encode
from core.adapters.tasks_yaml.parse.parse import parse_document
from core.adapters.tasks_yaml.store.cache import ParsedCache
from core.adapters.tasks_yaml.store.content import Content, Stamp, Version, read_content, stamp_of, storage_errors
from core.adapters.tasks_yaml.store.late_saves import LateSaves
from core.adapters.tasks_yaml.store.replacement import ConcurrentSave, Exchange, recover_interrupted_writes, replace, save_copy, write_lock
from core.adapters.tasks_yaml.store.replacement import exchange as exchange_files
from core.adapters.tasks_yaml.store.writability import check_writable
from core.domain.tasks.entry import Edit, Snapshot
from core.errors import InvalidFile, StorageError
from core.files.reading import repository_top
from core.ports.task_file import Busy, HandEdited, Written

#: Seconds between two readings that must be equal for a save to count as finished.
_PAUSE = 0.02
#: Seconds that a text which looks cut off must stay as it is to count as finished.
_CUT_OFF_DELAY = 2.0
#: How many readings ``read`` takes at most until two are equal.
_READINGS = 50


class _NoChange(Enum):
    """What checking the file can find instead of a new text."""

    SAME = "same"
    #: There is another text, and it is not taken over (yet): ``problems`` says why.
    NOT_ACCEPTED = "not accepted"


class YamlTaskFile:
    """The file at ``path``; ``root`` is the repository, ``state_dir`` where a cache may be kept.

    A link is followed inside of the repository. Safe against people and other tools that save the file meanwhile.
    """

    def __init__(
        self,
        path: Path,
        root: Path,
        state_dir: Path | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        exchange: Exchange = exchange_files,
    ) -> None:
        self._path = os.path.abspath(path)
        self._shown = _shown(self._path, os.path.abspath(root))
        self._inside = repository_top(root)
        self._cache = ParsedCache(state_dir, self._path)
        #: Digest of the content that is in the cache.
        self._cached = ""
        self._sleep = sleep
        self._monotonic = monotonic
        self._exchange = exchange
        self._document: Document | None = None
        #: Whether the text begins with a byte order mark.
        self._marked = False
        self._version = Version(b"")
        self._stamp: Stamp | None = None
        self._problems: tuple[str, ...] = ()
        #: Stamp of a content that was read and not taken over.
        self._rejected: Stamp | None = None
        #: Digest of a content that looks cut off, and since when (monotonic seconds).
        self._cut_off: tuple[str, float] = ("", 0.0)
        #: One line for each late save that is in a file of its own, because the file had been saved once more.
        self._conflicts: tuple[str, ...] = ()
        self._late = LateSaves(self._shown, sleep, monotonic)

    # -- the port ------------------------------------------------------------------------------------------------

    def read(self) -> Snapshot:
        with write_lock(self._real_path(), self._sleep) as locked:
            if locked:
                recover_interrupted_writes(self._real_path(), self._shown, self._exchange)
            content = self._read_finished()
        document, marked = self._load(content)
        return self._adopt(content, document, marked=marked)

    def poll(self) -> Snapshot | None:
        try:
            self._check_late_saves()
        except (InvalidFile, StorageError) as error:
            self._reject(None, str(error))
            return None
        found = self._check()
        return found if isinstance(found, Snapshot) else None

    def problems(self) -> tuple[str, ...]:
        return (*self._problems, *self._conflicts)

    def write(self, edits: Sequence[Edit]) -> Written | HandEdited | Busy:
        if self._document is None:
            raise StorageError(f"{self._shown} has not been read yet")
        with write_lock(self._real_path(), self._sleep) as locked:
            if not locked:
                return Busy(problems=(f"{self._shown}: another writer holds it",))
            self._restore_late_saves()
            found = self._check()
            if found is not _NoChange.SAME:
                return self._not_written(found)
            return self._save(apply_edits(self._document, edits, self._shown))

    def check_writable(self) -> None:
        check_writable(self._real_path(), self._shown, self._inside)

    def close(self) -> None:
        try:
            self._check_late_saves()
        finally:
            self._late.close()
        self._save_cache()

    def _save_cache(self) -> None:
        """Store the parsed form of the file for the next command."""
        if self._document is None or self._cached == self._version.digest:
            return
        try:
            stamp = stamp_of(os.stat(self._path))
        except OSError:
            return
        document = self._document.as_read()
        if document is not None:
            self._cached = self._version.digest
            self._cache.save(document, self._cached, stamp)

    # -- checking ------------------------------------------------------------------------------------------------

    def _check(self) -> Snapshot | _NoChange:
        """Return the text on disk if it is new, finished and valid; ``problems`` says why it is not."""
        try:
            with storage_errors(self._shown):
                stamp = stamp_of(os.stat(self._path))
            if stamp == self._stamp:
                self._problems = ()
                return _NoChange.SAME
            if stamp == self._rejected:
                return _NoChange.NOT_ACCEPTED
            return self._check_content()
        except InvalidFile as error:
            return self._reject(None, *map(str, error.problems))
        except StorageError as error:
            return self._reject(None, str(error))

    def _check_content(self) -> Snapshot | _NoChange:
        content = read_content(self._path, self._shown, self._inside)
        if content.data == self._version.data:
            self._stamp = content.stamp if content.settled else None
            self._problems = ()
            return _NoChange.SAME
        self._sleep(_PAUSE)
        again = read_content(self._path, self._shown, self._inside)
        if again.data != content.data:
            return self._reject(None, f"{self._shown}: somebody is saving it")
        if self._looks_cut_off(again.data):
            return self._reject(None, f"{self._shown}: it looks half saved, so it is left alone for now")
        try:
            document, marked = self._load(again)
        except InvalidFile as error:
            return self._reject(again.stamp if again.settled else None, *map(str, error.problems))
        return self._adopt(again, document, marked=marked)

    def _looks_cut_off(self, data: bytes) -> bool:
        """True if it may be the beginning of a save: empty, cut off, or without the final line end that was there."""
        before = self._version.data
        cut = not data.strip() or before.startswith(data) or (before.endswith(b"\n") and not data.endswith(b"\n"))
        if not cut or not before.strip():
            return False
        digest = Version(data).digest
        if self._cut_off[0] != digest:
            self._cut_off = (digest, self._monotonic())
        return self._monotonic() - self._cut_off[1] < _CUT_OFF_DELAY

    def _reject(self, stamp: Stamp | None, *problems: str) -> _NoChange:
        self._rejected, self._problems = stamp, problems
        return _NoChange.NOT_ACCEPTED

    def _read_finished(self) -> Content:
        """Return the content, waiting for the end of a save that is just under way."""
        content = read_content(self._path, self._shown, self._inside)
        for _ in range(_READINGS):
            if content.settled:
                break
            self._sleep(_PAUSE)
            before, content = content, read_content(self._path, self._shown, self._inside)
            if before.data == content.data:
                break
        return content

    # -- taking over ---------------------------------------------------------------------------------------------

    def _load(self, content: Content) -> tuple[Document, bool]:
        if self._document is not None and content.data == self._version.data and (document := self._document.as_read()) is not None:
            return document, self._marked
        text, marked = decode(content.data, self._shown)
        digest = Version(content.data).digest
        document = self._cache.load(text, digest, content.stamp)
        if document is None:
            return parse_document(text, self._shown), marked
        self._cached = digest
        return document, marked

    def _adopt(self, content: Content, document: Document, *, marked: bool) -> Snapshot:
        self._document, self._marked, self._version = document, marked, Version(content.data)
        self._stamp = content.stamp if content.settled else None
        self._rejected, self._problems, self._cut_off = None, (), ("", 0.0)
        return self._snapshot(document)

    def _snapshot(self, document: Document) -> Snapshot:
        return Snapshot(tasks=document.tasks, version=self._version.digest, without_status=document.without_status)

    # -- writing -------------------------------------------------------------------------------------------------

    def _save(self, document: Document) -> Written | HandEdited | Busy:
        new = Version(encode(document.text, marked=self._marked))
        if new != self._version:
            try:
                self._late.add(replace(self._real_path(), self._shown, new, self._version, self._exchange))
            except ConcurrentSave as concurrent:
                self._late.add(concurrent.replaced)
                return self._not_written(self._check())
            self._stamp, self._version = None, new
        self._document = document
        return Written(snapshot=self._snapshot(document))

    def _not_written(self, found: Snapshot | _NoChange) -> HandEdited | Busy:
        if isinstance(found, Snapshot):
            return HandEdited(snapshot=found)
        return Busy(problems=self._problems or (f"{self._shown}: somebody is saving it",))

    def _real_path(self) -> str:
        return os.path.realpath(self._path)

    # -- late saves ----------------------------------------------------------------------------------------------

    def _check_late_saves(self) -> None:
        if self._late.find() is not None:
            with write_lock(self._real_path(), self._sleep):
                self._restore_late_saves()

    def _restore_late_saves(self) -> None:
        """Restore what an editor wrote into a version that a write of ours had just replaced. Call under the write lock."""
        while (late := self._late.find()) is not None:
            replaced, version = late
            try:
                self._late.add(replace(self._real_path(), self._shown, version, self._version, self._exchange))
            except ConcurrentSave as concurrent:
                # The file has been saved once more since: nobody but they can say which they mean.
                self._late.add(concurrent.replaced)
                copy = save_copy(self._real_path(), self._shown, version)
                self._conflicts += (f"{self._shown} was saved twice at once; the other save is in {copy}: compare them",)
            replaced.accept(version)
            self._stamp = None


def _shown(path: str, root: str) -> str:
    """Return the path as a person at the repository's root would type it."""
    relative = os.path.relpath(path, root)
    return path if relative.startswith("..") else relative
