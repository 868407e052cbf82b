"""A YAML document as a tree of light nodes that know their place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarNode:
    """Text; ``plain`` when it stands without quotes and not in a block, so that it may mean a number, a truth value or null."""

    #: 1-based line and column.
    line: int
    column: int
    text: str
    plain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceNode:
    """A list."""

    line: int
    column: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """A map; keys are scalars, each there once."""

    line: int
    column: int
    pairs: tuple[tuple[ScalarNode, Node], ...]


#: An alias is the very node that it names, with that node's place.
Node = ScalarNode | SequenceNode | MapNode
