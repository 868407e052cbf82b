"""Shapes of blocks and files (see ``core.domain.quality.shape``), made from source and syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from core.adapters.radon.nodes import Function
from core.domain.quality.shape import sketch

_HASH_BYTES = 6
_NOT_IN_SHAPE = frozenset({"ctx", "kind", "type_comment", "type_params"})
#: Lines that do not count: comments, and what a move changes.
_IGNORED = ("#", "import ", "from ")


def block_shape(node: Function, lines: Sequence[str]) -> str:
    """Return the shape of a function: its hash is over parameters and body, whatever its name, decorators, docstring, layout and comments.

    Where it calls itself, its name does not count either. ``lines`` are those of the file.
    """
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    first = body[0].lineno if body else node.lineno
    return f"{_hash(_words([node.args, body], node.name))}.{sketch(_code_lines(lines[first - 1 : node.end_lineno]))}"


def file_shape(lines: Sequence[str]) -> str:
    """Return the shape of a file, whatever its imports, comments and indentation; empty where there is nothing else in it."""
    code = _code_lines(lines)
    return f"{_hash(code)}.{sketch(code)}" if code else ""


def _code_lines(lines: Iterable[str]) -> list[str]:
    return [line for line in map(str.strip, lines) if line and not line.startswith(_IGNORED)]


def _hash(words: Iterable[str]) -> str:
    return blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).hexdigest()


def _words(parts: list[Any], own_name: str) -> list[str]:
    """Return the tree in some fixed order, a word for each class of node and each value."""
    words: list[str] = []
    add = words.append
    waiting: list[Any] = [parts]
    take = waiting.pop
    while waiting:
        item = take()
        kind = item.__class__
        if kind is list:
            add(f"[{len(item)}")
            waiting.extend(item)
        elif kind is ast.Name:
            add("." if item.id == own_name else item.id)
        elif kind is ast.Attribute:
            add("." if item.attr == own_name else item.attr)
            waiting.append(item.value)
        elif isinstance(item, ast.AST):
            add(kind.__name__)
            waiting.extend(getattr(item, name, None) for name in kind._fields if name not in _NOT_IN_SHAPE)
        else:
            add(repr(item))
    return words
