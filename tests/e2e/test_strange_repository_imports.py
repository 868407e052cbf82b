"""Whatever a repository is called like: no module and no program of it is taken for Python's, git's or ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy

MODULES = ("yaml", "radon", "json", "typer", "rich", "jsonschema", "wily", "sitecustomize", "usercustomize", "ast", "re")
PROGRAMS = ("git", "python3", "sh", "bwrap", "ruff", "bandit", "uname")
LOOKING = ("audit", "audit --since HEAD", "plan", "status", "doctor", "validate", "plugins list", "config show")


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    """A repository whose modules and programs leave a mark when they are started."""
    repository = CodeRepository(tmp_path / "strange")
    for name in MODULES:
        repository.write(f"{name}/__init__.py", f"open({str(tmp_path / 'marks' / name)!r}, 'w')\n")
    for name in PROGRAMS:
        repository.write(name, f"#!/bin/sh\n: > {tmp_path / 'marks' / name}\n")
        (repository.root / name).chmod(0o755)
    repository.write("tasks.yml", "- {id: a, description: d, command: 'true'}\n")
    repository.write("a.py", branchy("fine", 3))
    repository.commit("strange")
    (tmp_path / "marks").mkdir()
    return repository


@pytest.mark.parametrize("command", LOOKING)
def test_looking_at_a_repository_starts_and_imports_nothing_of_it(repository: CodeRepository, tmp_path: Path, command: str) -> None:
    environment = {"PATH": f".:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    for tool in ([str(Path(sys.executable).with_name("orchestrator"))], [sys.executable, "-m", "core"]):
        done = subprocess.run([*tool, *command.split()], cwd=repository.root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        assert os.listdir(tmp_path / "marks") == [], done.stderr


def test_a_repository_that_names_a_python_for_wily_is_refused_with_the_place(repository: CodeRepository, tmp_path: Path) -> None:
    evil = "audit:\n  use_wily: true\n  wily_python: ./python3\n"
    repository.write("config.yaml", evil)
    refused = repository.audit()
    assert refused.returncode == 2
    assert "config.yaml:3:3: audit.wily_python can be set only by the user, not by a repository" in refused.stderr
    assert "config.yaml:2:3: audit.use_wily can be set only by the user" in refused.stderr
    assert "ORCHESTRATOR_AUDIT_WILY_PYTHON" in refused.stderr
    assert os.listdir(tmp_path / "marks") == []
    inside = repository.root / ".config" / "orchestrator" / "config.yaml"
    inside.parent.mkdir(parents=True)
    inside.write_text(evil)
    repository.write("config.yaml", "")
    refused = repository.audit(HOME=str(repository.root), XDG_CONFIG_HOME="")
    assert (refused.returncode, "inside the repository are not believed" in refused.stderr) == (2, True), refused.stderr
