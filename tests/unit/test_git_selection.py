"""Which of git's findings are selected, and what git is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.git.read.selection import Selection
from core.domain.quality.history import Touch
from core.domain.untrusted.globs import any_of, matches

PIECES = ["*", "**", "/", "**/", "a", "b", "?", ".py", "[ab]", "[!a]", "[", "\\"]
GLOBS = st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join), max_size=3)
PATHS = st.lists(st.text(alphabet="ab.[\\", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


@given(PATHS, GLOBS, GLOBS)
def test_git_is_asked_for_everything_that_is_selected(path, include, exclude):
    selection = Selection(include, exclude)
    asked = [spec.removeprefix(":(glob)") for spec in selection.pathspecs if spec.startswith(":(glob)")]
    spared = [spec.removeprefix(":(exclude,glob)") for spec in selection.pathspecs if spec.startswith(":(exclude")]
    assert selection.has(path) is (any_of(include)(path) and not any_of(exclude)(path))
    if selection.has(path):
        assert any(matches(path, f"./{glob}") for glob in asked)
        assert not any(matches(path, f"./{glob}") for glob in spared)


@pytest.mark.parametrize(
    ("glob", "asked"),
    [
        ("**/*.py", "**/*.py"),
        ("tests/", "tests/**"),
        ("*_pb2.py", "**/*_pb2.py"),
        ("************c.py", "**/*c.py"),
        ("src/*a*b*c.py", "src/*c.py"),
        ("a/**/b/**/c/**/d.py", "a/**/d.py"),
        ("a[bc]*.py", "**/a*"),
        ("a\\b.py", "**/a*"),
    ],
)
def test_git_is_given_what_it_is_quick_with(glob, asked):
    assert Selection([glob], []).pathspecs == [f":(glob){asked}"]


def test_an_exclusion_that_git_is_slow_with_is_left_to_us():
    selection = Selection(["**/*.py"], ["tests/", "*a*b*"])
    assert selection.pathspecs == [":(glob)**/*.py", ":(exclude,glob)tests/**"]
    assert not selection.has("xaxbx.py")


def test_what_moves_over_the_edge_of_the_selection_comes_or_goes():
    selection = Selection(["*a*a*.py"], [])
    inside, outside = "aa.py", "b.py"
    moved = [
        Touch(path=inside, old_path=outside, blob="1", old_blob="2"),
        Touch(path=outside, old_path=inside, blob="1", old_blob="2"),
        Touch(path=inside, old_path="aaa.py", blob="1", old_blob="2"),
        Touch(path=outside, old_path="c.py", blob="1", old_blob="2"),
        Touch(path=outside, old_path="", blob="1", old_blob=""),
        Touch(path=inside, old_path=inside, blob="", old_blob="2"),
    ]
    assert list(selection.touches(moved)) == [
        Touch(path=inside, old_path="", blob="1", old_blob=""),
        Touch(path=inside, old_path=inside, blob="", old_blob="2"),
        moved[2],
        moved[5],
    ]
