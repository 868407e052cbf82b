"""YAML text → nodes and plain values with places; bounded, and clear where readers of YAML disagree."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.schema.containers import AnyMap
from core.schema.field_types import FieldError
from core.schema.scalars import tag_of
from core.schema.yaml_reader import read_yaml


def problems(text: str, size: int = 1024 * 1024) -> list[str]:
    return [str(problem) for problem in read_yaml(text, "f", size=size).problems]


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
def test_scalars_are_read_by_the_rules_of_yaml_1_2(text: str, value: Any) -> None:
    plain = read_yaml(text, "f")

    assert (plain.value, plain.problems) == (value, ())


def test_every_value_and_key_knows_its_place() -> None:
    plain = read_yaml("a:\n  - 1\n  - b: x\n", "f")

    assert plain.place(("a", 1, "b")) == (3, 8)
    assert plain.place(("a", 1, "b"), key=True) == (3, 5)
    assert plain.place(("a", 1, "absent")) == (3, 5)


@pytest.mark.parametrize(
    ("plain", "reading"),
    [
        ("No", "YAML 1.1 reads No as false"),
        ("YES", "YAML 1.1 reads YES as true"),
        ("on", "YAML 1.1 reads on as true"),
        ("1:30", "YAML 1.1 reads 1:30 as 90"),
        ("-1:30.5", "YAML 1.1 reads -1:30.5 as -90.5"),
        ("010", "YAML 1.1 reads 010 as 8"),
        ("0x1F", "YAML 1.1 reads 0x1F as 31"),
        ("0b_", "YAML 1.1 reads 0b_ as 0"),
        ("1_000", "YAML 1.1 reads 1_000 as 1000"),
        ("1_0.5", "YAML 1.1 reads 1_0.5 as 10.5"),
        (".inf", "YAML 1.1 reads .inf as inf"),
        ("0o17", "YAML 1.2 reads 0o17 as a number"),
        ("1e999", "YAML 1.2 reads 1e999 as a number"),
    ],
)
def test_what_readers_of_yaml_disagree_about_is_a_mistake_in_a_map_of_anything(plain: str, reading: str) -> None:
    root = read_yaml(f"a: [{{b: {plain}}}]", "f").root
    assert root is not None

    with pytest.raises(FieldError) as caught:
        AnyMap().read(root)
    (mistake,) = caught.value.mistakes

    assert (mistake.index, mistake.inside, mistake.hint) == (8, ".a[0].b", f'quote it: "{plain}"')
    assert mistake.message == f"must be clear, but {reading}"
    assert AnyMap(strict=False).read(root) == {"a": [{"b": plain}]}


@given(st.text(st.sampled_from("0123456789+-.:_eExXoObaFTZtnuly~=< "), max_size=12) | st.sampled_from(["yes", "Off", "null", "NULL", "<<"]))
def test_the_yaml_1_1_type_of_a_scalar_is_the_one_that_pyyaml_resolves(plain: str) -> None:
    tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, plain, (True, False)).removeprefix("tag:yaml.org,2002:")

    assert tag_of(plain) == {"merge": "special", "value": "special"}.get(tag, tag)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("on", "YAML 1.1 reads on as true"),
        ("No", "YAML 1.1 reads No as false"),
        ("true", "true is a truth value"),
        ("null", "null means no value at all"),
        ("~", "~ means no value at all"),
        ("1", "1 is a number"),
    ],
)
def test_a_key_that_is_not_text_to_every_reader_is_a_problem(key: str, reason: str) -> None:
    assert problems(f"a: 1\n{key}: 2") == [f'f:2:1: a key must be text, but {reason} (quote it: "{key}")']


CHECK = "check the indentation"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1: the key a is here twice, first in line 1 (remove one of them)"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f:3:3: merge keys (<<) are not read (write the fields out)"),
        (
            "a: !!python/name:os.system x",
            "f:1:4: tags such as tag:yaml.org,2002:python/name:os.system are not read (remove it, and quote what is to be text)",
        ),
        ("[1]: 2", "f:1:1: a key must be text, not a list"),
        ("a: *b", "f:1:4: no anchor &b stands above this alias"),
        ("a: &b [*b]", "f:1:8: the alias *b stands inside of what it names"),
        ("a: 1\n---\nb: 2", "f:2:1: a second YAML document begins here (remove the line '---' and what follows)"),
        (
            "a: [1,\n",
            f"f:2:1: not YAML: did not find expected node content while parsing a flow node ({CHECK}, the brackets and the quotes above)",
        ),
        (
            "a: b: c",
            f"f:1:5: not YAML: mapping values are not allowed in this context ({CHECK}, and quote text that has a colon and a space in it)",
        ),
        (
            "a: 1\nb: x\x07y",
            "f:2:5: the character U+0007 is not allowed in YAML (remove it, or write it as \\x07 inside double quotes)",
        ),
        ("a: \ud800", "f:1:4: the character U+D800 is not allowed in YAML (remove it, or write it as \\ud800 inside double quotes)"),
    ],
)
def test_a_text_that_cannot_be_taken_says_what_and_where(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_all_problems_of_one_pass_are_reported_together() -> None:
    assert problems("a: 1\na: 2\nb: !!str 3\n<<: {}") == [
        "f:2:1: the key a is here twice, first in line 1 (remove one of them)",
        "f:3:4: tags such as tag:yaml.org,2002:str are not read (remove it, and quote what is to be text)",
        "f:4:1: merge keys (<<) are not read (write the fields out)",
    ]


@pytest.mark.parametrize(("text", "column"), [("[" * 33, 33), ("- " * 33 + "a", 65), ("? " * 100 + "a", 65)])
def test_deep_nesting_is_refused(text: str, column: int) -> None:
    assert problems(text) == [f"f:1:{column}: nested too deeply: at most 32 levels are read"]


def test_nesting_through_aliases_counts_like_nesting_that_is_written_out() -> None:
    chain = "\n".join(["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 40)])

    # The map, and lists a0 to a30 inside each other, are 32 levels.
    assert problems(chain) == ["f:32:12: nested too deeply: at most 32 levels are read"]
    assert problems("\n".join(chain.splitlines()[:31])) == []


def test_an_alias_bomb_is_refused_before_it_explodes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]

    assert problems("\n".join(lines)) == ["f:4:50: the aliases up to here stand for more than 20,000 values and characters"]


def test_a_text_beyond_the_size_limit_is_not_parsed() -> None:
    assert problems("a" * 101, size=100) == ["f: too large: 101 characters, at most 100 are read"]


@pytest.mark.parametrize("unit", ["- [\n", "a: {b: ", "&a ", "- \n", "? ", "'", "[x, ", "*a ", "!a ", "a\n\n: ", "- |\n "])
def test_a_megabyte_of_nonsense_is_answered_in_linear_time(unit: str) -> None:
    started = time.process_time()

    read_yaml((unit * (2**20 // len(unit) + 1))[: 2**20], "f")

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
def test_json_is_read_as_the_same_value(document: Any) -> None:
    plain = read_yaml(json.dumps(document, ensure_ascii=False), "f")

    assert (plain.value, plain.problems) == (document, ())


@given(st.text())
def test_no_text_raises(text: str) -> None:
    read_yaml(text, "f")


@pytest.mark.parametrize("text", ["1" + "_" * 900_000 + "x", "1" + ":1" * 450_000 + "x", "1" * 900_000 + "e", "0x" + "a" * 900_000 + "g"])
def test_a_long_word_that_is_nearly_a_number_is_looked_at_in_linear_time(text: str) -> None:
    begun = time.process_time()

    assert read_yaml(f"a: {text}", "f").value == {"a": text}
    assert time.process_time() - begun < 2
