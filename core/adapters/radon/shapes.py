"""A block's shape: a hash of what it does, so that it is known again under another name or in another place."""

from __future__ import annotations

import ast
from hashlib import blake2b
from typing import Any

from core.adapters.radon.fast.tree_counts import Function

#: Smaller blocks have no shape: they are never worth a finding, and many of them do the same.
SMALLEST = 6
_DIGEST_BYTES = 6
_IGNORED = frozenset({"ctx", "kind", "type_comment", "type_params"})


def shape(node: Function) -> str:
    """Return 12 hex digits for a function's parameters and body, whatever its name, decorators, docstring, layout and comments.

    Where it calls itself, its name does not count either.
    """
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return blake2b("\0".join(_words([node.args, body], node.name)).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()


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
            waiting.extend(getattr(item, name, None) for name in kind._fields if name not in _IGNORED)
        else:
            add(repr(item))
    return words
