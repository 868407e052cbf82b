"""A tasks file that is restored to an older text repeats nothing; what a person sets by hand does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, events_of, until


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def _tasks(*ids: str, **fields: str) -> list[dict[str, str]]:
    return [{"id": name, "command": f"echo {name} >> ran", **fields} for name in ids]


def _run(rig: Rig) -> list[str]:
    ended = rig.run("run", "-j1", "--no-reflect", "--json")
    assert ended.returncode == 0, ended.stderr
    return [event["message"] for event in events_of(ended.stdout, "warned")]


@pytest.mark.parametrize("ids", ["a", "ab", "abcde"])
def test_the_text_of_before_a_run_repeats_nothing(rig: Rig, ids: str) -> None:
    rig.write_tasks(*_tasks(*ids))
    before = rig.tasks_file.read_text()
    _run(rig)
    after = rig.tasks_file.read_text()
    rig.write(before)

    assert rig.statuses() == dict.fromkeys(ids, "done")
    named = ", ".join(ids) if len(ids) < 4 else "a, b, c and 2 more"
    assert _run(rig) == [
        f"the tasks file shows an older text again: {named} keep the statuses of the journal; orchestrator reset ID runs one again"
    ]
    assert (rig.lines("ran"), rig.tasks_file.read_text()) == (list(ids), after)
    assert _run(rig) == []


def test_git_checkout_and_stash_repeat_nothing(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b", status="pending"))
    (rig.root / ".gitignore").write_text("/.orchestrator/\n/logs/\n/ran\n")
    for arguments in (["init", "-q"], ["add", "."], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "tasks"]):
        subprocess.run(["git", *arguments], cwd=rig.root, check=True)
    _run(rig)
    subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", "stash", "-q"], cwd=rig.root, check=True)
    _run(rig)
    subprocess.run(["git", "checkout", "-q", "tasks.yml"], cwd=rig.root, check=True)
    _run(rig)

    assert (rig.lines("ran"), rig.statuses()) == (["a", "b"], {"a": "done", "b": "done"})


@pytest.mark.parametrize("fields", [{}, {"status": "pending"}])
def test_a_status_that_a_person_sets_by_hand_counts(rig: Rig, fields: dict[str, str]) -> None:
    rig.write_tasks(*_tasks("a", "b", **fields))
    _run(rig)
    text = rig.tasks_file.read_text()
    rig.write(text.replace("done", "pending", 1))
    _run(rig)

    assert rig.lines("ran") == ["a", "b", "a"]


def test_all_statuses_that_a_person_sets_in_a_text_that_never_was_count(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b"))
    _run(rig)
    rig.write(rig.tasks_file.read_text().replace("done", "pending"))
    _run(rig)

    assert sorted(rig.lines("ran")) == ["a", "a", "b", "b"]


def test_a_reset_runs_a_task_again_after_an_older_text_came_back(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b"))
    before = rig.tasks_file.read_text()
    _run(rig)
    rig.write(before)
    assert rig.run("reset", "a").returncode == 0
    _run(rig)

    assert rig.lines("ran") == ["a", "b", "a"]


def _append(text: str, *ids: str) -> str:
    return text + "".join(f"- id: {name}\n  description: task {name}\n  command: echo {name} >> ran\n" for name in ids)


def _warning(named: str) -> str:
    return f"the tasks file shows an older text again: {named} keep the statuses of the journal; orchestrator reset ID runs one again"


@pytest.mark.parametrize("fields", [{}, {"status": "pending"}])
def test_a_buffer_of_before_a_run_that_is_changed_and_saved_after_it_repeats_nothing(rig: Rig, fields: dict[str, str]) -> None:
    rig.write_tasks(*_tasks("a", "b", **fields))
    buffer = rig.tasks_file.read_text()
    _run(rig)
    rig.write(_append(buffer.replace("task a", "another description"), "c"))

    assert rig.statuses() == {"a": "done", "b": "done", "c": "pending"}
    assert _run(rig) == [_warning("a, b")]
    assert (rig.lines("ran"), rig.tasks_file.read_text().count("done")) == (["a", "b", "c"], 3)
    assert _run(rig) == []


def test_a_buffer_with_one_task_that_ran_meanwhile_repeats_nothing(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a"))
    buffer = rig.tasks_file.read_text()
    _run(rig)
    rig.write(_append(buffer, "c"))

    assert (_run(rig), rig.lines("ran")) == ([_warning("a")], ["a", "c"])


def test_a_buffer_of_before_several_runs_and_edits_repeats_nothing(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b"))
    buffer = rig.tasks_file.read_text()
    _run(rig)
    rig.write(_append(rig.tasks_file.read_text(), "c"))
    _run(rig)
    assert rig.run("reset", "b").returncode == 0
    _run(rig)
    rig.write(_append(buffer, "d"))

    assert (_run(rig), rig.lines("ran")) == ([_warning("a, b")], ["a", "b", "c", "b", "d"])


def test_a_buffer_that_was_read_during_a_run_and_is_saved_after_it_repeats_nothing(rig: Rig) -> None:
    reading = (
        "until grep -q 'status: [i]n_progress' tasks.yml && grep -q 'status: [d]one' tasks.yml; do sleep 0.1; done; cp tasks.yml buffer"
    )
    rig.write_tasks(*_tasks("a"), {"id": "b", "command": f"{reading}; echo b >> ran"}, *_tasks("c"))
    _run(rig)
    rig.write(_append((rig.root / "buffer").read_text(), "d"))

    assert (_run(rig), rig.lines("ran")) == ([_warning("b, c")], ["a", "b", "c", "d"])


def test_a_buffer_is_recognised_after_the_run_was_killed(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a"), {"id": "b", "command": "test -e go || sleep 60; echo b >> ran", "dependencies": ["a"]})
    buffer = rig.tasks_file.read_text()
    running = rig.start("run", "--no-reflect")
    until(lambda: all(f"status: {word}" in rig.tasks_file.read_text() for word in ("done", "in_progress")))
    running.kill()
    running.wait()
    (rig.root / "go").touch()
    rig.write(_append(buffer, "c"))
    _run(rig)

    assert sorted(rig.lines("ran")) == ["a", "b", "c"]


def test_an_old_buffer_that_is_saved_during_a_later_run_repeats_nothing(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b"), {"id": "c", "command": "cp buffer tasks.yml; until grep -q d ran; do sleep 0.1; done"})
    (rig.root / "buffer").write_text(_append(rig.tasks_file.read_text(), "d"))
    assert rig.run("run", "--only", "a", "--only", "b", "-j1", "--no-reflect").returncode == 0
    assert rig.run("run", "-j2", "--no-reflect").returncode == 0

    assert (rig.lines("ran"), rig.tasks_file.read_text().count("status: done")) == (["a", "b", "d"], 4)


def test_a_status_line_that_a_person_deletes_runs_that_task_again(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b"))
    _run(rig)
    rig.write(rig.tasks_file.read_text().replace("  status: done\n", "", 1))

    assert (_run(rig), rig.lines("ran")) == ([], ["a", "b", "a"])


def test_several_statuses_that_a_person_sets_by_hand_where_one_stays_count(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b", "c", "d", status="pending"))
    _run(rig)
    first, rest = rig.tasks_file.read_text().split("- id: b")
    rig.write(_append(first + "- id: b" + rest.replace("done", "pending"), "e"))

    assert (_run(rig), sorted(rig.lines("ran"))) == ([], ["a", "b", "b", "c", "c", "d", "d", "e"])


def test_other_work_under_ids_that_were_used_before_is_done(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b"))
    _run(rig)
    rig.write_tasks({"id": "a", "command": "echo new-a >> ran"}, {"id": "b", "command": "echo new-b >> ran"})

    assert (_run(rig), rig.lines("ran")) == ([], ["a", "b", "new-a", "new-b"])


def test_a_reset_and_an_explicit_run_overrule_a_guess(rig: Rig) -> None:
    rig.write_tasks(*_tasks("a", "b"))
    buffer = rig.tasks_file.read_text()
    _run(rig)
    rig.write(_append(buffer, "c"))
    assert rig.run("reset", "a").returncode == 0
    _run(rig)
    assert rig.run("run", "b", "--no-reflect").returncode == 0

    assert sorted(rig.lines("ran")) == ["a", "a", "b", "b", "c"]
