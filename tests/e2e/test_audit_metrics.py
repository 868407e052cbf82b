"""More metrics than radon's: each with threshold, gate, baseline and task."""

from __future__ import annotations

import json
from importlib import metadata
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import yaml

from core.adapters.radon.cognitive import counter_version
from core.errors import UsageError
from tests.e2e.audit_repository import CodeRepository

LONG = "def lengthy():\n" + "    print()\n" * 60
NESTED = "def nested(a):\n" + "".join(f"{'    ' * level}if a > {level}:\n" for level in range(1, 7)) + "    " * 7 + "pass\n"
WIDE = "def wide(a, b, c, d, e, f, g, h):\n    pass\n"
CODE = {"nesting": NESTED, "length": LONG, "parameters": WIDE, "cognitive": NESTED}


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    repository.write("a.py", NESTED, LONG, WIDE)
    repository.commit()
    return repository


def test_by_default_only_complexity_and_maintainability_are_measured(repository):
    done = repository.audit()
    assert (done.returncode, "no findings" in done.stdout) == (0, True), done.stdout + done.stderr


def test_all_metrics_can_be_asked_for_on_the_command_line(repository):
    done = repository.audit("--metrics", "all", "--json")
    assert done.returncode == 1, done.stderr
    found = {(finding["metric"], finding["block"], finding["score"]) for finding in json.loads(done.stdout)["findings"]}
    assert found == {("length", "lengthy", 61), ("nesting", "nested", 6), ("cognitive", "nested", 21), ("parameters", "wide", 8)}


@pytest.mark.parametrize("metric", CODE)
def test_a_metric_has_threshold_override_baseline_and_gate(repository, metric):
    config = repository.root / "config.yaml"
    config.write_text(f"audit: {{metrics: [{metric}]}}\n")
    assert repository.audit().returncode == 1
    config.write_text(f"audit: {{metrics: [{metric}], thresholds: {{{metric}: 100}}}}\n")
    assert repository.audit().returncode == 0
    config.write_text(f"audit: {{metrics: [{metric}], overrides: {{a.py: {{{metric}: 100}}}}}}\n")
    assert repository.audit().returncode == 0
    config.write_text(f"audit: {{metrics: [{metric}]}}\n")
    assert repository.audit("--update-baseline").returncode == 0
    assert repository.audit().returncode == 0
    repository.write("b.py", CODE[metric])
    done = repository.audit()
    assert (done.returncode, "1 new" in done.stdout) == (1, True), done.stdout + done.stderr


def test_lines_of_the_baseline_stay_while_their_metric_is_not_measured(repository):
    assert repository.audit("--metrics", "all", "--update-baseline").returncode == 0
    before = (repository.root / "audit-baseline.json").read_text()
    assert repository.audit().returncode == 0
    assert repository.audit("--update-baseline").returncode == 0
    assert (repository.root / "audit-baseline.json").read_text() == before
    assert repository.audit("--metrics", "all").returncode == 0


@pytest.mark.parametrize("metric", CODE)
def test_a_task_of_a_metric_is_done_when_its_number_is_within_the_threshold(repository, metric):
    (repository.root / "tasks.yml").write_text("[]\n")
    (repository.root / "config.yaml").write_text(f"audit: {{metrics: [{metric}]}}\n")
    assert repository.audit("--append").returncode == 1
    (task,) = yaml.safe_load((repository.root / "tasks.yml").read_text())
    check = ("--check", task["id"])
    assert (task["origin"]["metric"], repository.audit(*check).returncode) == (metric, 1), task
    # What was written for one metric is checked by it, whatever is measured by now.
    (repository.root / "config.yaml").unlink()
    assert repository.audit(*check).returncode == 1
    repository.write("a.py", *(f"def {name}():\n    pass\n" for name in ("nested", "lengthy", "wide")))
    done = repository.audit(*check)
    assert done.returncode == 0, done.stdout + done.stderr
    (repository.root / "config.yaml").write_text(f"audit: {{metrics: [{metric}]}}\n")
    repository.audit("--append")
    assert yaml.safe_load((repository.root / "tasks.yml").read_text())[0]["status"] == "done"


def test_an_unknown_metric_is_refused_with_the_known_ones(repository):
    done = repository.audit("--metrics", "complexity,speed")
    assert (done.returncode, "cognitive or length" in done.stderr) == (2, True), done.stderr


def test_the_story_of_a_finding_names_what_else_is_over_there(repository):
    done = repository.audit("--metrics", "all", "--explain", "a.py::nested")
    assert done.returncode == 0, done.stderr
    (also,) = (line for line in done.stdout.splitlines() if line.startswith("also here"))
    assert "cognitive 21 > 15" in also or "nesting 6 > 4" in also


def test_no_metric_at_all_is_refused_instead_of_passing(repository):
    (repository.root / "config.yaml").write_text("audit: {metrics: []}\n")
    done = repository.audit()
    assert done.returncode == 2, done.stderr
    assert "config.yaml:1:18: audit.metrics must not be an empty list (leave the line out)" in done.stderr


def test_cognitive_complexity_without_what_counts_it_names_the_extra(monkeypatch):
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(UsageError, match="complexipy, which counts it, is not installed") as told:
        counter_version()
    assert "[maintain]" in told.value.hint
