"""Real code: findings are the same twice, no finding makes two tasks, and tasks.yml only ever grows at its end.

Two packages that are installed anyway; ``tests/benchmarks/audit_distributions.py`` does the same to ten.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository

HEAD = "# kept as it is\n- {id: mine, description: By hand, manual: true}\n"


@pytest.fixture(params=["radon", "typer"])
def repository(request, tmp_path: Path) -> CodeRepository:
    spec = importlib.util.find_spec(request.param)
    assert spec is not None
    assert spec.origin is not None
    repository = CodeRepository(tmp_path / request.param)
    shutil.copytree(Path(spec.origin).parent, repository.root / request.param, ignore=shutil.ignore_patterns("__pycache__"))
    (repository.root / "config.yaml").write_text(
        "audit: {thresholds: {complexity: 7, maintainability: 50}}\nreflect: {max_open_tasks: 1000}\n"
    )
    (repository.root / "tasks.yml").write_text(HEAD)
    repository.commit()
    return repository


def test_stable_findings_unique_tasks_and_only_appended_lines(repository):
    first, second = (repository.audit("--json") for _ in range(2))
    assert first.stdout == second.stdout
    assert first.returncode == 1

    written = []
    for _ in range(2):
        done = repository.audit("--append", "--fail-on", "never")
        assert done.returncode == 0, done.stderr
        written.append((repository.root / "tasks.yml").read_text())
    text = written[0]
    identities = re.findall(r"^- id: (refactor-\w+)$", text, re.MULTILINE)

    assert written[1] == text
    assert text.startswith(HEAD)
    assert len(identities) == len(set(identities)) == first.stdout.count('"fingerprint"')
    assert repository.run("validate").returncode == 0
