"""What `validate` warns of: it may be all right when the run comes to it, and is more often a mistake."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from core.assembly.container import Container
from core.domain.runs.attempt import checks_of, work_of
from core.domain.runs.reasons import words
from core.domain.tasks.task import Status, Task
from core.errors import Problem, StorageError
from core.reports.text.columns import one_line
from core.reports.text.wording import count

_OVER = frozenset({Status.DONE, Status.CANCELLED})


def warnings(container: Container, tasks: Sequence[Task]) -> tuple[Problem, ...]:
    """Return programs that do not exist and sources that match no file, of tasks that may still run; nothing is started.

    What is said of several tasks is said of the first, with the number of the others.
    """
    alive = [task for task in tasks if task.status not in _OVER]
    found = (*_programs(container, alive), *_sources(container, alive))
    return tuple(_once(found, container.settings.tasks_file))


def _programs(container: Container, tasks: Iterable[Task]) -> Iterator[tuple[Task, str, str]]:
    """Yield each task with a program that is missing, what is to be said of that, and a hint."""
    from core.adapters.processes.missing_program import missing, program_of

    inherited, look = container.environment.get("PATH", os.defpath), cache(missing)
    for task in tasks:
        work = work_of(task, container.settings.handlers) if task.plugin is None else ()
        for phase in (*work, *checks_of(task)):
            cwd = os.path.join(container.root, task.cwd or "")
            program = program_of(phase.command)
            if program and (reason := look(program, cwd, task.env.get("PATH", inherited))) is not None:
                yield task, one_line(words(reason)), "install it, or leave it so where a task before this one makes it"


def _sources(container: Container, tasks: Iterable[Task]) -> Iterator[tuple[Task, str, str]]:
    for task in tasks:
        try:
            unmatched = container.check_inputs.unmatched(task) if task.sources else ()
        except (OSError, StorageError):
            return  # the files cannot be listed: nothing is known of any
        for glob in unmatched:
            message = f"the glob {one_line(glob)} of its sources matches no file"
            yield task, message, "paths are relative to the repository; ** spans directories"


def _once(found: Iterable[tuple[Task, str, str]], file: str) -> Iterator[Problem]:
    problems: dict[str, Problem] = {}
    more: Counter[str] = Counter()
    for task, message, hint in found:
        if message in problems:
            more[message] += 1
            continue
        place = task.place
        problems[message] = Problem(file=file, line=place.line, column=place.column, message=f"task '{task.id}': {message}", hint=hint)
    for message, problem in problems.items():
        others = f", and {count(more[message], 'more task')}" if more[message] else ""
        yield replace(problem, message=problem.message + others)
