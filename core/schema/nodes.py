"""A document as light nodes that know where they stand. Positions are 0-based characters of the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(slots=True)
class Scalar:
    """One value as text. ``text[start:end]`` of the source is its spelling, quotes included."""

    what: ClassVar[str] = "text"
    text: str
    start: int
    end: int
    #: ``'`` or ``"``, ``|`` or ``>`` for blocks, empty for a plain scalar.
    quote: str
    anchored: bool


@dataclass(slots=True)
class ListNode:
    """A list."""

    what: ClassVar[str] = "a list"
    items: list[Node]
    start: int
    end: int
    flow: bool
    anchored: bool
    #: Whether an alias refers to it.
    shared: bool = False
    #: Values and characters inside, and maps and lists inside each other, itself among them, aliases written out; 0 until computed.
    weight: int = 0
    levels: int = 0
    #: Whether its end has been read.
    complete: bool = False


@dataclass(slots=True)
class MapNode:
    """A map: keys to the key's scalar and the value."""

    what: ClassVar[str] = "a map"
    pairs: dict[str, tuple[Scalar, Node]]
    start: int
    end: int
    flow: bool
    anchored: bool
    #: Whether an alias refers to it.
    shared: bool = False
    #: Values and characters inside, and maps and lists inside each other, itself among them, aliases written out; 0 until computed.
    weight: int = 0
    levels: int = 0
    #: Whether its end has been read.
    complete: bool = False


@dataclass(slots=True)
class Alias:
    """``*name``: the same value again."""

    what: ClassVar[str] = "an alias"
    target: Scalar | ListNode | MapNode
    start: int
    end: int


Node = Scalar | ListNode | MapNode | Alias
Solid = Scalar | ListNode | MapNode


def resolve(node: Node) -> Solid:
    """Return the node, or what an alias refers to."""
    return node.target if isinstance(node, Alias) else node
