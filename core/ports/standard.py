"""What a verb does that a Python user made without ports: ``Executor()``, ``SelfAuditor(complexity_threshold=15)`` and the like.

Verbs take their ports as arguments, and ``core.assembly`` gives them. One that was given none hands its call to ``standard()``, which
assembles the same class with the ports of this machine, for the repository around the current directory, and calls that. This is the
one place that reaches a higher layer, by name and when it is called: see docs/decisions/python-face.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

from core.domain.tasks.task import Status, Task
from core.errors import UsageError
from core.schema.arguments import check_type, path_text, several, word_of

# Only in signatures: every verb imports this module, and few commands need all of it.
if TYPE_CHECKING:
    from core.domain.quality.reflection import CycleReport
    from core.domain.runs.outcome import Outcome
    from core.domain.settings.settings import AuditSettings
    from core.events import RunFinished
    from core.ports.code import Measured

StrPath = str | os.PathLike[str]


class _Missing:
    """Stands for a port that was not given, and for whatever is asked of it; calling it is an error."""

    def __getattr__(self, name: str) -> _Missing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_arguments: object, **_named: object) -> NoReturn:
        raise UsageError("this needs a port that was not given", hint="docs/library.md says what works without ports")


#: Default of a port.
MISSING: Any = _Missing()


class Reflection(Protocol):
    """What a run takes from a Reflector."""

    #: The tasks file that it was made for; None: whichever.
    tasks_path: str | None
    #: Complexity above which a block is a finding; None: the setting.
    threshold: int | None
    #: Files and directories, relative to the current directory, to which it is limited; none: the whole repository.
    paths: tuple[str, ...]


class Standard(Protocol):
    """Verbs with the ports of this machine. Every method raises what the commands of the same purpose raise."""

    def run(self, tasks_file: StrPath, *, budget: float | None, reflection: Reflection | None) -> RunFinished:
        """Work off a tasks file as ``orchestrator run`` does, without reflection where it is None.

        Raises UsageError where the reflection is meant for another tasks file.
        """

    def execute(self, task: Task) -> Outcome:
        """Carry out one task in the current directory, with one log in the log directory of its settings."""

    def measure(self, paths: Sequence[StrPath]) -> tuple[Measured, ...]:
        """Measure files and directories wherever they are; results have the paths as they were given.

        Raises UsageError for one that does not exist.
        """

    def audit_settings(self, overrides: Mapping[str, Any]) -> AuditSettings:
        """Return the audit's settings for the repository around the current directory; ``overrides`` has dotted keys, None: not given."""

    def audit(self, tasks: Iterable[Task], overrides: Mapping[str, Any]) -> list[dict[str, object]]:
        """Audit the repository around the current directory; ``overrides`` as in ``audit_settings``."""

    def run_cycle(self, tasks_path: StrPath, *, complexity: float | None, paths: Sequence[StrPath]) -> CycleReport:
        """Run one reflection cycle on a tasks file; ``paths``, relative to the current directory, limits it."""

    def load_state(self, path: StrPath, key: str | None) -> Any:
        """Return a value of the JSON object in a file, or None; without ``key`` the object, empty where there is no file."""

    def save_state(self, path: StrPath, key: str | Mapping[str, Any], value: Any) -> None:
        """Change a value of the JSON object in a file, atomically; a map as ``key`` replaces all. Its directories are made.

        Raises UsageError for a value with which the file could not be read, such as an infinite number; it is as it was.
        """

    def load_tasks(self, tasks_file: StrPath) -> tuple[Task, ...]:
        """Return the tasks of a file with the statuses that hold now; none where there is no file."""

    def save_tasks(self, tasks: Iterable[Task], tasks_file: StrPath) -> None:
        """Bring a tasks file in line with ``tasks``: edits what differs, appends what is new, removes nothing.

        Raises EditRefused, and StorageError where somebody else is saving the file: then not all of it is written.
        """

    def read_entry(self, entry: object, name: str) -> Task:
        """Return the task that an entry of tasks.yml is, given as a map. Raises InvalidFile with every problem, as for the file.

        ``name`` is what problems call it.
        """

    def read_budget(self, budget: object) -> float | None:
        """Return a budget in units of cost. Raises what a run with that budget raises."""


def standard() -> Standard:
    """Return the assembly of standard verbs; it is imported now."""
    return cast("Standard", import_module("core.assembly.standard").STANDARD)


def check_parts(*parts: tuple[Any, type[Any]]) -> None:
    """Raise UsageError for a part of a run that is not of its class, or that brings what a run without ports would not use.

    A run makes parts of its own, so it would call no method of a subclass, and use no port.
    """
    for part, cls in parts:
        if part is not MISSING:
            _check_part(cls.__name__.lower(), part, cls)


def _check_part(name: str, part: Any, cls: type[Any]) -> None:
    check_type(name, part, cls, f"a {cls.__name__}", "the order is: Orchestrator(planner, executor, reflector, memory)")
    replaced = [key for key in vars(part) if callable(getattr(cls, key, None))]
    without_ports: bool = part.without_ports
    if type(part) is not cls:
        problem = f"{type(part).__name__} is a subclass of {cls.__name__}, and a run would not call its methods"
    elif replaced:
        problem = f"its method {replaced[0]} was replaced, and a run would not call it"
    elif not without_ports:
        problem = "it was given more than a run takes from it"
    else:
        return
    raise UsageError(f"{name}: {problem}", hint="docs/library.md says what a run takes from each of its parts")


def tasks_of(items: Iterable[Task | Mapping[str, Any]], file: str = "") -> tuple[Task, ...]:
    """Return tasks of what may be tasks, and maps as tasks.yml has them; one map or task alone is taken for a list of one.

    An iterator is read to its end. ``file`` is named by problems. Raises InvalidFile with every problem of the first map that is no
    entry, UsageError for a Task with an unknown status and for what holds no tasks.
    """
    if not isinstance(items, (Task, Mapping, str, bytes)):
        check_type("tasks", items, Iterable, "tasks, or maps of their fields")
        given = tuple(items)
    else:
        given = (items,)
    return tuple(
        _with_status_member(item) if isinstance(item, Task) else standard().read_entry(item, _entry_name(item, index, len(given), file))
        for index, item in enumerate(given)
    )


def _entry_name(item: object, index: int, count: int, file: str) -> str:
    """Return what problems call an entry: by its id, or where it has none by its place in the list."""
    name = f"task {item['id']}" if isinstance(item, Mapping) and item.get("id") is not None else "task"
    place = f" at index {index}" if name == "task" and count > 1 else ""
    return f"{file}: {name}{place}" if file else f"{name}{place}"


def _with_status_member(task: Task) -> Task:
    return task if isinstance(task.status, Status) else replace(task, status=word_of("status", task.status, Status))


def paths_of(paths: StrPath | Iterable[StrPath]) -> tuple[str, ...]:
    """Return paths as text; one alone is taken for a list of one. Raises UsageError for what is no path."""
    return tuple(path_text("a path", path) for path in several("paths", paths, (str, os.PathLike), "a path or several"))
