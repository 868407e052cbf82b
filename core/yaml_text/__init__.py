"""YAML text in, nodes with places out: bounded, without surprises, without I/O."""

from core.yaml_text.nodes import MapNode, Node, ScalarNode, SequenceNode
from core.yaml_text.plain import Plain, read_plain
from core.yaml_text.reader import Limits, read_yaml

__all__ = ["Limits", "MapNode", "Node", "Plain", "ScalarNode", "SequenceNode", "read_plain", "read_yaml"]
