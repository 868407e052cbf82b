"""Which counter is to be believed: ours where it agrees with the installed radon on a specimen of everything, else radon's.

A radon with other rules than the known ones makes measuring slow, never wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import astuple
from functools import cache

from core.adapters.radon.fast.by_radon import raw_counts_by_radon, tree_counts_by_radon
from core.adapters.radon.fast.raw_counts import raw_counts
from core.adapters.radon.fast.tree_counts import TreeCounts, tree_counts
from core.domain.quality.metric import RawCounts

SPECIMEN = '''"""Docstring
  of several lines

"""
# comment

import a; import b  # two
from c import (d,  # one
               e)
x: int = -1 if not a else a[1:2] ** 2 + b.c
total += {1: "a", **x}["b"] or x and 3 < x <= 4 != 5
f = lambda y=1 if x else 2: [y for y in x if y if not y]


@d(1 if x else 2)
async def g(p=x or e, *q: a and b) -> x or e:
    "One line."
    async for i in x:
        assert i == 1 and i, (j for j in i)
    else:
        await x
    async with a as b, \\
            c:
        pass

    def closure():
        while x: x -= 1
        else: del x
        class Hidden(a + b):
            def m(self):
                if x:
                    assert x
                class Deeper:
                    n = 1 if x else 2
        return {k: v for k in x for v in k}
    return f"{x + 1:>{y}}"


class K(a and b, metaclass=c if d else e):
    n = 1 if x else 2

    class Inner:
        def m(self):
            return x is None or x is not True

    def m(self): return ~x % 2

    if x:
        def n(self):
            try:
                raise x
            except* A:
                assert x
            else:
                pass
            try:
                pass
            except A:
                pass
            except (B, C) as e:
                pass
            else:
                x @= 1.0
            finally:
                x //= True
    elif y:
        def n(self, o=x or 1):
            match x:
                case [1, -2, *_] if x or y:
                    pass
                case {"a": b, **c} | K(d, e=f):
                    pass
                case _:
                    pass
            match x:
                case 1:
                    pass
'''


@cache
def tree_counter() -> Callable[[ast.Module], TreeCounts]:
    """Return what counts a module's complexity and Halstead's operators and operands."""
    tree = ast.parse(SPECIMEN)
    return tree_counts if _comparable(tree_counts(tree)) == _comparable(tree_counts_by_radon(tree)) else tree_counts_by_radon


@cache
def raw_counter() -> Callable[[str], RawCounts]:
    """Return what counts a module's lines."""
    return raw_counts if astuple(raw_counts(SPECIMEN)) == astuple(raw_counts_by_radon(SPECIMEN)) else raw_counts_by_radon


def _comparable(counts: TreeCounts) -> tuple[object, ...]:
    blocks = sorted((block.name, block.kind, block.complexity, block.asserts, block.node.lineno) for block in counts.blocks)
    halstead = (counts.operators, counts.operands, counts.distinct_operators, counts.distinct_operands)
    return blocks, counts.complexity, halstead
