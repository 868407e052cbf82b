"""Duplicated code: found under other names, with gate, baseline, revision and tasks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.e2e.audit_repository import CodeRepository


def total(name: str, item: str = "item", lines: int = 8) -> str:
    """Return a function in whose body ``lines`` lines count; another ``item`` renames what is local to it."""
    steps = "".join(
        f"        if {item}.price > {step}:\n            result.append(convert({item}, {step}))\n" for step in range((lines - 2) // 2)
    )
    return f"def {name}({item}s):\n    result = []\n    for {item} in {item}s:\n{steps}"


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    repository.write("a.py", total("orders"), "def fine(a):\n    return a\n")
    repository.write("b.py", "import os\n", total("invoices", "invoice"))
    (repository.root / "config.yaml").write_text("audit: {metrics: [duplication]}\n")
    repository.commit()
    return repository


def found(repository: CodeRepository, *arguments: str) -> list[tuple[str, str, int, str | None]]:
    done = repository.audit("--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return [(each["path"], each["block"], each["score"], each["standing"]) for each in json.loads(done.stdout)["findings"]]


def test_a_renamed_copy_is_a_finding_at_each_place(repository):
    assert found(repository) == [("a.py", "orders", 8, "new"), ("b.py", "invoices", 8, "new")]
    assert found(repository, "a.py") == [("a.py", "orders", 8, "new")]
    told = repository.audit("--explain", "a.py::orders")
    assert "Lines 2–9 stand again in lines 5–12 of b.py: make one function of them" in told.stdout, told.stdout + told.stderr


def test_by_default_duplicates_are_not_looked_for(repository):
    (repository.root / "config.yaml").unlink()
    assert found(repository) == []


def test_a_threshold_and_an_override_decide_from_how_many_lines_on(repository):
    for setting, count in (
        ("thresholds: {duplication: 7}", 2),
        ("thresholds: {duplication: 8}", 0),
        ("overrides: {a.py: {duplication: 8}}", 1),
    ):
        (repository.root / "config.yaml").write_text(f"audit: {{metrics: [duplication], {setting}}}\n")
        assert len(found(repository)) == count, setting


def test_what_is_accepted_stays_accepted_when_lines_move_and_is_worse_when_it_grows(repository):
    assert repository.audit("--update-baseline").returncode == 0
    repository.write("a.py", "import sys\n", "def before():\n    return sys\n", total("orders"))
    assert [each[3] for each in found(repository)] == ["same", "same"]
    repository.write("a.py", total("orders", lines=12))
    repository.write("b.py", total("invoices", "invoice", lines=12))
    assert [each[3] for each in found(repository)] == ["worse", "worse"]


def test_a_copy_of_code_that_did_not_change_is_new_and_the_code_is_not_blamed(repository):
    (repository.root / "b.py").unlink()
    repository.commit()
    repository.write("c.py", total("copy", "thing"))
    assert found(repository, "--since", "HEAD") == [("c.py", "copy", 8, "new")]
    repository.commit()
    repository.write("c.py", "import os\n", total("copy", "thing"))
    assert found(repository, "--since", "HEAD") == [("c.py", "copy", 8, "same")]
    repository.write("c.py", "import os\n")
    assert found(repository, "--since", "HEAD") == []


def test_a_file_whose_copy_moved_to_another_file_is_not_blamed(repository):
    (repository.root / "b.py").unlink()
    repository.write("d.py", "\n".join(f"A{number} = {number}" for number in range(40)) + "\n", total("bills", "bill"))
    repository.write("a.py", total("orders"))
    assert [each for each in found(repository, "--since", "HEAD") if each[0] == "a.py"] == [("a.py", "orders", 8, "same")]


def test_a_comment_at_the_copy_or_at_its_function_accepts_it_and_one_elsewhere_is_told(repository):
    accept = "# orchestrator: accept duplication – both are generated\n"
    for text in (f"{accept}{total('orders')}", total("orders").replace("    result = []", f"    {accept}    result = []")):
        repository.write("a.py", text)
        assert repository.audit("a.py").returncode == 0, text
    repository.write("a.py", total("orders"), f"{accept}def fine(a):\n    return a\n")
    done = repository.audit("a.py")
    assert (done.returncode, "unused: nothing is repeated here" in done.stderr) == (1, True), done.stdout + done.stderr


def test_its_task_is_done_when_no_copy_is_left(repository):
    (repository.root / "tasks.yml").write_text("[]\n")
    repository.audit("--append")
    tasks = {task["origin"]["path"]: task for task in yaml.safe_load((repository.root / "tasks.yml").read_text())}
    assert sorted(tasks) == ["a.py", "b.py"]
    assert tasks["a.py"]["description"].startswith(
        "Remove the copy in `orders` in a.py: its length is 8 lines, at most 5 is wanted. Lines 2–9"
    )
    check = ("--check", tasks["a.py"]["id"])
    assert repository.audit(*check).returncode == 1
    (repository.root / "config.yaml").unlink()
    assert repository.audit(*check).returncode == 1
    repository.write("b.py", "from a import orders as invoices\n")
    done = repository.audit(*check)
    assert done.returncode == 0, done.stdout + done.stderr
    (repository.root / "config.yaml").write_text("audit: {metrics: [duplication]}\n")
    repository.audit("--append")
    assert {task["status"] for task in repository.tasks().values()} == {"done"}
