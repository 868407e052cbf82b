"""Raw counts equal radon's own, whatever the text."""

from __future__ import annotations

import ast
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.radon.fast.by_radon import raw_counts_by_radon
from core.adapters.radon.fast.raw_counts import raw_counts

#: From 3.12 on the tokeniser refuses much of what is no Python, and only what parses is counted.
LENIENT = sys.version_info < (3, 12)


def outcome(count, source):
    try:
        return count(source)
    except SyntaxError as error:
        return error.msg


def parses(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except (SyntaxError, ValueError):
            return False
    return True


def assert_equal(source):
    if LENIENT or parses(source):
        assert outcome(raw_counts, source) == outcome(raw_counts_by_radon, source), source


SHAPES = [
    "",
    "\n",
    "x",
    "x = 1\n",
    "x = 1  # why\n",
    "# one\n# two\n\n# three",
    '"""One line."""\n',
    "'''Several\n\n  lines\n'''\n",
    "r'''raw \\''''\n",
    '"a" "b"\n',
    '"doc"  # said\n',
    '"doc"; x\n',
    "if x: y\n",
    "if x:\n    y\n",
    "def f(a: int) -> None:  # typed\n    pass\n",
    "a: int = 1\n",
    "d = {'a': 1}\n",
    "d = {\n    'a': 1,  # first\n\n    'b': [2, {3: (4,)}],\n}\n",
    "f(x[1:2], lambda: 0)\n",
    "(y := 1)\n",
    "print(y := 1, z)\nx[a:=1]\n",
    "a; b; c;\n",
    "if x: a; b\n",
    "class A: a = 1; b = 2\n",
    "x = 1 + \\\n    2\n",
    "x = 1 + \\\n\ny = 2\n",
    "with a as b, \\\n     c as d:\n    pass\n",
    "if a and \\\n   b: c\n",
    "\\\nx = 1\n",
    "\\\n\n\nx\n",
    "x = 'a\\\nb'\n",
    "'a\\\nb'\n",
    "x = '''a\n  b''' + \"c:d\"\n",
    "x = ':'  # : here\n",
    "x = '#'\n",
    "else:\n",
    "a != b\na <> b\n",
    "x\x0cy = 1\n",
    "\x0c\ndef f():\n    pass\n",
    "x = 'a\x0cb'\n",
    "x = 'a\u2028b'\n",
    "x = 1\x1cy = 2\n",
    "\u00e9t\u00e9 = 1\n",
    "\u2118 = 1\n",
    "x = 1\u00a0\n",
    "$x\n",
    "don't\n",
    ")\n(\n",
    "(]\n",
    "(\n",
    "x = '\n",
    "'''\n",
    "f'{x:>10}'\n",
    "f'{x}'\n",
    "x = f'''{\na\n}'''\n",
    "x = f'{a!r}' f\"{b:{c}}\"\n",
    "\ufeffx = 1\n",
    "(" * 30 + "x" + ")" * 30 + ": y\n",
    "x = [\n" + "    [[[[[[1]]]]]],\n" * 5 + "]\n",
]


@pytest.mark.parametrize("source", SHAPES)
def test_every_shape_of_line_counts_as_radon_counts_it(source):
    assert_equal(source)
    assert_equal("a = 0\n" + source + "z = 9\n")


EXPRESSIONS = [
    "x",
    "'s'",
    '"t"',
    "f'{x}'",
    "f'{x:>{w}}'",
    "f'''a\n {x}'''",
    "(1,\n 2)",
    "{1: 2}",
    "x[1:2]",
    "lambda: 0",
    "'''d\n\n d'''",
    "(y := 2)",
    "-1",
]
STATEMENTS = [
    "{}", "{}  # c", "a = {}", "a: int = {}", "if {}: pass", "if {}:\n    {}", "{}; {}", "f({}, {})", "a = {} + \\\n    {}", "# c {}",
    "r = [\n    {},  # c\n\n    {},\n]", "class A:\n    {}", "def f(a: int = {}):\n    {}\n    return {}",
    "with {} as a, \\\n     {} as b:\n    pass",
    "x = (\n# c\n{})", "\n", "\x0c", "del x; {}",
]  # fmt: skip


@st.composite
def modules(draw):
    parts = []
    for form in draw(st.lists(st.sampled_from(STATEMENTS), max_size=5)):
        head, *rest = form.split("{}")
        parts.append(head + "".join(draw(st.sampled_from(EXPRESSIONS)) + piece for piece in rest))
    return "\n".join(parts) + draw(st.sampled_from(["", "\n"]))


@settings(max_examples=80, deadline=None)
@given(modules())
def test_statements_of_any_kind_count_as_radon_counts_them(source):
    assert_equal(source)


PIECES = [
    *"'\"#()[]{}:;\\\n =a1f,.", "'''", '"""', "\n\n", "  ", "\t", "rb'", 'f"', "!=", ":=", "!", "$", "?", "\x0c", "\u00e9", "\u00b2",
    "\u2118", "\u2028", "\u00a0",
    "if x:", "# c\n", "x = 1\n", "\\\n", "def f(a: int):\n", "lambda x: y", '"doc"\n', "1e", "0777", "{1: 2}", "d[1:2]", "\u0301",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_text_that_is_no_python_counts_as_radon_counts_it(source):
    assert_equal(source)


def test_a_literal_of_many_lines_is_counted_in_one_pass():
    """Radon needs minutes for this one: it tokenises every prefix of the literal."""
    source = "TABLE = {\n" + "".join(f"    {number}: ({number}, 'x'),  # {number}\n" for number in range(20_000)) + "}\n"
    counts = raw_counts(source)
    assert (counts.loc, counts.sloc, counts.lloc, counts.comments) == (20_002, 20_002, 2, 20_000)


MANY = 2500
REPEATED = {
    "simple statements": "x = 1\n" * MANY,
    "comment lines": "# why\n" * MANY,
    "commented statements": "x = 1  # why\n" * MANY,
    "strings in a call": "f(" + "'a', " * MANY + ")\n",
    "a sum of strings": "x = 'a'" + " + 'b'" * MANY + "\n",
    "brackets in brackets": "x = [" + "[1], " * MANY + "]\n",
    "escapes in a string": 'x = "' + "\\n" * MANY + '"\n',
    "quotes in a docstring": '"""' + '" ' * MANY + '"""\n',
    "fields of an f-string": 'x = f"' + "{a}" * MANY + '"\n',
    "continued lines": "x = 1" + " + \\\n 1" * 500 + "\n",
    "an annotated default": "def f(a: int = (b := 1), *, c: str = 'x') -> None: pass\n" * 500,
}


@pytest.mark.parametrize("source", REPEATED.values(), ids=REPEATED.keys())
def test_more_repetitions_than_one_match_takes_are_counted_as_radon_counts_them(source):
    lines = source.count("\n")
    if lines > 50 and "\\" in source:  # radon needs minutes for one statement of hundreds of lines
        assert raw_counts(source).loc == lines
    else:
        assert_equal(source)
