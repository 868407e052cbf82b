"""The face for Python users: ``run``, ``plan``, ``verify``, ``audit``, ``add`` and backlogs in memory.

Everything here is stable: names, parameters and the results' documented fields change only with a new major version. The functions
do what the commands of the same name do, with the same settings; they print nothing and raise the errors of ``core.errors``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from types import NoneType
from typing import TYPE_CHECKING, Any

from core.domain.quality.verdict import FailOn, GateReport
from core.domain.runs.verified import Verified
from core.domain.tasks.entry import AppendTask, SetField
from core.domain.tasks.lookup import find_task
from core.domain.tasks.plan import Plan
from core.domain.tasks.task import Status, Task
from core.errors import OrchestratorError
from core.events import Event, RunFinished
from core.ports.standard import paths_of
from core.ports.subscribers import EventSink
from core.schema.arguments import check_flags, check_type, path_text, several, word_of

if TYPE_CHECKING:
    from core.assembly.container import Container
    from core.domain.runs.run_state import RunOptions

__all__ = [
    "Backlog",
    "Event",
    "FailOn",
    "GateReport",
    "OrchestratorError",
    "Plan",
    "RunFinished",
    "Status",
    "Task",
    "Verified",
    "add",
    "audit",
    "plan",
    "run",
    "verify",
]

_Path = str | os.PathLike[str]
_Overrides = Mapping[str, Any] | None
#: Tasks that the repr of a backlog shows.
_SHOWN = 5


class Backlog:
    """Tasks in memory: entries as ``tasks.yml`` has them, held to the rules of that file."""

    def __init__(self, entries: Mapping[str, Any] | Iterable[Mapping[str, Any]] = (), *, text: str = "") -> None:
        """Begin with the tasks of a YAML ``text`` and append ``entries``, maps of the fields that a person would write.

        Raises InvalidFile with every problem of the text, EditRefused for the first entry that cannot be a task, UsageError for what
        is neither.
        """
        from core.assembly.in_memory import task_text

        check_type("text", text, str, "the text of a tasks.yml", "Backlog(text=Path(file).read_text())")
        hint = "entries are maps: Backlog([{...}]); run, plan and add take the path of a file as it is"
        given = several("entries", entries, Mapping, "maps of fields", hint)
        #: The port through which runs work on it.
        self.file = task_text(text)
        self.file.write([AppendTask(fields=entry) for entry in given])

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks in their order, with their present statuses."""
        return self.file.read().tasks

    @property
    def text(self) -> str:
        """The backlog as YAML; saved as ``tasks.yml`` it is the same backlog."""
        return self.file.text

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    def __contains__(self, task: object) -> bool:
        """Return whether a task is here, given itself or its id."""
        return task in self.tasks if isinstance(task, Task) else any(each.id == str(task) for each in self.tasks)

    def __getitem__(self, task_id: str | int) -> Task:
        """Return the task with an id. Raises UsageError naming the nearest one."""
        return find_task(self.tasks, str(task_id))

    def __repr__(self) -> str:
        shown = ", ".join(f"{task.id}: {task.status}" for task in self.tasks[:_SHOWN])
        return f"<Backlog of {len(self)} tasks: {shown}{', …' if len(self) > _SHOWN else ''}>"

    def add(self, description: str, **fields: Any) -> Task:
        """Append a task and return it; ``fields`` are those of ``tasks.yml``, and without ``id`` it gets one.

        Raises EditRefused when the entry cannot be a task, UsageError for a description that is no text; the backlog is as it was.
        """
        from core.manual_edits import new_id

        check_type("description", description, str, "text")
        given = fields.pop("id", None)
        task_id = new_id(description, {task.id for task in self.tasks}) if given is None else given
        self.file.write([AppendTask(fields={"id": task_id, "description": description, **fields})])
        return self.tasks[-1]

    def set_status(self, task_id: str | int, status: Status | str) -> None:
        """Give a task a status. Raises UsageError for an unknown id and for a word that is no status."""
        task = self[task_id]
        self.file.write([SetField(task_id=task.id, path=("status",), value=word_of("status", status, Status).value)])


def run(
    tasks: _Path | Backlog | None = None,
    *,
    directory: _Path = "",
    jobs: int | None = None,
    budget: float | None = None,
    time_budget: float | str | None = None,
    fail_fast: bool | None = None,
    only: str | Iterable[str] = (),
    tags: str | Iterable[str] = (),
    named: str | Iterable[str] = (),
    fresh: bool = False,
    retry_failed: bool = False,
    reflect: bool | None = None,
    on_event: EventSink | None = None,
) -> RunFinished:
    """Work off a tasks file or a backlog, and return how it ended.

    ``directory`` is the repository; by default the one around the current directory or, for a tasks file that is not in it, the file's.
    ``budget`` is in units of cost, ``time_budget`` in seconds or as ``"90m"``; None leaves each to the settings, as it does ``jobs``,
    ``fail_fast`` and ``reflect``. ``only`` and ``tags`` are one or several ids and tags, ``named`` ids of tasks that run whatever
    their status; with ``fresh`` checks run even if they are up to date. ``on_event`` is called with every event, in this thread: a slow
    one slows the run.

    The process is the run's as long as it lasts: current directory, SIGINT/SIGTERM/SIGHUP (in the main thread) and orphaned
    children. A second one at the same time raises UsageError; start ``orchestrator run --json`` as a process for each.

    Raises UsageError, InvalidFile, LockHeld, EditRefused and StorageError.
    """
    from core.assembly.run import open_run

    check_flags(retry_failed=retry_failed, fresh=fresh)
    check_flags(fail_fast=fail_fast, reflect=reflect, optional=True)
    check_type("on_event", on_event, object if callable(on_event) else NoneType, "a function of one event", "on_event=print")
    given = {"jobs": jobs, "budget.cost": budget, "budget.time": time_budget, "fail_fast": fail_fast}
    with _container(tasks, directory, given) as container:
        options = _options(container, only=only, tags=tags, named=named, fresh=fresh, retry_failed=retry_failed)
        wanted = reflect if reflect is not None else container.settings.reflect.enabled and not isinstance(tasks, Backlog)
        with open_run(container, options, reflect=wanted) as assembled:
            if on_event is not None:
                assembled.bus.subscribe(on_event)
            return assembled.orchestrator.run()


def plan(
    tasks: _Path | Backlog | None = None,
    *,
    directory: _Path = "",
    jobs: int | None = None,
    budget: float | None = None,
    time_budget: float | str | None = None,
    only: str | Iterable[str] = (),
    tags: str | Iterable[str] = (),
    named: str | Iterable[str] = (),
    fresh: bool = False,
    retry_failed: bool = False,
) -> Plan:
    """Return what ``run`` with the same arguments would start, in which order and why; nothing is started or written.

    Times are in seconds from the start, by the durations that this repository has seen. Raises UsageError, InvalidFile, StorageError.
    """
    from core.assembly.backlog import check_statuses, open_backlog
    from core.domain.runs.check_result import CheckState
    from core.forecast import forecast

    check_flags(retry_failed=retry_failed, fresh=fresh)
    given = {"jobs": jobs, "budget.cost": budget, "budget.time": time_budget}
    with _container(tasks, directory, given) as container, open_backlog(container) as backlog:
        options = _options(container, only=only, tags=tags, named=named, fresh=fresh, retry_failed=retry_failed)
        tasks_now = backlog.memory.tasks
        known = check_statuses(container, backlog, tasks_now)
        up_to_date = {name for name, its in known.items() if its.state is CheckState.UP_TO_DATE}
        return forecast(tasks_now, options, backlog.journal.durations(), up_to_date)


def verify(
    tasks: _Path | Backlog | None = None,
    *,
    directory: _Path = "",
    jobs: int | None = None,
    ids: str | Iterable[str] = (),
    tags: str | Iterable[str] = (),
) -> tuple[Verified, ...]:
    """Run the verify commands of tasks, done ones included, and nothing else of them; return what they came to, in file order.

    Nothing is recorded, and no status is changed. Without ``ids`` and ``tags`` those of every task that is not cancelled. The process is
    the call's as it is a run's. Raises UsageError, InvalidFile, LockHeld and StorageError.
    """
    from core.assembly.verification import open_verification
    from core.verifier import to_verify

    with _container(tasks, directory, {"jobs": jobs}) as container, open_verification(container) as verification:
        chosen = to_verify(verification.tasks, frozenset(_words("ids", ids)), frozenset(_words("tags", tags)))
        return verification.verifier.verify(chosen)


def audit(
    paths: _Path | Iterable[_Path] = (),
    *,
    directory: _Path = "",
    since: str = "",
    fail_on: FailOn | str | None = None,
    complexity: int | None = None,
    maintainability: float | str | None = None,
    metrics: str | Iterable[str] | None = None,
    coverage: _Path = "",
    history: bool = True,
) -> GateReport:
    """Measure the code and judge it; ``failing`` of the result is empty when it passes.

    Neither code nor baseline nor tasks are changed; measures are cached in the repository's ``.orchestrator``. ``paths`` are one or
    several files and directories, relative to the current directory; none: the repository. ``since`` is a revision of git: only what
    changed since then is measured, and compared with it. Thresholds (``maintainability`` a number or a rank A, B, C), ``metrics`` and
    ``coverage``, a report, stand in place of the settings'. No ``history``: no trends. Raises UsageError, InvalidFile, StorageError.
    """
    from core.assembly.audit import open_audit
    from core.assembly.project import repository_paths
    from core.files.here import current_directory

    check_flags(history=history)
    check_type("since", since, str, "a revision of git")
    wanted = None if fail_on is None else word_of("fail_on", fail_on, FailOn)
    limits = {"audit.thresholds.complexity": complexity, "audit.thresholds.maintainability": maintainability}
    measured = None if metrics is None else list(_words("metrics", metrics))
    with _container(None, directory, {**limits, "audit.metrics": measured}, since) as container:
        scope = repository_paths(paths_of(paths), container.root, current_directory())
        _, gate = open_audit(container, history=history, since=since, coverage=path_text("coverage", coverage))
        return gate.audit_since(since, scope, fail_on=wanted) if since else gate.audit(scope, fail_on=wanted)


def add(description: str, *, tasks: _Path | Backlog | None = None, directory: _Path = "", **fields: Any) -> Task:
    """Append a task to a tasks file or a backlog and return it; ``fields`` are those of ``tasks.yml``.

    Raises UsageError for an id that is taken or a dependency that does not exist, EditRefused, InvalidFile, StorageError.
    """
    check_type("description", description, str, "text")
    if isinstance(tasks, Backlog):
        return tasks.add(description, **fields)
    from core.assembly.backlog import open_backlog_to_edit
    from core.manual_edits import add_task

    with _container(tasks, directory) as container, open_backlog_to_edit(container) as memory:
        return add_task(memory, {"description": description, **fields})


def _options(
    container: Container,
    *,
    only: str | Iterable[str],
    tags: str | Iterable[str],
    named: str | Iterable[str],
    fresh: bool,
    retry_failed: bool,
) -> RunOptions:
    from core.assembly.run import run_options

    only, tags, named = _words("only", only), _words("tags", tags), _words("named", named)
    return run_options(container, only=only, tags=tags, named=named, fresh=fresh, retry_failed=retry_failed)


def _words(name: str, given: str | Iterable[str]) -> tuple[str, ...]:
    hint = f"leave it out for everything, or give a list: {name}=['a', 'b']"
    return tuple(map(str, several(name, given, (str, int), "a text or a list of texts", hint)))


@contextmanager
def _container(tasks: _Path | Backlog | None, directory: _Path, overrides: _Overrides = None, base: str = "") -> Iterator[Container]:
    from core.assembly.standard import open_repository

    hint = "make a backlog of maps: Backlog([{...}])"
    check_type("tasks", tasks, (str, os.PathLike, Backlog, NoneType), "the path of a tasks file, or a Backlog", hint)
    file = None if isinstance(tasks, Backlog) else tasks
    with open_repository(file, directory, overrides=overrides, base=base) as container:
        if not isinstance(tasks, Backlog):
            yield container
            return
        from core.assembly.in_memory import InMemoryContainer

        with closing(InMemoryContainer(container, tasks.file)) as in_memory:
            yield in_memory
