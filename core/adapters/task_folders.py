"""The port ``TaskFolders`` on files: ``.orchestrator/tasks/<id>/`` with ``task.json`` and ``checkpoint/``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Collection
from contextlib import suppress

from core.domain.tasks.entry import entry_of
from core.domain.tasks.task import Task
from core.errors import OrchestratorError, StateRefused, StorageError
from core.files.private import PrivateDirectory, open_private
from core.ports.attempt_context import TaskFolder

_CHECKPOINT, _ENTRY = "checkpoint", "task.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
#: Seconds for which the folder of a task that is not in the file is kept: it may be on another branch.
_FORGOTTEN = 30 * 24 * 3600.0
#: Characters of an id in the name of its folder, for people; the digest tells ids apart.
_READABLE = 40


def folder_name(task_id: str) -> str:
    """Return the name of a task's folder; different ids never share one."""
    digest = hashlib.sha256(task_id.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{_UNSAFE.sub('_', task_id[:_READABLE])}-{digest}"


class FileTaskFolders:
    """Folders below ``state``, the tool's own directory, which is there, in one called ``name``. For one thread.

    Most tasks leave their checkpoint empty. Making and removing a directory takes many times as long as renaming one, so an empty folder
    goes on to the next task.
    """

    def __init__(self, state: str, name: str) -> None:
        self._state, self._name = state, name
        self._path = os.path.join(state, name)
        self._place: PrivateDirectory | None = None
        #: Names of folders with an empty checkpoint.
        self._spare: list[str] = []

    def prepare(self, task: Task, *, fresh: bool) -> TaskFolder:
        name = folder_name(task.id)
        try:
            with self._folder(self._opened(), name) as folder:
                if fresh:
                    _remove(folder, _CHECKPOINT)
                _make_checkpoint(folder)
                # Anew, not in place: some file systems wait for the disk when a file is overwritten.
                folder.remove(_ENTRY)
                with os.fdopen(folder.create(_ENTRY, os.O_WRONLY), "wb") as file:
                    file.write(_content(task))
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}", hint="is the disk full, or the directory read-only?") from error
        path = os.path.join(self._path, name)
        return TaskFolder(checkpoint=os.path.join(path, _CHECKPOINT), entry=os.path.join(path, _ENTRY))

    def release(self, task_id: str) -> None:
        name = folder_name(task_id)
        if self._place is not None and name not in self._spare and _is_empty(self._place, name):
            self._spare.append(name)

    def prune(self, succeeded: Collection[str], known: Collection[str]) -> None:
        gone, kept = set(map(folder_name, succeeded)), set(map(folder_name, known))
        self._spare.clear()
        try:
            place = self._opened()
            for name in os.listdir(place.descriptor):
                if name in gone or _is_empty(place, name) or (name not in kept and _is_forgotten(place, name)):
                    _remove(place, name)
        except (OSError, OrchestratorError):
            return  # the next run prunes again

    def close(self) -> None:
        if self._place is not None:
            self._place.close()
            self._place = None

    def _opened(self) -> PrivateDirectory:
        """Return the directory of the folders, which stays open; one that was removed or moved away during the run is made again."""
        if self._place is not None and not self._is_in_place(self._place):
            self.close()
            self._spare.clear()
        if self._place is None:
            with open_private(self._state) as state:
                self._place = state.directory(self._name, create=True)
        return self._place

    def _is_in_place(self, place: PrivateDirectory) -> bool:
        try:
            return os.path.samestat(os.lstat(self._path), os.fstat(place.descriptor))
        except OSError:
            return False

    def _folder(self, place: PrivateDirectory, name: str) -> PrivateDirectory:
        if name in self._spare:
            self._spare.remove(name)
        elif self._spare and place.check(name, directory=True) is None:
            with suppress(FileNotFoundError):  # somebody removed it
                os.rename(self._spare.pop(), name, src_dir_fd=place.descriptor, dst_dir_fd=place.descriptor)
        return place.directory(name, create=True)


def _content(task: Task) -> bytes:
    return json.dumps(entry_of(task), ensure_ascii=False, default=str, indent=2).encode(errors="replace") + b"\n"


def _make_checkpoint(folder: PrivateDirectory) -> None:
    """Make the checkpoint; what a task put in its place, a link for one, is replaced."""
    try:
        folder.directory(_CHECKPOINT, create=True).close()
    except (StateRefused, OSError):
        _remove(folder, _CHECKPOINT)
        folder.directory(_CHECKPOINT, create=True).close()


def _is_empty(place: PrivateDirectory, name: str) -> bool:
    try:
        with place.directory(name) as folder, folder.directory(_CHECKPOINT) as checkpoint:
            return not os.listdir(checkpoint.descriptor)
    except (OSError, OrchestratorError):
        return False


def _is_forgotten(place: PrivateDirectory, name: str) -> bool:
    """Tell whether no attempt has begun in a folder for a long time."""
    try:
        return time.time() - os.stat(f"{name}/{_ENTRY}", dir_fd=place.descriptor, follow_symlinks=False).st_mtime > _FORGOTTEN
    except OSError:
        return True


def _remove(place: PrivateDirectory, name: str) -> None:
    """Remove a directory with everything in it, through no link; or whatever else has the name."""
    if not place.remove(name):
        shutil.rmtree(name, ignore_errors=True, dir_fd=place.descriptor)
