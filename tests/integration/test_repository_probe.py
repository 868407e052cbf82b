"""What only a real directory shows: depth, links, environments, git, refusals."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.adapters.repository_probe import RepositoryProbe
from core.errors import StorageError


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o755)
    return path


def test_a_directory_that_is_not_there_is_an_error_of_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such directory"):
        RepositoryProbe(tmp_path / "absent", {}).look([], [])


def test_only_the_upper_levels_are_listed(tmp_path: Path) -> None:
    (tmp_path / "a/b/c/d").mkdir(parents=True)
    (tmp_path / "a/b/c.py").touch()
    (tmp_path / "a/b/c/d.py").touch()

    assert RepositoryProbe(tmp_path, {}).look([], []).paths == {"a/", "a/b/", "a/b/c/", "a/b/c.py"}


def test_environments_caches_and_links_are_passed_over(tmp_path: Path) -> None:
    for name in ("myenv", "node_modules", "__pycache__", "x.egg-info"):
        (tmp_path / name).mkdir()
    (tmp_path / "myenv/pyvenv.cfg").touch()
    (tmp_path / "loop").symlink_to(tmp_path)

    assert RepositoryProbe(tmp_path, {}).look([], []).paths == frozenset()


def test_bytes_that_are_no_text_and_huge_files_count_as_absent(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    with (tmp_path / "b").open("wb") as stream:
        stream.truncate(10**9)
    os.mkfifo(tmp_path / "c")

    assert RepositoryProbe(tmp_path, {}).look(["a", "b", "c"], []).texts == {}


def test_the_repositorys_own_environment_comes_before_the_systems(tmp_path: Path) -> None:
    program(tmp_path / "system/ruff")
    program(tmp_path / "repository/.venv/bin/ruff")
    probe = RepositoryProbe(tmp_path / "repository", {"PATH": str(tmp_path / "system")})

    assert probe.look([], ["ruff"]).programs == {"ruff": ".venv/bin/ruff"}


def test_an_active_environment_needs_no_path(tmp_path: Path) -> None:
    own = program(tmp_path / ".venv/bin/ruff").parent

    assert RepositoryProbe(tmp_path, {"PATH": str(own)}).look([], ["ruff"]).programs == {"ruff": "ruff"}


def test_the_top_of_the_git_repository_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a/b").mkdir(parents=True)
    top, below = (RepositoryProbe(place, {}).look([], []) for place in (tmp_path, tmp_path / "a/b"))

    assert (top.git, top.above) == (True, "")
    assert (below.git, below.above) == (True, "../..")


def test_a_link_to_nowhere_counts_as_existing_and_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "tasks.yml").symlink_to(tmp_path / "elsewhere")
    probe = RepositoryProbe(tmp_path, {})

    assert probe.existing(["tasks.yml"]) == ("tasks.yml",)
    with pytest.raises(StorageError, match=r"cannot write tasks\.yml: File exists"):
        probe.create({"tasks.yml": ""})
    assert not (tmp_path / "elsewhere").exists()


def test_what_lies_where_a_file_is_prepared_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("belongs to the user")
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/.linked.part").symlink_to(tmp_path / "victim")
    os.mkfifo(tmp_path / "repository/.piped.part")
    RepositoryProbe(tmp_path / "repository", {}).create({"linked": "a", "piped": "b"})
    assert (tmp_path / "victim").read_text() == "belongs to the user"
    assert [(tmp_path / "repository" / name).read_text() for name in ("linked", "piped")] == ["a", "b"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".orchestrator").touch()

    with pytest.raises(StorageError, match=r"/\.orchestrator is a file, not a directory"):
        RepositoryProbe(tmp_path, {}).put({".orchestrator/.gitignore": "*"})
