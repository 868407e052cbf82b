"""The fields of a task in one table (what reads them, their JSON schema, their sentence in the docs), and one node → one task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.adapters.tasks_yaml.parse.task_types import (
    ORIGIN,
    SOURCE,
    Command,
    Directory,
    Environment,
    Id,
    PluginName,
    Priority,
    Retries,
    StatusWord,
)
from core.domain.tasks.task import Place, Status, Task
from core.schema.containers import AnyMap, ListOf
from core.schema.document import Mistake
from core.schema.field_types import Boolean, FieldError, FieldType, Text
from core.schema.nodes import Alias, MapNode, Node, Scalar, resolve
from core.schema.quantities import Duration, Number
from core.schema.scalars import as_boolean, plain_value
from core.schema.wording import describe, did_you_mean, name_of, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a task."""

    value_type: FieldType
    #: As the table of the docs names it.
    type: str
    default: str
    help: str


def _field(value_type: FieldType, type: str, default: str, help: str) -> Field:
    return Field(value_type=value_type, type=type, default=default, help=help)


_WITH = AnyMap(strict=False, hint="write 'key: value' lines below it")
_TIMEOUT = Duration(longest=10**9, wanted="a duration")
#: Every key that a task may have, in the order of the docs, beside those of the user's own that begin with ``x-``.
FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "id": _field(Id(), "whole number, or text of letters, digits, `. _ / : -`", "required", 'Unique; `1` and `"1"` are the same id.'),
        "description": _field(Text(), "text", "required", "What is to be done, and why."),
        "command": _field(Command(), "text (shell) or list (argv, no shell)", "–", "What is run."),
        "plugin": _field(PluginName(), "name of a plugin", "–", "What does the work in place of a command; see plugins.md."),
        "with": _field(
            _WITH,
            "map",
            "–",
            "The plugin's configuration, as its manifest describes it.",
        ),
        "verify": _field(
            ListOf(items=Text(), wanted="text or a list of texts", single=True),
            "text or list of texts",
            "–",
            "Each must exit 0, in a fresh process, before the task counts as done.",
        ),
        "dependencies": _field(ListOf(items=Id(), wanted="a list of ids"), "list of ids", "`[]`", "All must be `done` first."),
        "priority": _field(Priority(), "whole number, or `low` −10, `normal` 0, `high` 10, `critical` 100", "0", "Higher runs first."),
        "cost": _field(Number(minimum=0, maximum=1e12, wanted="a number"), "number ≥ 0", "1", "Units of the run's budget."),
        "status": _field(
            StatusWord(), "`pending`, `in_progress`, `done`, `failed` or `cancelled`", "`pending`", "Written by the tool, editable by hand."
        ),
        "timeout": _field(
            _TIMEOUT,
            "`90s`, `10m`, `2h`, `1h30m` or seconds",
            "none",
            "Then TERM, 5 s later KILL, for the whole tree of processes.",
        ),
        "retries": _field(
            Retries(),
            "whole number, or `{limit, delay, backoff, max_delay}`",
            "0",
            "Further attempts after a failure; pauses of 1 s, 2 s, 4 s, 8 s … unless said otherwise.",
        ),
        "env": _field(Environment(), "map of names to text", "–", "Variables for the command, beside the tool's own environment."),
        "cwd": _field(Directory(), "path inside the repository", "its root", "Where the command starts."),
        "kind": _field(Text(), "text", "`task`", "Selects a handler of `config.yaml`."),
        "tags": _field(ListOf(items=Text(), wanted="a list of texts"), "list of texts", "`[]`", "For `--tag`."),
        "component": _field(Text(), "text", "–", "The part of the code it is about."),
        "epic": _field(Text(), "text", "–", "What it is part of."),
        "manual": _field(Boolean(), "true or false", "false", "Only a person finishes it."),
        "check": _field(
            Boolean(),
            "true or false",
            "false",
            "It says whether the repository is in order: run in every run, never `done` in the file.",
        ),
        "sources": _field(
            ListOf(items=SOURCE, wanted="a list of globs", least=1, most=500),
            "list of globs",
            "–",
            "Of a check: not run while these files, its command and its environment are what they were at its last success.",
        ),
        "gate": _field(Boolean(), "true or false", "true", "Of a check: whether the change of a handler counts only when it passes."),
        "origin": _field(
            ORIGIN,
            "map: by, fingerprint, path, block, shape, metric, score, threshold, trend, closed, advice",
            "–",
            "Written by the tool for its own tasks.",
        ),
    }
)
REQUIRED = ("id", "description")
#: Keys that only a check has.
_OF_CHECKS = ("sources", "gate")
#: What may carry out a check.
_CARRIES_OUT = ("command", "plugin", "verify")
#: The statuses that the file may show of a check.
_CHECK_STATUSES = ("pending", "cancelled")
#: Keys of the user's own begin with this.
OWN = "x-"


def tasks_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of ``tasks.yml``; it accepts exactly what ``read_entry`` accepts of JSON values."""
    properties = {name: {"description": _sentence(field), **field.value_type.schema()} for name, field in FIELDS.items()}
    task = {
        "type": "object",
        "required": list(REQUIRED),
        "dependentRequired": {"with": ["plugin"]},
        "not": {"required": ["command", "plugin"]},
        "if": {"required": ["check"], "properties": {"check": {"const": True}}},
        "then": {
            "properties": {"status": {"enum": list(_CHECK_STATUSES)}, "manual": {"const": False}},
            "anyOf": [{"required": [name]} for name in _CARRIES_OUT],
        },
        "else": {"not": {"anyOf": [{"required": [name]} for name in _OF_CHECKS]}},
        "properties": properties,
        "patternProperties": {rf"^{OWN}[\s\S]": {"description": "Your own; the tool keeps it and does not look at it."}},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tasks.yml of orchestrator",
        "type": "array",
        "items": task,
    }


def _sentence(field: Field) -> str:
    return field.help if field.default in {"required", "–"} else f"{field.help} Default: {field.default.strip('`')}."


#: Takes note of a mistake: position, message, hint.
Complain = Callable[[int, str, str], None]

_READERS = {name: field.value_type.read for name, field in FIELDS.items()}


def read_entry(node: Node, place: Place, complain: Complain) -> Task | None:
    """Return the task that an item of the list is, None when it cannot even be named; mistakes go to ``complain``.

    A field with a mistake counts as not there; ``complain_about_fields`` says which ones are not there at all.
    """
    if not isinstance(node, MapNode):
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
    if not isinstance(node, MapNode):
        return
    for name in REQUIRED:
        if name not in node.pairs:
            complain(node.start, f"the task has no {name}", f"add '{name}: …'")
    if "command" in node.pairs and "plugin" in node.pairs:
        complain(node.pairs["plugin"][0].start, "a task has a command or a plugin, not both", "take one of them out")
    if "with" in node.pairs and "plugin" not in node.pairs:
        complain(node.pairs["with"][0].start, "with is the configuration of a plugin, and the task has none", "add 'plugin: …'")
    if _says_true(node, "check"):
        _complain_about_check(node, complain)
        return
    for name in set(_OF_CHECKS).intersection(node.pairs):
        complain(node.pairs[name][0].start, f"{name} is for checks, and this task is none", "add 'check: true', or take it out")


def _complain_about_check(node: MapNode, complain: Complain) -> None:
    if not any(name in node.pairs for name in _CARRIES_OUT):
        complain(node.start, "a check has something to run, and this one has no command, plugin or verify", "add 'command: …'")
    if _says_true(node, "manual"):
        complain(node.pairs["manual"][0].start, "a check is run by the tool, so it cannot be manual", "take one of the two out")
    status = node.pairs.get("status")
    word = _text(status[1]) if status else ""
    if status and word not in _CHECK_STATUSES and word in list(Status):
        message = f"a check has results, and no end: whether it passed is known only after running it, so it cannot be {word}"
        complain(status[1].start, message, "take the line out, or write 'status: cancelled' to switch the check off")


def _says_true(node: MapNode, name: str) -> bool:
    return name in node.pairs and as_boolean(_text(node.pairs[name][1])) is True


def _text(node: Node) -> str:
    solid = resolve(node)
    return solid.text if isinstance(solid, Scalar) else ""


def _read_fields(node: MapNode, complain: Complain) -> dict[str, Any]:
    values: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, (key_node, value) in node.pairs.items():
        reader = _READERS.get(key)
        if reader is not None:
            try:
                values[key] = reader(value)
            except FieldError as error:
                for mistake in error.mistakes:
                    complain(mistake.index, _mistake_sentence(key, mistake), mistake.hint)
                if error.value is not None:
                    values[key] = error.value
        elif key.startswith(OWN) and len(key) > len(OWN):
            own[key] = plain_value(value)
        else:
            complain(key_node.start, f"a task has no field {quoted(key)}", _suggestion(key))
    if own:
        values["extra"] = own
    return values


def _mistake_sentence(key: str, mistake: Mistake) -> str:
    found = "" if mistake.found is None else f", not {describe(mistake.found)}"
    return f"{key}{mistake.inside} {mistake.message}{found}"


def _suggestion(key: str) -> str:
    if key == OWN:
        return f"write a name behind {OWN}"
    return did_you_mean(key, FIELDS) or f"fields of your own begin with {OWN}: {name_of(OWN + key)}"
