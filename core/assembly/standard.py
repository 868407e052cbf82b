"""Standard verbs: assembled with the ports of this machine, for whoever gave none. Implements ``core.ports.standard.Standard``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import NoneType
from typing import Any, Final

from core.assembly.container import Container, Session
from core.assembly.project import new_run_id, repository_paths, root_above
from core.config import CONFIG_FILE, merge_settings
from core.domain.quality.reflection import CycleReport
from core.domain.runs.outcome import Outcome
from core.domain.runs.reasons import Code
from core.domain.settings.settings import AuditSettings
from core.domain.tasks.entry import AppendTask, SetField, entry_of
from core.domain.tasks.task import Task
from core.errors import EditRefused, InvalidFile, Problem, StorageError, UsageError
from core.events import RunFinished
from core.files.here import current_directory
from core.files.reading import MIB, read_text
from core.files.replacement import replace_file
from core.memory import Memory
from core.ports.code import Measured
from core.ports.standard import Reflection, StrPath, paths_of
from core.schema.arguments import check_type, path_text
from core.schema.json_reader import load_json
from core.schema.yaml_reader import read_yaml
from core.terminal.console import Console

#: Bytes of a file of kept values.
_LARGEST_STATE = 64 * MIB


@contextmanager
def open_repository(
    tasks_file: StrPath | None = None, directory: StrPath = "", *, overrides: Mapping[str, Any] | None = None, base: str = ""
) -> Iterator[Container]:
    """Open the container of a repository: ``directory``; by default the one around here, or that of a ``tasks_file`` elsewhere.

    ``tasks_file`` is relative to ``directory``, or to here. Raises what ``open_project`` raises.
    """
    place = path_text("directory", directory)
    file = None if tasks_file is None else os.path.abspath(os.path.join(place, path_text("tasks_file", tasks_file)))
    if file is not None and not place and not Path(file).is_relative_to(current_directory()):
        place = str(root_above(Path(file).parent, Path(file)))
    with Session(Console()) as session:
        yield session.open(place, tasks_file=file, overrides=overrides, base=base)


class _Standard:
    """See ``core.ports.standard.Standard``."""

    def run(self, tasks_file: StrPath, *, budget: float | None, reflection: Reflection | None) -> RunFinished:
        from core.assembly.run import open_run, run_options

        file, own = path_text("tasks_file", tasks_file), reflection.tasks_path if reflection else None
        if own is not None and os.path.realpath(own) != os.path.realpath(file):
            raise UsageError(f"the reflector is for {own}, the run for {file}", hint="give both the same file, or the reflector none")
        overrides = {"budget.cost": budget, "audit.thresholds.complexity": reflection.threshold if reflection else None}
        with open_repository(tasks_file, overrides=overrides) as container:
            scope = _scope(container, reflection.paths if reflection else ())
            with open_run(container, run_options(container), reflect=reflection is not None, reflect_paths=scope) as run:
                return run.orchestrator.run()

    def execute(self, task: Task) -> Outcome:
        from core.assembly.run import open_executor

        with open_repository() as container, open_executor(container) as executor:
            return executor.execute(task, run_id=new_run_id())

    def measure(self, paths: Sequence[StrPath]) -> tuple[Measured, ...]:
        names = paths_of(paths)
        for name in names:
            if not os.path.exists(name):
                raise UsageError(
                    f"no such file or directory: {name}", hint=f"paths are relative to the current directory, {current_directory()}"
                )
        return tuple(measured for name in names for measured in _measured(name))

    def audit_settings(self, overrides: Mapping[str, Any]) -> AuditSettings:
        with open_repository(overrides=overrides) as container:
            _check_wily(container, overrides)
            return container.settings.audit

    def audit(self, tasks: Iterable[Task], overrides: Mapping[str, Any]) -> list[dict[str, object]]:
        from core.assembly.audit import open_auditor

        with open_repository(overrides=overrides) as container:
            _check_wily(container, overrides)
            return open_auditor(container).audit(tasks)

    def run_cycle(self, tasks_path: StrPath, *, complexity: float | None, paths: Sequence[StrPath]) -> CycleReport:
        from core.assembly.audit import append_findings, open_auditor

        with open_repository(tasks_path, overrides={"audit.thresholds.complexity": complexity}) as container:
            return append_findings(container, open_auditor(container), _scope(container, paths))

    def load_state(self, path: StrPath, key: str | None) -> Any:
        check_type("key", key, (str, NoneType), "the name of a value")
        state = _state(os.fspath(path))
        return state if key is None else state.get(key)

    def save_state(self, path: StrPath, key: str | Mapping[str, Any], value: Any) -> None:
        check_type("key", key, (str, Mapping), "the name of a value, or a map of names to values", "save({...}) or save(name, value)")
        state = {**_state(os.fspath(path)), key: value} if isinstance(key, str) else dict(key)
        replace_file(Path(path), _json_of(state).encode())

    def load_tasks(self, tasks_file: StrPath) -> tuple[Task, ...]:
        from core.assembly.backlog import open_backlog

        if not os.path.lexists(path_text("tasks_file", tasks_file)):
            return ()
        with open_repository(tasks_file) as container, open_backlog(container) as backlog:
            return backlog.memory.tasks

    def save_tasks(self, tasks: Iterable[Task], tasks_file: StrPath) -> None:
        from core.assembly.backlog import open_backlog_to_edit

        if not os.path.lexists(tasks_file):
            replace_file(Path(tasks_file), _text_of(tasks, os.fspath(tasks_file)).encode())
            return
        with open_repository(tasks_file) as container, open_backlog_to_edit(container) as memory:
            if not _bring_in_line(memory, tuple(tasks), os.fspath(tasks_file)) or not memory.save_tasks():
                problems = "\n".join(memory.new_problems()) or f"{os.fspath(tasks_file)} is being saved by somebody else"
                raise StorageError(problems, hint="orchestrator validate, then try again")

    def read_entry(self, entry: object, name: str) -> Task:
        from core.adapters.tasks_yaml.edit.values import task_of_values

        return task_of_values(entry, name)

    def read_budget(self, budget: object) -> float | None:
        return merge_settings(read_yaml("", CONFIG_FILE), {}, {"budget.cost": budget}).budget.cost


STANDARD: Final = _Standard()


def _check_wily(container: Container, overrides: Mapping[str, Any]) -> None:
    """Make wily's environment where this very call asks for wily. Raises StorageError when that fails; a setting only leaves out trends."""
    if overrides.get("audit.use_wily"):
        from core.assembly.wily import wily_python

        wily_python(container.project, container.console.note)


def _state(path: str) -> dict[str, Any]:
    """Return the JSON object in a file; empty where there is none."""
    try:
        state = load_json(read_text(path, path, limit=_LARGEST_STATE), path)
    except FileNotFoundError:
        return {}
    if not isinstance(state, dict):
        raise InvalidFile([Problem(file=path, message="must be a JSON object")])
    return state


def _json_of(state: Mapping[str, Any]) -> str:
    """Return the text of a file of kept values. Raises UsageError for values with which it could not be read."""
    try:
        text = json.dumps(state, indent=2, allow_nan=False) + "\n"
        load_json(text, "values")
    except (TypeError, ValueError, RecursionError, InvalidFile) as error:
        hint = "keep texts, finite numbers, truth values, None, and lists and maps of these"
        raise UsageError(f"the values cannot be kept as JSON: {error}", hint=hint) from error
    if len(text) > _LARGEST_STATE:
        raise UsageError(f"the values are more than {_LARGEST_STATE // MIB} MiB")
    return text


def _scope(container: Container, paths: Sequence[StrPath]) -> tuple[str, ...]:
    return repository_paths(paths_of(paths), container.root, current_directory())


def _measured(path: str) -> tuple[Measured, ...]:
    """Measure one file or directory, wherever it is, without a cache."""
    from core.adapters.radon.meter import RadonMeter

    absolute = os.path.abspath(path)
    if os.path.isdir(absolute):
        found = RadonMeter(absolute).measure()
        return tuple(Measured(path=os.path.join(path, one.path), measure=one.measure) for one in found)
    parent, name = os.path.split(absolute)
    return tuple(Measured(path=path, measure=one.measure) for one in RadonMeter(parent, jobs=1).measure([name]))


def _text_of(tasks: Iterable[Task], name: str) -> str:
    from core.adapters.tasks_yaml.store.text import YamlText

    backlog = YamlText(name=name)
    backlog.write([AppendTask(fields=entry_of(task)) for task in tasks])
    return backlog.text


def _bring_in_line(memory: Memory, tasks: tuple[Task, ...], file: str) -> bool:
    """Record statuses that differ, edit scalars that differ, append tasks that are new.

    Return whether the file has all edits and new tasks now: it has not while somebody else is saving it.
    """
    known = {task.id: task for task in memory.tasks}
    new = [entry_of(task) for task in tasks if task.id not in known]
    if new and not memory.append(new):
        return False
    memory.set_fields(_changes(known, tasks, file))
    if not _has_all(memory.tasks, tasks, file):
        return False
    for task in tasks:
        memory.transition(task.id, task.status, Code.SAVED.of())
    return True


def _has_all(now: Iterable[Task], wanted: Sequence[Task], file: str) -> bool:
    """Return whether all of ``wanted`` are among ``now``, and differ in their statuses at most."""
    known = {task.id: task for task in now}
    return all(task.id in known for task in wanted) and not _changes(known, wanted, file)


def _changes(known: Mapping[str, Task], wanted: Sequence[Task], file: str) -> list[SetField]:
    """Return the edits that make tasks that are there, by id, those that are wanted."""
    return [edit for task in wanted if task.id in known for edit in _edits(known[task.id], task, file)]


def _edits(before: Task, after: Task, file: str) -> Iterable[SetField]:
    old, new = entry_of(before), entry_of(after)
    for name in dict.fromkeys((*old, *new)):
        if name == "status" or old.get(name) == new.get(name):
            continue
        if not isinstance(new.get(name), (str, int, float)):
            message = f"{name} of {after.id} differs from the file, and only text and numbers are edited there"
            raise EditRefused(Problem(file=file, message=message, hint="edit the file itself"))
        yield SetField(task_id=after.id, path=(name,), value=new[name])
