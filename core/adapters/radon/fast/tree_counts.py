"""One walk over a syntax tree for what radon's visitors count in two: complexity of each block, and Halstead's counts.

Equal to ``radon.visitors``, which stays the judge: tests compare them over whole source distributions, and
``agreement`` compares them on a specimen before anything is measured. Radon's rules that surprise:

- Of a function only the body counts: no defaults, decorators or annotations.
- A nested function adds nothing to the function around it, an inner class nothing to the class around it.
- A class inside a function is no block, nor is anything inside it.
- ``assert`` is one decision, whatever stands in it. ``match`` is none before radon 6.
- An operand that is no name, attribute or constant is distinct from every other; functions of one name share theirs.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.adapters.radon.fast.tree_tables import CHILD, CHILDREN, LEAVES, Decisions, Node
from core.domain.quality.metric import BlockKind

Function = ast.FunctionDef | ast.AsyncFunctionDef


class CountedBlock(NamedTuple):
    """One block and its node."""

    kind: BlockKind
    #: Dotted: ``Class.method``, ``outer.inner``.
    name: str
    complexity: int
    node: Function | ast.ClassDef


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


def tree_counts(tree: ast.Module, *, match_counts: bool) -> TreeCounts:
    """Count a module. ``match_counts``: whether ``match`` is a decision."""
    walk = _Walk(Decisions(match_counts=match_counts))
    own, functions, classes = walk.members(tree.body, None)
    complexity = 1 + own
    for function in functions:
        complexity += walk.function(function, function.name, BlockKind.FUNCTION) - 1
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
    return _Walk(Decisions(match_counts=True)).members(statements, None)[0]


class _Walk:
    """Level by level through what belongs to one block, then on into the blocks found there."""

    def __init__(self, decisions: Decisions) -> None:
        self.blocks: list[CountedBlock] = []
        self.decisions = decisions
        #: Operands by the name of the function they stand in; None outside of functions.
        self.operand_names: defaultdict[str | None, set[object]] = defaultdict(set)
        self.depth = 0

    def function(self, node: Function, name: str, kind: BlockKind | None) -> int:
        """Count a function, report it unless ``kind`` is None, and return its complexity."""
        own, functions, classes = self.members(node.body, node.name)
        if kind:
            self.blocks.append(CountedBlock(kind, name, 1 + own, node))
        for inner in functions:
            self.function(inner, f"{name}.{inner.name}", kind and BlockKind.CLOSURE)
        for klass in classes:
            self._unreported(klass, node.name)
        return 1 + own

    def klass(self, node: ast.ClassDef, name: str, context: str | None) -> int:
        """Count and report a class; return its complexity with all its methods. What is reported is about their average."""
        self._header(node, context)
        own, methods, classes = self.members(node.body, context)
        total = 1 + own + sum(self.function(method, f"{name}.{method.name}", BlockKind.METHOD) for method in methods)
        average = int(total / float(len(methods))) + (len(methods) > 1) if methods else total
        self.blocks.append(CountedBlock(BlockKind.CLASS, name, average, node))
        for inner in classes:
            self.klass(inner, f"{name}.{inner.name}", context)
        return total

    def members(self, body: Sequence[Node], context: str | None) -> tuple[int, list[Function], list[ast.ClassDef]]:
        """Count what belongs to a block itself; return its decisions, and the functions and classes found in it."""
        found = self.decisions
        found.begin(self.operand_names[context])
        self._descend(body)
        complexity, asserted = found.complexity, found.asserted
        if asserted:
            found.asserted = []
            self._descend(asserted)
        return complexity, found.functions, found.classes

    def _header(self, node: ast.ClassDef, context: str | None) -> None:
        self.members([*node.bases, *node.keywords, *node.decorator_list, *getattr(node, "type_params", ())], context)

    def _unreported(self, node: ast.ClassDef, context: str | None) -> None:
        self._header(node, context)
        _, functions, classes = self.members(node.body, context)
        for function in functions:
            self.function(function, "", None)
        for inner in classes:
            self._unreported(inner, context)

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
