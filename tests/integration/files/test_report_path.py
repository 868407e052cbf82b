"""A report that somebody asked for goes where its name says, not where a link of the repository leads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from core.files.report_path import check_report_path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize("target", ["../victim", "..", ".git/config", ".orchestrator/state.db", "/dev/null"])
@pytest.mark.parametrize("name", ["report", "./sub/../report", "report/below"])
def test_a_link_in_the_repository_that_leads_elsewhere_is_refused(repository: Path, target: str, name: str) -> None:
    (repository / "sub").mkdir()
    (repository / "report").symlink_to(target)
    with pytest.raises(OSError, match="a link in the repository leads it to"):
        check_report_path(name)
    with pytest.raises(OSError, match="a link in the repository leads it to"):
        check_report_path(repository / name)


def test_links_that_stay_in_the_repository_and_those_of_the_user_are_followed(repository: Path) -> None:
    (repository / "reports").mkdir()
    (repository / "latest").symlink_to("reports")
    (repository.parent / "mine").symlink_to(repository.parent)
    for path in ("report", "latest/report", "new/report", "../report", repository.parent / "mine/report", "/dev/stdout"):
        check_report_path(path)
