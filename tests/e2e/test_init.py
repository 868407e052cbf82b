"""``init`` in a real repository, what it wrote used by ``validate`` and ``run``, and the settings as shown."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.waiting import TIMEOUT

ORCHESTRATOR = Path(sys.executable).parent / "orchestrator"


def orchestrator(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "GITHUB_")) and name != "CI"}
    return subprocess.run(
        [ORCHESTRATOR, *arguments],
        cwd=root,
        env={**environ, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        stdin=subprocess.DEVNULL,
    )


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", ".")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1"\n[tool.ruff.format]\n[tool.mypy]\nstrict = true\n')
    (tmp_path / "src/demo").mkdir(parents=True)
    (tmp_path / "src/demo/__init__.py").write_text("def one() -> int:\n    return 1\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_one.py").write_text("def test_one() -> None:\n    assert True\n")
    return tmp_path


def test_what_init_writes_is_valid_and_runs(repository: Path) -> None:
    begun = orchestrator(repository, "init")
    validated = orchestrator(repository, "validate")
    ran = orchestrator(repository, "run", "--no-reflect")

    assert (begun.returncode, begun.stderr) == (0, "")
    assert "found  ruff (pyproject.toml [tool.ruff])" in begun.stdout
    assert "checks format, lint, types, test\n" in begun.stdout
    assert "tasks  runs append no refactor tasks" in begun.stdout
    assert (validated.returncode, validated.stderr) == (0, "")
    assert "warning" not in validated.stdout
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written = yaml.safe_load((repository / "tasks.yml").read_text())
    assert [(task["id"], task["check"], "status" in task) for task in written] == [
        (name, True, False) for name in ("format", "lint", "types", "test")
    ]


def tangled(repository: Path, *places: str) -> None:
    for place in places:
        (repository / place).write_text("def tangled(x: int) -> None:\n" + "    if x:\n        x += 1\n" * 12)


@pytest.mark.parametrize(
    ("flags", "enabled", "appended"), [([], False, False), (["--no-reflect"], False, False), (["--reflect"], True, True)]
)
def test_a_run_appends_tasks_only_where_init_was_told_so(repository: Path, flags: list[str], enabled: bool, appended: bool) -> None:
    tangled(repository, "src/demo/tangled.py", "tests/test_tangled.py")
    begun = orchestrator(repository, "init", *flags)
    orchestrator(repository, "run", "--only", "lint")
    written = yaml.safe_load((repository / "tasks.yml").read_text())

    assert begun.returncode == 0, begun.stderr
    assert yaml.safe_load((repository / "config.yaml").read_text())["reflect"] == {"enabled": enabled}
    assert [task["origin"]["path"] for task in written if "origin" in task] == (["src/demo/tangled.py"] if appended else [])


@pytest.mark.parametrize(("answer", "enabled"), [("y", True), ("n", False), ("", False)])
def test_on_a_terminal_init_asks_before_runs_may_append(repository: Path, answer: str, enabled: bool) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            [ORCHESTRATOR, "init"], cwd=repository, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=TIMEOUT
        )
        asked = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)

    assert done.returncode == 0
    assert "may runs measure the code and append refactor tasks to tasks.yml? [y/N]" in asked
    assert yaml.safe_load((repository / "config.yaml").read_text())["reflect"] == {"enabled": enabled}


def test_init_asks_nothing_where_it_would_write_nothing(repository: Path) -> None:
    (repository / "tasks.yml").write_text("[]\n")
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [ORCHESTRATOR, "init"], cwd=repository, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=TIMEOUT
        )
        told = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)

    assert done.returncode == 2
    assert "already there: tasks.yml" in told
    assert "may runs" not in told


def test_tests_are_no_findings_unless_they_are_named(repository: Path) -> None:
    tangled(repository, "tests/test_tangled.py", "tests/helper.py", "src/demo/test_inside.py")

    assert orchestrator(repository, "audit").returncode == 0
    assert orchestrator(repository, "audit", "tests/helper.py").returncode == 1
    (repository / "config.yaml").write_text("audit: {exclude: []}\n")
    assert orchestrator(repository, "audit").returncode == 1


def test_a_program_that_is_not_there_is_said_in_the_file_and_on_the_screen(repository: Path) -> None:
    (repository / "pyrightconfig.json").write_text("{}")
    (repository / "pyproject.toml").write_text("[tool.ruff]\n")
    begun = orchestrator(repository, "init")

    assert "note   pyright is used here but was not found: install it, or remove the check 'types'\n" in begun.stdout
    assert "# pyright was not found: install it, or remove this check.\n- id: types\n" in (repository / "tasks.yml").read_text()


def test_a_line_for_gits_attributes_is_offered_until_it_is_there(repository: Path) -> None:
    git(repository, "init", "-q")
    begun = orchestrator(repository, "init")
    (offer,) = (line for line in begun.stdout.splitlines() if line.startswith("merge"))
    assert offer.endswith("echo 'audit-baseline.json merge=union' >>.gitattributes")
    assert not (repository / ".gitattributes").exists()

    (repository / ".gitattributes").write_text("audit-baseline.json merge=union\n")
    for name in ("tasks.yml", "config.yaml"):
        (repository / name).unlink()
    assert "merge=union" not in orchestrator(repository, "init").stdout


def test_git_sees_only_what_belongs_to_the_person(repository: Path) -> None:
    orchestrator(repository, "init")
    orchestrator(repository, "run", "--no-reflect", "--only", "lint")

    assert {line.split()[1] for line in git(repository, "status", "--short").splitlines()} <= {
        "config.yaml",
        "tasks.yml",
        "pyproject.toml",
        "src/",
        "tests/",
    }


def test_the_editors_header_leads_to_a_schema_that_accepts_the_file(repository: Path) -> None:
    orchestrator(repository, "init")

    for name in ("tasks.yml", "config.yaml"):
        header, _, _ = (repository / name).read_text().partition("\n")
        schema = json.loads((repository / header.removeprefix("# yaml-language-server: $schema=")).read_text())
        jsonschema.validate(yaml.safe_load((repository / name).read_text()), schema)
        assert schema == json.loads(orchestrator(repository, "schema", name.partition(".")[0]).stdout)


def test_a_fresh_clone_gets_its_schemas_back(repository: Path) -> None:
    orchestrator(repository, "init")
    shutil.rmtree(repository / ".orchestrator")
    written = orchestrator(repository, "schema", "--write")

    assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
    assert json.loads((repository / ".orchestrator/schema/tasks.schema.json").read_text())["title"] == "tasks.yml of orchestrator"


def test_schema_asks_which_one(repository: Path) -> None:
    asked = orchestrator(repository, "schema")

    assert (asked.returncode, asked.stdout) == (2, "")
    assert "error: which schema?" in asked.stderr


def test_init_never_writes_over_a_file(repository: Path) -> None:
    (repository / "config.yaml").write_text("jobs: 1\n")
    refused = orchestrator(repository, "init")

    assert refused.returncode == 2
    assert "error: already there: config.yaml" in refused.stderr
    assert not (repository / "tasks.yml").exists()
    assert (repository / "config.yaml").read_text() == "jobs: 1\n"


@pytest.mark.parametrize("flags", [["--dry-run"], ["--dry-run", "--json"]])
def test_a_dry_run_writes_nothing(repository: Path, flags: list[str]) -> None:
    shown = orchestrator(repository, "init", *flags)

    assert shown.returncode == 0
    assert "- id: lint" in shown.stdout
    assert not (repository / "tasks.yml").exists()
    assert not (repository / ".orchestrator").exists()


def test_settings_are_shown_with_file_variable_and_default(repository: Path) -> None:
    (repository / "config.yaml").write_text("jobs: 3\n")
    shown = orchestrator(repository, "config", "show", "--json", ORCHESTRATOR_BUDGET_TIME="90m")
    by_key = {entry["key"]: (entry["value"], entry["source"], entry["place"]) for entry in json.loads(shown.stdout)}

    assert by_key["jobs"] == (3, "file", "config.yaml:1:1")
    assert by_key["budget.time"] == (5400.0, "environment", "ORCHESTRATOR_BUDGET_TIME")
    assert by_key["log.keep"] == (500, "default", "")


def test_every_mistake_in_the_config_is_told_and_nothing_runs(repository: Path) -> None:
    orchestrator(repository, "init")
    (repository / "config.yaml").write_text("job: 3\nbudget: {cost: lots}\n")
    refused = orchestrator(repository, "run", ORCHESTRATOR_JOBZ="3")

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[:3] == [
        "ORCHESTRATOR_JOBZ: no setting has this environment variable (did you mean ORCHESTRATOR_JOBS?)",
        "config.yaml:1:1: unknown key 'job' (did you mean 'jobs'?)",
        "config.yaml:2:16: budget.cost must be a number of at least 0, not 'lots'",
    ]
    assert not list((repository / "logs").glob("task-*"))
