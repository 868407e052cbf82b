"""What every TaskFile promises, held by the twin and by the real file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.adapters.tasks_yaml import YamlTaskFile
from core.adapters.tasks_yaml.store.replacement import exchange
from core.domain.tasks.entry import AppendTask, SetField
from core.domain.tasks.task import Place, Status, Task
from core.errors import EditRefused, InvalidFile, StorageError
from core.ports.task_file import Busy, HandEdited, TaskFile, Written
from core.testing.task_file import InMemoryTaskFile


def task(task_id: str, *dependencies: str, status: Status = Status.PENDING) -> Task:
    return Task(id=task_id, description=f"What {task_id} is", dependencies=dependencies, status=status)


def done(task_id: str) -> SetField:
    return SetField(task_id=task_id, path=("status",), value="done")


@dataclass
class Desk:
    """A task file, and the person at the desk who edits it too."""

    file: TaskFile
    save: Callable[[Iterable[Task]], None]
    begin_save: Callable[[], None]
    before_next_write: Callable[[Callable[[], None]], None]
    tasks: Callable[[], tuple[Task, ...]]
    #: Write-protects the file.
    protect: Callable[[], object]


def as_text(tasks: Iterable[Task]) -> str:
    return "".join(
        f"- id: {task.id}\n  description: {task.description}\n  dependencies: [{', '.join(task.dependencies)}]\n  status: {task.status}\n"
        for task in tasks
    )


def desk_in_memory(tasks: Iterable[Task]) -> Desk:
    file = InMemoryTaskFile(tasks)
    return Desk(
        file, file.save_by_hand, file.begin_save, file.before_next_write, lambda: file.tasks, lambda: setattr(file, "read_only", True)
    )


def desk_on_disk(tasks: Iterable[Task], directory: Path) -> Desk:
    path = directory / "tasks.yml"
    path.write_text(as_text(tasks))
    actions: list[Callable[[], None]] = []

    def interrupted_exchange(one: str, other: str) -> bool:
        if actions:
            actions.pop()()
        return exchange(one, other)

    file = YamlTaskFile(path, directory, exchange=interrupted_exchange)
    return Desk(
        file,
        lambda tasks: (path.write_text(as_text(tasks)), None)[1],
        lambda: (path.write_text("- id: half\n  descr"), None)[1],
        actions.append,
        lambda: YamlTaskFile(path, directory).read().tasks,
        lambda: path.chmod(0o444),
    )


@pytest.fixture(params=["twin", "disk"])
def open_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def open_desk(*tasks: Task) -> Desk:
        desks.append(desk_in_memory(tasks) if request.param == "twin" else desk_on_disk(tasks, tmp_path))
        return desks[-1]

    yield open_desk
    for desk in desks:
        desk.file.close()


def plain(tasks: Iterable[Task]) -> list[Task]:
    return [replace(task, place=Place(line=0, column=0)) for task in tasks]


def test_it_reads_what_is_there(open_desk: Any):
    desk = open_desk(task("a"), task("b", "a", status=Status.DONE))
    snapshot = desk.file.read()
    assert plain(snapshot.tasks) == [task("a"), task("b", "a", status=Status.DONE)]
    assert snapshot.tasks[1].place.line > snapshot.tasks[0].place.line > 0
    assert desk.file.read() == snapshot
    assert desk.file.poll() is None
    assert desk.file.problems() == ()


def test_reading_a_backlog_that_cannot_be_names_every_problem(open_desk: Any):
    desk = open_desk(task("a", "b", "a"), task("c"), task("c"))
    with pytest.raises(InvalidFile) as caught:
        desk.file.read()
    assert len(caught.value.problems) == 3


def test_an_edit_is_in_the_file_and_nothing_else_changed(open_desk: Any):
    desk = open_desk(task("a"), task("b", "a"))
    before = desk.file.read()
    result = desk.file.write([done("a")])
    assert isinstance(result, Written)
    assert plain(result.snapshot.tasks) == plain(desk.tasks()) == [task("a", status=Status.DONE), task("b", "a")]
    assert result.snapshot.version != before.version
    assert desk.file.poll() is None


def test_the_last_of_several_edits_of_a_field_counts(open_desk: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    desk.file.write([SetField(task_id="a", path=("status",), value="failed"), done("a")])
    assert desk.tasks()[0].status is Status.DONE


def test_appended_tasks_stand_behind_the_last_one_and_can_be_edited(open_desk: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    fields = {"id": "new", "description": "Fix it", "dependencies": ["a"], "priority": 7, "origin": {"by": "reflector", "path": "a.py"}}
    result = desk.file.write([done("a"), AppendTask(fields=fields)])
    assert isinstance(result, Written)
    new = result.snapshot.tasks[-1]
    assert (new.id, new.description, new.dependencies, new.priority) == ("new", "Fix it", ("a",), 7)
    assert dict(new.origin) == {"by": "reflector", "path": "a.py"}
    result = desk.file.write([done("new"), SetField(task_id="new", path=("origin", "path"), value="b.py")])
    assert isinstance(result, Written)
    assert (desk.tasks()[-1].status, desk.tasks()[-1].origin["path"]) == (Status.DONE, "b.py")
    assert [task.id for task in desk.tasks()] == ["a", "new"]


@pytest.mark.parametrize(
    "edit",
    [
        done("nobody"),
        AppendTask(fields={"id": "a", "description": "again"}),
        AppendTask(fields={"id": "b", "description": "d", "dependencies": ["nobody"]}),
        SetField(task_id="a", path=("origin", "path"), value="x.py"),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused_and_nothing_is_written(open_desk: Any, edit: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    with pytest.raises(EditRefused):
        desk.file.write([done("a"), edit])
    assert plain(desk.tasks()) == [task("a")]
    assert isinstance(desk.file.write([done("a")]), Written)


def test_a_save_by_hand_is_seen_once(open_desk: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    desk.save([task("a"), task("b")])
    snapshot = desk.file.poll()
    assert snapshot is not None
    assert plain(snapshot.tasks) == [task("a"), task("b")]
    assert desk.file.poll() is None


def test_a_write_reports_a_hand_edit_and_the_next_one_applies_onto_it(open_desk: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    desk.save([task("a"), task("b")])
    result = desk.file.write([done("a")])
    assert isinstance(result, HandEdited)
    assert plain(result.snapshot.tasks) == plain(desk.tasks()) == [task("a"), task("b")]
    assert isinstance(desk.file.write([done("a")]), Written)
    assert plain(desk.tasks()) == [task("a", status=Status.DONE), task("b")]


def test_a_save_in_the_very_moment_of_a_write_is_not_lost(open_desk: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    desk.before_next_write(lambda: desk.save([task("a"), task("b")]))
    result = desk.file.write([done("a")])
    assert isinstance(result, HandEdited)
    assert plain(result.snapshot.tasks) == plain(desk.tasks()) == [task("a"), task("b")]
    assert isinstance(desk.file.write([done("a")]), Written)
    assert plain(desk.tasks()) == [task("a", status=Status.DONE), task("b")]


def test_while_a_save_is_unfinished_nothing_is_taken_over_and_nothing_written(open_desk: Any):
    desk = open_desk(task("a"))
    known = desk.file.read()
    desk.begin_save()
    assert desk.file.poll() is None
    assert desk.file.problems() != ()
    result = desk.file.write([done("a")])
    assert isinstance(result, Busy)
    assert result.problems == desk.file.problems()
    desk.save([task("a"), task("b")])
    snapshot = desk.file.poll()
    assert snapshot is not None
    assert snapshot != known
    assert desk.file.problems() == ()
    assert isinstance(desk.file.write([done("b")]), Written)


def test_writing_what_is_there_already_changes_nothing(open_desk: Any):
    desk = open_desk(task("a", status=Status.DONE))
    before = desk.file.read()
    for edits in ([], [done("a")]):
        result = desk.file.write(edits)
        assert isinstance(result, Written)
        assert result.snapshot == before


def test_asking_whether_a_file_can_be_written_changes_nothing(open_desk: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    desk.file.check_writable()
    assert desk.file.poll() is None
    assert isinstance(desk.file.write([done("a")]), Written)


def test_a_write_protected_file_is_refused_when_asked_and_when_written_in_the_same_words(open_desk: Any):
    desk = open_desk(task("a"))
    desk.file.read()
    desk.protect()
    with pytest.raises(StorageError, match=r"tasks\.yml is read-only") as asked:
        desk.file.check_writable()
    with pytest.raises(StorageError, match=r"tasks\.yml is read-only") as written:
        desk.file.write([done("a")])
    assert asked.value.hint == written.value.hint == "chmod u+w tasks.yml"
    assert [one.status for one in desk.tasks()] == [Status.PENDING]
