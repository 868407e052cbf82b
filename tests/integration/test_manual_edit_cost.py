"""What a command that changes a status costs: the tasks file is parsed once, however large it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from core.adapters.tasks_yaml.parse.parse import parse_document
from core.assembly.backlog import open_backlog_to_edit
from core.assembly.container import Session
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
from core.manual_edits import set_statuses
from core.terminal.console import Console

TEXT = "".join(f"- id: task-{number}\n  description: number {number}\n  command: 'true'\n" for number in range(400))


@contextmanager
def counted_parses() -> Iterator[list[int]]:
    """Count calls of ``parse_document`` in the one item of the list."""
    count = [0]

    def see(frame: FrameType, event: str, _: Any) -> None:
        count[0] += event == "call" and frame.f_code is parse_document.__code__

    sys.setprofile(see)
    try:
        yield count
    finally:
        sys.setprofile(None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tasks.yml").write_text(TEXT)
    return tmp_path


def mark_done(root: Path, task_id: str) -> None:
    with open_backlog_to_edit(Session(Console()).open(str(root))) as memory:
        set_statuses(memory, [task_id], Status.DONE, Code.MARKED_DONE.of())


def test_a_status_change_parses_the_file_once(root: Path) -> None:
    with counted_parses() as parses:
        mark_done(root, "task-7")

    assert parses == [1]
    assert (root / "tasks.yml").read_text() == TEXT.replace("- id: task-7\n", "- id: task-7\n  status: done\n")


def test_the_next_one_finds_the_parsed_form_in_the_cache(root: Path) -> None:
    mark_done(root, "task-7")
    with counted_parses() as parses:
        mark_done(root, "task-300")

    assert parses == [0]
    assert (root / "tasks.yml").read_text().count("status: done") == 2


def test_a_file_that_was_saved_in_between_is_parsed_again(root: Path) -> None:
    mark_done(root, "task-7")
    (root / "tasks.yml").write_text(TEXT)
    with counted_parses() as parses:
        mark_done(root, "task-300")

    assert parses == [1]
    # The text that came back is an older one, in which task-7 is not done yet.
    assert (root / "tasks.yml").read_text().count("status: done") == 2
