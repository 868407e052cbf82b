"""Follows suggestions: changes a source as they say. Everything comes from the values that their words are made from."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random

from core.adapters.radon.advice.candidates import conditions, parts, tables
from core.adapters.radon.advice.improve import proof_of, suggestion_of
from core.adapters.radon.advice.module import functions, module_facts
from core.adapters.radon.advice.proof import Prover
from core.adapters.radon.advice.rewriting import call_of, call_statement, function_of, loop_of, source_lines, whole_lines
from core.adapters.radon.advice.scopes import DEFINITIONS
from core.adapters.radon.advice.suggestion import Kind, Suggestion
from core.adapters.radon.advice.ties import Surroundings
from core.adapters.radon.function_counts import first_line


def applied(source: str, followed: Iterable[tuple[str, int, Sequence[Suggestion]]]) -> str:
    """Return a source with suggestions followed: for each function its dotted name, the line of its ``def``, and what is followed.

    The functions must not lie inside one another.
    """
    lines = source_lines(source)
    tree = ast.parse(source)
    #: First line, first and last column, last line, what stands there then; a condition is a part of its lines.
    edits: list[tuple[tuple[int, int], tuple[int, int], bytes]] = []
    number = 0
    for name, line, suggestions in followed:
        place = insertion_place(tree, name, line)
        indent = b" " * place.col_offset
        before = (first_line(place), 0)
        for suggestion in suggestions:
            number += 1
            called = f"_advised_{number}"
            edits.append(replacement(suggestion, called, lines))
            if suggestion.kind is not Kind.TABLE:
                edits.append((before, before, indented(ast.unparse(function_of(suggestion, called)), indent) + b"\n"))
    for start, end, text in sorted(edits, key=lambda edit: edit[0], reverse=True):
        head, tail = lines[start[0] - 1][: start[1]], lines[end[0] - 1][end[1] :]
        lines[start[0] - 1 : end[0]] = [head + text + tail]
    return b"\n".join(lines).decode("utf-8", "surrogatepass")


def replacement(suggestion: Suggestion, called: str, lines: Sequence[bytes]) -> tuple[tuple[int, int], tuple[int, int], bytes]:
    condition = suggestion.condition
    if condition is not None:
        start, end = (condition.lineno, condition.col_offset), (condition.end_lineno or 0, condition.end_col_offset or 0)
        return start, end, ast.unparse(call_of(suggestion, called)).encode()
    if suggestion.chained:
        indent = b" " * suggestion.statements[0].col_offset
        new = call_statement(suggestion, called)
        text = indent + b"else:\n" + indented(unparsed(new), indent + b"    ")
        return (suggestion.line, 0), (suggestion.end_line, len(lines[suggestion.end_line - 1])), text
    new = loop_of(suggestion) if suggestion.kind is Kind.TABLE else call_statement(suggestion, called)
    indent = b" " * suggestion.statements[0].col_offset
    if b"\t" in lines[suggestion.line - 1][: suggestion.statements[0].col_offset]:
        indent = lines[suggestion.line - 1][: suggestion.statements[0].col_offset]
    return (suggestion.line, 0), (suggestion.end_line, len(lines[suggestion.end_line - 1])), indented(unparsed(new), indent)


def unparsed(statement: ast.stmt) -> str:
    return ast.unparse(ast.fix_missing_locations(statement))


def indented(text: str, indent: bytes) -> bytes:
    """Indent a statement, but not what lies inside its strings: these are written on one line each by ``ast.unparse``, docstrings apart."""
    encoded = text.encode("utf-8", "surrogatepass")
    kept = inside_strings(text)
    return b"\n".join(line if number in kept or not line else indent + line for number, line in enumerate(encoded.split(b"\n"), 1))


def inside_strings(text: str) -> set[int]:
    """Return the lines of a text that begin inside a string."""
    strings = (node for node in ast.walk(ast.parse(f"async def _():\n{block(text)}")) if isinstance(node, (ast.Constant, ast.JoinedStr)))
    return {line - 1 for node in strings for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)}


def block(text: str) -> str:
    return "\n".join(f" {line}" for line in text.split("\n"))


def insertion_place(tree: ast.Module, name: str, line: int) -> ast.stmt:
    """Return the statement before which a new function goes: the function itself, or the class that it is a method of, the outermost."""
    places: list[tuple[tuple[ast.stmt, ...], ast.AST]] = [((), tree)]
    while places:
        around, node = places.pop()
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, DEFINITIONS):
                places.append((around, child))
                continue
            path = (*around, child)
            if child.lineno == line and ".".join(getattr(scope, "name", "") for scope in path) == name:
                place: ast.stmt = child
                for scope in reversed(around):
                    if not isinstance(scope, ast.ClassDef):
                        break
                    place = scope
                return place
            places.append((path, child))
    raise LookupError(name)


def some_proven(source: str, random: Random, most: int) -> list[tuple[str, int, Suggestion]]:
    """Return single changes that are proven, whatever they are worth: each function's name and line, and up to ``most`` of its changes."""
    found: list[tuple[str, int, Suggestion]] = []
    tree = ast.parse(source)
    for around, function in functions(tree):
        builtins, managers = module_facts(tree, function)
        surroundings = Surroundings(around=around, builtins=builtins, managers=managers, lines=source_lines(source))
        if prover := Prover.create(function, surroundings):
            name = ".".join(scope.name for scope in (*around, function))
            candidates = [*parts(function, lambda _: 2), *conditions(function), *tables(function, lambda _: 2)]
            random.shuffle(candidates)
            proofs = ((one, proof_of(prover, one)) for one in candidates if whole_lines(one, surroundings.lines))
            proven = (suggestion_of(one, handover) for one, handover in proofs if handover)
            found.extend((name, function.lineno, one) for one in islice(proven, most))
    return found
