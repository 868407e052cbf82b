"""The edits that the tool may make to the user's file, and the content of the file at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.tasks.task import Task


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
