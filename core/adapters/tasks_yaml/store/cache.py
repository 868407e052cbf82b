"""A cache of the parsed form of the last text, so that the next command need not parse an unchanged file again.

It is JSON, never code, and used only for the very file it was made from: its bytes, its inode and the time of its last change, which a
repository that ships a forged cache cannot know. A cache with anything wrong in it counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import core
from core.adapters.tasks_yaml.parse.document import Document, Layout, Slot
from core.adapters.tasks_yaml.store.content import Stamp
from core.domain.tasks.task import Place, Retry, Status, Task
from core.errors import StateRefused
from core.files.private import PrivateDirectory, open_private

#: To be changed whenever the same text would be read differently.
_FORMAT = f"{core.__version__} 2"
#: Characters of a text below which parsing it is as fast.
_MIN_SIZE = 16_384
_DIRECTORY = "cache"
#: How many tasks files of one repository have a cache.
_KEEP = 4


class ParsedCache:
    """The cache of the file at ``path``, below ``state_dir``, which must be there already; without one nothing is cached."""

    def __init__(self, state_dir: Path | None, path: str) -> None:
        self._state = state_dir
        self._name = f"tasks-{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}.json"

    def load(self, text: str, digest: str, stamp: Stamp) -> Document | None:
        """Return the parsed ``text``, None where the cache was not made from just this file."""
        if self._state is None or len(text) < _MIN_SIZE:
            return None
        try:
            with open_private(self._state) as state, state.directory(_DIRECTORY) as place:
                head, body = place.read(self._name).split(b"\n", 1)
            if head != _head(digest, stamp, body):
                return None
            return _from_json(text, json.loads(body))
        except (OSError, StateRefused, ValueError, TypeError, KeyError, IndexError):
            return None

    def save(self, document: Document, digest: str, stamp: Stamp) -> None:
        """Store a document whose slots and places are those of its text."""
        if self._state is None or len(document.text) < _MIN_SIZE:
            return
        body = json.dumps(_to_json(document), ensure_ascii=False, separators=(",", ":")).encode()
        with suppress(OSError, StateRefused), open_private(self._state) as state, state.directory(_DIRECTORY, create=True) as place:
            place.replace(self._name, _head(digest, stamp, body) + b"\n" + body)
            _remove_oldest(place)


def _remove_oldest(place: PrivateDirectory) -> None:
    times = {}
    for name in os.listdir(place.descriptor):
        if name.startswith("tasks-") and name.endswith(".json") and (found := place.check(name)):
            times[name] = found.st_mtime_ns
    for old in sorted(times, key=times.__getitem__, reverse=True)[_KEEP:]:
        place.remove(old)


def _head(digest: str, stamp: Stamp, body: bytes) -> bytes:
    return json.dumps([_FORMAT, digest, stamp.inode, stamp.changed, zlib.crc32(body)]).encode()


def _to_json(document: Document) -> dict[str, Any]:
    return {
        "layout": asdict(document.layout),
        "slots": document.slots,
        "tasks": [_task_to_json(task) for task in document.tasks],
    }


def _task_to_json(task: Task) -> list[Any]:
    rest = {}
    for name, default in _DEFAULTS:
        value = getattr(task, name)
        if value != default:
            rest[name] = _WRITE[name](value) if name in _WRITE else value
    return [task.id, task.description, task.place.line, task.place.column, rest]


def _from_json(text: str, plain: Mapping[str, Any]) -> Document:
    tasks = []
    readers = _READ.items()
    for task_id, description, line, column, rest in plain["tasks"]:
        for name, read in readers:
            if name in rest:
                rest[name] = read(rest[name])
        values = _SHARED | rest
        tasks.append(Task(id=task_id, description=description, place=Place(line=line, column=column), **values))
    slots = [Slot(*slot) for slot in plain["slots"]]
    return Document(text=text, tasks=tuple(tasks), slots=slots, layout=Layout(**plain["layout"]))


def _read_origin(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    trend = plain.get("trend")
    return MappingProxyType({**plain, "trend": tuple(trend)} if isinstance(trend, list) else plain)


_EXAMPLE = Task(id="", description="")
_DEFAULTS = tuple((field.name, getattr(_EXAMPLE, field.name)) for field in fields(Task) if field.name not in {"id", "description", "place"})
#: Defaults that are costly to make anew for each task.
_SHARED = {name: default for name, default in _DEFAULTS if name in {"retries", "env", "origin", "extra", "with_"}}
_WRITE: Mapping[str, Callable[[Any], Any]] = {"retries": asdict, "env": dict, "origin": dict, "extra": dict, "with_": dict}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "command": lambda value: value if isinstance(value, str) else tuple(value),
    "verify": tuple,
    "dependencies": tuple,
    "tags": tuple,
    "sources": tuple,
    "status": Status,
    "retries": lambda value: Retry(**value),
    "env": MappingProxyType,
    "origin": _read_origin,
}
