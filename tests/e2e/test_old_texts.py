"""A tasks file that is restored to an older text repeats nothing; what a person sets by hand does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, events_of


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
