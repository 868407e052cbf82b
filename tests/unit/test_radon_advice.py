"""Advice names the part that carries the complexity, its lines, and what to do with it."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.radon.advice import advise
from core.adapters.radon.agreement import SPECIMEN
from core.adapters.radon.file_measure import measure_source

LOOP = """
def report(rows, limit):
    if not rows:
        return ""
    total = 0
    for row in rows:
        if row.kind == "a" and row.size > limit:
            total += row.size
        elif row.kind == "b":
            total -= 1
        if row.late:
            total += 2
    if total > limit and limit:
        return "much"
    if total < 0 or not limit:
        return "odd"
    return str(total)
"""

CHAIN = """
def area(shape):
    if shape.kind == "circle":
        return 3 * shape.r ** 2
    elif shape.kind == "square":
        return shape.a ** 2
    elif shape.kind in ("box", "rectangle"):
        return shape.a * shape.b
    elif shape.kind == "line":
        return 0
    elif shape.kind == "point":
        return 0
    raise ValueError(shape.kind)
"""

TYPES = """
def write(value, out):
    if isinstance(value, str):
        out.text(value)
    elif isinstance(value, (int, float)):
        out.number(value)
    elif isinstance(value, dict):
        out.map(value)
    elif isinstance(value, list):
        out.list(value)
"""

ROWS = """
def check(form):
    errors = []
    if not form.name:
        errors.append("name")
    if not form.street:
        errors.append("street")
    if not form.city:
        errors.append("city")
    if not form.zip:
        errors.append("zip")
    return errors
"""

CONDITION = """
def may(user, page):
    if user.active and user.mail and (user.admin or page.public) and not page.draft:
        return True
    return False
"""

HANDLERS = """
def fetch(url):
    try:
        return get(url)
    except Timeout:
        return None
    except Refused:
        return None
    except Lost:
        return None
    except Odd as odd:
        raise Failure from odd
"""

NESTED = """
def find(rooms):
    for room in rooms:
        if room.open:
            for shelf in room:
                for book in shelf:
                    yield book
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            LOOP,
            (
                "Extract the loop over `rows` (lines 6–12, 5 of its 10 decisions) "
                "into a function that takes `limit`, `rows` and `total` and returns `total`."
            ),
        ),
        (CHAIN, "The 5 branches on `shape.kind` (lines 3–12) could be a dict from value to what is done."),
        (TYPES, "The 4 branches on `value` (lines 3–10) could be a method of each class, or functools.singledispatch."),
        (ROWS, "Lines 4–11 do the same 4 times: loop over a table of what differs."),
        (CONDITION, "The condition at line 3 joins 5 tests: make it a function with a name."),
        (HANDLERS, "The try at line 3 has 4 handlers: let a function of its own turn those errors into one."),
        (NESTED, "Line 7 is nested 4 deep: turn the condition at line 4 round and leave early."),
    ],
)
def test_the_sentence_that_helps_most_comes_first(source, expected):
    measure = measure_source(source.encode())
    assert advise(source, measure, measure.blocks[0]).startswith(expected)


def test_a_second_sentence_names_another_part():
    source = LOOP.replace(
        "    return str(total)",
        "    if limit == 1 and total == 2 and rows == 3 or total == 5:\n        return 'six'\n    return str(total)",
    )
    measure = measure_source(source.encode())
    assert advise(source, measure, measure.blocks[0]).endswith("The condition at line 17 joins 4 tests: make it a function with a name.")


def test_the_variable_of_a_comprehension_is_neither_taken_nor_returned():
    source = LOOP.replace("total += 2", "total += sum(late for late in rows if late) + len([late for late in rows if late])")
    source = source.replace("return str(total)", "late = [late for late in rows if late]\n    return str(total), late")
    measure = measure_source(source.encode())
    assert "takes `limit`, `rows` and `total` and returns `total`" in advise(source, measure, measure.blocks[0])


def test_two_suggestions_are_never_about_the_same_lines():
    source = "def one(a, b):\n" + "".join(f"    if a == {number}:\n        b += {number}\n" for number in range(14)) + "    return b\n"
    measure = measure_source(source.encode())
    assert advise(source, measure, measure.blocks[0]) == "Lines 2–29 do the same 14 times: loop over a table of what differs."


def test_a_part_of_a_method_becomes_a_method():
    source = "class A:\n" + textwrap.indent(LOOP.replace("rows, limit", "self, limit").replace("rows", "self.rows"), "    ")
    measure = measure_source(source.encode())
    assert "into a method that takes `limit` and `total` and returns `total`" in advise(source, measure, measure.blocks[1])


def test_a_part_that_yields_or_leaves_a_loop_is_not_extracted():
    source = LOOP.replace("        if row.late:", "        if row.gone:\n            yield row\n        if row.late:")
    assert "the loop" not in advise(source, measure_source(source.encode()), measure_source(source.encode()).blocks[0])


def test_namesakes_are_told_apart_by_line():
    source = ROWS + CONDITION.replace("may(user, page)", "check(user, page)")
    measure = measure_source(source.encode())
    assert advise(source, measure, measure.blocks[0]).startswith("Lines 4–11")
    assert advise(source, measure, measure.blocks[1]).startswith("The condition at line 15")


def test_a_class_names_its_most_complex_methods():
    source = "class A:\n" + textwrap.indent(LOOP.replace("def report(rows,", "def report(self, rows,") + "\ndef n(self): pass\n", "    ")
    measure = measure_source(source.encode())
    assert advise(source, measure, measure.blocks[0]) == "Most of it lies in `A.report` (line 3, complexity 11)."


def test_a_file_says_where_its_weight_lies():
    source = LOOP + CHAIN + ROWS + "\n" * 40
    assert advise(source, measure_source(source.encode())) == (
        "Divide its 82 lines, with 3 functions, into modules with one job each. "
        "Begin with `report` (line 2, complexity 11), `area` (line 19, complexity 6) and `check` (line 32, complexity 5)."
    )


def test_there_is_nothing_to_say_of_what_is_simple_or_not_there():
    source = "def f():\n    pass\n"
    measure = measure_source(source.encode())
    assert advise(source, measure, measure.blocks[0]) == ""
    assert advise("", measure_source(b""), measure.blocks[0]) == ""
    assert advise("def f(:", measure_source(b"def f(:"), measure.blocks[0]) == ""


def fragments():
    return [ast.unparse(node) for node in ast.walk(ast.parse(SPECIMEN + LOOP + HANDLERS + NESTED)) if isinstance(node, ast.stmt)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(fragments()), min_size=1, max_size=6), st.sampled_from(["def f(a, *, b=1):", "async def f():", "class A:"]))
def test_any_function_gets_advice_or_none_and_never_an_error(statements, header):
    source = header + "\n" + textwrap.indent("\n".join(statements), "    ")
    measure = measure_source(source.encode())
    last = source.count("\n") + 1
    for block in (*measure.blocks, None):
        text = advise(source, measure, block)
        assert all(int(number) <= last for word in ("line ", "lines ") for number in _numbers(text, word))


def _numbers(text, word):
    return [part.split("–")[0].split()[0].rstrip(",.:)") for part in text.split(word)[1:] if part[0].isdigit()]
