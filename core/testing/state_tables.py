"""In-memory twin of the port ``StateTables``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from core.errors import StorageError
from core.ports.state_tables import Migrations


class InMemoryStateTables:
    """The tables of ``components``, empty, in memory. Raises StorageError for steps that are wrong or make what is not theirs."""

    def __init__(self, components: Iterable[Migrations]) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        try:
            for component in components:
                self._make(component)
        except StorageError:
            self._connection.close()
            raise

    def _make(self, component: Migrations) -> None:
        before = self._names()
        try:
            for step in component.steps:
                for statement in step:
                    self._connection.execute(statement)
        except sqlite3.Error as error:
            raise StorageError(f"the tables of the wing {component.component}: {error}") from error
        for kind, name in self._names() - before:
            if not component.owns(kind, name):
                raise StorageError(f"the tables of the wing {component.component}: it touches the {kind} {name}")

    def _names(self) -> set[tuple[str, str]]:
        return set(self._connection.execute("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'"))

    def execute(self, statement: str, values: Sequence[Any] = ()) -> tuple[tuple[Any, ...], ...]:
        try:
            return tuple(self._connection.execute(statement, values))
        except sqlite3.Error as error:
            raise ValueError(f"{statement}: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
