"""What ties statements to the function that they stand in, whatever names they use: frames, jumps, classes, mangled names."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from core.adapters.radon.advice.scopes import COMPREHENSIONS, DEFINITIONS, bound_names, own_nodes
from core.adapters.radon.advice.statements import LOOPS
from core.adapters.radon.nodes import Function

#: Names and attributes that look at, or into, the frame of the function that uses them.
_FRAME = frozenset(
    {"locals", "eval", "exec", "_getframe", "_getframemodulename", "currentframe", "f_locals", "f_back", "setprofile", "settrace"}
)
#: Functions that look at the stack; as names they are too common to mean anything unless they are called.
_STACK = frozenset({"stack", "extract_stack", "format_stack", "print_stack", "walk_stack", "getouterframes", "findCaller"})
#: These look into the frame when they are called without arguments.
_FRAME_WITHOUT_ARGUMENTS = frozenset({"vars", "dir"})
#: Callees with such a word in their name may count frames.
_WORDS_OF_COUNTERS = ("warn", "deprecat", "caller", "frame")
#: Arguments that count frames.
_FRAMES_COUNTED = frozenset({"stacklevel", "stack_level", "depth_to_caller", "skip_file_prefixes"})
#: Statements whose flow, or whose scope, the model does not hold; by name, for older versions of Python do not have them all.
_NOT_MODELLED = frozenset({"TryStar", "TypeAlias"})
_CLASS_CELL = frozenset({"super", "__class__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is around a function."""

    #: The functions and classes that it is defined in, outermost first.
    around: tuple[Function | ast.ClassDef, ...] = ()
    #: Names that are sure to be the built-in functions of that name.
    builtins: frozenset[str] = frozenset()
    #: Callees, as written, whose context managers swallow no exception.
    managers: frozenset[str] = frozenset()
    lines: Sequence[bytes] = field(default=(), repr=False)

    @property
    def in_class(self) -> bool:
        return any(isinstance(scope, ast.ClassDef) for scope in self.around)


def is_open(function: Function, surroundings: Surroundings) -> bool:
    """Return whether nothing in a function, or in those around it, looks into frames or has a meaning that is not modelled."""
    if any(getattr(scope, "type_params", ()) for scope in (function, *surroundings.around)):
        return False
    functions = [scope for scope in (function, *surroundings.around) if not isinstance(scope, ast.ClassDef)]
    everything = [node for scope in functions for node in ast.walk(scope)]
    return not any(type(node).__name__ in _NOT_MODELLED or _sees_frame(node) for node in everything) and not _bare_calls(everything)


def _sees_frame(node: ast.AST) -> bool:
    return _name(node) in _FRAME or (isinstance(node, ast.Call) and _name(node.func) in _STACK)


def _bare_calls(everything: Sequence[ast.AST]) -> bool:
    """Return whether ``vars`` or ``dir`` is used in another way than called with an argument."""
    harmless = {node.func for node in everything if isinstance(node, ast.Call) and node.args}
    return any(_name(node) in _FRAME_WITHOUT_ARGUMENTS and node not in harmless for node in everything)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def is_movable(nodes: Sequence[ast.AST], elsewhere: Container[str], *, in_class: bool) -> bool:
    """Return whether nothing below the nodes is bound to its place: jumps out of them, frames, the class cell, mangled names."""
    inside = [inner for node in nodes for inner in ast.walk(node)]
    mangled = in_class and any(map(_is_mangled, inside))
    binds_elsewhere = any(name in elsewhere or name.startswith("__") for name in bound_names(nodes))
    return not (mangled or binds_elsewhere or any(map(_is_tied, inside)) or _jumps_out(nodes))


def _is_tied(node: ast.AST) -> bool:
    match node:
        case ast.ClassDef():
            return True
        case ast.Name():
            return node.id in _CLASS_CELL
        case ast.Call():
            counted = any(keyword.arg in _FRAMES_COUNTED for keyword in node.keywords)
            return counted or any(word in _name(node.func).lower() for word in _WORDS_OF_COUNTERS)
    return False


def _jumps_out(nodes: Sequence[ast.AST]) -> bool:
    """Return whether nodes end or repeat a loop around them, yield, or declare names for all that follows."""
    inside = list(own_nodes(nodes))
    own = {inner for loop in inside if isinstance(loop, LOOPS) for inner in own_nodes(loop.body)}
    jumps = (node for node in inside if isinstance(node, (ast.Break, ast.Continue)) and node not in own)
    return any(jumps) or any(isinstance(node, (ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal)) for node in inside)


def _is_mangled(node: ast.AST) -> bool:
    return any(name.startswith("__") and not name.endswith("__") for name in _identifiers(node))


def _identifiers(node: ast.AST) -> Iterable[str]:
    for name in ("id", "attr", "arg", "name", "asname", "rest", "module"):
        value = getattr(node, name, None)
        if isinstance(value, str):
            yield value
    yield from (name for name in getattr(node, "names", ()) if isinstance(name, str))
    yield from getattr(node, "kwd_attrs", ())


def waits(nodes: Sequence[ast.AST]) -> bool:
    """Return whether nodes can only stand in an async function."""
    for node in own_nodes(nodes):
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        # What is inside a comprehension belongs to the function in this respect.
        if isinstance(node, COMPREHENSIONS) and _waits_inside(node):
            return True
    return False


def _waits_inside(comprehension: ast.AST) -> bool:
    inside = (node for node in ast.walk(comprehension) if not isinstance(node, (*DEFINITIONS, ast.Lambda)))
    return any(isinstance(node, ast.Await) or (isinstance(node, ast.comprehension) and node.is_async) for node in inside)
