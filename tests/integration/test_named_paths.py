"""Paths that settings name stay in the repository, whatever links lie on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.assembly.project import check_named_paths, open_project
from core.config import load_config
from core.errors import InvalidFile

KEYS = [("tasks_file", "plan.yml"), ("log.directory", "out"), ("audit.baseline", "accepted.json")]


def configured(root: Path, key: str, value: str) -> None:
    section, _, name = key.rpartition(".")
    (root / "config.yaml").write_text(f"{section}:\n  {name}: {value}\n" if section else f"{name}: {value}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / ".git" / "hooks").mkdir(parents=True)
    return root


@pytest.mark.parametrize(("key", "name"), KEYS)
@pytest.mark.parametrize("target", ["../outside", "/etc", ".git/hooks", ".orchestrator/state.db"])
def test_a_link_that_leads_elsewhere_is_refused_with_the_place_that_names_it(root: Path, key: str, name: str, target: str) -> None:
    (root / name).symlink_to(target)
    configured(root, key, name)
    with pytest.raises(InvalidFile, match=f"config.yaml:[12]:[13]: {key} is a link that leads to /"):
        open_project(str(root))


@pytest.mark.parametrize(("key", "name"), KEYS)
def test_a_folder_on_the_way_that_is_a_link_is_no_other_way(root: Path, key: str, name: str) -> None:
    (root / "folder").symlink_to("..")
    configured(root, key, f"folder/{name}")
    with pytest.raises(InvalidFile, match="is a link that leads to"):
        open_project(str(root))


@pytest.mark.parametrize("name", ["tasks.yml", "logs", "audit-baseline.json"])
def test_what_is_called_as_usual_is_held_to_it_too(root: Path, name: str) -> None:
    (root / name).symlink_to("/tmp")
    with pytest.raises(InvalidFile, match=f"^{name}: "):
        open_project(str(root))


def test_links_within_the_repository_and_what_is_not_there_yet_are_fine(root: Path) -> None:
    (root / "real").mkdir()
    (root / "logs").symlink_to("real")
    (root / "tasks.yml").symlink_to("real/tasks.yml")
    assert open_project(str(root)).tasks_path == root / "tasks.yml"


def test_a_project_below_the_top_may_share_files_of_its_repository(root: Path) -> None:
    part = root / "part"
    part.mkdir()
    (root / "logs").mkdir()
    (part / "logs").symlink_to("../logs")
    check_named_paths(part, load_config(root=part, environ={"HOME": str(root.parent)}))
