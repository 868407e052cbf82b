"""What will be refused is refused first: where a status, a log or the state cannot be written, nothing begins."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig
from tests.e2e.test_run_faults import as_mortal


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    for path in (rig.root, *rig.root.iterdir()):
        if path.is_dir():
            path.chmod(0o700)
    rig.close()


def _file_read_only(rig: Rig) -> None:
    rig.tasks_file.chmod(0o444)


def _directory_read_only(rig: Rig) -> None:
    (rig.root / "logs").mkdir()
    (rig.root / ".orchestrator").mkdir(mode=0o700)
    rig.root.chmod(0o555)


def _logs_read_only(rig: Rig) -> None:
    (rig.root / "logs").mkdir()
    (rig.root / "logs").chmod(0o555)


def _logs_a_file(rig: Rig) -> None:
    (rig.root / "logs").write_text("mine")


def _logs_a_broken_link(rig: Rig) -> None:
    (rig.root / "logs").symlink_to("nowhere")


def _state_read_only(rig: Rig) -> None:
    assert rig.run("list").returncode == 0
    (rig.root / ".orchestrator").mkdir(mode=0o700, exist_ok=True)
    (rig.root / ".orchestrator" / "state.db").mkdir()


def _state_a_file(rig: Rig) -> None:
    (rig.root / ".orchestrator").write_text("mine")


_REFUSALS: list[tuple[Callable[[Rig], None], str, str]] = [
    (_file_read_only, "tasks.yml is read-only", "chmod u+w tasks.yml"),
    (_directory_read_only, "tasks.yml: Permission denied", "ls -ld tasks.yml"),
    (_logs_read_only, "logs: cannot create a log file: permission denied", "log.directory"),
    (_logs_a_file, "logs is a file", "mv "),
    (_logs_a_broken_link, "logs is a symbolic link", "rm "),
    (_state_read_only, ".orchestrator/state.db is a directory", "mv "),
    (_state_a_file, ".orchestrator is a file", "mv "),
]


@pytest.mark.parametrize(("harm", "said", "hint"), _REFUSALS, ids=[harm.__name__.strip("_") for harm, _, _ in _REFUSALS])
def test_nothing_begins_where_its_outcome_cannot_be_noted(rig: Rig, harm: Callable[[Rig], None], said: str, hint: str) -> None:
    rig.write_tasks(
        {"id": "goal"}, {"id": "first", "command": "touch ran"}, {"id": "second", "command": "touch ran2", "dependencies": ["first"]}
    )
    text = rig.tasks_file.read_text()
    harm(rig)
    refused = rig.run("run", "--no-reflect", preexec=as_mortal)

    assert refused.returncode == 2, refused.stderr
    assert said in refused.stderr
    assert "hint:" in refused.stderr
    assert hint in refused.stderr
    assert rig.tasks_file.read_text() == text
    assert not {"ran", "ran2"} & set(os.listdir(rig.root))
    assert rig.journalled_attempts() == {} if (rig.root / ".orchestrator" / "state.db").is_file() else True
    assert not [name for name in os.listdir(rig.root) if name.startswith(".tasks.yml")]


def test_both_names_of_a_tasks_file_show_the_statuses_of_a_run(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true"}, {"id": "b", "command": "true", "dependencies": ["a"]})
    (rig.root / "other-name.yml").hardlink_to(rig.tasks_file)
    ended = rig.run("run", "--no-reflect")

    assert ended.returncode == 0, ended.stderr
    assert rig.tasks_file.read_text().count("status: done") == 2
    assert (rig.root / "other-name.yml").samefile(rig.tasks_file)
