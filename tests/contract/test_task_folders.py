"""What every TaskFolders does, held against the twin and against files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.adapters.task_folders import FileTaskFolders
from core.domain.tasks.task import Task
from core.ports.attempt_context import TaskFolders
from core.testing.task_folders import InMemoryTaskFolders

_IDS = ["plain", "../../etc", "a/b:c", "é" * 300, "a" * 5000, "a" * 5001, "", ".", "task_1", "task/1"]


@dataclass
class Rig:
    folders: TaskFolders
    #: Adds a file to the checkpoint of a task.
    add: Callable[[str, str], None]
    #: Returns the files of the checkpoint of a task, None where there is none.
    files: Callable[[str], set[str] | None]


@pytest.fixture(params=["twin", "files"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "twin":
        twin = InMemoryTaskFolders()
        yield Rig(twin, lambda task_id, name: twin.checkpoints[task_id].add(name), twin.checkpoints.get)
        return
    folders = FileTaskFolders(str(tmp_path), "tasks")
    paths: dict[str, Path] = {}

    def prepare(task: Task, *, fresh: bool) -> object:
        folder = FileTaskFolders.prepare(folders, task, fresh=fresh)
        paths[task.id] = Path(folder.checkpoint)
        return folder

    folders.prepare = prepare  # type: ignore[method-assign,assignment]
    yield Rig(
        folders,
        lambda task_id, name: (paths[task_id] / name).write_text("x") and None,
        lambda task_id: {path.name for path in paths[task_id].iterdir()} if paths[task_id].exists() else None,
    )
    folders.close()


def _task(task_id: str) -> Task:
    return Task(id=task_id, description="d", command="true")


@pytest.mark.parametrize("task_id", _IDS)
def test_a_checkpoint_stays_until_the_task_succeeded(rig: Rig, task_id: str) -> None:
    first = rig.folders.prepare(_task(task_id), fresh=False)
    rig.add(task_id, "half")
    rig.folders.release(task_id)
    rig.folders.prune((), {task_id})
    assert rig.folders.prepare(_task(task_id), fresh=False) == first
    assert rig.files(task_id) == {"half"}
    rig.folders.release(task_id)
    rig.folders.prune({task_id}, {task_id})
    assert rig.files(task_id) is None


def test_every_task_has_a_checkpoint_of_its_own(rig: Rig) -> None:
    checkpoints = set()
    for task_id in _IDS:
        checkpoints.add(rig.folders.prepare(_task(task_id), fresh=False).checkpoint)
        assert rig.files(task_id) == set()
        rig.add(task_id, "own")
        rig.folders.release(task_id)
    assert len(checkpoints) == len(_IDS)


def test_a_fresh_checkpoint_is_empty(rig: Rig) -> None:
    rig.folders.prepare(_task("a"), fresh=False)
    rig.add("a", "old")
    rig.folders.prepare(_task("a"), fresh=True)
    assert rig.files("a") == set()


def test_an_empty_checkpoint_leaves_nothing_and_is_there_again_for_the_next_attempt(rig: Rig) -> None:
    for task_id in ("a", "b", "a"):
        rig.folders.prepare(_task(task_id), fresh=False)
        assert rig.files(task_id) == set()
        rig.folders.release(task_id)
    rig.folders.prune((), {"a", "b"})
    assert rig.files("a") is None
