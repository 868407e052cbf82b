"""A file that is moved and not committed yet keeps its trend and its churn: neither order nor tasks change by it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    (repository.root / ".gitignore").write_text(".orchestrator/\n")
    (repository.root / "tasks.yml").write_text("# tasks\n")
    repository.write("src/calm.py", branchy("calm", 22, "word"))
    for complexity in (12, 15, 14, 19):
        repository.write("src/hot.py", branchy("hot", complexity))
        repository.commit()
    return repository


def urgencies(repository: CodeRepository) -> list[tuple[str, list[float], int]]:
    findings = json.loads(repository.audit("--fail-on", "never", "--json").stdout)["findings"]
    return [(finding["block"], finding["trend"], finding["churn"]) for finding in findings]


@pytest.mark.parametrize("how", ["git mv", "mv"])
def test_a_move_that_is_not_committed_changes_neither_order_nor_tasks(repository, how):
    repository.audit("--append")
    repository.git("add", "tasks.yml")
    repository.git("commit", "-q", "-m", "tasks")
    before, tasks = urgencies(repository), repository.tasks()
    assert before[0] == ("hot", [12, 15, 14, 19], 4)
    (repository.root / "lib").mkdir()
    if how == "mv":
        os.rename(repository.root / "src/hot.py", repository.root / "lib/moved.py")
    else:
        repository.git("mv", "src/hot.py", "lib/moved.py")

    assert urgencies(repository) == before
    repository.audit("--append")
    assert {name: task.get("priority") for name, task in repository.tasks().items()} == {
        name: task.get("priority") for name, task in tasks.items()
    }


def test_a_copy_has_no_past_and_takes_none(repository):
    before = urgencies(repository)
    (repository.root / "src/copy.py").write_bytes((repository.root / "src/hot.py").read_bytes())
    after = urgencies(repository)
    assert [finding for finding in after if finding != ("hot", [], 0)] == before
    assert len(after) == len(before) + 1
