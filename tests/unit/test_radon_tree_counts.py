"""Complexity and Halstead counts equal radon's visitors', rule by rule and on generated trees."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from radon.visitors import ComplexityVisitor, HalsteadVisitor

from core.adapters.radon.agreement import SPECIMEN, tree_counter
from core.adapters.radon.fast.by_radon import tree_counts_by_radon
from core.domain.quality.metric import BlockKind


def comparable(counts):
    blocks = sorted(
        (block.name, block.kind, block.complexity, block.asserts, block.node.lineno, block.node.col_offset) for block in counts.blocks
    )
    return blocks, counts.complexity, counts.operators, counts.operands, counts.distinct_operators, counts.distinct_operands


def assert_equal(source):
    tree = ast.parse(source)
    assert comparable(tree_counter()(tree)) == comparable(tree_counts_by_radon(tree)), source


SIMPLE = [
    "pass", "x = a + b", "x += 1 if a else b", "assert a and b, (c for c in d if c)", "x = [y for y in z if y if a]", "x = {**a, 1: -b}",
    "x = lambda y=a or b: y and x", "del x[a:b < c]", "x: a or b = not c", "x = f'{a + b!r:>{c * d}}'", "import a.b as c", "raise a from b",
    "global g", "x = a.b.c + 1.0 + True + 1", "x = a < b <= c is not d", "print(*a, **b)", "x = (y := a)", "x = 'a' % 1 % 'a'",
]  # fmt: skip
OPENERS = [
    "if a and b:", "for x in a or b:", "while a:", "with a as b:", "try:", "def f(p=a or b, *q: c and d) -> e:", "async def g():",
    "class C(a or b, m=c):",
    "@d(a if b else c)\ndef f():", "match x:\n    case [1, -2] if a:\n        pass\n    case _:",
]  # fmt: skip
CLOSERS = {
    "if": ["", "else:", "elif c or d:"],
    "for": ["", "else:"],
    "while": ["", "else:"],
    "try": ["finally:", "except:", "except A:\n    pass\nexcept B:", "except* A:\n    pass\nexcept* B:", "except* A:\n    pass\nelse:"],
}


@st.composite
def suites(draw, depth=3):
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        if not depth or draw(st.booleans()):
            lines.append(draw(st.sampled_from(SIMPLE)))
            continue
        opener = draw(st.sampled_from(OPENERS))
        inside = 8 if opener.startswith("match") else 4
        lines += [opener, textwrap.indent(draw(suites(depth=depth - 1)), " " * inside)]
        closer = draw(st.sampled_from(CLOSERS.get(opener.split(" ")[0].rstrip(":"), [""])))
        if closer:
            lines += [closer, textwrap.indent(draw(suites(depth=depth - 1)), "    ")]
    return "\n".join(lines)


@settings(max_examples=80, deadline=None)
@given(suites())
def test_generated_modules_count_as_radon_counts_them(source):
    assert_equal(source)


def test_the_specimen_counts_as_radon_counts_it():
    assert_equal(SPECIMEN)


def blocks(source):
    counts = tree_counter()(ast.parse(textwrap.dedent(source)))
    return {block.name: (block.kind, block.complexity) for block in counts.blocks}


def test_blocks_have_dotted_names_and_a_kind():
    found = blocks("""
        def f():
            def g():
                def h(): pass
        class A:
            def m(self):
                def n(): pass
            class B:
                def o(self): pass
    """)
    assert {name: kind for name, (kind, _) in found.items()} == {
        "f": BlockKind.FUNCTION,
        "f.g": BlockKind.CLOSURE,
        "f.g.h": BlockKind.CLOSURE,
        "A": BlockKind.CLASS,
        "A.m": BlockKind.METHOD,
        "A.m.n": BlockKind.CLOSURE,
        "A.B": BlockKind.CLASS,
        "A.B.o": BlockKind.METHOD,
    }


def test_a_class_inside_a_function_is_a_block_beyond_what_radon_sees():
    found = blocks("""
        def f():
            if x:
                class A:
                    def m(self):
                        if x: assert x
                        class B:
                            async def n(self):
                                def c():
                                    class D: pass
                    class E:
                        def o(self): pass
        class K:
            def m(self):
                class L:
                    def n(self): pass
    """)
    assert found == {
        "f": (BlockKind.FUNCTION, 2),
        "f.A": (BlockKind.CLASS, 4),
        "f.A.m": (BlockKind.METHOD, 3),
        "f.A.m.B": (BlockKind.CLASS, 2),
        "f.A.m.B.n": (BlockKind.METHOD, 1),
        "f.A.m.B.n.c": (BlockKind.CLOSURE, 1),
        "f.A.m.B.n.c.D": (BlockKind.CLASS, 1),
        "f.A.E": (BlockKind.CLASS, 2),
        "f.A.E.o": (BlockKind.METHOD, 1),
        "K": (BlockKind.CLASS, 2),
        "K.m": (BlockKind.METHOD, 1),
        "K.m.L": (BlockKind.CLASS, 2),
        "K.m.L.n": (BlockKind.METHOD, 1),
    }


@pytest.mark.parametrize(
    "source", ["def f():\n    class A:\n        def m(self):\n            if x: x + 1\n", "try: pass\nexcept* A: a + b\n"]
)
def test_what_goes_beyond_radon_leaves_the_sums_of_the_module_to_radon(source):
    tree = ast.parse(source)
    counts = tree_counter()(tree)
    assert counts.complexity == ComplexityVisitor.from_ast(tree).total_complexity
    assert (counts.operators, counts.operands) == (HalsteadVisitor.from_ast(tree).operators, HalsteadVisitor.from_ast(tree).operands)


@pytest.mark.parametrize("no_assert", [False, True])
def test_asserts_add_what_radon_leaves_out_without_them(no_assert):
    source = """
assert a and b
def f():
    assert a, (b or c)
    assert b
    def g():
        assert c if d else e
class A:
    assert x
    def m(self):
        if x: assert x
    def n(self):
        assert x
        assert y
"""
    theirs = ComplexityVisitor.from_ast(ast.parse(source), no_assert=no_assert)
    closures = [closure for function in theirs.functions for closure in function.closures]
    wanted = {block.name: block.complexity for block in [*theirs.blocks, *closures]}
    counts = tree_counter()(ast.parse(source))
    assert {block.node.name: block.complexity - block.asserts * no_assert for block in counts.blocks} == wanted


@pytest.mark.parametrize(
    ("source", "complexity"),
    [
        ("def f(x=1 if a else b): pass", 1),  # defaults belong to nobody
        ("def f():\n    def g():\n        if x: pass\n", 1),  # nor does what is in a closure
        ("def f():\n    assert a and b or c\n", 2),
        ("def f():\n    for x in y: pass\n    else: pass\n", 3),
        ("def f():\n    try: pass\n    except A: pass\n    except B: pass\n    else: pass\n", 4),
        ("def f():\n    try: pass\n    except* A: pass\n    except* B: pass\n    else: pass\n", 4),
        ("def f():\n    return [x for x in y if a if b]\n", 4),
        ("def f():\n    return a and b and c\n", 3),
    ],
)
def test_code_is_counted_by_the_rules_of_radon(source, complexity):
    assert blocks(source)["f"][1] == complexity


def test_a_class_has_the_average_of_its_methods_and_one_more():
    source = "class A:\n    def m(self):\n        if x: pass\n    def n(self):\n        if x: pass\n        if y: pass\n"
    assert blocks(source)["A"][1] == 4  # (1 + 2 + 3) / 2 + 1
