"""What each class of syntax node counts for, and where its children are: the tables behind ``tree_counts``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

#: A node, or a list of nodes, or None where a field is empty.
Node = Any

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Nodes that are counted where they are met, and not entered.
_CLOSED = (*_FUNCTIONS, ast.ClassDef, ast.Assert)
#: Nodes, and other values of fields, below which nothing counts.
LEAVES: frozenset[type] = frozenset({
    type(None), str, int, bool, ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom, ast.Global,
    ast.Nonlocal, ast.arg,
})  # fmt: skip
#: Fields that hold no node, or one below which nothing counts.
_BARREN = frozenset({
    "arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "lineno", "module", "names", "op", "ops",
    "rest", "simple", "tag", "type_comment",
})  # fmt: skip
_COUNTED = (
    ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.AugAssign, ast.Compare, ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.Try,
    ast.TryStar, ast.Match, ast.comprehension,
)  # fmt: skip


def _nothing(_: Node) -> tuple[()]:
    return ()


def _in_tuple(field: str) -> Callable[[Node], tuple[Node]]:
    get = attrgetter(field)
    return lambda node: (get(node),)


def _getter(fields: Sequence[str]) -> Callable[[Node], Iterable[Node]]:
    """Return what reads the fields of a node as several."""
    if len(fields) == 1:
        return _in_tuple(fields[0])
    return attrgetter(*fields) if fields else _nothing


def _tables() -> tuple[dict[type, Callable[[Node], Node]], dict[type, Callable[[Node], Iterable[Node]]]]:
    single: dict[type, Callable[[Node], Node]] = {}
    several: dict[type, Callable[[Node], Iterable[Node]]] = dict.fromkeys(_CLOSED, _nothing)
    settled = LEAVES.union(_CLOSED)
    kinds = [kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)]
    for kind in kinds:
        fields = [name for name in kind._fields if name not in _BARREN]
        if kind in settled:
            continue
        if len(fields) == 1 and kind not in _COUNTED:
            single[kind] = attrgetter(*fields)
        else:
            several[kind] = _getter(fields)
    return single, several


#: Class → what returns its only child; class → what returns its children.
CHILD, CHILDREN = _tables()


class Decisions:
    """Counts while a block is walked: its decisions, operators and operands, and what is not entered."""

    def __init__(self) -> None:
        self.operators = 0
        self.operands = 0
        self.operator_kinds: set[type] = set()
        #: Operands that are distinct by being themselves.
        self.unnamed_operands = 0
        self.begin(set())
        self.counters: dict[type, Callable[[Node], None]] = {
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.AugAssign: self._augmented,
            ast.Compare: self._compare,
            ast.If: self._one,
            ast.IfExp: self._one,
            ast.For: self._loop,
            ast.AsyncFor: self._loop,
            ast.While: self._loop,
            ast.Try: self._try,
            ast.TryStar: self._try_star,
            ast.Match: self._match,
            ast.comprehension: self._comprehension,
            ast.Assert: self._assert,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
        }

    def begin(self, operand_names: set[object]) -> None:
        """Start another block; its named operands go into ``operand_names``."""
        self.complexity = 0
        self.asserts = 0
        #: Decisions that radon does not know of.
        self.beyond_radon = 0
        self.operand_names = operand_names
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        self.classes: list[ast.ClassDef] = []
        #: Assertions' conditions: they have operators, but no decisions of their own.
        self.asserted: list[Node] = []

    def _operation(self, operator: ast.AST, *operands: ast.expr) -> None:
        self.operators += 1
        self.operator_kinds.add(operator.__class__)
        self._add_operands(operands)

    def _add_operands(self, operands: Iterable[ast.expr]) -> None:
        for operand in operands:
            self.operands += 1
            kind = operand.__class__
            if kind is ast.Name:
                self.operand_names.add(operand.id)  # type: ignore[attr-defined]
            elif kind is ast.Constant:
                self.operand_names.add(operand.value)  # type: ignore[attr-defined]
            elif kind is ast.Attribute:
                self.operand_names.add(operand.attr)  # type: ignore[attr-defined]
            else:
                self.unnamed_operands += 1

    def _binary(self, node: ast.BinOp) -> None:
        self._operation(node.op, node.left, node.right)

    def _unary(self, node: ast.UnaryOp) -> None:
        self._operation(node.op, node.operand)

    def _augmented(self, node: ast.AugAssign) -> None:
        self._operation(node.op, node.target, node.value)

    def _boolean(self, node: ast.BoolOp) -> None:
        self._operation(node.op, *node.values)
        self.complexity += len(node.values) - 1

    def _compare(self, node: ast.Compare) -> None:
        self.operators += len(node.ops)
        self.operator_kinds.update(map(type, node.ops))
        self._add_operands((node.left, *node.comparators))

    def _one(self, _: ast.If | ast.IfExp) -> None:
        self.complexity += 1

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        self.complexity += 2 if node.orelse else 1

    def _try(self, node: ast.Try) -> None:
        self.complexity += len(node.handlers) + bool(node.orelse)

    def _try_star(self, node: ast.TryStar) -> None:
        self.beyond_radon += len(node.handlers) + bool(node.orelse)

    def _match(self, node: ast.Match) -> None:
        catches_all = any(getattr(case.pattern, "pattern", False) is None for case in node.cases)
        self.complexity += max(0, len(node.cases) - catches_all)

    def _comprehension(self, node: ast.comprehension) -> None:
        self.complexity += 1 + len(node.ifs)

    def _assert(self, node: ast.Assert) -> None:
        self.complexity += 1
        self.asserts += 1
        self.asserted += [node.test, node.msg]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.functions.append(node)

    def _class(self, node: ast.ClassDef) -> None:
        self.classes.append(node)
