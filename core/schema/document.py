"""A text with the places and mistakes in it, and a document that was read as a whole: its nodes, its values, their places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from core.errors import InvalidFile, Problem
from core.schema.nodes import ListNode, MapNode, Node, resolve
from core.schema.scalars import plain_value

#: Problems listed of one file.
MAX_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing that is wrong at a position (0-based character) of a text."""

    index: int
    #: Where inside the field that was read, such as ``[2]`` or ``.delay``.
    inside: str = ""
    #: Read after the name of the field.
    message: str
    #: What to type instead; may be empty.
    hint: str = ""
    #: The value that should have been something else: shown behind ``message``, after "not".
    found: Node | None = None
    #: The key that is not known, where that is the mistake.
    unknown_key: str | None = None


class Source:
    """The text of a file without its byte order mark; ``file`` is its name in messages."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._known = (0, 1)

    def place(self, index: int) -> tuple[int, int]:
        """Return the 1-based line and column of a position; cheap when asked in rising order."""
        position, line = self._known
        if index < position:
            position, line = 0, 1
        line += self.text.count("\n", position, index)
        self._known = (index, line)
        return line, index - self.text.rfind("\n", 0, index)

    def problem(self, mistake: Mistake) -> Problem:
        """Return the mistake with line and column; ``message`` must be the whole sentence."""
        line, column = self.place(mistake.index)
        return Problem(file=self.file, line=line, column=column, message=mistake.message, hint=mistake.hint)

    def problems(self, mistakes: Iterable[Mistake]) -> tuple[Problem, ...]:
        """Return the first ``MAX_PROBLEMS`` mistakes in the order of the text."""
        ordered = sorted(mistakes, key=lambda mistake: mistake.index)
        return tuple(self.problem(mistake) for mistake in ordered[:MAX_PROBLEMS])

    @property
    def newline(self) -> str:
        """The file's own line ending, by its first one."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"


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
            if isinstance(node, MapNode) and part in node.pairs:
                name, value = node.pairs[str(part)]
                at, node = (name if key else value).start, resolve(value)
            elif isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
                at, node = node.items[part].start, resolve(node.items[part])
            else:
                break
        return self.source.place(at)


def unreadable(file: str, error: InvalidFile) -> Document:
    """Return an empty document with the problems for which a file was not read."""
    return Document(source=Source("", file), problems=error.problems)
