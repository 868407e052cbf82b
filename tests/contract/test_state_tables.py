"""The port StateTables: a component's own tables in the state database."""

from __future__ import annotations

import pytest

from core.adapters.state_db import open_journal
from core.ports.state_tables import Migrations
from core.testing.state_tables import InMemoryStateTables

TOYS = Migrations(component="toys", steps=(("CREATE TABLE toys_list (name TEXT PRIMARY KEY, colour TEXT NOT NULL) STRICT",),))


@pytest.fixture(params=["twin", "sqlite"])
def tables(request, tmp_path):
    opened = InMemoryStateTables([TOYS]) if request.param == "twin" else open_journal(tmp_path / "state" / "state.db", [TOYS])
    yield opened
    opened.close()


def test_rows_come_back_as_inserted(tables):
    assert tables.execute("INSERT INTO toys_list VALUES (?, ?)", ("ball", "red")) == ()

    assert tables.execute("SELECT name, colour FROM toys_list") == (("ball", "red"),)


@pytest.mark.parametrize("statement", ["SELECT * FROM nowhere", "this is no SQL", "INSERT INTO toys_list VALUES ('ball', NULL)"])
def test_a_statement_that_the_tables_do_not_allow_is_an_error_of_its_author(tables, statement):
    with pytest.raises(ValueError, match=r"nowhere|no SQL|NULL"):
        tables.execute(statement)


def test_a_transaction_is_all_or_nothing(tables):
    with pytest.raises(RuntimeError), tables.transaction():
        tables.execute("INSERT INTO toys_list VALUES ('ball', 'red')")
        raise RuntimeError
    assert tables.execute("SELECT name FROM toys_list") == ()

    with tables.transaction():
        tables.execute("INSERT INTO toys_list VALUES ('ball', 'red')")
    assert tables.execute("SELECT name FROM toys_list") == (("ball",),)
