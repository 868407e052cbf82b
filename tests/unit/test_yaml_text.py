"""YAML text → plain values with places; bounded, and clear where readers of YAML disagree."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.yaml_text import Limits, read_plain


def problems(text: str, **limits: int) -> list[str]:
    return [str(problem) for problem in read_plain(text, "f", Limits(**limits)).problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a:\nb: ~\nc: null\n", {"a": None, "b": None, "c": None}),
        ("[true, False, TRUE]", [True, False, True]),
        ("[0, -7, +3, 12]", [0, -7, 3, 12]),
        ("[1.5, -.5, 1e3, 2.]", [1.5, -0.5, 1000.0, 2.0]),
        ("[a, 'no', \"1:30\", 2024-01-02, 1.2.3]", ["a", "no", "1:30", "2024-01-02", "1.2.3"]),
        ("a: |\n  1\n  2\n", {"a": "1\n2\n"}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("é: ü\n", {"é": "ü"}),
        ('"yes": 1', {"yes": 1}),
    ],
)
def test_plain_values(text: str, value: Any) -> None:
    plain = read_plain(text, "f")

    assert (plain.value, plain.problems) == (value, ())


def test_every_value_and_key_knows_its_place() -> None:
    plain = read_plain("a:\n  - 1\n  - b: x\n", "f")

    assert plain.place(("a", 1, "b")) == (3, 8)
    assert plain.place(("a", 1, "b"), key=True) == (3, 5)
    assert plain.place(("a", 1, "absent")) == (3, 5)


@pytest.mark.parametrize("word", ["No", "YES", "on", "Off"])
def test_a_word_that_yaml_1_1_takes_for_a_truth_value_is_a_problem(word: str) -> None:
    assert problems(f"a: {word}") == [
        f"f:1:4: '{word}' is a truth value in YAML 1.1 and text in YAML 1.2 (write true or false, or quote it)"
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1:30", "base 60"),
        ("010", "octal"),
        ("0x1F", "some readers"),
        ("1_000", "some readers"),
        (".inf", "finite"),
        ("1e999", "too large"),
    ],
)
def test_a_number_that_readers_disagree_about_is_a_problem(text: str, what: str) -> None:
    (problem,) = problems(f"- {text}")

    assert problem.startswith(f"f:1:3: '{text}'")
    assert what in problem


@pytest.mark.parametrize("key", ["on", "true", "null", "~", "No"])
def test_a_key_that_is_not_text_to_every_reader_is_a_problem(key: str) -> None:
    assert problems(f"a: 1\n{key}: 2") == [f"f:2:1: the key '{key}' is not text to every reader of YAML (quote it)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1: the key 'a' is here twice, first in line 1"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f:3:3: merge keys are not read (write the keys out)"),
        ("a: !!python/name:os.system x", "f:1:4: tags such as tag:yaml.org,2002:python/name:os.system are not read (remove it)"),
        ("[1]: 2", "f:1:1: a key must be text, not a list or a map"),
        ("a: *b", "f:1:4: no anchor '&b' above this alias"),
        ("a: &b [*b]", "f:1:8: '*b' is inside of what it names"),
        ("a: 1\n---\nb: 2", "f:2:1: a second YAML document begins here (remove the line '---' and what follows)"),
        ("a: [1,\n", "f:2:1: not YAML: while parsing a flow node: did not find expected node content"),
        ("a: b: c", "f:1:5: not YAML: mapping values are not allowed in this context"),
        ("a: 1\nb: x\x07y", "f:2:5: the character U+0007 is not allowed in YAML (inside double quotes, write it as \\x or \\u)"),
        ("a: \ud800", "f:1:4: the character U+D800 is not allowed in YAML (inside double quotes, write it as \\x or \\u)"),
    ],
)
def test_a_text_that_cannot_be_taken_says_what_and_where(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_all_problems_of_one_pass_are_reported_together() -> None:
    assert len(problems("a: 1\na: 2\nb: !!str 3\n<<: {}")) == 3


@pytest.mark.parametrize("text", ["[" * 33, "- " * 33 + "a", "? " * 100 + "a"])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nested too deeply: at most 32 levels" in problems(text)[-1]


def test_an_alias_bomb_is_refused_before_it_explodes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]

    assert "with its aliases written out, more than 100,000 values" in problems("\n".join(lines))[-1]


def test_a_text_beyond_the_size_limit_is_not_parsed() -> None:
    assert problems("a" * 101, size=100) == ["f: too large: 101 characters, at most 100 are read"]


@pytest.mark.parametrize("unit", ["- [\n", "a: {b: ", "&a ", "- \n", "? ", "'", "[x, ", "*a ", "!a ", "a\n\n: ", "- |\n "])
def test_a_megabyte_of_nonsense_is_answered_soon(unit: str) -> None:
    started = time.process_time()

    read_plain((unit * (2**20 // len(unit) + 1))[: 2**20], "f")

    assert time.process_time() - started < 60


#: Text that YAML's double quotes carry unchanged: no line separators, no characters that YAML forbids raw.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x7f\x85\u2028\u2029\ufeff\ufffe\uffff").filter(
        lambda c: not "\x80" <= c <= "\x9f"
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_json_is_read_as_what_it_is(document: Any) -> None:
    plain = read_plain(json.dumps(document, ensure_ascii=False), "f")

    assert (plain.value, plain.problems) == (document, ())


@given(st.text())
def test_no_text_raises(text: str) -> None:
    read_plain(text, "f")


@pytest.mark.parametrize("text", ["1" + "_" * 900_000 + "x", "1" + ":1" * 450_000 + "x", "1" * 900_000 + "e", "0x" + "a" * 900_000 + "g"])
def test_a_long_word_that_is_nearly_a_number_is_looked_at_in_linear_time(text: str) -> None:
    begun = time.process_time()

    assert read_plain(f"a: {text}", "f").value == {"a": text}
    assert time.process_time() - begun < 2
