"""Which names belong to a function, and which of them its inner functions, lambdas and classes refer to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from core.adapters.radon.nodes import Function

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
#: What has names of its own. A comprehension is one in the language, too.
_SCOPES = (*DEFINITIONS, ast.Lambda, *COMPREHENSIONS)


def own_nodes(roots: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of one scope, inner scopes as one node each: of these only what is evaluated outside of them is gone into."""
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(evaluated_outside(node) if isinstance(node, _SCOPES) else ast.iter_child_nodes(node))


def evaluated_outside(scope: ast.AST) -> list[ast.AST]:
    """Return the parts of an inner scope that the scope around it evaluates, at once."""
    match scope:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            annotations = [argument.annotation for argument in arguments(scope.args)]
            return [*scope.decorator_list, *_defaults(scope.args), *(one for one in (*annotations, scope.returns) if one)]
        case ast.ClassDef():
            return [*scope.decorator_list, *scope.bases, *scope.keywords]
        case ast.Lambda():
            return _defaults(scope.args)
    generators: list[ast.comprehension] = getattr(scope, "generators", [])
    return [generators[0].iter]


def arguments(of: ast.arguments) -> Iterator[ast.arg]:
    """Yield all parameters."""
    yield from (*of.posonlyargs, *of.args, *of.kwonlyargs)
    yield from (argument for argument in (of.vararg, of.kwarg) if argument)


def _defaults(of: ast.arguments) -> list[ast.AST]:
    return [*of.defaults, *(default for default in of.kw_defaults if default)]


def local_names(function: Function) -> frozenset[str]:
    """Return the parameters of a function and every name that it binds itself."""
    return frozenset({argument.arg for argument in arguments(function.args)} | bound_names(function.body)) - declared_elsewhere(function)


def declared_elsewhere(function: Function) -> frozenset[str]:
    """Return the names that a function declares global or nonlocal."""
    return frozenset(name for node in own_nodes(function.body) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names)


def bound_names(roots: Iterable[ast.AST]) -> set[str]:
    """Return the names that nodes bind in their own scope."""
    bound: set[str] = set()
    for node in own_nodes(roots):
        bound.update(binds(node))
        if isinstance(node, COMPREHENSIONS):
            bound.update(walrus_names(node))
    return bound


def binds(node: ast.AST) -> Iterable[str]:
    """Return the names that a node itself binds."""
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            return (node.id,)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return (node.name,)
        case ast.Import() | ast.ImportFrom():
            return (imported_name(alias) for alias in node.names)
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
            return (node.name,) if node.name else ()
        case ast.MatchMapping():
            return (node.rest,) if node.rest else ()
    return ()


def imported_name(alias: ast.alias) -> str:
    """Return the name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def walrus_names(comprehension: Comprehension) -> set[str]:
    """Return the names that ``:=`` inside a comprehension binds in the function around it."""
    inside = (node for node in ast.walk(comprehension) if isinstance(node, ast.NamedExpr))
    return {node.target.id for node in inside if isinstance(node.target, ast.Name)}


def free_names(scope: ast.AST) -> set[str]:
    """Return the names that an inner scope takes from around it, at least; what it evaluates outside is not looked at."""
    match scope:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _used(scope.body) - ({one.arg for one in arguments(scope.args)} | bound_names(scope.body)) | _nonlocals(scope)
        case ast.Lambda():
            return _used([scope.body]) - {one.arg for one in arguments(scope.args)}
        case ast.ClassDef():
            return _used(scope.body)
    return _free_in_comprehension(scope)


def _free_in_comprehension(scope: ast.AST) -> set[str]:
    generators: list[ast.comprehension] = getattr(scope, "generators", [])
    targets = {name for generator in generators for name in bound_names([generator.target])}
    results = [getattr(scope, name) for name in ("elt", "key", "value") if hasattr(scope, name)]
    inside = [part for generator in generators for part in (generator.target, *generator.ifs)]
    return _used([*results, *inside, *(generator.iter for generator in generators[1:])]) - targets


def _used(roots: Iterable[ast.AST]) -> set[str]:
    """Return the names that nodes refer to in their own scope, and those that scopes inside take from it."""
    used: set[str] = set()
    for node in own_nodes(roots):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, _SCOPES):
            used |= free_names(node)
    return used


def _nonlocals(scope: Function | ast.ClassDef) -> set[str]:
    return {name for node in own_nodes(scope.body) if isinstance(node, ast.Nonlocal) for name in node.names}


def rebound_inside(function: Function) -> set[str]:
    """Return the names that functions and classes inside declare nonlocal: a call may change them at any moment."""
    inner = (node for node in ast.walk(function) if isinstance(node, DEFINITIONS) and node is not function)
    return {name for node in inner for name in _nonlocals(node)}
