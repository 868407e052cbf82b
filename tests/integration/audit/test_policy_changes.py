"""What a branch changes in the files by which it is judged, and which of it may let more pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.assembly.audit import open_audit, policy_changes
from core.assembly.standard import open_repository
from tests.e2e.audit_repository import CodeRepository, branchy


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    made = CodeRepository(tmp_path / "repository")
    made.write(".gitignore", ".orchestrator/\n")
    made.write("a.py", branchy("f", 14))
    _accept_all(made)
    made.commit()
    return made


def _accept_all(repository: CodeRepository) -> None:
    with open_repository(directory=str(repository.root), overrides={}) as container:
        open_audit(container, history=False)[1].accept_all()


def _changes(repository: CodeRepository) -> list[tuple[str, bool]]:
    with open_repository(directory=str(repository.root), overrides={}, base="HEAD") as container:
        return [(change.what, change.loosens) for change in policy_changes(container.project)]


def test_a_baseline_that_follows_moved_code_loosens_nothing(repository):
    repository.git("mv", "a.py", "b.py")
    _accept_all(repository)
    assert _changes(repository) == [("1 accepted more, 1 accepted no more", False)]


def test_a_baseline_that_accepts_more_loosens(repository):
    repository.write("b.py", branchy("g", 12, "other"))
    _accept_all(repository)
    assert _changes(repository) == [("1 accepted more", True)]


@pytest.mark.parametrize(("complexity", "loosens"), [(20, True), (12, False)])
def test_a_baseline_loosens_where_a_score_gets_worse(repository, complexity, loosens):
    repository.write("a.py", branchy("f", complexity))
    _accept_all(repository)
    assert _changes(repository) == [("1 accepted otherwise", loosens)]
