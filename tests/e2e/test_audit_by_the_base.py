"""A branch does not loosen what it is judged by: with ``--since``, settings, baseline and lock are the base's, and changes are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy

TOLD = "settings changed in this branch: audit.thresholds.complexity 10 → 50; judged by the base's"


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    repository.write("a.py", branchy("fine", 3))
    repository.write("config.yaml", "jobs: 1\n")
    repository.commit("base")
    repository.git("branch", "base")
    repository.write("a.py", branchy("fine", 3), branchy("bad", 20, "item"))
    return repository


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ("audit: {thresholds: {complexity: 50}}\n", "audit.thresholds.complexity 10 → 50"),
        ("audit:\n  exclude: [a.py]\n", 'audit.exclude ["**/tests/**", "test/**", "test_*.py", "*_test.py", "conft… → ["a.py"]'),
        ("audit: {include: [b.py]}\n", 'audit.include ["**/*.py"] → ["b.py"]'),
        ("audit: {overrides: {'**': {complexity: 99}}}\n", 'audit.overrides {} → {"**": {"complexity": 99}}'),
    ],
)
def test_a_branch_that_loosens_the_settings_is_judged_by_the_bases(repository: CodeRepository, config: str, key: str) -> None:
    repository.write("config.yaml", config)
    repository.commit("loosen")
    done = repository.audit("--since", "base", CI="1")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "a.py:" in done.stdout
    assert f"settings changed in this branch: {key}; judged by the base's" in done.stdout


def test_a_branch_that_brings_or_takes_away_the_file_is_judged_by_the_bases_too(repository: CodeRepository) -> None:
    repository.git("rm", "-q", "--cached", "config.yaml")
    (repository.root / "config.yaml").unlink()
    repository.git("commit", "-q", "-a", "-m", "without")
    repository.git("branch", "-f", "base")
    repository.write("b.py", branchy("worse", 30))
    repository.write("config.yaml", "audit: {thresholds: {complexity: 50}}\n")
    done = repository.audit("--since", "base")
    assert (done.returncode, TOLD in done.stdout) == (1, True), done.stdout

    repository.write("config.yaml", "audit: {thresholds: {complexity: 5}}\n")
    repository.commit("strict")
    repository.git("branch", "-f", "base")
    (repository.root / "config.yaml").unlink()
    repository.write("c.py", branchy("middling", 7))
    done = repository.audit("--since", "base")
    assert done.returncode == 1, done.stdout
    assert "audit.thresholds.complexity 5 → 10" in done.stdout


def test_every_report_tells_the_change(repository: CodeRepository) -> None:
    repository.write("config.yaml", "audit:\n  thresholds:\n    complexity: 50\n")
    repository.commit("loosen")

    def report(name: str) -> str:
        done = repository.audit("--since", "base", "--format", name)
        assert done.returncode == 1, done.stderr
        return done.stdout

    assert json.loads(report("json"))["changed"] == [
        {"subject": "settings", "what": "audit.thresholds.complexity 10 → 50", "file": "config.yaml", "line": 3}
    ]
    (notice,) = json.loads(report("sarif"))["runs"][0]["invocations"][0]["toolConfigurationNotifications"]
    assert notice["message"]["text"] == f"{TOLD}."
    assert notice["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    github = report("github")
    assert f"::warning file=config.yaml,line=3,title=Judged by the base::{TOLD}\n" in github
    assert f"\n{TOLD}\n" in github
    assert json.loads(report("gitlab"))[0]["description"] == f"{TOLD}."
    assert "audit.thresholds.complexity 10 → 50" in report("markdown")
    assert "audit.thresholds.complexity 10 → 50" in report("html")
    assert TOLD.replace("'", "'") in report("junit")


def test_who_runs_it_can_judge_by_the_work_tree_or_by_a_variable(repository: CodeRepository) -> None:
    repository.write("config.yaml", "audit: {thresholds: {complexity: 50}}\n")
    assert repository.audit("--since", "base", "--judge-by", ".").returncode == 0
    done = repository.audit("--since", "base", ORCHESTRATOR_AUDIT_THRESHOLDS_COMPLEXITY="60")
    assert (done.returncode, "changed in this branch" in done.stdout) == (0, False)


def test_what_decides_no_verdict_is_the_branchs_and_not_told(repository: CodeRepository) -> None:
    repository.write("a.py", branchy("fine", 3))
    repository.write("config.yaml", "jobs: 7\nlog: {tail: 3}\n")
    done = repository.audit("--since", "base")
    assert (done.returncode, "changed" in done.stdout) == (0, False)


def test_a_baseline_that_accepts_more_is_told_and_with_judge_by_it_does_not_count(repository: CodeRepository) -> None:
    repository.audit("--update-baseline")
    repository.commit("accept")
    told = "audit-baseline.json changed in this branch: 1 accepted more; judged by the base's"
    assert told in repository.audit("--since", "base").stdout
    assert repository.audit().returncode == 0
    judged = repository.audit("--judge-by", "base", CI="1")
    assert (judged.returncode, told in judged.stdout) == (1, True), judged.stdout + judged.stderr
    repository.git("branch", "-f", "base")
    assert repository.audit("--judge-by", "base").returncode == 0
    refused = repository.audit("--judge-by", "base", "--update-baseline")
    assert (refused.returncode, "do not go together" in refused.stderr) == (2, True)


def test_a_lock_that_a_branch_brings_is_told_and_not_used(repository: CodeRepository) -> None:
    entry = {"version": "1.0.0", "digest": "0" * 64, "signer": "0" * 32, "permissions": {"net": ["*:443"]}}
    repository.write("plugins.lock", json.dumps({"version": 1, "plugins": {"notify": entry}}))
    repository.write("a.py", branchy("fine", 3))
    done = repository.audit("--since", "base")
    assert done.returncode == 0, done.stderr
    assert "plugins.lock changed in this branch: notify is added; judged by the base's" in done.stdout
    assert "plugin notify" not in done.stderr


def test_a_base_whose_settings_are_no_link_and_can_be_read(repository: CodeRepository) -> None:
    (repository.root / "config.yaml").unlink()
    (repository.root / "config.yaml").symlink_to("/etc/passwd")
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "a link")
    repository.git("branch", "-f", "base")
    (repository.root / "config.yaml").unlink()
    done = repository.audit("--since", "base")
    assert done.returncode == 2
    assert "config.yaml at" in done.stderr
    assert "is no regular file" in done.stderr


def test_before_the_first_commit_the_work_tree_decides(tmp_path: Path) -> None:
    repository = CodeRepository(tmp_path / "new")
    repository.write("config.yaml", "audit: {thresholds: {complexity: 50}}\n")
    repository.write("a.py", branchy("bad", 20))
    done = repository.audit("--since", "HEAD")
    assert (done.returncode, "changed" in done.stdout) == (0, False), done.stdout + done.stderr


def test_a_project_below_the_repositorys_root_has_its_own_base(tmp_path: Path) -> None:
    repository = CodeRepository(tmp_path / "all")
    repository.write("part/config.yaml", "audit: {thresholds: {complexity: 5}}\n")
    repository.write("part/a.py", branchy("fine", 3))
    repository.commit("base")
    repository.git("branch", "base")
    repository.write("part/config.yaml", "jobs: 1\n")
    repository.write("part/a.py", branchy("fine", 7))
    done = repository.audit("--since", "base", "--directory", "part")
    assert (done.returncode, "audit.thresholds.complexity 5 → 10" in done.stdout) == (1, True), done.stdout + done.stderr
