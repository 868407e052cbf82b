"""A task and the entry of ``tasks.yml`` that says the same; the edits that the tool may make to entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any

from core.domain.tasks.task import PRIORITY_WORDS, Retry, Status, Task

_READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "id": str,
        "verify": lambda value: (value,) if isinstance(value, str) else tuple(value),
        "dependencies": lambda value: tuple(map(str, value)),
        "tags": tuple,
        "sources": tuple,
        "command": lambda value: value if value is None or isinstance(value, str) else tuple(value),
        "priority": lambda value: PRIORITY_WORDS.get(value, value),
        "status": Status,
        "retries": lambda value: Retry(limit=value) if isinstance(value, int) else value if isinstance(value, Retry) else Retry(**value),
    }
)


def task_of(entry: Mapping[str, Any]) -> Task:
    """Return the task that an entry describes; durations are seconds.

    Values are taken as they are: what reads ``tasks.yml`` checks them. Raises TypeError for an unknown field, ValueError for a status.
    """
    own = {key: value for key, value in entry.items() if key.startswith("x-")}
    known = {"with_" if key == "with" else key: value for key, value in entry.items() if key not in own}
    return Task(**field_values({**known, **({"extra": own} if own else {})}))


def field_values(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an entry's fields as a Task holds them."""
    return {key: _READERS[key](value) if key in _READERS else value for key, value in entry.items()}


def entry_of(task: Task) -> dict[str, Any]:
    """Return the shortest entry that describes a task: its id, its description and what differs from the defaults."""
    entry: dict[str, Any] = {"id": task.id, "description": task.description}
    for its in fields(Task):
        value = getattr(task, its.name)
        default = its.default_factory() if its.default_factory is not MISSING else its.default
        if its.name not in {"id", "description", "extra", "place"} and value != default:
            entry[its.name.rstrip("_")] = _plain(value)
    return {**entry, **task.extra}


def _plain(value: Any) -> Any:
    if isinstance(value, Retry):
        return value.limit if value == Retry(limit=value.limit) else asdict(value)
    if isinstance(value, Status):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class SetField:
    """Set one scalar of one task; one that is missing in its entry, or in a map that the entry has, is added."""

    task_id: str
    #: Keys from the entry down, e.g. ``("status",)`` or ``("origin", "path")``.
    path: tuple[str, ...]
    value: str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendTask:
    """Add an entry behind the last one. ``fields`` are in the order in which they are to be written."""

    fields: Mapping[str, Any]


Edit = SetField | AppendTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The user's file as read at one moment."""

    tasks: tuple[Task, ...]
    #: SHA-256 of the bytes; equal versions mean equal files.
    version: str
    #: Returns the ids of entries that say no status, which is ``pending``.
    without_status: Callable[[], Iterable[str]] = field(default=tuple, compare=False, repr=False)
