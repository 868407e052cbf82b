"""The folders of tasks as files: private, written anew, and safe from what a task puts in their place."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from core.adapters.task_folders import FileTaskFolders
from core.domain.tasks.task import Task
from core.errors import StorageError

_TASK = Task(id="a", description="Prüfe " * 50_000, command="true", env={"X": "y"}, extra={"x-own": [1]})


def test_the_entry_is_whole_and_everything_is_private(tmp_path: Path) -> None:
    folder = FileTaskFolders(str(tmp_path), "tasks").prepare(_TASK, fresh=False)
    entry = json.loads(Path(folder.entry).read_text(encoding="utf-8"))
    assert entry == {"id": "a", "description": _TASK.description, "command": "true", "env": {"X": "y"}, "x-own": [1]}
    for path in (folder.checkpoint, folder.entry, *Path(folder.entry).parents[:2]):
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0


def test_a_link_in_place_of_the_checkpoint_is_replaced_and_nothing_is_removed_through_it(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    folders = FileTaskFolders(str(tmp_path), "tasks")
    checkpoint = Path(folders.prepare(_TASK, fresh=False).checkpoint)
    for fresh in (False, True):
        checkpoint.rmdir()
        checkpoint.symlink_to(precious)
        folders.prepare(_TASK, fresh=fresh)
        assert checkpoint.is_dir() and not checkpoint.is_symlink()
    (checkpoint / "link").symlink_to(precious)
    folders.prune({"a"}, {"a"})
    assert not checkpoint.exists()
    assert (precious / "file").exists()


def test_the_folder_of_a_removed_task_goes_after_a_month(tmp_path: Path) -> None:
    folders = FileTaskFolders(str(tmp_path), "tasks")
    folder = folders.prepare(_TASK, fresh=False)
    (Path(folder.checkpoint) / "half").touch()
    folders.prune((), ())
    assert os.path.exists(folder.checkpoint)
    long_ago = time.time() - 31 * 24 * 3600
    os.utime(folder.entry, (long_ago, long_ago))
    folders.prune((), {"a"})
    assert os.path.exists(folder.checkpoint)
    folders.prune((), ())
    assert not os.path.exists(folder.checkpoint)


def test_a_state_directory_that_was_removed_is_not_made_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    folders = FileTaskFolders(str(state), "tasks")
    folders.prune((), ())
    (state / "tasks").rmdir()
    state.rmdir()
    with pytest.raises(StorageError):
        folders.prepare(_TASK, fresh=False)
    assert not state.exists()
