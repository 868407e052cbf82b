"""Findings become tasks and tasks end: ``--append``, ``--check``, and every row of the table in docs/audit.md."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from textwrap import indent

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy
from tests.e2e.rig import changed_lines

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


def test_of_two_blocks_with_one_name_each_has_its_own_task_and_suggestion(repository):
    repository.write("src/a.py", branchy("twice", 14), branchy("twice", 22, "other"))
    property_ = f"    @property\n    def size(self):\n        return 1\n\n    @size.setter\n{indent(branchy('size', 13), '    ')}"
    repository.write("src/b.py", "class Box:\n" + property_)
    append(repository)
    told = {task["origin"]["block"]: task["description"] for task in repository.tasks().values() if "origin" in task}

    assert "Simplify `twice #2` in src/a.py: its cyclomatic complexity is 22" in told["twice #2"]
    assert "Simplify `twice` in src/a.py: its cyclomatic complexity is 14" in told["twice"]
    assert {name: re.findall(r"[Ll]ines (\d+)", text) for name, text in told.items() if name != "flagged"} == {
        "twice": ["2"],
        "twice #2": ["32"],
        "Box.size @size.setter": ["8"],
    }


def lines_of(text: str) -> list[str]:
    return re.findall(r"[Ll]ines (\d+)", text)


def write_above(repository: CodeRepository, lines: int) -> None:
    place = repository.root / "src/a.py"
    place.write_text("# above\n" * lines + place.read_text())


def test_lines_in_a_description_are_those_of_now(appended):
    (first,) = lines_of(the_task(appended)["description"])
    person = "Look at lines 1 and 2 first. "
    tasks = appended.root / "tasks.yml"
    tasks.write_text(tasks.read_text().replace("Simplify `flagged`", f"{person}Simplify `flagged`"))
    write_above(appended, 40)

    append(appended)
    assert the_task(appended)["description"].startswith(f"{person}Simplify `flagged` in src/a.py: its cyclomatic complexity is 14")
    assert lines_of(the_task(appended)["description"]) == ["1", str(int(first) + 40)]
    before = tasks.read_bytes()
    append(appended)
    assert tasks.read_bytes() == before


def test_what_a_handler_is_handed_names_the_lines_of_now(appended):
    (first,) = lines_of(the_task(appended)["description"])
    write_above(appended, 40)
    hand = 'printenv ORCHESTRATOR_TASK_DESCRIPTION >"$OUT"; cat "$ORCHESTRATOR_TASK_JSON" >>"$OUT"; false'
    handed = appended.root.parent / "handed"
    (appended.root / "config.yaml").write_text(f"handlers:\n  refactor: '{hand}'\n")
    appended.run("run", "--no-reflect", OUT=str(handed))

    assert lines_of(handed.read_text()) == [str(int(first) + 40)] * 2
    assert lines_of(the_task(appended)["description"]) == [first]  # the file is for the next cycle to change


# -- what happens to a block, and what that makes of its task: the table ------------------------------------------------


def fix(repository):
    repository.write("src/a.py", branchy("flagged", 9), branchy("fine", 3, "other"))


def take_out(repository):
    repository.write("src/a.py", branchy("fine", 3, "other"))


def rename_block(repository):
    repository.write("src/a.py", branchy("renamed", 14), branchy("fine", 3, "other"))


def rename_and_edit_block(repository):
    repository.write("src/a.py", branchy("renamed", 14, "thing"), branchy("fine", 3, "other"))


def move_block(repository):
    repository.write("src/a.py", branchy("fine", 3, "other"))
    repository.write("src/b.py", branchy("flagged", 14))


def move_file(repository):
    (repository.root / "src/a.py").rename(repository.root / "src/elsewhere.py")


def delete_file(repository):
    (repository.root / "src/a.py").unlink()


def exclude_file(repository):
    (repository.root / "config.yaml").write_text("audit: {exclude: [src/]}\n")


def accept_finding(repository):
    assert repository.audit("--update-baseline").returncode == 0


def loosen_threshold(repository):
    (repository.root / "config.yaml").write_text("audit: {thresholds: {complexity: 15}}\n")


def loosen_threshold_and_fix(repository):
    loosen_threshold(repository)
    fix(repository)


def break_file(repository):
    repository.write("src/a.py", "def flagged(:\n")


@pytest.mark.parametrize(
    ("happens", "states", "told"),
    [
        (fix, {"src/a.py::flagged": "done"}, "complexity of `flagged` in src/a.py: 14 → 9"),
        (take_out, {"src/a.py::flagged": "done"}, "`flagged` in src/a.py is gone"),
        (rename_block, {"src/a.py::renamed": "pending"}, "brought up to date"),
        (rename_and_edit_block, {"src/a.py::flagged": "done", "src/a.py::renamed": "pending"}, "`flagged` in src/a.py is gone"),
        (move_block, {"src/b.py::flagged": "pending"}, "brought up to date"),
        (move_file, {"src/elsewhere.py::flagged": "pending"}, "brought up to date"),
        (delete_file, {"src/a.py::flagged": "cancelled"}, "src/a.py is gone"),
        (exclude_file, {"src/a.py::flagged": "cancelled"}, "src/a.py is no longer audited"),
        (accept_finding, {"src/a.py::flagged": "cancelled"}, "accepted in audit-baseline.json"),
        (
            loosen_threshold,
            {"src/a.py::flagged": "cancelled"},
            "its threshold was loosened: complexity of `flagged` in src/a.py is 14, 10 was wanted",
        ),
        (loosen_threshold_and_fix, {"src/a.py::flagged": "done"}, "complexity of `flagged` in src/a.py: 14 → 9"),
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


def test_an_accepted_finding_never_becomes_a_task_until_it_is_worse_than_accepted(repository):
    accept_finding(repository)
    assert append(repository) == "nothing to append to tasks.yml\n"
    repository.write("src/a.py", branchy("flagged", 15))
    append(repository)
    assert repository.states() == {"src/a.py::flagged": "pending"}

    repository.write("src/a.py", branchy("flagged", 14))
    assert "accepted in audit-baseline.json" in append(repository)
    assert repository.states() == {"src/a.py::flagged": "cancelled"}


def test_while_the_baseline_cannot_be_read_no_task_is_added_and_none_is_closed_as_accepted(appended):
    (appended.root / "config.yaml").write_text("reflect: {enabled: true}\n")
    (appended.root / "audit-baseline.json").write_text("<<<<<<< ours\n")
    appended.write("src/b.py", branchy("more", 13, "thing"))
    done = appended.run("run", "--reflect")

    assert "no task is added while audit-baseline.json cannot be read: " in done.stderr, done.stdout + done.stderr
    assert appended.states() == {"src/a.py::flagged": "pending"}


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


def test_a_task_that_a_person_cancelled_is_reopened_only_when_its_finding_gets_worse(appended):
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


def edit_block(repository):
    repository.write("src/a.py", branchy("flagged", 15, "thing"), branchy("fine", 3, "other"))


def edit_and_then_rename_block(repository):
    edit_block(repository)
    append(repository)
    repository.write("src/a.py", branchy("renamed", 15, "thing"), branchy("fine", 3, "other"))


def improve_and_then_rename_block(repository):
    repository.write("src/a.py", branchy("flagged", 12, "thing"))
    append(repository)
    repository.write("src/a.py", branchy("renamed", 12, "thing"))


@pytest.mark.parametrize("happens", [edit_and_then_rename_block, improve_and_then_rename_block])
@pytest.mark.parametrize("status", ["pending", "failed"])
def test_a_block_that_was_edited_and_later_renamed_keeps_its_task(appended, happens, status):
    mark(appended, status)
    happens(appended)
    append(appended)

    assert appended.states() == {"src/a.py::renamed": status}
    assert the_task(appended)["origin"]["score"] == 14  # what it was at first stays


def mark(repository: CodeRepository, status: str) -> None:
    """Give the flagged block's task a status, as a run or a person would."""
    tasks = repository.root / "tasks.yml"
    identity = the_task(repository)["id"]
    tasks.write_text(tasks.read_text().replace(f"- id: {identity}\n", f"- id: {identity}\n  status: {status}\n"))


@pytest.mark.parametrize(
    ("leaves", "returns", "told"),
    [
        (
            lambda repository: (repository.root / "src/a.py").rename(repository.root / "aside"),
            lambda repository: (repository.root / "aside").rename(repository.root / "src/a.py"),
            "src/a.py is gone",
        ),
        (
            exclude_file,
            lambda repository: (repository.root / "config.yaml").unlink(),
            "src/a.py is no longer audited",
        ),
        (
            loosen_threshold,
            lambda repository: (repository.root / "config.yaml").unlink(),
            "its threshold was loosened: complexity of `flagged` in src/a.py is 14, 10 was wanted",
        ),
        (
            accept_finding,
            lambda repository: (repository.root / "audit-baseline.json").unlink(),
            "accepted in audit-baseline.json",
        ),
        (
            lambda repository: repository.git("sparse-checkout", "set", "--no-cone", "/tasks.yml"),
            lambda repository: repository.git("sparse-checkout", "disable"),
            "src/a.py is gone",
        ),
    ],
)
def test_a_task_that_the_tool_cancelled_is_reopened_when_its_file_is_back(appended, leaves, returns, told):
    leaves(appended)
    append(appended)
    assert (appended.states(), the_task(appended)["origin"]["closed"]) == ({"src/a.py::flagged": "cancelled"}, told)
    returns(appended)
    append(appended)

    assert appended.states() == {"src/a.py::flagged": "pending"}
    assert appended.run("cancel", the_task(appended)["id"]).returncode == 0
    assert append(appended) == "nothing to append to tasks.yml\n"


@pytest.mark.parametrize(
    ("happens", "states"),
    [
        (fix, {"src/a.py::flagged": "done"}),
        (take_out, {"src/a.py::flagged": "done"}),
        (delete_file, {"src/a.py::flagged": "cancelled"}),
        (rename_block, {"src/a.py::renamed": "failed"}),
        (move_file, {"src/elsewhere.py::flagged": "failed"}),
    ],
)
def test_a_failed_task_ends_with_its_finding(appended, happens, states):
    (appended.root / "config.yaml").write_text("handlers: {refactor: 'false'}\n")
    assert appended.run("run", "--reflect").returncode == 1
    happens(appended)
    append(appended)

    assert appended.states() == states
    assert appended.run("run", "--reflect").returncode == ("failed" in states.values())


@pytest.mark.parametrize("happens", [rename_block, move_block, move_file, improve_and_then_rename_block])
def test_a_task_that_a_person_cancelled_stays_cancelled_when_its_block_moves(appended, happens):
    appended.run("cancel", the_task(appended)["id"])
    happens(appended)
    append(appended)

    assert list(appended.states().values()) == ["cancelled"]


def test_a_block_with_the_name_that_another_had_gets_a_task_of_its_own(appended):
    rename_block(appended)
    append(appended)
    appended.write("src/a.py", branchy("renamed", 14), branchy("flagged", 40, "other"))
    append(appended)

    assert appended.states() == {"src/a.py::renamed": "pending", "src/a.py::flagged": "pending"}
    (second,) = [name for name, task in appended.tasks().items() if task.get("origin", {}).get("block") == "flagged"]
    assert second.endswith("-2")
    assert "40 → 40" in appended.audit("--check", second).stdout


def test_a_moved_file_that_is_hard_to_maintain_keeps_its_task(repository):
    (repository.root / "config.yaml").write_text("audit: {thresholds: {maintainability: 90, complexity: 50}}\n")
    repository.write("src/big.py", branchy("one", 20), branchy("two", 20, "other"))
    (repository.root / "src/a.py").unlink()
    append(repository)
    identity = the_task(repository)["id"]
    (repository.root / "src/big.py").rename(repository.root / "src/moved.py")
    append(repository)

    assert repository.states() == {"src/moved.py::": "pending"}
    assert the_task(repository)["id"] == identity


def test_reopened_tasks_count_against_the_limit_of_open_tasks(repository):
    (repository.root / "config.yaml").write_text("reflect: {max_open_tasks: 1}\n")
    whole = [branchy(f"f{score}", score, f"v{score}") for score in (14, 15, 16)]
    for number in range(3):
        repository.write("src/a.py", whole[number])
        append(repository)
    repository.write("src/a.py", *whole)
    told = append(repository)

    assert repository.states() == {"src/a.py::f14": "done", "src/a.py::f15": "done", "src/a.py::f16": "pending"}
    assert told.splitlines()[1:] == ["2 more without a task: reflect.max_open_tasks are open"]  # before it: f16 is further down


def test_commits_elsewhere_in_the_file_change_no_byte(appended):
    before = (appended.root / "tasks.yml").read_bytes()
    for number in range(12):
        appended.write("src/a.py", branchy("flagged", 14), branchy("fine", 3, "other"), f"X = {number}\n")
        appended.commit()

    assert append(appended) == "nothing to append to tasks.yml\n"
    assert (appended.root / "tasks.yml").read_bytes() == before


def test_a_reopened_task_has_the_present_score(appended):
    appended.run("cancel", the_task(appended)["id"])
    appended.write("src/a.py", branchy("flagged", 40))
    append(appended)

    assert "complexity is 40 (E), at most 10" in the_task(appended)["description"]
    assert the_task(appended)["origin"]["score"] == 40


def test_a_finding_in_a_file_whose_name_is_no_text_gets_a_note_and_no_task(appended):
    Path(os.fsdecode(os.fsencode(appended.root) + b"/bad\xff.py")).write_text(branchy("z", 14, "z"))
    told = append(appended)

    assert "bad\\xff.py gets no task: its name is not UTF-8" in told
    assert appended.states() == {"src/a.py::flagged": "pending"}
    assert appended.run("run", "--reflect").returncode == 0


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
    assert locked.run_as_mortal("run", "--reflect").returncode == 0


# -- the check -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "code", "told"),
    [
        (lambda repository: None, 1, "still there: complexity of `flagged` in src/a.py: 14 → 14, at most 10 is wanted"),
        (fix, 0, "gone: complexity of `flagged` in src/a.py: 14 → 9"),
        (take_out, 0, "gone: complexity of `flagged` in src/a.py: 14 → gone"),
        (rename_block, 1, "still there: complexity of `flagged` in src/a.py (now `renamed`): 14 → 14, at most 10 is wanted"),
        (loosen_threshold, 1, "still there: complexity of `flagged` in src/a.py: 14 → 14, 10 was wanted; its threshold was loosened"),
        (loosen_threshold_and_fix, 0, "gone: complexity of `flagged` in src/a.py: 14 → 9"),
        (accept_finding, 1, "still there: complexity of `flagged` in src/a.py: 14 → 14, at most 10 is wanted"),
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


def test_handlers_that_change_one_file_do_so_one_after_the_other(appended):
    appended.write("src/a.py", branchy("one", 14), branchy("two", 14, "other"))
    append(appended)
    shorten = "import os, re, time; text = open('src/a.py').read(); time.sleep(0.5); block = os.environ['ORCHESTRATOR_TASK_BLOCK']; "
    shorten += "open('src/a.py', 'w').write(re.sub(rf'(def {block}.*\\n)(    .*\\n)+', r'\\1    return 1\\n', text))"
    (appended.root / "fix.py").write_text(shorten)
    (appended.root / "config.yaml").write_text(f"jobs: 2\nhandlers: {{refactor: {sys.executable} fix.py}}\n")
    done = appended.run("run", "--no-reflect")

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(appended.states().values()) == {"done"}


def test_a_run_that_was_given_no_file_names_none_to_other_projects(appended):
    (appended.root / "tasks.yml").rename(appended.root / "plan.yml")
    (appended.root / "config.yaml").write_text(
        "tasks_file: plan.yml\nhandlers: {refactor: 'cd part && orchestrator validate >../../told'}\n"
    )
    appended.write("part/tasks.yml", "- {id: inner, description: Inner, command: ls}\n")
    appended.run("run", "--no-reflect")

    assert (appended.root.parent / "told").read_text().startswith("tasks.yml: ")


def test_a_goal_is_done_by_run_as_soon_as_its_check_passes(appended):
    fix(appended)
    done = appended.run("run", "--no-reflect")

    assert done.returncode == 0, done.stdout + done.stderr
    assert appended.states() == {"src/a.py::flagged": "done"}
