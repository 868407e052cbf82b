"""Unquoted text that readers of YAML disagree about is never guessed."""

from __future__ import annotations

import pytest

from core.adapters.tasks_yaml import parse_tasks
from core.errors import InvalidFile
from core.schema.scalars import is_text


def said_about(text: str) -> str:
    with pytest.raises(InvalidFile) as caught:
        parse_tasks(text, "f")
    (problem,) = caught.value.problems
    return str(problem)


READINGS = [
    ("on", "YAML 1.1 reads on as true"),
    ("Off", "YAML 1.1 reads Off as false"),
    ("no", "YAML 1.1 reads no as false"),
    ("Yes", "YAML 1.1 reads Yes as true"),
    ("true", "true is a truth value"),
    ("1:30", "YAML 1.1 reads 1:30 as 90"),
    ("1:30:00", "YAML 1.1 reads 1:30:00 as 5400"),
    ("010", "YAML 1.1 reads 010 as 8"),
    ("0b11", "YAML 1.1 reads 0b11 as 3"),
    ("0x1F", "YAML 1.1 reads 0x1F as 31"),
    ("1_000", "YAML 1.1 reads 1_000 as 1000"),
    ("2024-01-01", "YAML reads 2024-01-01 as a date"),
    ("2001-12-14t21:59:43.10-05:00", "YAML reads 2001-12-14t21:59:43.10-05:00 as a date"),
    ("2024-99-99", "YAML reads 2024-99-99 as a date"),
    (".inf", "YAML 1.1 reads .inf as inf"),
    (".NaN", "YAML 1.1 reads .NaN as nan"),
    ("~", "~ means no value at all"),
    ("null", "null means no value at all"),
    ("=", "= has a meaning of its own in YAML"),
    ("12", "12 is a number"),
    ("1.10", "1.10 is a number"),
    ("08", "YAML 1.2 reads 08 as a number"),
    ("1e5", "YAML 1.2 reads 1e5 as a number"),
    ("0o17", "YAML 1.2 reads 0o17 as a number"),
]


@pytest.mark.parametrize(("plain", "reading"), READINGS)
def test_where_text_is_wanted_it_is_to_be_quoted(plain: str, reading: str):
    assert said_about(f"- id: a\n  description: {plain}\n") == f'f:2:16: description must be text, but {reading} (quote it: "{plain}")'
    assert parse_tasks(f'- id: a\n  description: "{plain}"\n', "f")[0].description == plain
    assert not is_text(plain)


@pytest.mark.parametrize("plain", [plain for plain, _ in READINGS if plain != "12"])
def test_an_id_is_never_changed_by_reading_it(plain: str):
    assert "quote it" in said_about(f"- id: {plain}\n  description: d\n")


@pytest.mark.parametrize(
    "plain", ["Non", "y", "n", "Nope", "1.2.3", "12ab", "1.2-rc1", "v1", "2024-01", "12:ab", "1e", "-x", "+", "...a", "~/x", "0xyz"]
)
def test_text_that_only_looks_odd_is_text(plain: str):
    assert parse_tasks(f"- id: a\n  description: {plain}\n", "f")[0].description == plain


NUMBERS = [
    ("priority: 010", "but YAML 1.1 reads 010 as 8 (write it in decimal digits)"),
    ("priority: 1_000", "but YAML 1.1 reads 1_000 as 1000 (write it in decimal digits)"),
    ("cost: 0x10", "but YAML 1.1 reads 0x10 as 16 (write it in decimal digits)"),
    ("cost: .inf", "but YAML 1.1 reads .inf as inf (write it in decimal digits)"),
    ("cost: 1:30", "but YAML 1.1 reads 1:30 as 90 (write it in decimal digits)"),
    ("timeout: 1:30", "but YAML 1.1 reads 1:30 as 90 (type 1m30s or 1h30m)"),
    ("timeout: 1:30:05", "but YAML 1.1 reads 1:30:05 as 5405 (type 1h30m5s)"),
    ("retries: yes", "but YAML 1.1 reads yes as true (write it in decimal digits)"),
    ("manual: yes", "must be true or false, not yes (type true)"),
    ("manual: Off", "must be true or false, not Off (type false)"),
]


@pytest.mark.parametrize(("line", "said"), NUMBERS)
def test_where_something_else_is_wanted_it_is_to_be_written_clearly(line: str, said: str):
    assert said_about(f"- id: a\n  description: d\n  {line}\n").endswith(said)


@pytest.mark.parametrize(
    ("written", "number"), [("1e3", 1000.0), ("+2", 2.0), (".5", 0.5), ("1.", 1.0), ("007.5", None), ("1.5E+2", 150.0)]
)
def test_a_number_that_can_only_mean_one_thing_is_read(written: str, number: float | None):
    text = f"- id: a\n  description: d\n  cost: {written}\n"
    if number is None:
        assert "cost must be a number" in said_about(text)
    else:
        assert parse_tasks(text, "f")[0].cost == number


@pytest.mark.parametrize("key", ["on", "no", "1", "~", "2024-01-01"])
def test_keys_of_maps_are_held_to_the_same(key: str):
    assert "a key must be text, but" in said_about(f"- id: a\n  description: d\n  env: {{{key}: x}}\n")
