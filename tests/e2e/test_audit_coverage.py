"""``audit --since --coverage``: new code that tests do not run is a finding; reports are those that coverage.py writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository
from tests.waiting import TIMEOUT

BASE = "def old(a):\n    if a:\n        return 1\n    return 2\n"
#: The test runs half of its statements, and none of old().
NEW = """

def new(a):
    if a == 1:
        total = a
        return total
    for each in (1, 2):
        a += each

    print(a)
    return a
"""
TEST = "from pkg.a import new\n\nassert new(1) == 1\n"


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "repository")
    repository.write("src/pkg/__init__.py", "")
    repository.write("src/pkg/a.py", BASE)
    repository.write("tests/test_a.py", TEST)
    repository.write(".gitignore", ".coverage\ncoverage.*\n")
    repository.commit()
    repository.write("src/pkg/a.py", BASE, NEW.lstrip("\n"))
    return repository


def measure(repository: CodeRepository, *options: str, cwd: str = ".", kind: str = "xml", output: str = "coverage.xml") -> None:
    """Run the test under coverage.py and have it write a report of the kind."""
    environment = {**os.environ, "PYTHONPATH": str(repository.root / "src"), "COVERAGE_FILE": str(repository.root / ".coverage")}
    test = str(repository.root / "tests/test_a.py")
    for command in (["run", *options, test], [kind, "-o", output]):
        done = subprocess.run(
            [sys.executable, "-m", "coverage", *command],
            cwd=repository.root / cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("options", "cwd", "kind"),
    [
        ((), ".", "xml"),
        (("--branch",), ".", "xml"),
        (("--source", "src"), ".", "xml"),
        (("--source", "pkg"), "src", "xml"),
        ((), "src/pkg", "xml"),
        ((), ".", "lcov"),
        ((), "src", "lcov"),
    ],
)
def test_new_lines_that_no_test_runs_are_a_finding_at_the_first_of_them(repository, options, cwd, kind):
    measure(repository, *options, cwd=cwd, kind=kind, output=str(repository.root / "coverage.out"))
    audited = repository.audit("--since", "HEAD", "--coverage", "coverage.out")

    assert audited.returncode == 1, audited.stderr
    words = "C 50 < 80 coverage src/pkg/a.py:11: 4 of 8 changed lines were not run: 11–15 new"
    assert (" ".join(audited.stdout.splitlines()[1].split()), audited.stderr) == (words, "")
    document = json.loads(repository.audit("--since", "HEAD", "--coverage", "coverage.out", "--json").stdout)
    (finding,) = document["findings"]
    assert (finding["metric"], finding["score"], finding["threshold"], finding["line"]) == ("coverage", 50, 80, 11)
    assert finding["suggestion"] == "cover lines 11–15"
    told = repository.audit("--since", "HEAD", "--coverage", "coverage.out", "--format", "github").stdout
    assert told.startswith("::error file=src/pkg/a.py,line=11,endLine=15,title=New code without tests::src/pkg/a.py has a coverage of")
    assert "has a coverage of new code of 50 %25, at least 80 is wanted; 4 of 8 changed lines were not run: 11–15" in told


def test_explain_tells_what_to_cover_and_of_no_task(repository):
    measure(repository)
    options = ("--since", "HEAD", "--coverage", "coverage.xml")
    (finding,) = json.loads(repository.audit(*options, "--json").stdout)["findings"]
    told = repository.audit(*options, "--explain", finding["fingerprint"])
    assert told.returncode == 0, told.stderr
    assert "what to do  cover lines 11–15" in told.stdout
    assert "task" not in told.stdout, "a cycle makes none of it: the change itself is to be mended"
    assert json.loads(repository.audit(*options, "--explain", finding["fingerprint"], "--json").stdout)["task"] is None


def test_the_setting_names_the_report_and_the_threshold_decides(repository):
    repository.write("config.yaml", "audit:\n  coverage: coverage.xml\n")
    repository.git("add", "config.yaml")
    repository.git("commit", "-q", "-m", "settings", "config.yaml")
    missing = repository.audit("--since", "HEAD")
    assert (missing.returncode, missing.stderr.splitlines()[0]) == (2, "error: no coverage report: coverage.xml")
    assert "coverage run -m pytest && coverage xml" in missing.stderr
    measure(repository)
    assert repository.audit("--since", "HEAD").returncode == 1
    assert repository.audit("--since", "HEAD", ORCHESTRATOR_AUDIT_THRESHOLDS_COVERAGE="50").returncode == 0
    assert repository.audit("--since", "HEAD", "--fail-on", "never").returncode == 0
    assert repository.audit("--since", "HEAD", "tests").returncode == 0
    assert repository.audit().returncode == 0, "without --since nothing is new"


def test_a_branch_cannot_switch_it_off_for_itself(repository):
    repository.write("config.yaml", "audit:\n  coverage: coverage.xml\n")
    repository.git("add", "config.yaml")
    repository.git("commit", "-q", "-m", "settings", "config.yaml")
    measure(repository)
    (repository.root / "config.yaml").unlink()
    assert "src/pkg/a.py:11" in repository.audit("--since", "HEAD").stdout


def test_what_tests_run_below_the_root_of_the_repository(tmp_path):
    repository = CodeRepository(tmp_path / "repository")
    repository.write("api/config.yaml", "{}\n")
    repository.write("api/a.py", BASE)
    repository.commit()
    repository.write("api/a.py", BASE, NEW.lstrip("\n"))
    for name in ("api/a.py", "a.py", f"{repository.root}/api/a.py", "C:\\\\build\\\\api\\\\a.py"):
        (repository.root / "c.info").write_text(f"SF:{name}\nDA:1,1\nDA:6,1\nDA:7,0\nend_of_record\n")
        told = repository.audit("--since", "HEAD", "--coverage", "../c.info", cwd="api")
        assert "a.py:7" in told.stdout, (name, told.stderr)


def test_a_file_that_the_report_does_not_know_is_a_note_and_passes(repository):
    measure(repository)
    repository.write("src/pkg/late.py", "def late():\n    return 1\n")
    os.utime(repository.root / "src/pkg/a.py", (2_000_000_000, 2_000_000_000))
    told = repository.audit("--since", "HEAD", "--coverage", "coverage.xml", ORCHESTRATOR_AUDIT_THRESHOLDS_COVERAGE="10")
    assert told.returncode == 0, told.stderr
    assert "note: coverage.xml does not name src/pkg/late.py: whether tests run what is new there is unknown" in told.stderr
    assert "note: coverage.xml is older than src/pkg/a.py: run the tests again" in told.stderr

    repository.write("src/pkg/a.py", "def new(): return 1\n")
    told = repository.audit("--since", "HEAD", "--coverage", "coverage.xml")
    assert told.returncode == 0, told.stderr
    assert "note: coverage.xml names lines that src/pkg/a.py no longer has" in told.stderr


def test_a_file_whose_new_lines_are_no_statements_says_nothing(repository):
    measure(repository)
    repository.git("checkout", "src/pkg/a.py")
    repository.write("src/pkg/a.py", f"# what it does\n{BASE}")
    told = repository.audit("--since", "HEAD", "--coverage", "coverage.xml")
    assert (told.returncode, "coverage" in told.stdout) == (0, False)


def test_a_broken_report_and_a_report_without_a_revision_are_errors(repository):
    (repository.root / "coverage.xml").write_text("<coverage>\n  <class/>\n</coverage>\n")
    broken = repository.audit("--since", "HEAD", "--coverage", "coverage.xml")
    assert (broken.returncode, broken.stderr.splitlines()[0]) == (2, "coverage.xml:2:3: <class> has no filename")
    alone = repository.audit("--coverage", "coverage.xml")
    assert alone.returncode == 2
    assert "--coverage is about changed lines and needs --since" in alone.stderr
