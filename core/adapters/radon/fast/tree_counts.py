"""One walk over a syntax tree for what radon's visitors count in two: complexity of each block, and Halstead's counts.

Equal to ``radon.visitors`` for everything that radon sees, which tests compare over whole source distributions, and
``agreement`` on a specimen before anything is measured. Radon's rules that surprise:

- Of a function only the body counts: no defaults, decorators or annotations.
- A nested function adds nothing to the function around it, an inner class nothing to the class around it.
- ``assert`` is one decision, whatever stands in it; radon can leave it out, so blocks say how much it adds.
- An operand that is no name, attribute or constant is distinct from every other; functions of one name share theirs.

Beyond radon, in blocks only; the sum of a module and Halstead's counts are radon's:

- A class inside a function, and everything in it, are blocks, too.
- ``except*`` counts as ``except`` does.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.adapters.radon.fast.tree_tables import CHILD, CHILDREN, LEAVES, Decisions, Node
from core.adapters.radon.nodes import Function
from core.domain.quality.metric import BlockKind


class CountedBlock(NamedTuple):
    """One block and its node."""

    kind: BlockKind
    #: Dotted: ``Class.method``, ``outer.inner``.
    name: str
    complexity: int
    #: What ``assert`` statements add to the complexity.
    asserts: int
    node: Function | ast.ClassDef


class _Sums(NamedTuple):
    """What some statements add to the complexity of their block."""

    #: As radon counts, asserts included.
    seen: int = 0
    asserts: int = 0
    #: For ``except*``.
    beyond: int = 0


@dataclass(slots=True, kw_only=True)
class TreeCounts:
    """What a module adds up to; the names of Halstead's four are those of radon's visitor."""

    #: In no particular order.
    blocks: list[CountedBlock] = field(default_factory=list)
    #: Of the whole module, as radon's maintainability index takes it.
    complexity: int = 0
    operators: int = 0
    operands: int = 0
    distinct_operators: int = 0
    distinct_operands: int = 0
    #: Nodes above one another in the deepest function, at least.
    depth: int = 0


def tree_counts(tree: ast.Module) -> TreeCounts:
    """Count a module."""
    walk = _Walk(Decisions())
    own, functions, classes = walk.members(tree.body, None)
    complexity = 1 + own.seen
    for function in functions:
        complexity += walk.function(function, function.name, BlockKind.FUNCTION).seen
    for inner in classes:
        complexity += walk.klass(inner, inner.name, None) - 1
    found = walk.decisions
    return TreeCounts(
        blocks=walk.blocks,
        complexity=complexity,
        operators=found.operators,
        operands=found.operands,
        distinct_operators=len(found.operator_kinds),
        distinct_operands=found.unnamed_operands + sum(map(len, walk.operand_names.values())),
        depth=walk.depth,
    )


def decisions(statements: Sequence[ast.stmt]) -> int:
    """Return what statements add to the complexity of the block that they belong to."""
    own, _, _ = _Walk(Decisions()).members(statements, None)
    return own.seen + own.beyond


class _Walk:
    """Level by level through what belongs to one block, then on into the blocks found there."""

    def __init__(self, decisions: Decisions) -> None:
        self.blocks: list[CountedBlock] = []
        self.decisions = decisions
        #: Operands by the name of the function they stand in; None outside of functions.
        self.operand_names: defaultdict[str | None, set[object]] = defaultdict(set)
        self.depth = 0

    def function(self, node: Function, name: str, kind: BlockKind) -> _Sums:
        """Count and report a function; return what its statements add to its complexity of 1."""
        own, functions, classes = self.members(node.body, node.name)
        self.blocks.append(CountedBlock(kind, name, 1 + own.seen + own.beyond, own.asserts, node))
        for inner in functions:
            self.function(inner, f"{name}.{inner.name}", BlockKind.CLOSURE)
        for klass in classes:
            self.klass(klass, f"{name}.{klass.name}", node.name)
        return own

    def klass(self, node: ast.ClassDef, name: str, context: str | None) -> int:
        """Count and report a class; return its complexity with all its methods, as radon counts. Reported is about their average."""
        self._header(node, context)
        own, methods, classes = self.members(node.body, context)
        every = [own, *(self.function(method, f"{name}.{method.name}", BlockKind.METHOD) for method in methods)]
        seen, asserts, beyond = map(sum, zip(*every, strict=True))
        total = 1 + len(methods) + seen
        complexity = _average(total + beyond, len(methods))
        self.blocks.append(
            CountedBlock(BlockKind.CLASS, name, complexity, complexity - _average(total + beyond - asserts, len(methods)), node)
        )
        for inner in classes:
            self.klass(inner, f"{name}.{inner.name}", context)
        return total

    def members(self, body: Sequence[Node], context: str | None) -> tuple[_Sums, list[Function], list[ast.ClassDef]]:
        """Count what belongs to a block itself; return what it adds, and the functions and classes found in it."""
        found = self.decisions
        found.begin(self.operand_names[context])
        self._descend(body)
        own = _Sums(found.complexity, found.asserts, found.beyond_radon)
        if conditions := found.asserted:
            found.asserted = []
            self._descend(conditions)
        return own, found.functions, found.classes

    def _header(self, node: ast.ClassDef, context: str | None) -> None:
        self.members([*node.bases, *node.keywords, *node.decorator_list, *getattr(node, "type_params", ())], context)

    def _descend(self, level: Sequence[Node]) -> None:
        """Count nodes and all below them, down to functions and classes."""
        child, children, leaves, counters = CHILD, CHILDREN, LEAVES, self.decisions.counters
        depth = 0
        while level:
            depth += 1
            below: list[Node] = []
            add, extend = below.append, below.extend
            for node in level:
                kind = node.__class__
                if kind in leaves:
                    continue
                if kind is list:
                    extend(node)
                elif kind in child:
                    add(child[kind](node))
                elif kind is ast.Call:  # as the last branch would, but every fourth node is one
                    add(node.func)
                    extend(node.args)
                    extend(node.keywords)
                else:
                    if kind in counters:
                        counters[kind](node)
                    extend(children[kind](node))
            level = below
        self.depth = max(self.depth, depth)


def _average(total: int, methods: int) -> int:
    """Return radon's complexity of a class from the sum of its methods' and its own."""
    return int(total / float(methods)) + (methods > 1) if methods else total
