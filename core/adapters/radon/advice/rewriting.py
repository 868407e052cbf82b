"""A function's tree as a suggestion would leave it: what moves out is replaced by a call."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from copy import deepcopy

from core.adapters.radon.advice.candidates import Candidate
from core.adapters.radon.advice.suggestion import Kind, Suggestion
from core.adapters.radon.function_counts import first_line

#: Stands for the new function's name, and for the variables of a loop over a table.
CALLED, VARIABLE = "_extracted", "_column_"
_LINE_END = re.compile(rb"\r\n|\r|\n")


def source_lines(text: str) -> list[bytes]:
    """Return the lines of a source as Python counts them."""
    return _LINE_END.split(text.encode("utf-8", "surrogatepass"))


def whole_lines(candidate: Candidate, lines: Sequence[bytes]) -> bool:
    """Return whether the lines of a candidate hold nothing else; of a condition it does not matter."""
    if candidate.condition is not None:
        return True
    first, last = candidate.statements[0], candidate.statements[-1]
    before = lines[first_line(first) - 1][: first.col_offset]
    after = lines[(last.end_lineno or last.lineno) - 1][last.end_col_offset or 0 :].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def rewrite(candidate: Candidate, suggestion: Suggestion) -> ast.AST:
    """Replace in the tree what a suggestion is about, and return what stands there now."""
    if candidate.condition is not None:
        call = ast.copy_location(call_of(suggestion, CALLED), candidate.condition)
        _replace(candidate.statements[0], candidate.condition, ast.fix_missing_locations(call))
        return call
    first, last = candidate.statements[0], candidate.statements[-1]
    new = loop_of(suggestion) if suggestion.kind is Kind.TABLE else call_statement(suggestion, CALLED)
    ast.copy_location(new, first)
    new.end_lineno, new.end_col_offset = last.end_lineno, last.end_col_offset
    ast.fix_missing_locations(new)
    candidate.body[candidate.first : candidate.last + 1] = [new]
    return new


def call_of(suggestion: Suggestion, name: str) -> ast.expr:
    """Return the call of the new function."""
    called = ast.Call(
        func=ast.Name(id=name, ctx=ast.Load()), args=[ast.Name(id=one, ctx=ast.Load()) for one in suggestion.handover.takes], keywords=[]
    )
    return ast.Await(value=called) if suggestion.handover.waits else called


def call_statement(suggestion: Suggestion, name: str) -> ast.stmt:
    """Return the statement that stands for what was extracted."""
    call, gives = call_of(suggestion, name), suggestion.handover.gives
    if suggestion.handover.returns:
        return ast.Return(value=call)
    return ast.Assign(targets=[_names(gives, ast.Store())], value=call) if gives else ast.Expr(value=call)


def loop_of(suggestion: Suggestion) -> ast.stmt:
    """Return the loop over the table."""
    first, row = suggestion.statements[0], {id(constant) for constant in suggestion.rows[0]}
    body = deepcopy(first)
    taken = [copied for node, copied in zip(ast.walk(first), ast.walk(body), strict=True) if id(node) in row]
    columns = [f"{VARIABLE}{number}" for number in range(len(taken))]
    for constant, column in zip(taken, columns, strict=True):
        _replace(body, constant, ast.copy_location(ast.Name(id=column, ctx=ast.Load()), constant))
    table = [[ast.Constant(value=constant.value) for constant in constants] for constants in suggestion.rows]
    rows: list[ast.expr] = [values[0] if len(values) == 1 else ast.Tuple(elts=list(values), ctx=ast.Load()) for values in table]
    return ast.For(target=_names(columns, ast.Store()), iter=ast.Tuple(elts=rows, ctx=ast.Load()), body=[body], orelse=[])


def function_of(suggestion: Suggestion, name: str) -> ast.stmt:
    """Return the new function."""
    handover, gives = suggestion.handover, suggestion.handover.gives
    body: list[ast.stmt] = list(suggestion.statements) if suggestion.condition is None else [ast.Return(value=suggestion.condition)]
    if gives:
        body.append(ast.Return(value=_names(gives, ast.Load())))
    takes = ast.arguments(posonlyargs=[], args=[ast.arg(arg=one) for one in handover.takes], kwonlyargs=[], kw_defaults=[], defaults=[])
    kind = ast.AsyncFunctionDef if handover.waits else ast.FunctionDef
    return ast.fix_missing_locations(kind(name=name, args=takes, body=body, decorator_list=[], lineno=1, col_offset=0))


def _names(names: Sequence[str], context: ast.expr_context) -> ast.expr:
    several: list[ast.expr] = [ast.Name(id=name, ctx=context) for name in names]
    return several[0] if len(several) == 1 else ast.Tuple(elts=several, ctx=context)


def _replace(root: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put a node in the place of another."""
    for node in ast.walk(root):
        for name, value in ast.iter_fields(node):
            if value is old:
                setattr(node, name, new)
                return
            if isinstance(value, list) and any(item is old for item in value):
                value[:] = [new if item is old else item for item in value]
                return
