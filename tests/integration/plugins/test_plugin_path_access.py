"""Which files a plugin's globs come to, in folders that a stranger laid out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.plugins.plugin import Permissions
from core.plugins.sandbox.path_access import path_access_of

DEPTH = 1200


def readable(root: Path, *globs: str) -> list[str]:
    root = Path(os.path.realpath(root))
    permissions = Permissions(read=globs)
    return sorted(os.path.relpath(place.path, root) for place in path_access_of(permissions, root, ()).readable)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a.py", "b.txt", ".hidden.py", "src/a.py", "src/x/a.py", "src/x/y/b.py", "src/.x/a.py", "lib/x/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "src/link.py").symlink_to("a.py")
    (tmp_path / "src/loop").symlink_to(".")
    return tmp_path


@pytest.mark.parametrize(
    ("glob", "files"),
    [
        ("*.py", ["a.py"]),
        ("**/*.py", ["a.py", "lib/x/a.py", "src/a.py", "src/x/a.py", "src/x/y/b.py"]),
        ("src/**", ["src/a.py", "src/x/a.py", "src/x/y/b.py"]),
        ("src/*/a.py", ["src/x/a.py"]),
        ("src/.*/a.py", ["src/.x/a.py"]),
        ("**/x/**/*.py", ["lib/x/a.py", "src/x/a.py", "src/x/y/b.py"]),
        (".*.py", [".hidden.py"]),
        ("**/**/b.???", ["b.txt"]),
        ("**/x/**", ["lib/x/a.py", "src/x/a.py", "src/x/y/b.py"]),
    ],
)
def test_what_a_glob_reaches(tree: Path, glob: str, files: list[str]) -> None:
    assert readable(tree, glob) == files


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A chain of directories that is deeper than Python's stack, with one file at its end."""
    below = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("a", dir_fd=below)
        deeper = os.open("a", os.O_RDONLY, dir_fd=below)
        os.close(below)
        below = deeper
    os.close(os.open("x", os.O_WRONLY | os.O_CREAT, dir_fd=below))
    os.close(below)
    yield tmp_path
    # What removes pytest's directories calls itself for each level.
    subprocess.run(["rm", "-r", tmp_path / "a"], check=True)


def test_a_deep_tree_is_walked_once_however_many_wildcards_there_are(deep: Path) -> None:
    assert readable(deep, "**/a/" * 20 + "y") == []
    assert readable(deep, "**/*a*a*a*a*a*a*b") == []
    assert [len(path) for path in readable(deep, "**/a/" * 20 + "**/x")] == [2 * DEPTH + 1]
