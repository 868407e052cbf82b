"""What a run holds open is removed, moved or replaced under it: its lock, its journal, its logs, the repository itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rig import Rig, events_of, until
from tests.waiting import TIMEOUT

#: Waits until a file outside of the repository is there.
_WAIT = 'while [ ! -e "$GATE" ]; do sleep 0.02; done'


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "repo").mkdir()
    rig = Rig(tmp_path / "repo")
    yield rig
    rig.close()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def _git(rig: Rig, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=rig.root, check=True, capture_output=True)


def _with_history(rig: Rig, *tasks: dict[str, Any]) -> None:
    """Run one task to its end, then give the repository more."""
    earlier = {"id": "earlier", "command": "echo from the run before"}
    rig.write_tasks(earlier)
    assert rig.run("run", "--no-reflect").returncode == 0
    rig.write_tasks({**earlier, "status": "done"}, *tasks)


def _runs(rig: Rig) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = rig.json("history")
    return runs


def _stderr_of(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=TIMEOUT)[0]


def _started(rig: Rig, task_id: str) -> Callable[[], bool]:
    return lambda: any((rig.root / "logs").glob(f"task-{task_id}-*.log"))


# -- what is missing is put back -------------------------------------------------------------------------------------

_REMOVALS = {
    "git clean": "git clean -fdxq",
    "all state": "rm -rf .orchestrator",
    "all state and logs": "rm -rf .orchestrator logs",
    "state moved away": "mv .orchestrator x",
    "state emptied": "rm -rf .orchestrator && mkdir .orchestrator",
    "the lock": "rm .orchestrator/lock",
    "the lock moved away": "mv .orchestrator/lock x",
    "the text of the lock": ": > .orchestrator/lock",
    "the database": "rm .orchestrator/state.db",
    "the database moved away": "mv .orchestrator/state.db x",
    "the database with what is beside it": "rm .orchestrator/state.db*",
    "the write-ahead log": "rm .orchestrator/state.db-wal",
    "the shared memory": "rm .orchestrator/state.db-shm",
    "both beside the database": "rm .orchestrator/state.db-*",
    "the folders of tasks": "rm -rf .orchestrator/tasks*",
    "each folder of a task": "rm -rf .orchestrator/tasks*/*",
    "the logs": "rm -rf logs",
    "the logs moved away": "mv logs old-logs",
}


@pytest.mark.parametrize("removal", _REMOVALS.values(), ids=_REMOVALS)
def test_what_a_task_removes_is_put_back_with_its_history_and_no_second_run_starts(rig: Rig, gate: Path, removal: str) -> None:
    _git(rig, "init", "-q")
    _with_history(
        rig,
        {"id": "harm", "command": removal},
        {"id": "build", "command": f"echo built; {_WAIT}", "dependencies": ["harm"]},
        {"id": "last", "command": "echo last", "dependencies": ["build"]},
    )
    _git(rig, "add", "tasks.yml")
    _git(rig, "commit", "-qm", "1")
    process = rig.start("run", "--no-reflect", "-j1", GATE=str(gate))
    until(_started(rig, "build"))
    second = rig.run("run", "--no-reflect")
    gate.touch()
    said = _stderr_of(process)

    assert process.returncode == 0, said
    assert second.returncode == 4, second.stderr
    assert f"pid {process.pid}" in second.stderr
    assert rig.statuses() == dict.fromkeys(("earlier", "harm", "build", "last"), "done")
    assert rig.journalled_attempts() == {task_id: [(1, "succeeded")] for task_id in ("earlier", "harm", "build", "last")}
    assert [run["exit_code"] for run in _runs(rig)] == [0, 0]
    assert "built" in rig.run("log", "build").stdout
    assert rig.run("status").returncode == 0
    assert rig.run("run", "--no-reflect").returncode == 0
    assert not rig.processes()


def test_putting_back_is_said_once(rig: Rig) -> None:
    _with_history(rig, {"id": "harm", "command": "rm -rf .orchestrator"}, {"id": "build", "command": "true", "dependencies": ["harm"]})
    ended = rig.run("run", "--no-reflect", "--json")

    warnings = [event["message"] for event in events_of(ended.stdout, "warned")]
    assert len(warnings) == len(set(warnings)) == 2, warnings
    assert all(warning.endswith("was removed during the run, and put back") for warning in warnings), warnings
    assert (rig.root / ".orchestrator" / ".gitignore").read_text() == "*\n"
    assert (rig.root / ".orchestrator").stat().st_mode & 0o777 == 0o700


def test_a_second_run_finds_the_first_before_the_lock_is_back(rig: Rig, gate: Path) -> None:
    _with_history(rig, {"id": "long", "command": f': > "$GATE.began"; {_WAIT}'})
    process = rig.start("run", "--no-reflect", GATE=str(gate))
    until(Path(f"{gate}.began").exists)  # its log is there before its folder is made, and what is removed in between ends the run
    os.kill(process.pid, signal.SIGSTOP)  # its guardian lets it go on; until then it puts nothing back
    shutil.rmtree(rig.root / ".orchestrator")
    second = rig.run("run", "--no-reflect")
    os.kill(process.pid, signal.SIGCONT)
    gate.touch()
    said = _stderr_of(process)

    assert second.returncode == 4, second.stderr
    assert f"pid {process.pid}" in second.stderr
    assert process.returncode == 0, said
    assert [run["exit_code"] for run in _runs(rig)] == [0, 0]


def test_a_run_that_was_killed_after_the_state_was_put_back_is_recovered(rig: Rig, gate: Path) -> None:
    _with_history(
        rig, {"id": "harm", "command": "rm -rf .orchestrator"}, {"id": "long", "command": f"{_WAIT}; touch ran", "dependencies": ["harm"]}
    )
    process = rig.start("run", "--no-reflect", GATE=str(gate))
    until(lambda: (rig.root / ".orchestrator" / "state.db").exists() and _started(rig, "long")() and "long" in rig.journalled_attempts())
    process.kill()
    process.wait()
    gate.touch()
    ended = rig.run("run", "--no-reflect", GATE=str(gate))

    assert ended.returncode == 0, ended.stderr
    assert [attempt["ending"] for attempt in rig.attempts("long")] == ["interrupted", "succeeded"]
    assert [attempt["ending"] for attempt in rig.attempts("harm")] == ["succeeded"]
    assert len(_runs(rig)) == 3


# -- what was replaced ends the run ----------------------------------------------------------------------------------

#: Exchanges ``x`` and the state directory in one step, so that the run never sees it missing.
_EXCHANGE = f"{sys.executable} -c \"import ctypes; ctypes.CDLL(None).renameat2(-100, b'x', -100, b'.orchestrator', 2)\""

_REPLACEMENTS = {
    "state by a link": f"cp -r .orchestrator y && ln -s y x && {_EXCHANGE}",
    "state by a file": f"echo other > x && {_EXCHANGE}",
    "state by a copy": f"cp -r .orchestrator x && {_EXCHANGE}",
    "the lock": "echo other > x && mv x .orchestrator/lock",
    "the database by a text": "echo other > x && mv x .orchestrator/state.db",
    "the database by a copy": "cp .orchestrator/state.db x && mv x .orchestrator/state.db",
    "the database by a link": "cp .orchestrator/state.db x && ln -s ../x y && mv -T y .orchestrator/state.db",
    "the database cut short": ": > .orchestrator/state.db",
}


@pytest.mark.parametrize("replacement", _REPLACEMENTS.values(), ids=_REPLACEMENTS)
def test_a_run_whose_state_was_replaced_ends_with_the_reason_and_makes_nothing_anew(rig: Rig, replacement: str) -> None:
    _with_history(rig, {"id": "harm", "command": replacement}, {"id": "after", "command": "sleep 1000", "dependencies": ["harm"]})
    ended = rig.run("run", "--no-reflect", "-j1")

    assert ended.returncode == 2, ended.stderr
    assert ".orchestrator" in ended.stderr
    assert "during the run" in ended.stderr or "is damaged" in ended.stderr
    assert "hint:" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not rig.processes()


def test_the_database_that_was_cut_short_is_moved_aside_by_the_next_run_which_says_so(rig: Rig) -> None:
    _with_history(rig, {"id": "harm", "command": ": > .orchestrator/state.db; touch harmed"}, {"id": "after", "command": "true"})
    assert rig.run("run", "--no-reflect", "-j1").returncode == 2
    rig.write(rig.tasks_file.read_text().replace(": > .orchestrator/state.db; ", ""))
    ended = rig.run("run", "--no-reflect")

    assert ended.returncode == 0, ended.stderr
    assert "state.db was damaged; it was moved to state.db.damaged-1" in ended.stderr


# -- the repository itself -------------------------------------------------------------------------------------------


def _under_way(rig: Rig, gate: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a run and return it when its first task is under way; a second one would leave a file ``ran``."""
    _with_history(rig, {"id": "long", "command": _WAIT}, {"id": "after", "command": "touch ran", "dependencies": ["long"]})
    process = rig.start("run", "--no-reflect", "-j1", *arguments, GATE=str(gate))
    until(_started(rig, "long"))
    until(lambda: "in_progress" in rig.tasks_file.read_text())
    return process


def _elsewhere(rig: Rig, root: Path) -> Rig:
    moved = Rig(root)
    moved.token = rig.token
    return moved


def test_a_run_whose_repository_is_moved_ends_and_the_next_one_goes_on_there(rig: Rig, gate: Path, tmp_path: Path) -> None:
    process = _under_way(rig, gate)
    rig.root.rename(tmp_path / "moved")
    said = _stderr_of(process)
    moved = _elsewhere(rig, tmp_path / "moved")

    assert process.returncode == 2, said
    assert str(rig.root) in said
    assert str(tmp_path / "moved") in said
    assert "Traceback" not in said
    assert not rig.root.exists()
    assert not moved.processes()
    assert moved.lines("ran") == []
    assert not (moved.root / "ran").exists()
    gate.touch()
    again = moved.run("run", "--no-reflect", GATE=str(gate))
    assert again.returncode == 0, again.stderr
    assert moved.statuses() == dict.fromkeys(("earlier", "long", "after"), "done")
    assert [attempt["ending"] for attempt in moved.attempts("long")] == ["interrupted", "succeeded"]
    assert len(moved.attempts("earlier")) == 1
    assert len(_runs(moved)) == 3


def test_a_task_of_a_moved_repository_has_its_grace(rig: Rig, gate: Path, tmp_path: Path) -> None:
    _with_history(
        rig, {"id": "long", "command": ["sh", "-c", f'trap "touch {tmp_path}/tidied; exit" TERM; touch {tmp_path}/ready; {_WAIT}']}
    )
    process = rig.start("run", "--no-reflect", GATE=str(gate))
    until((tmp_path / "ready").exists)
    rig.root.rename(tmp_path / "moved")
    said = _stderr_of(process)

    assert process.returncode == 2, said
    assert (tmp_path / "tidied").exists()


def test_a_run_whose_repository_is_deleted_ends_and_makes_no_folder(rig: Rig, gate: Path) -> None:
    process = _under_way(rig, gate)
    shutil.rmtree(rig.root)
    said = _stderr_of(process)

    assert process.returncode == 2, said
    assert f"{rig.root} was" in said
    assert "Traceback" not in said
    assert not rig.root.exists()
    assert not rig.processes()


def test_a_run_whose_repository_is_deleted_by_a_task_ends(rig: Rig) -> None:
    # The run puts back what is missing as long as the repository is there, perhaps while rm is still at it.
    harm = 'until rm -rf "$PWD"; do true; done; sleep 1000'
    _with_history(rig, {"id": "harm", "command": harm}, {"id": "after", "command": "true", "dependencies": ["harm"]})
    ended = rig.run("run", "--no-reflect", "-j1")

    assert ended.returncode == 2, ended.stderr
    assert f"{rig.root} was" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not rig.root.exists()


def test_a_run_touches_nothing_in_what_took_the_place_of_its_repository(rig: Rig, gate: Path, tmp_path: Path) -> None:
    process = _under_way(rig, gate)
    other = tmp_path / "other"
    other.mkdir()
    text = "- {id: theirs, description: d, command: touch ran}\n"
    (other / "tasks.yml").write_text(text)
    rig.root.rename(tmp_path / "moved")
    other.rename(rig.root)
    said = _stderr_of(process)

    assert process.returncode == 2, said
    assert os.listdir(rig.root) == ["tasks.yml"]
    assert rig.tasks_file.read_text() == text
    assert not (tmp_path / "moved" / "ran").exists()


def test_a_link_that_leads_to_the_moved_repository_is_its_place_too(rig: Rig, gate: Path, tmp_path: Path) -> None:
    process = _under_way(rig, gate)
    os.kill(process.pid, signal.SIGSTOP)
    rig.root.rename(tmp_path / "moved")
    rig.root.symlink_to(tmp_path / "moved")
    os.kill(process.pid, signal.SIGCONT)
    gate.touch()
    said = _stderr_of(process)

    assert process.returncode in (0, 2), said
    assert process.returncode == 2 or (tmp_path / "moved" / "ran").exists()


def test_a_run_named_by_dash_c_ends_when_its_repository_is_moved(rig: Rig, gate: Path, tmp_path: Path) -> None:
    _with_history(rig, {"id": "long", "command": _WAIT})
    (tmp_path / "here").mkdir()
    here = _elsewhere(rig, tmp_path / "here")
    process = here.start("run", "--no-reflect", "-C", "../repo", GATE=str(gate))
    try:
        until(_started(rig, "long"))
        rig.root.rename(tmp_path / "moved")
        said = _stderr_of(process)
    finally:
        here.close()

    assert process.returncode == 2, said
    assert str(rig.root) in said
    assert os.listdir(tmp_path / "here") == []


def test_a_run_in_a_worktree_that_is_removed_ends(rig: Rig, gate: Path, tmp_path: Path) -> None:
    _git(rig, "init", "-q")
    rig.write_tasks({"id": "long", "command": _WAIT})
    _git(rig, "add", ".")
    _git(rig, "commit", "-qm", "1")
    _git(rig, "worktree", "add", "-q", str(tmp_path / "tree"))
    tree = _elsewhere(rig, tmp_path / "tree")
    process = tree.start("run", "--no-reflect", GATE=str(gate))
    try:
        until(_started(tree, "long"))
        _git(rig, "worktree", "remove", "--force", str(tmp_path / "tree"))
        said = _stderr_of(process)
    finally:
        tree.close()

    assert process.returncode == 2, said
    assert "Traceback" not in said
    assert not (tmp_path / "tree").exists()


def test_a_program_is_given_the_reason_as_json(rig: Rig, gate: Path, tmp_path: Path) -> None:
    process = _under_way(rig, gate, "--json")
    rig.root.rename(tmp_path / "moved")
    said = _stderr_of(process)

    last = [json.loads(line) for line in said.splitlines() if line.startswith("{")][-1]
    assert last["exit_code"] == 2
    assert str(rig.root) in last["error"]
