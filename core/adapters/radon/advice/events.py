"""What evaluating an expression, or a part of a statement, does to the names of a function, in order."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import Enum

from core.adapters.radon.advice.scopes import Comprehension, evaluated_outside, free_names, imported_name, walrus_names


class Effect(Enum):
    """What happens to a name."""

    #: It may be read.
    READ = "read"
    #: A function, lambda or generator that outlives the expression refers to it; a read, too.
    CAPTURE = "capture"
    #: It is bound.
    WRITE = "write"
    #: It may be bound.
    MAY_WRITE = "may write"
    UNBIND = "unbind"


Event = tuple[Effect, str]
#: Built-in functions that use up a generator before they return.
CONSUMERS = frozenset({"all", "any", "dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple"})


class Events:
    """Events in the order in which they happen. ``builtins``: names that are sure to be the built-in functions in this module."""

    def __init__(self, builtins: frozenset[str]) -> None:
        self._builtins = builtins

    def of(self, *nodes: ast.AST | None) -> list[Event]:
        """Return the events of nodes that are evaluated one after another."""
        return [event for node in nodes if node for event in self._of(node, True)]

    def _of(self, node: ast.AST, certain: bool) -> Iterator[Event]:
        """Yield the events of a node. Not ``certain``: it may be left out."""
        match node:
            case ast.Name():
                yield from _name_events(node, certain)
            case ast.BoolOp() | ast.IfExp() | ast.Compare():
                always, perhaps = _operands(node)
                yield from self._all(always, certain)
                yield from self._all(perhaps, False)
            case ast.Call():
                yield from self._call(node, certain)
            case ast.Lambda() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield from self._definition(node, certain)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                yield from self._comprehension(node, certain, at_once=not isinstance(node, ast.GeneratorExp))
            case _:
                yield from self._all(_in_order(node), certain)

    def _all(self, nodes: Iterable[ast.AST], certain: bool) -> Iterator[Event]:
        for node in nodes:
            yield from self._of(node, certain)

    def _call(self, node: ast.Call, certain: bool) -> Iterator[Event]:
        yield from self._of(node.func, certain)
        first = node.args[0] if node.args else None
        if isinstance(first, ast.GeneratorExp) and self._consumes(node.func):
            yield from self._comprehension(first, certain, at_once=True)
            yield from self._all([*node.args[1:], *node.keywords], certain)
        else:
            yield from self._all([*node.args, *node.keywords], certain)

    def _consumes(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Attribute):
            return function.attr == "join" and isinstance(function.value, ast.Constant)
        return isinstance(function, ast.Name) and function.id in self._builtins and function.id in CONSUMERS

    def _definition(self, node: ast.AST, certain: bool) -> Iterator[Event]:
        yield from self._all(evaluated_outside(node), certain)
        yield from ((Effect.CAPTURE, name) for name in sorted(free_names(node)))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield Effect.WRITE, node.name

    def _comprehension(self, node: Comprehension, certain: bool, *, at_once: bool) -> Iterator[Event]:
        yield from self._of(node.generators[0].iter, certain)
        yield from ((Effect.MAY_WRITE, name) for name in sorted(walrus_names(node)))
        lasting = not at_once or any(_outlives(inner) for inner in ast.walk(node) if inner is not node)
        effect = Effect.CAPTURE if lasting else Effect.READ
        yield from ((effect, name) for name in sorted(free_names(node)))


def _outlives(node: ast.AST) -> bool:
    return isinstance(node, (ast.Lambda, ast.GeneratorExp))


def _name_events(node: ast.Name, certain: bool) -> Iterator[Event]:
    match node.ctx:
        case ast.Load():
            yield Effect.READ, node.id
        case ast.Store():
            yield Effect.WRITE if certain else Effect.MAY_WRITE, node.id
        case ast.Del():
            yield from ((Effect.READ, node.id), (Effect.UNBIND, node.id))


def _operands(node: ast.BoolOp | ast.IfExp | ast.Compare) -> tuple[list[ast.expr], list[ast.expr]]:
    """Return what is always evaluated, and what only depending on that."""
    match node:
        case ast.BoolOp():
            return node.values[:1], node.values[1:]
        case ast.IfExp():
            return [node.test], [node.body, node.orelse]
    return [node.left, *node.comparators[:1]], node.comparators[1:]


def _in_order(node: ast.AST) -> Iterable[ast.AST]:
    """Return the children of a node in the order in which they are evaluated, where that is not the order of its fields."""
    match node:
        case ast.NamedExpr():
            return (node.value, node.target)
        case ast.Dict():
            return [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part]
    return ast.iter_child_nodes(node)


def import_events(statement: ast.Import | ast.ImportFrom) -> list[Event]:
    """Return what an import binds."""
    return [(Effect.WRITE, imported_name(alias)) for alias in statement.names]


def pattern_names(pattern: ast.pattern) -> list[str]:
    """Return the names that a pattern binds where it matches."""
    return [name for node in ast.walk(pattern) for name in (getattr(node, "name", None), getattr(node, "rest", None)) if name]
