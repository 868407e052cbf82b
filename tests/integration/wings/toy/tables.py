"""The toy wing's tables in state.db."""

from __future__ import annotations

from core.ports.state_tables import Migrations, StateTables

MIGRATIONS = Migrations(component="toy", steps=(("CREATE TABLE toy_greetings (whom TEXT NOT NULL, word TEXT NOT NULL) STRICT",),))


def add_greeting(tables: StateTables, whom: str, word: str) -> None:
    tables.execute("INSERT INTO toy_greetings VALUES (?, ?)", (whom, word))


def greetings(tables: StateTables) -> list[str]:
    return [f"{word} {whom}" for whom, word in tables.execute("SELECT whom, word FROM toy_greetings ORDER BY rowid")]
