"""Which files a plugin's globs come to, in folders that a stranger laid out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.domain.plugin import Permissions
from core.plugins.sandbox.reach import reach_of


def readable(root: Path, *globs: str) -> list[str]:
    root = Path(os.path.realpath(root))
    permissions = Permissions(read=globs)
    return sorted(os.path.relpath(place.path, root) for place in reach_of(permissions, root, ()).readable)


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


def test_a_deep_tree_is_walked_once_however_many_wildcards_there_are(tmp_path: Path) -> None:
    depth = 1200
    below = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("a", dir_fd=below)
        deeper = os.open("a", os.O_RDONLY, dir_fd=below)
        os.close(below)
        below = deeper
    os.close(os.open("x", os.O_WRONLY | os.O_CREAT, dir_fd=below))
    os.close(below)

    assert readable(tmp_path, "**/a/" * 20 + "y") == []
    assert readable(tmp_path, "**/*a*a*a*a*a*a*b") == []
    assert [len(path) for path in readable(tmp_path, "**/a/" * 20 + "**/x")] == [2 * depth + 1]
