"""The port StateTables: a component's own tables in the state database."""

from __future__ import annotations

from functools import partial

import pytest

from core.adapters.state_db import open_journal
from core.errors import StorageError
from core.ports.state_tables import Migrations
from core.testing.state_tables import InMemoryStateTables

TOYS = Migrations(component="toys", steps=(("CREATE TABLE toys_list (name TEXT PRIMARY KEY, colour TEXT NOT NULL) STRICT",),))
#: A second component, whose second step changes the table of the first.
BOXES = Migrations(
    component="boxes",
    steps=(("CREATE TABLE boxes_list (toy TEXT PRIMARY KEY) STRICT",), ("ALTER TABLE boxes_list ADD COLUMN shelf INTEGER",)),
)


@pytest.fixture(params=["twin", "sqlite"])
def opener(request, tmp_path):
    """What opens the tables of some components."""
    return InMemoryStateTables if request.param == "twin" else partial(open_journal, tmp_path / "state" / "state.db")


@pytest.fixture
def tables(opener):
    opened = opener([TOYS, BOXES])
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


def test_two_components_have_their_tables_side_by_side(tables):
    tables.execute("INSERT INTO toys_list VALUES ('ball', 'red')")
    tables.execute("INSERT INTO boxes_list VALUES ('ball', 3)")

    assert tables.execute("SELECT colour, shelf FROM toys_list JOIN boxes_list ON toy = name") == (("red", 3),)


def test_a_transaction_spans_the_tables_of_two_components(tables):
    with pytest.raises(RuntimeError), tables.transaction():
        tables.execute("INSERT INTO toys_list VALUES ('ball', 'red')")
        tables.execute("INSERT INTO boxes_list VALUES ('ball', 3)")
        raise RuntimeError

    assert tables.execute("SELECT name FROM toys_list") == tables.execute("SELECT toy FROM boxes_list") == ()


def test_a_refused_statement_leaves_the_transaction_as_it_was(tables):
    with tables.transaction():
        tables.execute("INSERT INTO toys_list VALUES ('ball', 'red')")
        with pytest.raises(ValueError, match="UNIQUE"):
            tables.execute("INSERT INTO toys_list VALUES ('ball', 'blue')")

    assert tables.execute("SELECT name, colour FROM toys_list") == (("ball", "red"),)


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE seen (x INTEGER)", "CREATE INDEX seen ON toys_list (name)", "CREATE TABLE toysx_list (x)", "this is no SQL"]
)
def test_steps_that_are_wrong_or_make_what_is_not_theirs_are_refused_with_the_name_of_the_component(opener, statement):
    with pytest.raises(StorageError, match=r"the tables of the wing toys.*(seen|toysx_list|SQL|syntax)"):
        opener([Migrations(component="toys", steps=(*TOYS.steps, (statement,)))])
