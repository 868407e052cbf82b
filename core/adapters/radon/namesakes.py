"""What tells blocks of one name in one file apart: overloads, accessors of a property, registrations, definitions in two branches.

| block | variant |
|---|---|
| the only one of its name | none |
| with a decorator that has a dot in it, or ``overload`` | the first of these: ``@value.setter``, ``@show.register(int)`` |
| registered by its annotation | ``@show.register(int)``, too |
| any other | none |
| the second of the same name and variant, and those behind it, by their place | the variant with ``#2``, ``#3`` … |
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from core.adapters.radon.fast.tree_counts import CountedBlock
from core.adapters.radon.nodes import Function

#: Characters of a decorator; of a longer one the beginning is kept, and a hash of it all.
_LONGEST = 60
_KEPT = 48


def variants(blocks: Iterable[CountedBlock]) -> Mapping[int, str]:
    """Return the variants of a file's functions by ``id`` of their node; those that have none are not in it."""
    named: dict[str, list[Function]] = {}
    for block in blocks:
        if not isinstance(block.node, ast.ClassDef):
            named.setdefault(block.name, []).append(block.node)
    return {key: variant for nodes in named.values() if len(nodes) > 1 for key, variant in _of_group(nodes) if variant}


def _of_group(nodes: Iterable[Function]) -> Iterable[tuple[int, str]]:
    seen: Counter[str] = Counter()
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        text = _decorator(node)
        seen[text] += 1
        yield id(node), text if seen[text] == 1 else f"{text} #{seen[text]}".lstrip()


def _decorator(node: Function) -> str:
    """Return the decorator that tells a function from its namesakes; empty where none does."""
    for decorator in node.decorator_list:
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(named, ast.Attribute) or (isinstance(named, ast.Name) and named.id == "overload"):
            return _shortened("@" + _text(decorator) + _registered(node, decorator))
    return ""


def _registered(node: Function, decorator: ast.expr) -> str:
    """Return the type that ``register`` takes from the annotation of the first parameter, in brackets."""
    first = next(iter((*node.args.posonlyargs, *node.args.args)), None)
    if not (isinstance(decorator, ast.Attribute) and decorator.attr == "register") or first is None or first.annotation is None:
        return ""
    return f"({_text(first.annotation)})"


def _text(node: ast.expr) -> str:
    try:
        return " ".join(ast.unparse(node).split())
    except RecursionError:
        return "…"


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_KEPT]}…{blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"
