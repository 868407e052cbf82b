"""Releases of a real package, one commit each, and a run after every one: tasks come with findings and go with them.

The judge is radon's own command line: after each run the open refactor tasks are the blocks and files that it finds.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.benchmarks.history_of_releases import content, release
from tests.e2e.rig import Rig

_PACKAGE = "click"
_VERSIONS = ("7.0", "7.1.2", "8.0.4", "8.1.7", "8.2.1")
_RADON = (sys.executable, "-m", "radon")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    where = tmp_path_factory.mktemp("wheels")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    for version in _VERSIONS:
        fetched = subprocess.run([*pip, "--dest", where, f"{_PACKAGE}=={version}"], capture_output=True, text=True)
        if fetched.returncode:
            pytest.skip(f"{_PACKAGE} {version} cannot be had: {fetched.stderr.strip()[-200:]}")
    return sorted(where.glob("*.whl"), key=release)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "repository")
    rig.root.mkdir()
    _git(rig.root, "init", "--quiet", "--initial-branch", "main")
    rig.write("# What reflection finds.\n")
    (rig.root / "config.yaml").write_text("reflect: {enabled: true, max_open_tasks: 100}\n")
    yield rig
    rig.close()


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "user.name=A", "-c", "user.email=a@b", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
    )


def _land(root: Path, wheel: Path) -> None:
    shutil.rmtree(root / _PACKAGE, ignore_errors=True)
    for name, data in content(wheel, _PACKAGE).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", wheel.name)


def _radon(root: Path) -> set[tuple[str, str]]:
    """Return radon's findings: path and block, or path and nothing."""

    def ask(what: str) -> dict[str, Any]:
        done = subprocess.run([*_RADON, what, "--json", _PACKAGE], cwd=root, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def over(path: str, blocks: list[dict[str, Any]], outer: str = "") -> Iterator[tuple[str, str]]:
        for block in blocks:
            name = ".".join(filter(None, (outer, block.get("classname"), block["name"])))
            if block["type"] != "class" and block["complexity"] > 10:
                yield path, name
            yield from over(path, block.get("closures", []), name)

    files = {(path, "") for path, file in ask("mi").items() if file["mi"] < 20}
    return files.union(*(over(path, blocks) for path, blocks in ask("cc").items()))


def _entries(rig: Rig) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in yaml.safe_load(rig.tasks_file.read_text()) or []}


def test_after_every_release_the_open_tasks_are_what_radon_finds(rig: Rig, wheels: list[Path]) -> None:
    before: dict[str, dict[str, Any]] = {}
    for wheel in wheels:
        _land(rig.root, wheel)
        ended = rig.run("run")
        assert ended.returncode == 0, ended.stderr
        after = _entries(rig)
        is_open = {task_id for task_id, entry in after.items() if entry.get("status", "pending") == "pending"}
        found = _radon(rig.root)
        origins = [after[task_id]["origin"] for task_id in is_open]
        assert sorted((origin["path"], origin.get("block", "")) for origin in origins) == sorted(found)
        appended = after.keys() - before.keys()
        closed = {task_id for task_id in before if before[task_id].get("status", "pending") == "pending"} - is_open
        print(f"{wheel.name.split('-')[1]:6} {len(found):3} findings, {len(appended):2} tasks appended, {len(closed):2} closed")
        text = rig.tasks_file.read_text()
        assert rig.run("run").returncode == 0
        assert rig.tasks_file.read_text() == text, "a second cycle on unchanged code appends nothing"
        before = after
    assert any(entry.get("status") == "done" for entry in before.values())
    assert any(entry.get("status") == "cancelled" for entry in before.values()), "the file of one is gone"
