"""Values that the tool keeps and does not look at."""

from __future__ import annotations

import math
from typing import Any

from core.adapters.tasks_yaml.parse.nodes import Mapping, Node, Sequence, resolve
from core.adapters.tasks_yaml.parse.plain import as_boolean, as_integer, as_number, is_null


def plain_value(node: Node) -> Any:
    """Return what a node of the user's own fields means: JSON values; what readers of YAML disagree about stays text."""
    solid = resolve(node)
    if isinstance(solid, Mapping):
        return {key: plain_value(value) for key, (_, value) in solid.pairs.items()}
    if isinstance(solid, Sequence):
        return [plain_value(item) for item in solid.items]
    return solid.text if solid.quote else _plain_scalar(solid.text)


def _plain_scalar(text: str) -> Any:
    """Return what unquoted text means to every reader of YAML; where they disagree, the text."""
    if is_null(text):
        return None
    for read in (as_boolean, as_integer):
        value = read(text)
        if value is not None:
            return value
    number = None if text.lstrip("+-").isdigit() else as_number(text)
    return number if number is not None and math.isfinite(number) else text
