"""A mistake of a wing names the wing and the reference behind which it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

#: A repository of two wings: ``good``, and ``acme`` as its fields are given.
ENTRY = """
import sys
sys.path.insert(0, {here!r})
from core.cli import main
from core.ports.wing import Command, Wing
sys.exit(main(sys.argv[1:], wings=(Wing(name="good", settings="parts:Section"), Wing(name="acme", {fields}))))
"""
GREET = "commands=(Command(name='greet', function='parts:{}', help='', group=''),)"
PARTS = """
from dataclasses import dataclass
from core.domain.settings.diagnosis import Diagnosis
from core.domain.settings.settings import option
from core.ports.state_tables import Migrations
from core.schema.field_types import Text

@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    word: str = option("hello", "A word.", Text(pattern="^.*$", wanted="a word"))

@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    word: str = "hello"

def breaks(*arguments, **options):
    raise TypeError("broken in acme")

def command(session):
    raise TypeError("broken in acme")

class Handler:
    set_up = tear_down = breaks

def handler(services):
    return Handler()

OTHERS = Migrations(component="acmee", steps=())
"""


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "config.yaml").write_text("reflect:\n  enabled: false\n")
    (tmp_path / "tasks.yml").write_text("- id: hi\n  description: the world\n  kind: greeting\n")
    (tmp_path / "parts.py").write_text(PARTS)
    return tmp_path


def with_acme(repository: Path, fields: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = ENTRY.format(here=str(repository), fields=fields)
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=repository, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("fields", "arguments", "said"),
    [
        ("settings='nowhere:Section'", "list", "the wing acme: nowhere:Section: ModuleNotFoundError: No module named 'nowhere'"),
        ("settings='parts:Sectoin'", "list", "the wing acme: parts:Sectoin: AttributeError: module 'parts' has no attribute 'Sectoin'"),
        ("settings='parts'", "list", "the wing acme: parts: "),
        ("settings='parts:breaks'", "list", "the wing acme: parts:breaks: TypeError: broken in acme"),
        ("settings='parts:Plain'", "list", "the wing acme: parts:Plain: TypeError: word must be made with option(…)"),
        ("migrations='parts:breaks'", "list", "the wing acme: parts:breaks: AttributeError: "),
        ("subscribers='parts:breaks'", "run", "the wing acme: parts:breaks: TypeError: broken in acme"),
        ("handlers={'greeting': 'parts:breaks'}", "run", "the wing acme: parts:breaks: TypeError: broken in acme"),
        ("handlers={'greeting': 'parts:handler'}", "run", "the wing acme: parts:handler: TypeError: broken in acme"),
        ("doctor='parts:breaks'", "doctor", "the wing acme: parts:breaks: TypeError: broken in acme"),
        (
            GREET.format("command"),
            "greet",
            "acme: parts:command: TypeError: broken",
        ),
        (
            GREET.format("gret"),
            "greet",
            "the wing acme: parts:gret: AttributeError: ",
        ),
    ],
)
def test_what_a_part_of_a_wing_raises_names_the_wing_and_the_reference(repository, fields, arguments, said):
    done = with_acme(repository, fields, arguments)

    assert (done.returncode, said in done.stderr) == (3, True), done.stderr
    assert "hint: this is a mistake in that wing; please report it with " in done.stderr
    assert "mistake in orchestrator" not in done.stderr


def test_the_component_of_the_tables_of_a_wing_is_its_name(repository):
    done = with_acme(repository, "migrations='parts:OTHERS'", "list")

    assert (done.returncode, done.stderr.splitlines()) == (
        3,
        [
            "error: the wing acme: parts:OTHERS is of the component acmee",
            '  hint: the component of a wing is its name: Migrations(component="acme", …)',
        ],
    )
