"""A document that was read as a whole: its nodes, its values, and where in its text anything stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.errors import InvalidFile, Problem
from core.schema.nodes import Mapping, Node, Sequence, resolve
from core.schema.scalars import plain_value
from core.schema.source import Source

#: Keys and positions from the root down to a value.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text and what it means."""

    source: Source
    #: None when the text is empty or cannot be read.
    root: Node | None = None
    #: Why it cannot be read, or what in it is refused whatever it is for.
    problems: tuple[Problem, ...] = field(default=())

    @property
    def value(self) -> Any:
        """Return the document as JSON values, None for an empty one."""
        return None if self.root is None else plain_value(self.root)

    def place(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Return the 1-based line and column of a value (or of its key), or of the nearest thing around it that is there."""
        if self.root is None:
            return 0, 0
        at, node = self.root.start, resolve(self.root)
        for part in path:
            if isinstance(node, Mapping) and part in node.pairs:
                name, value = node.pairs[str(part)]
                at, node = (name if key else value).start, resolve(value)
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                at, node = node.items[part].start, resolve(node.items[part])
            else:
                break
        return self.source.place(at)


def unreadable(file: str, error: InvalidFile) -> Document:
    """Return an empty document with the problems for which a file was not read."""
    return Document(source=Source("", file), problems=error.problems)
