"""The same counts by radon's own visitors: slower, and the judge of ours.

Where ``tree_counts`` goes beyond radon, radon is asked about code that it does see: a local class as one at the top of a module, and
``except*`` as ``except``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.adapters.radon.fast.tree_counts import CountedBlock, TreeCounts
from core.domain.quality.metric import BlockKind, RawCounts


def tree_counts_by_radon(tree: ast.Module) -> TreeCounts:
    """Count a module. Raises RecursionError for trees that are too deep for radon."""
    from radon.visitors import ComplexityVisitor, HalsteadVisitor

    complexity = ComplexityVisitor.from_ast(tree)
    halstead = HalsteadVisitor.from_ast(tree)
    with _except_star_as_except(tree):
        blocks = list(_blocks(tree, ""))
    return TreeCounts(
        blocks=blocks,
        complexity=complexity.total_complexity,
        operators=halstead.operators,
        operands=halstead.operands,
        distinct_operators=halstead.distinct_operators,
        distinct_operands=halstead.distinct_operands,
    )


def raw_counts_by_radon(source: str) -> RawCounts:
    """Count lines. Raises SyntaxError; takes minutes for statements of thousands of lines."""
    from radon.raw import analyze

    return RawCounts(**analyze(source)._asdict())


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_Found = Iterator[tuple[BlockKind, str, Any]]


@contextmanager
def _except_star_as_except(tree: ast.Module) -> Iterator[None]:
    groups: list[Any] = [node for node in ast.walk(tree) if isinstance(node, ast.TryStar)]
    try:
        for node in groups:
            node.__class__ = ast.Try
        yield
    finally:
        for node in groups:
            node.__class__ = ast.TryStar


def _blocks(tree: ast.Module, prefix: str) -> Iterator[CountedBlock]:
    """Yield the blocks of a module, and those of the classes inside its functions; ``prefix`` begins their names."""
    nodes = {(node.lineno, node.col_offset): node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)}
    for (kind, name, block), (_, _, without_asserts) in zip(_seen(tree), _seen(tree, no_assert=True), strict=True):
        node = nodes[block.lineno, block.col_offset]
        complexity = block.complexity
        yield CountedBlock(kind, prefix + name, complexity, complexity - without_asserts.complexity, node)
        if isinstance(node, _FUNCTIONS):
            for klass in _local_classes(node):
                yield from _blocks(ast.Module(body=[klass], type_ignores=[]), f"{prefix}{name}.")


def _local_classes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.ClassDef]:
    """Yield the classes in a function that are in no other function or class of it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            yield node
        elif not isinstance(node, _FUNCTIONS):
            waiting.extend(ast.iter_child_nodes(node))


def _seen(tree: ast.Module, *, no_assert: bool = False) -> _Found:
    from radon.visitors import ComplexityVisitor

    found = ComplexityVisitor.from_ast(tree, no_assert=no_assert)
    for function in found.functions:
        yield from _function(function, function.name, BlockKind.FUNCTION)
    for klass in found.classes:
        yield from _class(klass, klass.name)


def _function(block: Any, name: str, kind: BlockKind) -> _Found:
    yield kind, name, block
    for closure in block.closures:
        yield from _function(closure, f"{name}.{closure.name}", BlockKind.CLOSURE)


def _class(block: Any, name: str) -> _Found:
    yield BlockKind.CLASS, name, block
    for method in block.methods:
        yield from _function(method, f"{name}.{method.name}", BlockKind.METHOD)
    for inner in block.inner_classes:
        yield from _class(inner, f"{name}.{inner.name}")
