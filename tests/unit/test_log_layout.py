"""Names of log files, and what in their bytes is ours, the task's, or dangerous to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.log_files.layout import left_out, ours, output_lines, shown
from core.adapters.log_files.name import file_name, timestamp

_START = 1795229707_123456


def test_a_name_says_task_and_time():
    assert file_name("build", _START) == "task-build-20261121T025507.123456Z.log"
    assert file_name("lint/core:fast", _START) == "task-lint%2Fcore%3Afast-20261121T025507.123456Z.log"


@given(st.text(max_size=300), st.text(max_size=300))
def test_different_ids_never_share_a_name(one, other):
    assert (file_name(one, _START) == file_name(other, _START)) == (one == other)


@given(st.text(min_size=1, max_size=400), st.integers(0, 4_000_000_000_000_000))
def test_every_name_is_one_safe_file_name_from_which_the_time_can_be_read(task_id, microseconds):
    name = file_name(task_id, microseconds)
    assert name.isascii()
    assert "/" not in name
    assert name.isprintable()
    assert len(name) <= 255
    assert timestamp(name) is not None


@given(st.lists(st.integers(0, 4_000_000_000_000_000), min_size=2, max_size=2))
def test_timestamps_sort_as_time_does(moments):
    earlier, later = sorted(moments)
    assert (timestamp(file_name("z", earlier)) or "") <= (timestamp(file_name("a", later)) or "")


@pytest.mark.parametrize("name", ["run-20261121T025507-4f2a.jsonl", "task-build.log", "notes.txt", "task--20261121T025507.123456Z.log.gz"])
def test_what_is_no_log_of_a_task_has_no_timestamp(name):
    assert timestamp(name) is None


_LINES = st.lists(st.sampled_from(["", "output", "# orchestrator: fake", "# orchestrator: ", "# other"]), max_size=8)


@given(st.lists(st.sampled_from(["title", ""]), min_size=1, max_size=3), _LINES, st.booleans())
def test_a_task_that_prints_lines_like_ours_hides_nothing(header, output, unfinished):
    """A whole log, written as FileLog writes it: whatever the task printed is what is read back, line for line."""
    text = "\n".join(output) + ("" if unfinished or not output else "\n")
    written = text.split("\n")
    if written[-1] == "":
        written.pop()
    gap = b"" if not text else b"\n" if text.endswith("\n") else b"\n\n"
    content = ours("\n".join(header)) + b"\n" + text.encode() + gap + ours("failed: exit 1\nduration: 1 s")
    assert output_lines(content, from_start=True) == [line.encode() for line in written]


def test_a_log_seen_from_its_middle_has_no_header_to_leave_out():
    content = b"# orchestrator: printed by the task\nmore\n\n" + ours("failed: exit 1")
    assert output_lines(content, from_start=False) == [b"# orchestrator: printed by the task", b"more"]


def test_output_that_was_left_out_is_reported_on_a_line_of_its_own():
    assert left_out(12345).decode() == "\n[… 12345 bytes left out …]\n"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain \xc3\xbc \xe2\x82\xac", "plain ü €"),
        (b"tab\there", "tab\there"),
        (b"windows\r", "windows"),
        (b"nul\x00bell\x07", "nul\\x00bell\\x07"),
        (b"10%\r20%", "10%\\r20%"),
        (b"\xff\xfe", "��"),
        # Colours carry no text; everything else that moves a cursor or writes a title does harm.
        (b"\x1b[1;31mFAILED\x1b[0m", "FAILED"),
        (b"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        (b"\xc2\x9b31m", "\\x9b31m"),
        # Text that would be shown in another order than it is in, or on another line.
        ("access \u202eresu\u2066".encode(), "access \\u202eresu\\u2066"),
        ("one\u2028two".encode(), "one\\u2028two"),
    ],
)
def test_a_line_of_output_is_shown_without_harm(line, text):
    assert shown(line) == text


@given(st.binary(max_size=300))
def test_no_output_reaches_a_terminal_with_control_characters(line):
    assert not any((ord(character) < 32 and character != "\t") or 127 <= ord(character) < 160 for character in shown(line))


def test_an_endless_line_is_cut():
    assert len(shown(b"x" * 10_000_000)) == 2001
    assert shown(b"x" * 10_000_000).endswith("x…")
