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
from core.domain.quality.metric import FileMeasure, Metric

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


def advice_on(source, threshold=10, number=0, metric=Metric.COMPLEXITY):
    measure = measure_source(source.encode())
    return advise(source, lambda: measure, measure.blocks[number], metric=metric, threshold=threshold)


def test_an_extraction_says_what_is_handed_over_and_what_is_left():
    assert advice_on(LOOP) == (
        "Extract the loop over `rows` (lines 6–12, 5 of its 10 decisions) into a function that takes `limit`, `rows` and `total` "
        "and returns `total`; that leaves 6 here and 6 in the new function."
    )


def test_suggestions_go_on_until_the_threshold_is_reached_each_about_what_the_one_before_leaves():
    assert advice_on(LOOP, 5) == (
        "Extract lines 7–12 (4 of its 10 decisions) into a function that takes `limit`, `row` and `total` and returns `total`; "
        "that leaves 7 here and 5 in the new function. "
        "Then extract lines 15–17 (2 of its 6 decisions) into a function that takes `limit` and `total`, and return what it returns; "
        "that leaves 5 here and 3 in the new function."
    )


def test_what_stays_over_the_threshold_is_said():
    assert advice_on(LOOP, 4).endswith(" that leaves 6 here and 3 in the new function. Still over the threshold of 4: 6 here.")
    assert advice_on(CONDITION, 4).endswith(" Still over the threshold of 4: 5 in a new function.")


def test_statements_that_differ_in_constants_only_become_a_loop_over_a_table_and_nothing_else_is_said_of_them():
    source = "def one(a, b):\n" + "".join(f"    if a == {number}:\n        b += {number}\n" for number in range(14)) + "    return b\n"
    assert advice_on(source) == (
        "Lines 2–29 are 14 statements that differ in constants only: make them a loop over a table of these; that leaves 3."
    )


def test_a_long_condition_becomes_a_function_where_its_names_are_bound():
    assert advice_on(CONDITION, 5) == (
        "Make the condition at line 3 (4 of its 5 decisions) a function that takes `page` and `user`; "
        "that leaves 2 here and 5 in the new function."
    )
    unbound = CONDITION.replace("(user, page):\n", "(user):\n    if user:\n        page = user.page\n")
    assert "condition" not in advice_on(unbound, 6)


def test_the_rest_of_a_chain_is_called_in_an_else():
    assert advice_on(TYPES, 4) == (
        "Extract the remaining branches (lines 7–10, 2 of its 4 decisions) into a function that takes `out` and `value`, "
        "called in an `else`; that leaves 3 here and 3 in the new function."
    )


@pytest.mark.parametrize(
    ("source", "fact"), [(CHAIN, "Lines 3–12 are 5 branches on `shape.kind`."), (HANDLERS, "Lines 5–12 are 4 handlers of one `try`.")]
)
def test_what_is_not_proven_is_told_as_a_fact(source, fact):
    assert advice_on(source, 4) == f"{fact} No part of it was proven to be extractable as it stands."


def test_a_fact_is_never_about_lines_that_a_suggestion_is_about():
    text = advice_on(ROWS, 4)
    assert text.startswith("Extract lines 4–7 ")
    assert "of one form" not in text


def test_other_metrics_get_extractions_that_bring_them_down():
    assert advice_on(ROWS, 8, metric=Metric.LENGTH) == (
        "Extract lines 3–7 (5 of its 11 lines of code) into a function that takes `form` and returns `errors`; "
        "that leaves 7 lines here and 7 lines in the new function."
    )
    nested = NESTED.replace("yield book", "print(book)")
    assert advice_on(nested, 3, metric=Metric.NESTING) == (
        "Extract the loop over `room` (lines 5–7, 2 of its 4 levels) into a function that takes `room`; "
        "that leaves 2 levels here and 2 levels in the new function."
    )
    assert advice_on(ROWS, 0, metric=Metric.PARAMETERS) == ""


def test_asserts_that_do_not_count_do_not_count_in_the_advice():
    source = LOOP.replace("    total = 0\n", "    total = 0\n    assert rows\n    assert limit\n")
    (block,) = measure_source(source.encode()).without_asserts().blocks
    text = advise(source, FileMeasure, block, metric=Metric.COMPLEXITY, threshold=10)
    assert "5 of its 10 decisions" in text
    assert text.endswith("that leaves 6 here and 6 in the new function.")
    assert "of its 12 decisions" in advice_on(source)


def test_a_method_hands_itself_over():
    source = "class A:\n" + textwrap.indent(LOOP.replace("rows, limit", "self, limit").replace("rows", "self.rows"), "    ")
    assert "into a function that takes `limit`, `self` and `total` and returns `total`" in advice_on(source, number=1)


def test_namesakes_are_told_apart_by_line():
    source = ROWS + LOOP.replace("report(rows, limit)", "check(rows, limit)")
    assert advice_on(source, 4).startswith("Extract lines 4–7")
    assert advice_on(source, number=1).startswith("Extract the loop over `rows` (lines 18–24")


def test_a_class_names_its_most_complex_methods():
    source = "class A:\n" + textwrap.indent(LOOP.replace("def report(rows,", "def report(self, rows,") + "\ndef n(self): pass\n", "    ")
    assert advice_on(source) == "Most of it lies in `A.report` (line 3, complexity 11)."


def test_a_file_says_where_its_weight_lies():
    source = LOOP + CHAIN + ROWS + "\n" * 40
    assert advise(source, lambda: measure_source(source.encode()), metric=Metric.MAINTAINABILITY, threshold=20) == (
        "Of its 3 functions in 82 lines the most complex are "
        "`report` (line 2, complexity 11), `area` (line 19, complexity 6) and `check` (line 32, complexity 5)."
    )


def test_there_is_nothing_to_say_of_what_is_simple_or_not_there():
    source = "def f():\n    pass\n"
    (block,) = measure_source(source.encode()).blocks
    for text in (source, "", "def f(:"):
        assert advise(text, FileMeasure, block, metric=Metric.COMPLEXITY, threshold=10) == ""


def fragments():
    return [ast.unparse(node) for node in ast.walk(ast.parse(SPECIMEN + LOOP + HANDLERS + NESTED)) if isinstance(node, ast.stmt)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(fragments()), min_size=1, max_size=6), st.sampled_from(["def f(a, *, b=1):", "async def f():", "class A:"]))
def test_any_function_gets_advice_or_none_and_never_an_error(statements, header):
    source = header + "\n" + textwrap.indent("\n".join(statements), "    ")
    measure = measure_source(source.encode())
    last = source.count("\n") + 1
    for block in (*measure.blocks, None):
        text = advise(source, lambda: measure, block, metric=Metric.COMPLEXITY, threshold=2)
        assert all(int(number) <= last for word in ("line ", "lines ") for number in _numbers(text, word))


def _numbers(text, word):
    return [part.split("–")[0].split()[0].rstrip(",.:)") for part in text.split(word)[1:] if part[0].isdigit()]
