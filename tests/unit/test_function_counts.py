"""Lines of code, nesting and parameters of functions, and cognitive complexity as complexipy counts it."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from core.adapters.radon.cognitive import cognitive_complexities
from core.adapters.radon.file_measure import measure_source
from core.adapters.radon.function_counts import first_line
from core.domain.quality.metric import Block


def blocks(source: str) -> dict[str, Block]:
    return {block.name: block for block in measure_source(dedent(source).encode(), cognitive=True).blocks}


def test_blank_lines_comments_and_the_docstring_are_no_lines_of_code():
    found = blocks('''
        @decorator
        def f(
            a,
        ):
            """One

            two."""
            # why

            return a
    ''')
    assert found["f"].length == 4


@pytest.mark.parametrize(
    ("body", "length"), [('"""Only words."""', 1), ("'one line'; x = 1", 2), ("x = '''\n        a\n        '''", 4), ("pass", 2)]
)
def test_what_stands_beside_a_docstring_counts(body, length):
    assert blocks(f"\n    def f():\n        {body}\n")["f"].length == length


@pytest.mark.parametrize(
    ("statements", "levels"),
    [
        ("pass", 0),
        ("if a:\n    pass\nelif b:\n    pass\nelif c:\n    pass", 1),
        ("if a:\n    pass\nelse:\n    if b:\n        pass", 2),
        ("if a:\n    pass\nelse:\n    if b:\n        pass\n    c()", 2),
        (
            "for x in y:\n while x:\n  with x:\n   try:\n    pass\n   finally:\n    if x: pass",
            5,
        ),
        ("match a:\n    case 1:\n        if b:\n            pass", 2),
        ("try:\n    pass\nexcept E:\n    for a in b:\n        pass", 2),
        ("if a:\n    def inner():\n        if b:\n            if c: pass", 1),
        ("if a:\n    class Inner:\n        if b: pass", 1),
    ],
)
def test_nesting_counts_statements_inside_one_another(statements, levels):
    assert (
        measure_source(f"def f():\n{''.join(f'    {line}{chr(10)}' for line in statements.splitlines())}".encode()).blocks[0].nesting
        == levels
    )


def test_self_and_cls_are_no_parameters():
    found = blocks("""
        class K:
            def method(self, a, /, b, *c, d, **e): pass
            @classmethod
            def make(cls, a): pass
            @staticmethod
            def bare(a): pass
            def nothing(): pass
        def f(self, a=1): pass
    """)
    assert {name: block.parameters for name, block in found.items()} == {
        "K": 0, "K.method": 5, "K.make": 1, "K.bare": 1, "K.nothing": 0, "f": 2,
    }  # fmt: skip


def test_cognitive_complexity_is_complexipys_also_under_decorators_and_where_comments_tell_it_to_look_away():
    source = dedent("""
        @first
        @second
        def f(a):  # complexipy: ignore
            for b in a:
                if b and a or b:
                    while b: pass
        class K:
            def m(self): # noqa: complexipy
                return 1 if self else 2
    """)
    found = {block.name: block.cognitive for block in measure_source(source.encode(), cognitive=True).blocks}
    scores = cognitive_complexities(source)
    nodes = {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    assert found == {"f": scores[first_line(nodes["f"])], "K": 0, "K.m": scores[first_line(nodes["m"])]}
    assert (found["f"], found["K.m"]) == (8, 1)


def test_without_being_asked_nothing_counts_cognitive_complexity():
    assert [block.cognitive for block in measure_source(b"def f(a):\n    if a: pass\n").blocks] == [0]


def test_a_source_that_complexipy_cannot_read_is_a_problem_only_where_it_is_asked():
    source = b"def f(a):\n    x = " + b"-" * 250 + b"1\n"
    assert (measure_source(source).problem, "cognitive" in measure_source(source, cognitive=True).problem) == ("", True)
