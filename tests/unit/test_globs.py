"""Globs over paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.globs import any_of, matches

GLOBS = st.lists(st.sampled_from(["**/*.py", "src/", "a?.py", "[!a]*", "src/**/b.py", "src/a.py", "*|*", "(", ""]), max_size=4)
PATHS = st.text(alphabet="ab/.|()\n", max_size=12) | st.sampled_from(["a.py", "src/a.py", "src/x/b.py", "ab.py", "x/src/a.py"])


@pytest.mark.parametrize(
    ("path", "glob", "does"),
    [
        ("a.py", "**/*.py", True),
        ("x/y/a.py", "**/*.py", True),
        ("x/src/a.py", "src/", False),
        ("src/x/a.py", "src/", True),
        ("x/ab.py", "a?.py", True),
        ("x/ab.py", "x/*.txt", False),
        ("x/y/ab.py", "x/*.py", False),
    ],
)
def test_what_a_glob_matches(path, glob, does):
    assert matches(path, glob) is does


@given(PATHS, GLOBS)
def test_any_of_some_globs_matches_what_one_of_them_does(path, globs):
    assert any_of(globs)(path) is any(matches(path, glob) for glob in globs)
