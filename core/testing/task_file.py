"""In-memory twins of the ports ``TaskFile`` and ``ProjectFolder``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.domain.settings.project_facts import ProjectSigns
from core.domain.tasks.entry import AppendTask, Edit, SetField, Snapshot, field_values, task_of
from core.domain.tasks.graph_errors import find_graph_errors
from core.domain.tasks.task import Place, Task
from core.errors import EditRefused, InvalidFile, Problem, StorageError
from core.ports.task_file import Busy, HandEdited, Written

_FILE = "tasks.yml"


class InMemoryTaskFile:
    """Twin of the port TaskFile: entries instead of text. Durations in appended entries are seconds."""

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._versions = itertools.count(1)
        self._disk = self._placed(tasks)
        self._disk_version = self._new_version()
        self._known = self._disk
        self._known_version = ""
        self._unfinished = ""
        self._before_write: Callable[[], None] | None = None
        #: How many times the file was written by ``write``.
        self.writes = 0
        #: Whether somebody has write-protected the file.
        self.read_only = False

    # -- what a person does --------------------------------------------------------------------------------------

    def save_by_hand(self, tasks: Iterable[Task]) -> None:
        """Save other entries, as with an editor."""
        self._disk = self._placed(tasks)
        self._disk_version = self._new_version()
        self._unfinished = ""

    def begin_save(self, problem: str = f"{_FILE}: somebody is saving it") -> None:
        """Be in the middle of a save, or have saved something invalid, until ``save_by_hand``."""
        self._unfinished = problem

    def before_next_write(self, action: Callable[[], None]) -> None:
        """Have ``action`` happen at the worst moment of the next write: after it looked, before it saves."""
        self._before_write = action

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What the file says now."""
        return self._disk

    # -- the port ------------------------------------------------------------------------------------------------

    def read(self) -> Snapshot:
        errors = self._errors()
        if self._unfinished:
            raise InvalidFile([Problem(file=_FILE, message=self._unfinished)])
        if errors:
            raise InvalidFile(errors)
        return self._take()

    def poll(self) -> Snapshot | None:
        if self.problems() or self._disk_version == self._known_version:
            return None
        return self._take()

    def problems(self) -> tuple[str, ...]:
        if self._unfinished:
            return (self._unfinished,)
        return tuple(map(str, self._errors()))

    def check_writable(self) -> None:
        if self.read_only:
            raise StorageError(f"{_FILE} is read-only", hint=f"chmod u+w {_FILE}")

    def write(self, edits: Sequence[Edit]) -> Written | HandEdited | Busy:
        self.check_writable()
        new = self._known
        for edit in edits:
            new = _applied(new, edit)
        action, self._before_write = self._before_write, None
        if action is not None:
            action()
        if self.problems():
            return Busy(problems=self.problems())
        if self._disk_version != self._known_version:
            return HandEdited(snapshot=self._take())
        if new != self._known:
            self._disk = self._known = self._placed(new)
            self._disk_version = self._known_version = self._new_version()
            self.writes += 1
        return Written(snapshot=self._snapshot())

    def close(self) -> None:
        pass

    # -- inside --------------------------------------------------------------------------------------------------

    def _take(self) -> Snapshot:
        self._known, self._known_version = self._disk, self._disk_version
        return self._snapshot()

    def _snapshot(self) -> Snapshot:
        return Snapshot(tasks=self._known, version=self._known_version)

    def _errors(self) -> tuple[Problem, ...]:
        errors = find_graph_errors(self._disk)
        return tuple(
            Problem(file=_FILE, line=self._disk[error.task].place.line, column=3, message=error.message, hint=error.hint)
            for error in errors
        )

    def _new_version(self) -> str:
        return f"version {next(self._versions)}"

    @staticmethod
    def _placed(tasks: Iterable[Task]) -> tuple[Task, ...]:
        return tuple(replace(task, place=Place(line=number, column=3)) for number, task in enumerate(tasks, start=1))


def _applied(tasks: tuple[Task, ...], edit: Edit) -> tuple[Task, ...]:
    ids = [task.id for task in tasks]
    if isinstance(edit, AppendTask):
        new = task_of(edit.fields)
        if new.id in ids:
            raise _refused(f"the id {new.id} is there already")
        appended = (*tasks, new)
        if find_graph_errors(appended):
            raise _refused(find_graph_errors(appended)[0].message)
        return appended
    if edit.task_id not in ids:
        raise _refused(f"there is no task {edit.task_id}")
    position = ids.index(edit.task_id)
    return (*tasks[:position], _changed(tasks[position], edit), *tasks[position + 1 :])


def _changed(task: Task, edit: SetField) -> Task:
    name, *inside = edit.path
    value: Any = edit.value
    if inside:
        fields = getattr(task, name)
        if not isinstance(fields, Mapping) or not fields:
            raise _refused(f"the task has no {'.'.join(edit.path)}")
        value = {**fields, inside[0]: value}
    return replace(task, **field_values({name: value}))


def _refused(message: str) -> EditRefused:
    return EditRefused(Problem(file=_FILE, message=message))


class MemoryProjectFolder:
    """Files by path. ``programs`` are those installed, by name; ``broken`` paths cannot be written."""

    def __init__(self, files: Mapping[str, str] | None = None, programs: Mapping[str, str] | None = None, *, git: bool = True) -> None:
        self.files = dict(files or {})
        self.programs = dict(programs or {})
        self.broken: set[str] = set()
        self._signs = ProjectSigns(name="repository", paths=frozenset(), texts={}, programs={}, git=git)

    def look(self, files: Sequence[str], programs: Sequence[str]) -> ProjectSigns:
        return replace(
            self._signs,
            paths=self._paths(),
            texts={name: self.files[name] for name in files if name in self.files},
            programs={name: self.programs[name] for name in programs if name in self.programs},
        )

    def _paths(self) -> frozenset[str]:
        """Return files and their directories (ended by a slash), but for hidden directories and what lies in them."""
        directories = {f"{path[:end]}/" for path in self.files for end, letter in enumerate(path) if letter == "/"}
        return frozenset(path for path in {*self.files, *directories} if not (path.startswith(".") and "/" in path))

    def existing(self, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(path for path in paths if path in self.files or any(file.startswith(f"{path}/") for file in self.files))

    def create(self, files: Mapping[str, str]) -> None:
        for name in files:
            if name in self.broken or self.existing((name,)):
                raise StorageError(f"cannot write {name}", hint="nothing was written")
        self.files.update(files)

    def put(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            if name in self.broken:
                raise StorageError(f"cannot write {name}")
            self.files[name] = text
