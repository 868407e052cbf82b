"""How complaints speak of values."""

from __future__ import annotations

import json

from core.adapters.tasks_yaml.nodes import Node, Scalar, resolve
from core.adapters.tasks_yaml.plain import is_text, reading

_LONGEST = 60


def quoted(text: str) -> str:
    """Return text between double quotes as YAML and JSON write it, cut where it is long."""
    shown = json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= _LONGEST else f'{shown[: _LONGEST - 2]}…"'


def found(node: Node) -> str:
    """Return what stands there, to follow "not": a list, a map, nothing, the text "x", the number 5."""
    solid = resolve(node)
    if not isinstance(solid, Scalar):
        return solid.what
    if solid.quote or is_text(solid.text):
        return f"the text {quoted(solid.text)}"
    return solid.text or "nothing"


def not_text(node: Scalar) -> tuple[str, str]:
    """Return why a plain scalar is not text, to follow "must be text,", and what to type."""
    if node.text == "":
        return "but there is nothing", 'type "" if empty text is meant'
    return f"but {reading(node.text)}", f"quote it: {quoted(node.text)}"
