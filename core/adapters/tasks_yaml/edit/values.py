"""One entry of ``tasks.yml`` that is given as values, as Python users have it, held to the rules of the file."""

from __future__ import annotations

from collections.abc import Mapping

from core.adapters.tasks_yaml.edit.render import foreign_values, normalised, render_flow
from core.adapters.tasks_yaml.parse.fields import complain_about_fields, read_entry
from core.domain.tasks.task import Place, Task
from core.errors import InvalidFile, Problem
from core.schema.yaml_errors import Stop
from core.schema.yaml_reader import YamlReader


def task_of_values(entry: object, name: str = "task") -> Task:
    """Return the task that an entry is. Raises InvalidFile with every problem, in the words in which the file's are said.

    ``name`` is what problems call the entry.
    """
    if not isinstance(entry, Mapping):
        message = f"a task must be a map, not the {type(entry).__name__} {str(entry)[:60]!r}"
        raise InvalidFile([Problem(file=name, message=message)])
    problems: list[Problem] = []
    task = None

    def complain(_index: int, message: str, hint: str) -> None:
        problems.append(Problem(file=name, message=message, hint=hint))

    if wrong := foreign_values(entry):
        raise InvalidFile([Problem(file=name, message=message) for message in wrong])
    reader = YamlReader(f"- {render_flow(normalised(entry), as_json=False)}\n")
    try:
        for node in reader.entries():
            task = read_entry(node, Place(line=0, column=0), complain)
            complain_about_fields(node, complain)
    except Stop as stop:
        reader.mistakes.append(stop.mistake)
    for mistake in reader.mistakes:
        complain(mistake.index, mistake.message, mistake.hint)
    if problems or task is None:
        raise InvalidFile(problems)
    return task
