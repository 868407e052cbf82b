"""One node → one task, with every mistake in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.adapters.tasks_yaml.parse.fields import FIELDS, OWN, REQUIRED
from core.domain.tasks.task import Place, Task
from core.schema.field_types import FieldError
from core.schema.nodes import Alias, Mapping, Node
from core.schema.scalars import plain_value
from core.schema.source import Mistake
from core.schema.wording import describe, did_you_mean, name_of, quoted

#: Takes note of a mistake: position, message, hint.
Complain = Callable[[int, str, str], None]

_READERS = {name: field.value_type.read for name, field in FIELDS.items()}


def read_entry(node: Node, place: Place, complain: Complain) -> Task | None:
    """Return the task that an item of the list is, None when it cannot even be named; mistakes go to ``complain``.

    A field with a mistake counts as not there; ``complain_about_fields`` says which ones are not there at all.
    """
    if not isinstance(node, Mapping):
        what = "an alias: its id would be there twice" if isinstance(node, Alias) else describe(node)
        complain(node.start, f"a task must be a map, not {what}", "begin it with '- id: …'")
        return None
    values = _read_fields(node, complain)
    if "id" not in values:
        return None
    values.setdefault("description", "")
    if "with" in values:
        values["with_"] = values.pop("with")
    return Task(place=place, **values)


def complain_about_fields(node: Node, complain: Complain) -> None:
    """Note the fields that a task must have and this one has not, and those that do not go together."""
    if not isinstance(node, Mapping):
        return
    for name in REQUIRED:
        if name not in node.pairs:
            complain(node.start, f"the task has no {name}", f"add '{name}: …'")
    if "command" in node.pairs and "plugin" in node.pairs:
        complain(node.pairs["plugin"][0].start, "a task has a command or a plugin, not both", "take one of them out")
    if "with" in node.pairs and "plugin" not in node.pairs:
        complain(node.pairs["with"][0].start, "with is the configuration of a plugin, and the task has none", "add 'plugin: …'")


def _read_fields(node: Mapping, complain: Complain) -> dict[str, Any]:
    values: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, (key_node, value) in node.pairs.items():
        reader = _READERS.get(key)
        if reader is not None:
            try:
                values[key] = reader(value)
            except FieldError as error:
                for mistake in error.mistakes:
                    complain(mistake.index, _sentence(key, mistake), mistake.hint)
                if error.value is not None:
                    values[key] = error.value
        elif key.startswith(OWN) and len(key) > len(OWN):
            own[key] = plain_value(value)
        else:
            complain(key_node.start, f"a task has no field {quoted(key)}", _suggestion(key))
    if own:
        values["extra"] = own
    return values


def _sentence(key: str, mistake: Mistake) -> str:
    found = "" if mistake.found is None else f", not {describe(mistake.found)}"
    return f"{key}{mistake.inside} {mistake.message}{found}"


def _suggestion(key: str) -> str:
    if key == OWN:
        return f"write a name behind {OWN}"
    return did_you_mean(key, FIELDS) or f"fields of your own begin with {OWN}: {name_of(OWN + key)}"
