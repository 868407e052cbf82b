"""The reports as the installed command writes them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from tests.e2e.audit_repository import CodeRepository, branchy

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> CodeRepository:
    repository = CodeRepository(tmp_path_factory.mktemp("formats") / "project")
    for complexity in (11, 14, 19):
        repository.write("src/package/odd näme.py", branchy("grows", complexity), branchy("stays", 12, "other"))
        repository.commit()
    repository.write("src/package/broken.py", "def f(:\n")
    repository.commit()
    return repository


def report(repository: CodeRepository, format: str, *arguments: str, **variables: str) -> str:
    done = repository.audit("--format", format, *arguments, **variables)
    assert (done.returncode, done.stderr) == (1, "")
    return done.stdout


def test_text_has_the_trend_the_churn_and_the_packages(repository):
    lines = report(repository, "text").splitlines()

    assert lines[1].split() == ["C", "19", ">", "10", "complexity", "▁▄█", "↑", "3", "src/package/odd", "näme.py:1", "grows"]
    package = next(line for line in lines if line.startswith("src/package"))
    assert package.split()[-1] == "3"


def test_the_sarif_report_is_valid_and_has_every_finding_as_an_error(repository):
    log = json.loads(report(repository, "sarif"))
    jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())).validate(log)
    assert [result["level"] for result in log["runs"][0]["results"]] == ["error"] * 3


def test_junit(repository):
    suite = ET.fromstring(report(repository, "junit").encode()).find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("4", "3")


def test_json_is_the_same_twice_and_by_either_name(repository):
    first = report(repository, "json")
    assert first == report(repository, "json") == repository.audit("--json").stdout
    assert json.loads(first)["findings"][0]["trend"] == [11, 14, 19]


def test_gitlab(repository):
    assert [issue["severity"] for issue in json.loads(report(repository, "gitlab"))] == ["minor", "minor", "blocker"]


def test_github_writes_annotations_and_the_jobs_summary(repository, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("what stood there\n")
    lines = report(repository, "github", GITHUB_ACTIONS="true", CI="true", GITHUB_STEP_SUMMARY=str(summary)).splitlines()

    assert lines[0].startswith("::error file=src/package/odd näme.py,line=1,endLine=38,title=High cyclomatic complexity::grows has")
    text = summary.read_text()
    assert text.startswith("what stood there\n### ❌ Audit failed")
    assert "grows" in text


def test_markdown(repository):
    assert report(repository, "markdown").startswith("### ❌ Audit failed&#58; 3 findings")


def test_the_page_is_one_file_with_everything_in_it(repository):
    text = report(repository, "html")
    assert text.startswith("<!doctype html>")
    assert "<title>Audit of project</title>" in text
    assert "squarify" in text
    assert "--heat-4" in text


@pytest.fixture(scope="module")
def below(tmp_path_factory) -> CodeRepository:
    """Return a repository with a project in ``services/api``."""
    repository = CodeRepository(tmp_path_factory.mktemp("below") / "repository")
    repository.write("services/api/src/a.py", branchy("f", 14))
    repository.write("services/api/config.yaml", "audit:\n  thresholds: {complexity: 12}\n")
    repository.commit()
    return repository


@pytest.mark.parametrize(
    ("format", "place"),
    [
        ("sarif", '"uri": "services/api/src/a.py"'),
        ("gitlab", '"path": "services/api/src/a.py"'),
        ("github", "::error file=services/api/src/a.py,"),
        ("junit", 'classname="services/api/src/a.py"'),
        ("json", '"prefix": "services/api/"'),
        ("text", " src/a.py:1 f"),
        ("markdown", "| src/a.py&#58;1 f |"),
    ],
)
@pytest.mark.parametrize("arguments", [(), ("--since", "HEAD", "--fail-on", "any")], ids=["all", "since"])
def test_programs_get_paths_of_the_repository_and_people_those_of_the_project(below, format, place, arguments):
    below.write("services/api/src/a.py", branchy("f", 15))
    for cwd, options in (("services/api", ()), (".", ("-C", "services/api")), ("/", ("-C", str(below.root / "services/api")))):
        done = below.audit("--format", format, *options, *arguments, cwd=cwd)
        assert place in done.stdout, done.stderr
        assert str(below.root) not in done.stdout


def test_what_a_branch_changes_in_a_project_below_the_root_has_the_repositorys_path(below):
    below.write("services/api/config.yaml", "audit:\n  thresholds: {complexity: 50}\n")
    try:
        told = below.audit("--format", "github", "--since", "HEAD", cwd="services/api").stdout
    finally:
        below.git("checkout", "services/api/config.yaml")
    assert "::warning file=services/api/config.yaml,line=2" in told


def test_no_report_says_where_the_repository_lies(tmp_path):
    repository = CodeRepository(tmp_path / "repository")
    repository.write("a.py", branchy("f", 14))
    repository.commit()
    (repository.root / ".orchestrator").symlink_to("/usr")
    for name in ("json", "markdown", "html", "sarif", "gitlab", "github", "junit"):
        done = repository.audit("--format", name)
        assert str(tmp_path) not in done.stdout, done.stderr
    assert f"{repository.root}/.orchestrator is a symbolic link" in done.stderr


def test_a_sarif_log_that_github_would_refuse_is_told_of(tmp_path):
    repository = CodeRepository(tmp_path / "repository")
    repository.write("a.py", "".join(f"def f{number}(a): return a or 0\n" for number in range(25_001)))
    repository.write("config.yaml", "audit:\n  thresholds: {complexity: 1, maintainability: 0}\n")
    told = repository.audit("--quiet", "--format", "sarif", "--output", "log.sarif", "--fail-on", "never", "--no-history")
    assert told.stderr.startswith("warning: the SARIF log has 25,001 results and GitHub takes at most 25,000"), told.stderr
    shorter = repository.audit("--quiet", "--format", "sarif", "-o", "log.sarif", "--fail-on", "never", "--no-history", "--top", "25000")
    assert (shorter.returncode, shorter.stderr) == (0, "")


def test_without_history_there_is_no_trend(repository):
    document = json.loads(report(repository, "json", "--no-history"))
    assert all(finding["trend"] == [] and finding["churn"] == 0 for finding in document["findings"])


def test_explain_tells_the_whole_story_by_place_fingerprint_or_task(repository):
    told = repository.audit("--explain", "src/package/odd näme.py::grows")
    fingerprint = json.loads(report(repository, "json"))["findings"][0]["fingerprint"]

    assert told.returncode == 0
    assert told.stdout.splitlines()[0] == "grows has a cyclomatic complexity of 19 (C), at most 10 is wanted"
    assert "▁▄█ 11 → 19, worsening" in told.stdout
    assert (
        "urgency     8.93 = 0.93 (doublings over the threshold) + 5.00 (complexity of the file 31) + 2.00 (touched by 3 revisions) + 1 ("
    ) in told.stdout
    assert (
        repository.audit("--explain", fingerprint).stdout == repository.audit("--explain", f"refactor-{fingerprint}").stdout == told.stdout
    )
    document = json.loads(repository.audit("--explain", fingerprint, "--json").stdout)
    assert [point["value"] for point in document["history"]] == [11, 14, 19]
    assert document["task"]["verify"] == f"orchestrator audit --check refactor-{fingerprint}"


def test_explain_of_what_is_no_finding_says_what_is_there(repository):
    near = repository.audit("--explain", "src/package/odd näme.py::grow")
    assert (near.returncode, near.stderr.splitlines()[-1]) == (2, "  hint: did you mean src/package/odd näme.py::grows?")


def test_explain_of_code_that_is_no_finding_says_what_was_measured(tmp_path):
    repository = CodeRepository(tmp_path / "project")
    repository.write("a.py", branchy("old", 14) + "class A:\n    def fine(self): pass\n" + "".join(branchy(f"f{i}", 9) for i in range(60)))
    repository.commit()

    def hint(*arguments: str) -> str:
        told = repository.audit("--explain", *arguments)
        assert told.returncode == 2, told.stderr
        return told.stderr.splitlines()[-1]

    assert repository.audit("--explain", "a.py").returncode == 0  # the file is a finding, too: no name of a block
    assert hint("a.py::fine") == "  hint: did you mean a.py::A.fine?"
    assert hint("a.py::A.fine").endswith("A.fine is within the thresholds; its complexity is 1")
    assert hint("a.py::old", "--metrics", "length").endswith(" old is within the thresholds of length")
    assert hint("a.py", "--metrics", "length,complexity") == "  hint: maintainability is not measured here; measured is complexity, length"
    assert "::?" not in hint("a.py::nothing_like_it")


def test_explain_names_the_task_that_there_is(tmp_path):
    repository = CodeRepository(tmp_path / "project")
    repository.write("a.py", branchy("old", 14))
    (repository.root / "tasks.yml").write_text("# tasks\n")
    repository.commit()
    assert "(not written yet), priority -7" in repository.audit("--explain", "a.py::old").stdout
    repository.audit("--append")
    (task,) = repository.tasks()

    repository.write("copy.py", branchy("copy", 14))
    assert "(not written yet)" in repository.audit("--explain", "copy.py::copy").stdout
    (repository.root / "copy.py").unlink()

    repository.write("a.py", branchy("renamed", 14))
    for _ in range(2):  # before the next cycle and after it
        told = repository.audit("--explain", "a.py::renamed")
        assert f"task        {task} (pending), priority -7" in told.stdout
        assert repository.audit("--explain", task).stdout == told.stdout
        document = json.loads(repository.audit("--explain", task, "--json").stdout)
        assert (document["task"]["id"], document["task"]["status"]) == (task, "pending")
        repository.audit("--append")

    repository.write("a.py", branchy("renamed", 14), branchy("old", 15, "other"))  # another block where the task began
    would_be = json.loads(repository.audit("--explain", "a.py::old", "--json").stdout)["task"]
    assert (would_be["id"] != task, would_be["status"]) == (True, None)
    repository.audit("--append")
    assert json.loads(repository.audit("--explain", would_be["id"], "--json").stdout)["task"]["status"] == "pending"

    repository.write("a.py", branchy("renamed", 3))
    repository.audit("--append")
    closed = repository.audit("--explain", task)
    assert closed.returncode == 2
    assert "was about complexity of `renamed` in a.py; it is done" in closed.stderr
    assert f"hint: orchestrator history {task}" in closed.stderr
