"""Patterns of strangers: those that could take long are refused, what is let through is quick on any text."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.untrusted.pattern_cost import LONGEST_TEXT, MOST_STEPS, pattern_problem, pattern_steps

BUNDLED = sorted(Path(__file__).parents[2].glob("plugins/*/manifest.json"))


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("^(a+)+$", "a group is repeated by +"),
        ("^(?:a|a)*$", r"a group is repeated by \*"),
        ("^(a?){1,50}$", r"a group is repeated by \{1,50\}"),
        (r"[a\]](a+)+", "a group is repeated by +"),
        ("^(?:a|a)" + "(?:a|a)" * 30 + "$", "too many steps"),
        ("a?" * 30 + "a" * 30, "too many steps"),
        ("^a*b*c*$", "too many steps"),
        ("a*b*", "too many steps"),
        ("^a|b*c*", "too many steps"),
        ("a{,}b{,}", "too many steps"),
        (r"(a)\1", r"\\1 repeats what a group matched"),
        ("a*+", "is not understood"),
        ("(?>a)", "is not understood"),
        ("(?x)a#(", "is not understood"),
        ("(?P<a>b)", "is not understood"),
        ("(a)?(?(1)b|c)", "is not understood"),
        # A set that begins with a bracket would hide the rest from a reader that takes it for empty.
        ("[][](a+)+$|]", "between brackets"),
        ("[^](a+)+$|]", "between brackets"),
        ("[a[]", "between brackets"),
        ("(" * 51 + ")" * 51, "more than 50 groups"),
        ("a" * 501, "longer than 500 characters"),
        ("a{99999999999}", "no regular expression"),
        ("(a", "no regular expression"),
        ("a**", "no regular expression|too many steps"),
        ("\\", "no regular expression"),
    ],
)
def test_a_pattern_whose_cost_is_high_or_unknown_is_refused(pattern: str, why: str):
    assert re.search(why.replace("+", r"\+") if why.endswith("+") else why, pattern_problem(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "^[a-z][a-z0-9_]{1,63}$",
        r"^[^@]+@[^@]+$",
        r"^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[a-z]{1,20})?$",
        "^(jan|feb|mar)-[0-9]{1,2}$",
        r"^(?!/)(?!.*\.\.)",
        r"^.*(?<!/)$",
        r"a{}b{x}[\[\]{}()*+]",
    ],
)
def test_plain_patterns_are_taken(pattern: str):
    assert pattern_problem(pattern) == ""


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.parent.name)
def test_the_patterns_of_the_bundled_plugins_are_taken(path: Path):
    properties = json.loads(path.read_text()).get("config", {}).get("properties", {})
    assert [part["pattern"] for part in properties.values() if pattern_problem(part.get("pattern", ""))] == []


_PIECES = [
    "a",
    "b",
    ".",
    "[ab]",
    "[^b]",
    r"\w",
    "(",
    "(?:",
    "(?=",
    "(?!",
    ")",
    "|",
    "*",
    "+",
    "?",
    "*?",
    "{1,20}",
    "{3}",
    "^",
    "$",
    "]",
    "[",
    "\\",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=24).map("".join), st.sampled_from(["a", "ab", "b", "a!"]))
def test_whatever_is_taken_is_quick_on_a_hostile_text(pattern: str, unit: str):
    if pattern_problem(pattern):
        return
    text = (unit * LONGEST_TEXT)[: LONGEST_TEXT - 1] + "!"
    started = time.process_time()
    re.search(pattern, text)
    assert time.process_time() - started < 2
    assert pattern_steps(pattern, 1) <= pattern_steps(pattern, LONGEST_TEXT) <= MOST_STEPS


@pytest.mark.parametrize("pattern", ["^.*a.*!b$", "^(?:a|b|a)(?:a|b|a)(?:a|b|a)(?:a|b|a)a*!b", "^(?=.*a.*!b)", "a{1,60}a{1,4}!b"])
def test_the_dearest_that_is_taken_is_quick(pattern: str):
    assert pattern_problem(pattern) == ""
    started = time.process_time()
    re.search(pattern, "a" * LONGEST_TEXT)
    assert time.process_time() - started < 2
