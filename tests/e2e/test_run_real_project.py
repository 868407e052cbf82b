"""A real source distribution from the package index: made a repository, set up by ``init``, worked off by ``run``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.rig import Rig, events_of
from tests.waiting import TIMEOUT

_PACKAGE = "click==8.1.7"


#: Debian 12's own Python 3.11.2 does not know the filter yet.
_SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    where = tmp_path_factory.mktemp("sdist")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    fetched = subprocess.run([*pip, "--dest", where, _PACKAGE], capture_output=True, text=True)
    archives = list(where.glob("*.tar.gz"))
    if not archives:
        pytest.skip(f"{_PACKAGE} cannot be had: {fetched.stderr.strip()[-200:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(where, **_SAFELY)
    return next(path for path in where.iterdir() if path.is_dir())


@pytest.fixture
def rig(source: Path, tmp_path: Path) -> Iterator[Rig]:
    root = tmp_path / "click"
    subprocess.run(["cp", "-r", source, root], check=True)
    for command in (
        ["init", "--quiet", "."],
        ["add", "."],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "--quiet", "-m", "All"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)
    rig = Rig(root)
    yield rig
    rig.close()


def test_init_validate_plan_and_run(rig: Rig) -> None:
    begun = rig.run("init")
    assert begun.returncode == 0, begun.stderr
    tasks = yaml.safe_load(rig.tasks_file.read_text())
    assert "pytest" in json.dumps(tasks), "it has tests and a configuration of pytest"

    validated = rig.run("validate")
    assert validated.returncode == 0, validated.stderr
    planned = rig.json("run", "-n", "--no-reflect")
    before = rig.tasks_file.read_text()
    started = [start["id"] for start in planned["starts"]]
    assert set(started) <= {task["id"] for task in tasks}
    assert rig.tasks_file.read_text() == before

    environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(rig.root / "src")}
    ended = rig.run("run", "--no-reflect", "--json", timeout=TIMEOUT, **environment)
    finished = events_of(ended.stdout, "run_finished")[0]
    assert ended.returncode == (1 if finished["failed"] else 0), ended.stderr
    assert finished["done"] == [], "checks have results, and no end"
    assert rig.tasks_file.read_text() == before, "and the file shows nothing of them"
    assert {*finished["passed"], *finished["failed"], *finished["blocked"]} == {task["id"] for task in tasks}
    for task in (*finished["passed"], *finished["failed"]):
        assert rig.run("why", task).returncode == 0
    assert not rig.processes()
    for task in finished["failed"]:
        assert rig.attempts(task)[-1]["reason"], "a failure says why"


def test_a_backlog_of_its_own_measures_and_keeps_its_hands_off_the_code(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "compile", "command": [sys.executable, "-m", "compileall", "-q", "src"], "verify": "test -d src/click/__pycache__"},
        {
            "id": "import",
            "command": f"PYTHONPATH=src {sys.executable} -c 'import click; print(click.__version__)'",
            "dependencies": ["compile"],
        },
    )
    ended = rig.run("run", "--reflect", "--json", timeout=TIMEOUT)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=rig.root, capture_output=True, text=True, check=True).stdout

    assert ended.returncode == 0, ended.stderr
    finished = events_of(ended.stdout, "run_finished")[0]
    assert {"compile", "import"} <= set(finished["done"])
    assert {line.split()[-1] for line in changed.splitlines()} <= {"tasks.yml", "src/click/__pycache__/"}
    added = events_of(ended.stdout, "task_appended")
    ours = [task for task in yaml.safe_load(rig.tasks_file.read_text()) if task.get("origin")]
    assert len(added) == len(ours) <= 10, "no more than reflect.max_open_tasks"
    assert added, "click has blocks of a complexity above 10"
    assert rig.run("validate").returncode == 0
