"""What is advised to be extracted does the same as before; what is not proven to is not advised."""

from __future__ import annotations

import ast
import importlib.util
import textwrap
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.radon.advice import suggestions
from core.adapters.radon.advice.module import functions, module_facts
from core.adapters.radon.advice.proof import Handover, Prover
from core.adapters.radon.advice.ties import Surroundings
from core.adapters.radon.file_measure import measure_source
from core.domain.quality.metric import BlockKind, Metric
from core.domain.quality.metric_spec import block_score
from tests.apply_advice import applied, some_proven
from tests.random_functions import behaviour, random_module

#: A part is what stands between the two lines.
BEGIN, END = "# part", "# end"


def proof(source: str) -> Handover | None:
    """Return the proof about the marked statements of the innermost function around them."""
    source = textwrap.dedent(source)
    lines = source.split("\n")
    first, last = (next(number for number, line in enumerate(lines, 1) if mark in line) for mark in (BEGIN, END))
    tree = ast.parse(source)
    around, function = max(
        (found for found in functions(tree) if found[1].lineno < first <= (found[1].end_lineno or 0)), key=lambda found: found[1].lineno
    )
    builtins, managers = module_facts(tree, function)
    prover = Prover.create(function, Surroundings(around=around, builtins=builtins, managers=managers))
    bodies = (value for node in ast.walk(function) for _, value in ast.iter_fields(node) if isinstance(value, list))
    inside = ([one for one in body if isinstance(one, ast.stmt) and first < one.lineno < last] for body in bodies)
    return prover.statements(next(part for part in inside if part)) if prover else None


REFUSED = {
    "the output is bound on one way only": """
        def f(a):
            # part
            if a:
                b = 1
            # end
            if a:
                return b
    """,
    "the input is bound on one way only": """
        def f(a):
            if a:
                b = 1
            # part
            if a:
                print(b)
            # end
    """,
    "an early return is hidden in it": """
        def f(a):
            # part
            if a:
                return 1
            # end
            return a
    """,
    "it ends the loop around it": """
        def f(a):
            for b in a:
                # part
                if b:
                    break
                # end
    """,
    "it repeats the loop around it": """
        def f(a):
            for b in a:
                # part
                if b:
                    continue
                # end
                print(b)
    """,
    "it yields": "def f(a):\n    # part\n    yield a\n    # end\n",
    "a handler reads what it binds before an error": """
        def f(a):
            b = 0
            try:
                # part
                b = 1
                g(a)
                # end
            except ValueError:
                return b
    """,
    "a finally reads what it binds": """
        def f(a):
            b = 0
            try:
                # part
                b = 1
                g(a)
                # end
            finally:
                print(b)
    """,
    "a finally reads what it binds before a return": """
        def f(a):
            b = 0
            try:
                # part
                b = 1
                return a
                # end
            finally:
                print(b)
    """,
    "a context manager may swallow an error after it bound a name that is read later": """
        def f(a):
            b = 0
            with suppress(ValueError):
                # part
                b = 1
                g(a)
                # end
            return b
    """,
    "a function from before sees what it binds": """
        def f(a):
            def g():
                return a
            # part
            a = 1
            g()
            # end
    """,
    "a function made in it sees what is bound later": """
        def f(a, keep):
            # part
            keep(lambda: a)
            # end
            a = 2
    """,
    "a function made in it shares its name with the next round of a loop": """
        def f(a, keep):
            for b in a:
                # part
                c = b
                keep(lambda: c)
                # end
    """,
    "a function changes the name at any moment": """
        def f(a):
            def g():
                nonlocal a
                a += 1
            # part
            g()
            print(a)
            # end
    """,
    "it binds a global name": "def f(a):\n    global b\n    # part\n    b = a\n    # end\n",
    "it declares a name global": "def f(a):\n    # part\n    global b\n    b = a\n    # end\n",
    "somebody looks at the local names": "def f(a):\n    # part\n    b = a\n    # end\n    return locals()\n",
    "somebody evaluates text": "def f(a):\n    # part\n    b = a\n    # end\n    return eval('b')\n",
    "it needs the class cell": "class A:\n    def f(self):\n        # part\n        super().f()\n        # end\n",
    "it names what the class mangles": "class A:\n    def f(self):\n        # part\n        print(self.__b)\n        # end\n",
    "it counts frames": "def f(a):\n    # part\n    warnings.warn(a, stacklevel=2)\n    # end\n",
    "errors come in groups": "def f(a):\n    try:\n        # part\n        g(a)\n        # end\n    except* OSError:\n        pass\n",
    "it defines a class": "def f(a):\n    # part\n    class B:\n        pass\n    # end\n    return B\n",
    "it unbinds what is read later": """
        def f(a, b):
            # part
            if a:
                del b
            # end
            return b
    """,
    "the name of an error ends with its handler": """
        def f(a):
            error = None
            # part
            try:
                g(a)
            except ValueError as error:
                print(error)
            # end
            return error
    """,
    "a name would be that of the module": """
        def f(a):
            if a:
                return b
            # part
            b = 1
            # end
    """,
    "what the last round bound is read in the next": """
        def f(a):
            for b in a:
                # part
                if b:
                    print(c)
                c = b
                # end
    """,
    "a walrus in a comprehension may not bind": """
        def f(a):
            # part
            b = [c := d for d in a]
            # end
            return c
    """,
    "an error that ends a generator changes at the border of a coroutine": """
        async def f(a):
            try:
                # part
                await a
                next(a)
                # end
            except StopIteration:
                return 1
    """,
    "it stands in a finally that is run on several ways": """
        def f(a):
            try:
                g(a)
            finally:
                # part
                print(a)
                # end
    """,
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_a_part_is_not_extracted_where(source):
    assert proof(source) is None


PROVEN = {
    "variables of comprehensions and lambdas are nobody's business": (
        """
        def f(a, b):
            # part
            if [c for c in a] and {c: d for c, d in b}:
                g(sorted(a, key=lambda c: c.d))
            # end
            c = 1
            return c
        """,
        Handover(takes=("a", "b")),
    ),
    "what is bound on one way, and before, goes in and out": (
        """
        def f(a, b):
            # part
            if a:
                b = 1
            # end
            return b
        """,
        Handover(takes=("a", "b"), gives=("b",)),
    ),
    "what nobody reads later stays inside": (
        """
        def f(a):
            # part
            for b in a:
                print(b)
            # end
            for b in a:
                print(b)
        """,
        Handover(takes=("a",)),
    ),
    "what always returns is returned": (
        """
        def f(a):
            if a > 3:
                # part
                if a > 4:
                    return 1
                raise ValueError
                # end
            return 2
        """,
        Handover(takes=("a",), returns=True),
    ),
    "a return at the end of the function": (
        """
        def f(a):
            print(a)
            # part
            if a:
                return 1
            print(a)
            # end
        """,
        Handover(takes=("a",), returns=True),
    ),
    "a name of a function around is seen from beside": (
        """
        def outer(a):
            def f(b):
                # part
                if a and b:
                    print(a)
                # end
            return f
        """,
        Handover(takes=("b",)),
    ),
    "captures of match": (
        """
        def f(a):
            # part
            match a:
                case [b, *c]:
                    print(b, c)
                case {"d": d} if d:
                    print(d)
                case _:
                    print(a)
            # end
        """,
        Handover(takes=("a",)),
    ),
    "an opened file swallows nothing": (
        """
        def f(a):
            with open(a) as b:
                # part
                c = b.read()
                d = c or a
                # end
            return d
        """,
        Handover(takes=("a", "b"), gives=("d",)),
    ),
    "the name of an error is a value in its handler": (
        """
        def f(a):
            try:
                g(a)
            except ValueError as error:
                # part
                if a:
                    print(error)
                raise
                # end
        """,
        Handover(takes=("a", "error")),
    ),
    "a generator used up at once": (
        """
        def f(a):
            b = 1
            # part
            c = any(d == b for d in a)
            # end
            b = 2
            return b, c
        """,
        Handover(takes=("a", "b"), gives=("c",)),
    ),
    "a coroutine": (
        """
        async def f(a):
            # part
            async with a as b:
                await b
            # end
        """,
        Handover(takes=("a",), waits=True),
    ),
}


@pytest.mark.parametrize(("source", "handover"), PROVEN.values(), ids=PROVEN.keys())
def test_a_part_is_extracted_although(source, handover):
    assert proof(source) == handover


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=0, max_value=1_000_000))
def test_a_random_function_does_the_same_after_any_change_that_is_proven(seed):
    random = Random(seed)
    source = random_module(random)
    before = behaviour(source)
    for name, line, suggestion in some_proven(source, random, 4):
        if name.split(".")[0] in {"f", "K", "outer"}:
            changed = applied(source, [(name, line, [suggestion])])
            assert behaviour(changed) == before, changed


@pytest.mark.parametrize("module", ["argparse", "tarfile", "traceback"])
@pytest.mark.parametrize(("metric", "threshold"), [(Metric.COMPLEXITY, 6), (Metric.NESTING, 2), (Metric.COGNITIVE, 8)])
def test_what_is_said_to_be_left_is_what_is_measured_when_it_is_followed(module, metric, threshold):
    if metric is Metric.COGNITIVE:
        pytest.importorskip("complexipy")
    source = Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8")

    def blocks(text):
        return {block.name: block for block in measure_source(text.encode(), cognitive=metric is Metric.COGNITIVE).blocks}

    before = [block for block in blocks(source).values() if block.kind in {BlockKind.FUNCTION, BlockKind.METHOD}]
    followed = 0
    for block in before[::5]:
        found = suggestions(source, block, metric=metric, threshold=threshold) if block_score(block, metric) > threshold else []
        if found:
            after = blocks(applied(source, [(block.name, block.line, found)]))
            new = [block_score(after[f"_advised_{number}"], metric) for number in range(1, len(found) + 1)]
            assert (block_score(after[block.name], metric), new) == (found[-1].here, [one.there for one in found]), block
            followed += 1
    assert followed
