"""Tables that a component keeps in ``state.db`` beside the journal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrations:
    """The schema of one component's tables. Step N (0-based) brings them from version N to N + 1; released steps never change.

    A step makes and changes only tables and indexes whose names begin with ``<component>_``, each of its statements a text of its own.
    All steps that a file lacks are applied in one transaction when it is opened; where one fails, or leaves anything else made, changed
    or removed in the schema, that is a StorageError which names the component, and the file stays as it was.
    """

    #: For a wing, its name.

    component: str
    steps: tuple[tuple[str, ...], ...]

    @property
    def version(self) -> int:
        return len(self.steps)

    def owns(self, kind: str, name: str) -> bool:
        """True if the component may make something of this name; ``kind`` is ``table``, ``index``, ``view`` or ``trigger``."""
        return kind in ("table", "index") and name.startswith(f"{self.component}_")


class StateTables(Protocol):
    """SQL on the tables of one's own component. Use from the thread that opened the database."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> tuple[tuple[Any, ...], ...]:
        """Run one SQLite statement with ``?`` for each of ``values``; return its rows, none where it has no result.

        Outside of ``transaction`` it is durable when it returns. Raises ValueError for a statement that the tables do not allow (syntax,
        unknown names, a broken constraint), StorageError when the disk refuses or the file is damaged.
        """

    def transaction(self) -> AbstractContextManager[None]:
        """Make everything executed inside durable at once or not at all, together with what the journal records. Does not nest."""
