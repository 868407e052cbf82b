"""Globs over paths."""

from __future__ import annotations

import re
import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.untrusted.globs import any_of, matches, name_matches

GLOBS = st.lists(st.sampled_from(["**/*.py", "src/", "a?.py", "[!a]*", "src/**/b.py", "src/a.py", "*|*", "(", ""]), max_size=4)
PATHS = st.text(alphabet="ab/.|()\n", max_size=12) | st.sampled_from(["a.py", "src/a.py", "src/x/b.py", "ab.py", "x/src/a.py"])

PIECES = ["*", "**", "/", "/", "**/", "a", "b", "?", ".", "[ab]", "[!a]", "[a-b]", "[", "]", "!", "-", "\\", "\n"]
ANY_GLOB = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
NAMES = st.lists(st.text(alphabet="ab.]-[!\\\n", min_size=1, max_size=4), min_size=1, max_size=5).map("/".join)


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
        ("a/b", "a[!x]b", False),
        ("a/b", "a[+-9]b", False),
        ("ac", "[z-a]c", False),
        ("ac", "[!z-a]c", True),
        ("[!]", "[!]", True),
        ("b", "[!]a]", True),
        ("]", "[!]a]", False),
        ("&&", "[&&a]&", True),
        ("a--b", "[a--]--b", False),
    ],
)
def test_what_a_glob_matches(path, glob, does):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert matches(path, glob) is does


@given(PATHS, GLOBS)
def test_any_of_some_globs_matches_what_one_of_them_does(path, globs):
    assert any_of(globs)(path) is any(matches(path, glob) for glob in globs)


@given(NAMES, st.lists(ANY_GLOB, max_size=3))
def test_a_glob_matches_what_its_plain_backtracking_translation_does(path, globs):
    for glob in globs:
        assert matches(path, glob) is bool(_backtracking(glob).fullmatch(path))
    assert any_of(globs)(path) is any(_backtracking(glob).fullmatch(path) for glob in globs)


@given(st.text(alphabet="ab.\n", max_size=6), st.lists(st.sampled_from("**ab?."), max_size=6).map("".join))
def test_a_name_matches_as_its_backtracking_translation_does(name, glob):
    assert name_matches(name, glob) is bool(re.fullmatch(_name(glob), name, re.DOTALL))


#: A glob, and a path of a length that makes the most of it.
HOSTILE = [
    ("************c.py", lambda size: "a" * size + ".py"),
    ("*a" * 25 + "*b", lambda size: "a" * size),
    ("*?" * 25 + "b", lambda size: "a" * size),
    ("[!b]*" * 25 + "b", lambda size: "a" * size),
    ("**/" * 25 + "x", lambda size: "a/" * size + "a"),
    ("**/a/" * 25 + "b", lambda size: "a/" * size + "c"),
    ("**/*a*a*/" * 12 + "b", lambda size: "aaa/" * size + "c"),
    ("**/*a*a*/**/*?*?*b", lambda size: "aa/" * size + "a" * size),
    ("*a*/" * 25 + "b", lambda size: "aaaaaaaa/" * size),
]


@pytest.mark.parametrize(("glob", "path"), HOSTILE)
def test_no_glob_takes_more_than_its_length_times_that_of_the_path(glob, path):
    match = any_of([glob])
    for size in (60, 4000):
        subject = path(size)
        begun = time.process_time()
        assert not match(subject)
        # A tenth of a millisecond would do for most; exponential time would be years.
        assert time.process_time() - begun < 0.5


def _backtracking(glob: str) -> re.Pattern[str]:
    """Translate as the words of the module say, star by star; exponential in the worst case, so for short paths only."""
    if glob.endswith("/"):
        glob += "**"
    if "/" not in glob:
        glob = f"**/{glob}"
    parts = glob.removeprefix("./").removeprefix("/").split("/")
    pattern = ""
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        if part == "**":
            pattern += ".*" if last else "(?:[^/]+/)*"
        else:
            pattern += _name(part) + ("" if last else "/")
    return re.compile(pattern, re.DOTALL)


def _name(part: str) -> str:
    out, position = "", 0
    while position < len(part):
        character = part[position]
        closing = part.find("]", position + (3 if part.startswith("[!", position) else 2)) if character == "[" else -1
        if closing > 0:
            inside = part[position + 1 : closing].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            negated = inside.startswith("!")
            inside = inside[1:] if negated else inside
            # A "]" that stands first is one of the characters; ranges the wrong way round are left to the examples above.
            inside = inside.replace("]", "\\]").replace("-", "\\-") if _is_odd(inside) else inside
            out += f"(?!/)[{'^' if negated else ''}{inside}]"
            position = closing
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character))
        position += 1
    return out


def _is_odd(inside: str) -> bool:
    return inside != "a-b"
