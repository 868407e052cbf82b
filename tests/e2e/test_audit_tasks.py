"""Findings become tasks and tasks end: ``--append``, ``--check``, and every row of the table in docs/audit.md."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy
from tests.e2e.workbench import changed_lines

HEAD = "# mine\n- id: hand\n  description: By hand   # stays\n  manual: true\n"


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    (repository.root / "tasks.yml").write_text(HEAD)
    repository.write("src/a.py", branchy("flagged", 14), branchy("fine", 3, "other"))
    repository.commit()
    return repository


@pytest.fixture
def appended(repository: CodeRepository) -> CodeRepository:
    append(repository)
    assert repository.states() == {"src/a.py::flagged": "pending"}
    return repository


def append(repository: CodeRepository, code: int = 0) -> str:
    done = repository.audit("--append", "--fail-on", "never")
    assert done.returncode == code, done.stderr
    return done.stderr


def the_task(repository: CodeRepository) -> dict:
    (task,) = [task for task in repository.tasks().values() if "origin" in task]
    return task


def test_a_finding_becomes_an_entry_behind_the_persons_own(repository):
    told = append(repository)
    text = (repository.root / "tasks.yml").read_text()
    task = the_task(repository)

    assert text.startswith(HEAD)
    assert told.startswith(
        f"appended  {task['id']}  Simplify `flagged` in src/a.py: its cyclomatic complexity is 14 (C), at most 10 is wanted."
    )
    assert task["verify"] == f"orchestrator audit --check {task['id']}"
    assert (task["kind"], task["origin"]["score"], task["origin"]["threshold"]) == ("refactor", 14, 10)


def test_a_second_cycle_on_unchanged_code_changes_no_byte(appended):
    before = (appended.root / "tasks.yml").read_bytes()
    assert append(appended) == "nothing to append to tasks.yml\n"
    assert (appended.root / "tasks.yml").read_bytes() == before


def test_the_worst_come_first_and_the_rest_waits_for_room(repository):
    (repository.root / "config.yaml").write_text("reflect: {max_open_tasks: 2}\n")
    repository.write("src/b.py", *(branchy(f"f{score}", score, f"v{score}") for score in (12, 30, 20)))
    told = append(repository)

    assert repository.states() == {"src/b.py::f30": "pending", "src/b.py::f20": "pending"}
    assert told.endswith("2 more without a task: reflect.max_open_tasks are open\n")


def test_beside_a_live_run_nothing_is_lost(appended):
    # The lock of nobody: an edit by hand between two cycles.
    text = (appended.root / "tasks.yml").read_text()
    (appended.root / "tasks.yml").write_text(text.replace("By hand", "By my hand"))
    appended.write("src/b.py", branchy("more", 13, "thing"))
    append(appended)

    assert "By my hand   # stays" in (appended.root / "tasks.yml").read_text()
    assert set(appended.states()) == {"src/a.py::flagged", "src/b.py::more"}


def test_a_part_of_the_repository_is_no_ground_for_a_cycle(appended):
    for part in (["src"], ["--since", "HEAD"]):
        done = appended.audit("--append", *part)
        assert (done.returncode, "looks at the whole repository" in done.stderr) == (2, True)


def test_of_two_namesakes_the_worse_one_is_what_the_suggestion_speaks_of(repository):
    repository.write("src/a.py", branchy("twice", 14), branchy("twice", 22, "other"))
    property_ = f"    @property\n    def size(self):\n        return 1\n\n    @size.setter\n{indent(branchy('size', 13), '    ')}"
    repository.write("src/b.py", "class Box:\n" + property_)
    append(repository)
    told = {task["origin"]["path"]: task["description"] for task in repository.tasks().values() if "origin" in task}

    assert "complexity is 22" in told["src/a.py"]
    assert re.findall(r"lines (\d+)", told["src/a.py"]) == ["32"]
    assert re.findall(r"lines (\d+)", told["src/b.py"]) == ["8"]


# -- what happens to a block, and what that makes of its task: the table ------------------------------------------------


def fix(repository):
    repository.write("src/a.py", branchy("flagged", 9), branchy("fine", 3, "other"))


def take_out(repository):
    repository.write("src/a.py", branchy("fine", 3, "other"))


def rename_block(repository):
    repository.write("src/a.py", branchy("renamed", 14), branchy("fine", 3, "other"))


def move_block(repository):
    repository.write("src/a.py", branchy("fine", 3, "other"))
    repository.write("src/b.py", branchy("flagged", 14))


def move_file(repository):
    (repository.root / "src/a.py").rename(repository.root / "src/elsewhere.py")


def delete_file(repository):
    (repository.root / "src/a.py").unlink()


def exclude_file(repository):
    (repository.root / "config.yaml").write_text("audit: {exclude: [src/]}\n")


def break_file(repository):
    repository.write("src/a.py", "def flagged(:\n")


@pytest.mark.parametrize(
    ("happens", "states", "told"),
    [
        (fix, {"src/a.py::flagged": "done"}, "complexity of `flagged` in src/a.py: 14 → 9"),
        (take_out, {"src/a.py::flagged": "done"}, "`flagged` in src/a.py is gone"),
        (rename_block, {"src/a.py::renamed": "pending"}, "brought up to date"),
        (move_block, {"src/b.py::flagged": "pending"}, "brought up to date"),
        (move_file, {"src/elsewhere.py::flagged": "pending"}, "brought up to date"),
        (delete_file, {"src/a.py::flagged": "cancelled"}, "src/a.py is gone"),
        (exclude_file, {"src/a.py::flagged": "cancelled"}, "src/a.py is no longer audited"),
        (break_file, {"src/a.py::flagged": "pending", "src/a.py::": "pending"}, "Mend src/a.py"),
    ],
)
def test_what_happens_to_a_block_settles_its_task(appended, happens, states, told):
    identity = the_task(appended)["id"]
    happens(appended)
    said = append(appended)

    assert appended.states() == states
    assert told in said
    assert identity in appended.tasks()
    assert "nothing to append" in append(appended)


def test_a_worse_block_has_a_more_urgent_task_and_a_better_one_a_less_urgent(appended):
    start = the_task(appended)["priority"]
    appended.write("src/a.py", branchy("flagged", 40))
    append(appended)
    worse = the_task(appended)["priority"]
    appended.write("src/a.py", branchy("flagged", 12))
    append(appended)

    assert worse > start
    assert the_task(appended)["priority"] < worse
    assert the_task(appended)["origin"]["score"] == 14  # what it was at first stays


def test_a_priority_set_by_hand_stays(appended):
    text = (appended.root / "tasks.yml").read_text()
    (appended.root / "tasks.yml").write_text(text.replace(f"priority: {the_task(appended)['priority']}", "priority: 77"))
    appended.write("src/a.py", branchy("flagged", 40))
    append(appended)

    assert the_task(appended)["priority"] == 77


def test_what_a_person_cancelled_comes_back_only_when_it_is_worse(appended):
    identity = the_task(appended)["id"]
    assert appended.run("cancel", identity).returncode == 0
    append(appended)
    assert appended.states() == {"src/a.py::flagged": "cancelled"}

    appended.write("src/a.py", branchy("flagged", 13))
    append(appended)
    assert appended.states() == {"src/a.py::flagged": "cancelled"}

    appended.write("src/a.py", branchy("flagged", 15))
    append(appended)
    assert appended.states() == {"src/a.py::flagged": "pending"}


def test_a_finding_that_is_back_opens_its_task_again(appended):
    fix(appended)
    append(appended)
    appended.write("src/a.py", branchy("flagged", 12))
    append(appended)

    assert appended.states() == {"src/a.py::flagged": "pending"}
    assert len(appended.tasks()) == 2


def test_closing_changes_only_the_status(appended):
    before = (appended.root / "tasks.yml").read_text()
    fix(appended)
    append(appended)

    assert changed_lines(before, (appended.root / "tasks.yml").read_text()) == ["  status: done"]


@pytest.fixture
def locked(appended):
    """A repository in which the directory of the flagged file may not be entered."""
    (appended.root / "src").chmod(0)
    yield appended
    (appended.root / "src").chmod(0o755)


def test_a_file_in_a_directory_that_may_not_be_entered_is_a_finding_and_ends_no_task(locked):
    done = locked.run_as_mortal("audit", "--append")

    assert done.returncode == 1, done.stderr
    assert "cannot be read (Permission denied)" in done.stdout
    assert locked.states() == {"src/a.py::flagged": "pending", "src/a.py::": "pending"}
    assert locked.run_as_mortal("run").returncode == 0


# -- the check -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "code", "told"),
    [
        (lambda repository: None, 1, "still there: complexity of `flagged` in src/a.py: 14 → 14, at most 10 is wanted"),
        (fix, 0, "gone: complexity of `flagged` in src/a.py: 14 → 9"),
        (take_out, 0, "gone: complexity of `flagged` in src/a.py: 14 → gone"),
        (rename_block, 1, "still there: complexity of `flagged` in src/a.py (now `renamed`): 14 → 14, at most 10 is wanted"),
        (delete_file, 1, "still there: src/a.py is not there; the next reflection cycle settles the task"),
        (break_file, 1, "still there: src/a.py cannot be measured: line 1: invalid syntax (read as Python"),
    ],
)
def test_the_check_says_before_and_now(appended, happens, code, told):
    identity = the_task(appended)["id"]
    happens(appended)
    done = appended.audit("--check", identity)

    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(told)


def test_the_check_leaves_no_trace_and_knows_its_tasks(appended):
    identity = the_task(appended)["id"]
    listed = sorted(str(path) for path in appended.root.rglob("*") if ".git/" not in str(path))
    appended.audit("--check", identity)
    unknown, other = appended.audit("--check", identity + "x"), appended.audit("--check", "hand")

    assert sorted(str(path) for path in appended.root.rglob("*") if ".git/" not in str(path)) == listed
    assert (unknown.returncode, unknown.stderr) == (2, f"error: no task {identity}x\n  hint: did you mean {identity}?\n")
    assert (other.returncode, other.stderr.splitlines()[0]) == (2, "error: hand was not written by a reflection cycle")


def test_the_check_of_a_file_as_a_whole(repository):
    (repository.root / "config.yaml").write_text("audit: {thresholds: {maintainability: 90, complexity: 50}}\n")
    append(repository)
    identity = the_task(repository)["id"]
    before = repository.audit("--check", identity)
    repository.write("src/a.py", "X = 1\n")
    after = repository.audit("--check", identity)

    assert before.stdout.startswith("still there: maintainability of src/a.py: ")
    assert before.stdout.endswith("at least 90 is wanted\n")
    assert (before.returncode, after.returncode) == (1, 0)
    assert after.stdout.endswith("→ 100\n")


def test_the_check_reads_the_tasks_file_that_the_run_was_given(appended):
    (appended.root / "tasks.yml").rename(appended.root / "plan.yml")
    (appended.root / "config.yaml").write_text("handlers: {refactor: 'echo x = 1 >src/a.py'}\n")
    done = appended.run("run", "-f", "plan.yml", "--no-reflect")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "status: done" in (appended.root / "plan.yml").read_text()


def test_a_run_that_was_given_no_file_names_none_to_other_projects(appended):
    (appended.root / "tasks.yml").rename(appended.root / "plan.yml")
    (appended.root / "config.yaml").write_text("tasks_file: plan.yml\nhandlers: {refactor: 'cd part && orchestrator validate >told'}\n")
    appended.write("part/tasks.yml", "- {id: inner, description: Inner, command: x}\n")
    appended.run("run", "--no-reflect")

    assert (appended.root / "part/told").read_text().startswith("tasks.yml: ")


def test_a_goal_is_done_by_run_as_soon_as_its_check_passes(appended):
    fix(appended)
    done = appended.run("run", "--no-reflect")

    assert done.returncode == 0, done.stdout + done.stderr
    assert appended.states() == {"src/a.py::flagged": "done"}
