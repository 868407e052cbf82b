"""ProjectFolder: the repository that ``init`` looks at and writes into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from core.adapters.repository_probe import RepositoryProbe
from core.errors import StorageError
from core.ports.task_file import ProjectFolder
from core.testing.task_file import MemoryProjectFolder

Made = Callable[[Mapping[str, str]], ProjectFolder]


@pytest.fixture(params=["memory", "disk"])
def folder_with(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    def make(files: Mapping[str, str]) -> ProjectFolder:
        if request.param == "memory":
            return MemoryProjectFolder(files, {"make": "make"})
        programs = tmp_path / "programs"
        programs.mkdir()
        (programs / "make").touch(0o755)
        root = tmp_path / "repository"
        root.mkdir()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return RepositoryProbe(root, {"PATH": str(programs)})

    return make


def text_of(folder: ProjectFolder, name: str) -> str | None:
    return folder.look([name], []).texts.get(name)


def test_files_and_directories_are_listed_by_path(folder_with: Made) -> None:
    signs = folder_with({"a.py": "", "src/b/c.py": "", ".flake8": ""}).look([], [])

    assert signs.paths == {"a.py", ".flake8", "src/", "src/b/", "src/b/c.py"}


def test_hidden_directories_are_not_listed(folder_with: Made) -> None:
    assert folder_with({".git/config": "", ".venv/x.py": ""}).look([], []).paths == frozenset()


def test_texts_of_the_files_asked_for_are_given_where_there_are_any(folder_with: Made) -> None:
    assert folder_with({"a": "1", "b": "2"}).look(["a", "absent"], []).texts == {"a": "1"}


def test_programs_are_given_where_they_are_installed(folder_with: Made) -> None:
    assert folder_with({}).look([], ["make", "no-such-program"]).programs == {"make": "make"}


def test_what_exists_is_said_of_files_and_directories(folder_with: Made) -> None:
    assert folder_with({"a": "", "logs/x": ""}).existing(["b", "a", "logs"]) == ("a", "logs")


def test_created_files_are_there(folder_with: Made) -> None:
    folder = folder_with({})
    folder.create({"a": "1\n", "b": "ü\n"})

    assert (text_of(folder, "a"), text_of(folder, "b")) == ("1\n", "ü\n")


def test_create_writes_nothing_when_one_file_is_there(folder_with: Made) -> None:
    folder = folder_with({"b": "mine"})

    with pytest.raises(StorageError, match="cannot write b"):
        folder.create({"a": "1", "b": "2"})
    assert (folder.existing(["a"]), text_of(folder, "b")) == ((), "mine")


def test_put_makes_directories_and_replaces(folder_with: Made) -> None:
    folder = folder_with({"d/e/f": "old"})
    folder.put({"d/e/f": "new", "g/h": "1"})

    assert (text_of(folder, "d/e/f"), text_of(folder, "g/h")) == ("new", "1")
