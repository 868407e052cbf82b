"""Whatever a repository holds, a command that only reads starts git and nothing else, writes nothing but its state, and ends soon.

``make test`` tries each trick against one command, in turn, ``make faults`` against every command in every form.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.security.attack import attacked
from tests.security.catalogue import TRICKS
from tests.security.cells import CELLS, Cell, slice_of
from tests.security.monitor import why_not
from tests.security.repository import Repository, copy_of, remove
from tests.security.trick import Trick

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "strace is there")
_COMMANDS = tuple(dict.fromkeys(cell.command for cell in CELLS))


@pytest.fixture
def spoilt(sound: Repository, tmp_path: Path) -> Iterator[Callable[[Trick], Repository]]:
    """Makes copies of the sound repository, each spoilt by a trick, and removes them: some are large."""
    made: list[Path] = []

    def spoil(trick: Trick) -> Repository:
        made.append(tmp_path / f"world{len(made)}")
        return copy_of(sound, made[-1], trick.spoil)

    yield spoil
    for top in made:
        remove(top)


def _try(repository: Repository, trick: Trick, cells: tuple[Cell, ...], scratch: Path) -> list[str]:
    found = []
    for number, cell in enumerate(cells):
        for sentence in attacked(repository, trick, cell, scratch / f"cell{number}"):
            found.append(f"{trick.name}: orchestrator {cell.name}: {sentence}")
        shutil.rmtree(scratch / f"cell{number}", ignore_errors=True)
    return found


@pytest.mark.parametrize("number", range(len(TRICKS)), ids=[trick.name for trick in TRICKS])
def test_one_command_violates_no_rule_in_a_repository_with_the_trick(
    number: int, spoilt: Callable[[Trick], Repository], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    trick, cells = TRICKS[number], slice_of(number)
    found = _try(spoilt(trick), trick, cells, tmp_path)
    record_property("cells", len(cells))
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("command", _COMMANDS)
@pytest.mark.parametrize("trick", TRICKS, ids=[trick.name for trick in TRICKS])
def test_every_form_of_a_command_violates_no_rule_in_a_repository_with_the_trick(
    trick: Trick, command: str, spoilt: Callable[[Trick], Repository], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    cells = tuple(cell for cell in CELLS if cell.command == command)
    found = _try(spoilt(trick), trick, cells, tmp_path)
    record_property("cells", len(cells))
    assert not found, "\n".join(found)


def test_in_make_test_every_form_of_every_command_is_tried() -> None:
    met = {cell.name for number in range(len(TRICKS)) for cell in slice_of(number)}
    assert met == {cell.name for cell in CELLS}


def test_every_trick_has_a_name_of_its_own() -> None:
    names = [trick.name for trick in TRICKS]
    assert len(set(names)) == len(names) >= 45
