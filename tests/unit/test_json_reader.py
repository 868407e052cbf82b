"""JSON of strangers: strict, bounded, with the place of what is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidFile
from core.schema.document import Path
from core.schema.json_reader import load_json, parse_json, places_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

PIECES = st.sampled_from(['{"a":', "[", "]", "}", ",", "NaN", "-Infinity", "1e999", "1" * 41, "1", '"a"', '"a":', "true", "-", "x", '"'])


def refusal(text: str) -> str:
    with pytest.raises(InvalidFile) as caught:
        load_json(text, "f")
    (problem,) = caught.value.problems
    return str(problem)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_what_the_standard_library_writes_is_read(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert load_json(text, "f") == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "f:1:1: not JSON: Expecting value"),
        ('{"a": 1,\n "a": 2}', "f:2:2: the key 'a' is given twice (keep one of them)"),
        ('{"b": [{"a": 1}, {"\\u0061": 1, "a": 2}], "b": 1}', "f:1:32: the key 'a' is given twice (keep one of them)"),
        ("[1,\n NaN]", "f:2:2: NaN is no number in JSON"),
        ("[-Infinity]", "f:1:2: -Infinity is no number in JSON"),
        ("NaN- ", "f:1:1: NaN is no number in JSON"),
        ("[1e999x", "f:1:2: the number 1e999 is too large"),
        ('{"a": true, "b": -Infinity5', "f:1:18: -Infinity is no number in JSON"),
        ('["1e999", 1e999]', "f:1:11: the number 1e999 is too large"),
        ("[" + "1" * 10_000 + "]", "f:1:2: the number has too many digits"),
        ("[0." + "1" * 10_000 + "]", "f:1:2: the number has too many digits"),
        ("[" * 65 + "]" * 65, "f:1:65: nested too deeply"),
        ("[" * 100_000, "f:1:65: nested too deeply"),
        ('{"a":' * 100_000, "f:1:321: nested too deeply"),
        ("\ufeff{}", "f:1:1: not JSON: Expecting value"),
    ],
)
def test_a_refusal_has_its_place(text, told):
    assert refusal(text) == told


@given(st.text(st.sampled_from('[]{}",:\\ 019-+.eENaInfityultrs\n'), max_size=12) | st.lists(PIECES, max_size=8).map("".join))
def test_any_text_is_read_or_refused_with_a_place_inside_it(text):
    try:
        load_json(text, "f")
    except InvalidFile as error:
        (problem,) = error.problems
        lines = text.split("\n")
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


def test_brackets_in_strings_are_no_depth():
    assert load_json(json.dumps(["[" * 100, '"' * 100, "\\" * 99]), "f")


def test_bytes_of_a_program_are_read_or_a_value_error_says_why():
    assert parse_json(b'{"a": "\xc3\xa9"}') == {"a": "é"}
    for data in (b"\xff", b"[" * 10**6, b"1" * 10**6, b"NaN", b'{"a":1,"a":1}', b"\xef\xbb\xbf{}", "\ud800"):
        with pytest.raises(ValueError, match=r"[a-z]"):
            parse_json(data)


@given(VALUES, st.sampled_from([None, 2]))
def test_every_value_and_every_key_is_found_where_it_stands(value, indent):
    text = json.dumps(value, indent=indent)
    lines = text.split("\n")
    paths = dict(_inside(value, ()))
    for path, (line, column) in places_of(text, paths).items():
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == paths[path]
    for path, (line, column) in places_of(text, paths, keys=True).items():
        if path and isinstance(path[-1], str):
            assert json.JSONDecoder().raw_decode(lines[line - 1][column - 1 :])[0] == path[-1]


def _inside(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    yield path, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _inside(item, (*path, key))


def test_an_absent_value_has_the_place_of_what_surrounds_it():
    text = '{"a":\n [1, {"b": 2}]}'
    assert places_of(text, [("a", 1, "c"), ("a", 7), ("x", 3), ()]) == {
        ("a", 1, "c"): (2, 6),
        ("a", 7): (2, 2),
        ("x", 3): (1, 1),
        (): (1, 1),
    }


MILLION = 1_000_000
#: Texts, and the line and column at which they are refused; None for those that are read.
LARGE = {
    "flat list": ("[" + "1," * MILLION + "1]", None),
    "empty lists": ("[" + "[]," * (MILLION // 2) + "1]", None),
    "open strings": ('["a",' * (MILLION // 5), (1, 321)),
    "quotes": ('"' * MILLION, (1, 3)),
    "escaped quotes": ('["' + '\\"' * MILLION, (1, 2)),
    "digits": ("1" * MILLION, (1, 1)),
    "exponent": ("1e" + "9" * MILLION, (1, 1)),
    "keys": ("{" + ",".join(f'"{number}":1' for number in range(MILLION // 10)) + ',"1":1}', (1, 988_892)),
    "line ends": ("\n" * MILLION, (MILLION + 1, 1)),
    "deep": ("[" * MILLION, (1, 65)),
    "deep maps": ('{"a":' * (MILLION // 5), (1, 321)),
    "long string": ('"' + "a" * MILLION + '"', None),
    "escapes": ('"' + "\\u0000" * (MILLION // 6) + '"', None),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_of_anything_is_answered_in_linear_time(name):
    text, place = LARGE[name]
    begun = time.process_time()
    try:
        load_json(text, "f")
        refused = None
    except InvalidFile as error:
        (problem,) = error.problems
        refused = (problem.line, problem.column)
    # Most take some milliseconds, a million values half a second; quadratic time would be hours.
    assert time.process_time() - begun < 10
    assert refused == place
