"""In-memory twin of the port ``StateTables``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from core.ports.state_tables import Migrations


class InMemoryStateTables:
    """The tables of ``components``, empty, in memory."""

    def __init__(self, components: Iterable[Migrations]) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        for component in components:
            for step in component.steps:
                for statement in step:
                    self._connection.execute(statement)

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
