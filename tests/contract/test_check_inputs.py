"""The port CheckInputs: when two digests are equal, and when they are not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from core.adapters.check_sources import RepositoryCheckInputs
from core.domain.tasks.task import Task
from core.testing.check_inputs import InMemoryCheckInputs

FILES = {"src/a.py": "a\n", "src/deep/b.py": "b\n", "src/notes.txt": "n\n", "setup.cfg": "s\n", "README": "r\n"}


class Twin:
    def __init__(self) -> None:
        self.inputs = InMemoryCheckInputs(FILES)

    def write(self, path: str, text: str) -> None:
        self.inputs.files[path] = text

    def remove(self, path: str) -> None:
        del self.inputs.files[path]


class Real:
    def __init__(self, root: Path, listed: bool) -> None:
        self.root = root
        for path, text in FILES.items():
            self.write(path, text)
        self.inputs = RepositoryCheckInputs(root, self._listing if listed else lambda: None, None, ("tasks.yml", "logs/"), {})

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def _listing(self) -> list[str]:
        shown = subprocess.run(["git", "ls-files", "-co"], cwd=self.root, capture_output=True, text=True, check=True)
        return shown.stdout.splitlines()


@pytest.fixture(params=["twin", "listed", "walked"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Twin | Real:
    if request.param == "listed":
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return Twin() if request.param == "twin" else Real(tmp_path, request.param == "listed")


def check(*sources: str, **fields: object) -> Task:
    return Task(**{"id": "c", "description": "d", "command": "run it", "check": True, "sources": sources, **fields})


def digests(world: Twin | Real, asked: Task, *changes: tuple[str, str | None]) -> tuple[str, str]:
    """Return the digest before and after changes: (path, text), None to remove it."""
    before = world.inputs.digest(asked)
    for path, text in changes:
        world.remove(path) if text is None else world.write(path, text)
    world.inputs.refresh()
    return before, world.inputs.digest(asked)


def test_without_sources_nobody_can_say(world):
    assert world.inputs.digest(check()) == ""


def test_the_digest_is_the_same_as_long_as_nothing_changes(world):
    before, after = digests(world, check("src/**/*.py"), ("README", "other"), ("src/notes.txt", "other"), ("new.py", ""))
    assert before == after != ""


@pytest.mark.parametrize("change", [("src/a.py", "A\n"), ("src/deep/b.py", None), ("src/new.py", ""), ("src/deep/deeper/c.py", "c\n")])
def test_a_source_that_changed_came_or_went_changes_the_digest(world, change):
    before, after = digests(world, check("src/**/*.py"), change)
    assert before != after


def test_a_directory_stands_for_everything_below_it(world):
    asked = check("src", "setup.cfg")
    before, after = digests(world, asked, ("src/notes.txt", "other"))
    assert before != after
    before, after = digests(world, asked, ("README", "other"))
    assert before == after


def test_what_is_left_out_does_not_count(world):
    before, after = digests(world, check("src/**", "!src/deep/**"), ("src/deep/b.py", "B\n"))
    assert before == after


def test_text_that_is_restored_has_the_digest_it_had(world):
    asked = check("src/**")
    before, changed = digests(world, asked, ("src/a.py", "A\n"))
    _, restored = digests(world, asked, ("src/a.py", FILES["src/a.py"]))
    assert changed != before == restored


@pytest.mark.parametrize(
    "fields", [{"command": "other"}, {"command": ("run", "it")}, {"verify": ("v",)}, {"cwd": "src"}, {"env": {"A": "b"}}]
)
def test_another_command_place_or_environment_changes_the_digest(world, fields):
    assert world.inputs.digest(check("src/**")) != world.inputs.digest(check("src/**", **fields))


def test_what_does_not_matter_to_the_result_does_not_change_the_digest(world):
    assert world.inputs.digest(check("src/**")) == world.inputs.digest(check("src/**", description="other", priority=3, timeout=5.0))


def test_a_change_counts_from_the_next_refresh_on(world):
    asked = check("src/a.py")
    before = world.inputs.digest(asked)
    world.write("src/a.py", "A\n")
    assert world.inputs.digest(asked) == before
    world.inputs.refresh()
    assert world.inputs.digest(asked) != before


def test_globs_that_match_no_file_are_named(world):
    assert world.inputs.unmatched(check("src/**/*.py", "test/**", "setup.cfg", "gone.py", "!none/**")) == ("test/**", "gone.py")


def test_a_check_whose_sources_match_no_file_is_never_up_to_date(world: Twin | Real) -> None:
    assert world.inputs.digest(check("nowhere/*.py")) == ""
    assert world.inputs.digest(check("nowhere/*.py", "src")) != ""
