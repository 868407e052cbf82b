"""Diffs of texts and files; git applies what we write."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diff_utils import generate_diff, generate_file_diff
from core.errors import InvalidFile, StorageError

_TEXTS = st.text(alphabet=st.sampled_from(list("ab \n\r\t\x0b\x0c\x85\u2028é")), max_size=40)


def applied(tmp_path, diff, name="file"):
    """Return the bytes of the file after ``git apply``."""
    if diff:
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "--unidiff-zero"],
            input=diff.encode(),
            cwd=tmp_path,
            env={
                "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),
                "PATH": "/usr/bin:/bin",
                "GIT_CONFIG_NOSYSTEM": "1",
                "HOME": str(tmp_path),
            },
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()
    path = tmp_path / name
    return path.read_bytes() if path.exists() else b""


def test_a_changed_line_is_shown_with_its_surroundings():
    before = "".join(f"line {number}\n" for number in range(9))
    after = before.replace("line 4", "line four")

    assert generate_diff(before, after, "notes.txt", context=1) == (
        "--- a/notes.txt\n+++ b/notes.txt\n@@ -4,3 +4,3 @@\n line 3\n-line 4\n+line four\n line 5\n"
    )


def test_equal_texts_have_no_difference():
    assert generate_diff("a\n", "a\n") == ""


def test_a_missing_newline_at_the_end_is_shown_as_git_does():
    assert generate_diff("a", "a\n", "f").endswith("-a\n\\ No newline at end of file\n+a\n")


@given(_TEXTS, _TEXTS)
def test_equal_texts_have_an_empty_diff(before, after):
    assert (generate_diff(before, after) == "") == (before == after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nc\n"),
        ("a", "b"),
        ("", "new\n"),
        ("old\n", ""),
        ("a\x0cb\u2028c\x85d\n", "a\x0cB\u2028c\x85d\n"),
        ("one\r\ntwo\r\n", "one\r\n2\r\n"),
    ],
)
@pytest.mark.parametrize("name", ["file", "with space"])
def test_git_applies_the_diff_of_a_file(tmp_path, before, after, name):
    path = tmp_path / name
    path.write_bytes(before.encode())

    assert applied(tmp_path, generate_file_diff(path, after), name) == after.encode()


def test_git_applies_the_diff_of_a_new_file(tmp_path):
    diff = generate_file_diff(tmp_path / "new.txt", "first\n")

    assert diff.startswith("--- /dev/null\n+++ b/new.txt\n")
    assert applied(tmp_path, diff, "new.txt") == b"first\n"


def test_a_relative_path_is_shown_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("old\n")

    assert generate_file_diff("docs/a.md", "new\n").startswith("--- a/docs/a.md\n+++ b/docs/a.md\n")


def test_a_byte_order_mark_is_part_of_the_first_line(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfa\n")

    assert generate_file_diff(path, "\ufeffa\n") == ""
    assert generate_file_diff(path, "a\n") != ""


def test_a_directory_and_foreign_bytes_are_refused(tmp_path):
    with pytest.raises(StorageError, match="not a regular file"):
        generate_file_diff(tmp_path, "")
    (tmp_path / "latin").write_bytes(b"\xe9\n")
    with pytest.raises(InvalidFile, match="latin:1:1: not text in UTF-8"):
        generate_file_diff(tmp_path / "latin", "")
