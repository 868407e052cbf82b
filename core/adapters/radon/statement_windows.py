"""Windows of statements of a syntax tree: what is compared to find duplicated code.

A window is the shortest run of statements in one body, from a statement on or up to one, with ``LEAST_NODES`` nodes in statements that
differ. Two windows have one digest if their statements are equal but for layout, comments, and:

- names that are local to a function, or bound in a statement outside of one, which are numbered by statement: a renamed copy is a copy;
- values of text and numbers;
- the names of the functions and classes defined in them, annotations, docstrings and imports.

Lines of imports, docstrings and signatures are in a window and not counted; so nothing counts of a stub. Assignments outside of functions
are in no window: two lists of type variables or of fields are no copies.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from core.adapters.radon.function_counts import first_line
from core.domain.quality.metric import Window

#: Nodes of expressions and statements; about five lines of ordinary code. Fewer are alike by chance.
LEAST_NODES = 20
_DIGEST_BYTES = 8
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)
_NAMING = frozenset({ast.ExceptHandler, ast.MatchAs, ast.MatchStar})
#: Fields that are not compared.
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_params", "annotation", "returns"})
_BODIES = frozenset({"body", "orelse", "finalbody"})
_BRANCHES = frozenset({"handlers", "cases"})
_OF_ITSELF = frozenset({"self", "cls"})


class _Statement(NamedTuple):
    digest: bytes
    line: int
    end_line: int
    nodes: int


def statement_windows(tree: ast.Module, code: Sequence[int]) -> tuple[Window, ...]:
    """Return the windows of a module, body by body; ``code`` is ``code_lines`` of its text."""
    walk = _Walk()
    walk.body(tree.body, None)
    counted = _without(walk.uncounted, code)
    windows: list[Window] = []
    start = 0
    for statements in walk.bodies:
        windows.extend(_windows(statements, start, counted))
        # Windows of different bodies never follow one another.
        start += len(statements) + 1
    return tuple(windows)


def _without(spans: Iterable[tuple[int, int]], code: Sequence[int]) -> Sequence[int]:
    """Return, for each number of lines from the top, how many of them count: code outside of the ``spans``, first and last line each."""
    counts = [0, *(after - before for before, after in pairwise(code))]
    for first, last in spans:
        counts[first : last + 1] = [0] * (last + 1 - first)
    return list(accumulate(counts))


def _windows(statements: Sequence[_Statement], start: int, counted: Sequence[int]) -> Iterator[Window]:
    spans = {(first, last) for first in range(len(statements)) if (last := _reach(statements, range(first, len(statements)))) is not None}
    spans |= {(first, last) for last in range(len(statements)) if (first := _reach(statements, range(last, -1, -1))) is not None}
    for first, last in sorted(spans):
        line, end_line = statements[first].line, statements[last].end_line
        digest = blake2b(b"".join(each.digest for each in statements[first : last + 1]), digest_size=_DIGEST_BYTES).digest()
        yield Window(
            digest=int.from_bytes(digest, "little"),
            start=start + first,
            stop=start + last + 1,
            line=line,
            end_line=end_line,
            before=counted[line - 1],
            through=counted[end_line],
        )


def _reach(statements: Sequence[_Statement], positions: range) -> int | None:
    """Return the position at which statements, taken in this order, have LEAST_NODES in all that differ; None where they never do."""
    seen: set[bytes] = set()
    nodes = 0
    for position in positions:
        statement = statements[position]
        if statement.digest not in seen:
            seen.add(statement.digest)
            nodes += statement.nodes
        if nodes >= LEAST_NODES:
            return position
    return None


def _is_constant(node: ast.stmt) -> bool:
    """Return whether a statement is a docstring, an ellipsis or another constant without use."""
    return node.__class__ is ast.Expr and node.value.__class__ is ast.Constant


class _Walk:
    """Collects the statements of every body, and the lines that do not count."""

    def __init__(self) -> None:
        self.bodies: list[list[_Statement]] = []
        #: First and last line of each.
        self.uncounted: list[tuple[int, int]] = []

    def body(self, statements: Iterable[ast.stmt], local: frozenset[str] | None) -> tuple[bytes, int]:
        """Return the digests of the statements, one behind the other, and the number of their nodes.

        ``local`` are the names that are local to the function; None outside of one, where names are declared and not worked with.
        """
        own: list[_Statement] = []
        for node in statements:
            if isinstance(node, _IMPORTS) or _is_constant(node):
                self.uncounted.append((node.lineno, node.end_lineno or node.lineno))
            elif local is not None or not isinstance(node, _ASSIGNMENTS):
                own.append(self._statement(node, local))
        self.bodies.append(own)
        return b"".join([each.digest for each in own]), sum([each.nodes for each in own])

    def _statement(self, node: ast.stmt, local: frozenset[str] | None) -> _Statement:
        if isinstance(node, _DEFINITIONS):
            self.uncounted.append((first_line(node), max(node.lineno, node.body[0].lineno - 1)))
        if local is None and not isinstance(node, ast.ClassDef):
            local = frozenset(_bound_in(node)) - _OF_ITSELF
        words = _Words(local)
        parts: list[bytes] = []
        nodes = 1
        waiting: list[ast.AST] = [node]
        while waiting:
            part = waiting.pop()
            for name, value in zip(_NAMES[part.__class__], _VALUES[part.__class__](part), strict=True):
                if branches := _branches(name, value):
                    waiting.extend(reversed(branches))
                elif name in _BODIES and value.__class__ is list:
                    inner, more = self.body(value, local)
                    parts.append(name.encode() + inner)
                    nodes += more
                else:
                    words.add(_compared(node, name, value))
        text = "\0".join([node.__class__.__name__, *words.words]).encode("utf-8", "surrogatepass")
        digest = blake2b(b"\1".join([text, *parts]), digest_size=_DIGEST_BYTES).digest()
        return _Statement(digest, first_line(node), node.end_lineno or node.lineno, nodes + words.nodes)


def _branches(name: str, value: Any) -> Sequence[ast.AST]:
    """Return the handlers or cases of a statement, or its ``elif``, which would be as deep as there are of them if it were a body."""
    is_elif = name == "orelse" and value.__class__ is list and len(value) == 1 and value[0].__class__ is ast.If
    branches: Sequence[ast.AST] = value if is_elif or name in _BRANCHES else ()
    return branches


def _compared(node: ast.stmt, name: str, value: Any) -> Any:
    """Return what of a field counts: of a definition not its name, and of a function's parameters their names."""
    if name == "name" and isinstance(node, _DEFINITIONS):
        return None
    if name == "args" and isinstance(node, _FUNCTIONS):
        return [each.arg for each in (*value.posonlyargs, *value.args, *value.kwonlyargs)]
    return value


class _Words:
    """The words of the expressions of one statement, local names numbered in the order in which they come."""

    def __init__(self, local: frozenset[str] | None) -> None:
        self._local = local or frozenset()
        self._numbers: dict[str, int] = {}
        self.words: list[str] = []
        self.nodes = 0

    def add(self, item: Any) -> None:
        add, name, values = self.words.append, self._name, _VALUES
        waiting = [item]
        while waiting:
            item = waiting.pop()
            kind = item.__class__
            if kind is ast.Name:
                self.nodes += 1
                add(name(item.id))
            elif kind is str:
                add(name(item))
            elif kind is ast.Constant:
                add(_value(item.value))
            elif kind is list:
                add(f"[{len(item)}")
                waiting.extend(reversed(item))
            elif kind in values:
                self.nodes += 1
                add(kind.__name__)
                waiting.extend(reversed(values[kind](item)))
            else:
                add(repr(item))

    def _name(self, name: str) -> str:
        return f"${self._numbers.setdefault(name, len(self._numbers))}" if name in self._local else name


def _value(value: object) -> str:
    """Return the word for a constant: its type, but for True, False, None and Ellipsis."""
    return value.__class__.__name__ if value.__class__ in (str, bytes, int, float, complex) else repr(value)


def _bound_in(function: ast.AST) -> Iterator[str]:
    """Yield the names that a function or anything in it binds."""
    waiting: list[Any] = [function]
    while waiting:
        node = waiting.pop()
        kind = node.__class__
        if kind is ast.Name:
            if node.ctx.__class__ is not ast.Load:
                yield node.id
        elif kind is list:
            waiting.extend(node)
        elif kind in _VALUES:
            if kind is ast.arg:
                yield node.arg
            elif kind in _NAMING and node.name:
                yield node.name
            waiting.extend(_VALUES[kind](node))


def _tables() -> tuple[dict[type, Sequence[str]], dict[type, Callable[[Any], Sequence[Any]]]]:
    kinds = [kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)]
    names: dict[type, Sequence[str]] = {kind: tuple(name for name in kind._fields if name not in _LEFT_OUT) for kind in kinds}
    return names, {kind: _values_of(own) for kind, own in names.items()}


def _values_of(names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda node: [getattr(node, name) for name in names]


#: Class of a node → its fields that are compared, and what returns their values.
_NAMES, _VALUES = _tables()
