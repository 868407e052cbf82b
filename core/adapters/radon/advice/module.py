"""The functions of a module, what it leaves of Python's own names, and which of its context managers are known to swallow no exception."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from core.adapters.radon.advice.events import CONSUMERS
from core.adapters.radon.advice.scopes import DEFINITIONS, binds
from core.adapters.radon.nodes import Function
from core.domain.quality.metric import Block

#: Context managers of the standard library that swallow no exception, by module.
_MANAGERS = {
    "builtins": ("open",),
    "contextlib": ("chdir", "closing", "nullcontext", "redirect_stderr", "redirect_stdout"),
    "concurrent.futures": ("ProcessPoolExecutor", "ThreadPoolExecutor"),
    "decimal": ("localcontext",),
    "bz2": ("open",),
    "codecs": ("open",),
    "gzip": ("open",),
    "io": ("open",),
    "lzma": ("open",),
    "os": ("fdopen", "scandir"),
    "socket": ("create_connection", "socket"),
    "sqlite3": ("connect",),
    "subprocess": ("Popen",),
    "tarfile": ("open",),
    "tempfile": ("NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory", "TemporaryFile"),
    "threading": ("Lock", "RLock", "Condition", "Semaphore"),
    "tokenize": ("open",),
    "warnings": ("catch_warnings",),
    "zipfile": ("ZipFile",),
}


def module_facts(tree: ast.Module, function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """Return what a function of a module needs to know of it.

    That is: which consuming built-ins the module leaves as they are, and its callees for known context managers, as they are written.
    """
    if not any(isinstance(node, (ast.GeneratorExp, ast.With)) for node in ast.walk(function)):
        return frozenset(), frozenset()
    nodes = list(ast.walk(tree))
    bound = Counter(name for node in nodes for name in _binds(node))
    if "*" in bound:
        return frozenset(), frozenset()
    callees = {"open"} - bound.keys()
    for name, origin in _imports(nodes):
        if bound[name.partition(".")[0]] == 1:
            callees.update(_callees(name, origin))
    return CONSUMERS - bound.keys(), frozenset(callees)


def _binds(node: ast.AST) -> Iterable[str]:
    return (node.arg,) if isinstance(node, ast.arg) else binds(node)


def _imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield names as they are used, and what they stand for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _callees(name: str, origin: str) -> Iterable[str]:
    """Return how the known managers of an imported module, or an imported manager itself, are written."""
    module, _, member = origin.rpartition(".")
    if member in _MANAGERS.get(module, ()):
        return (name,)
    return (f"{name}.{known}" for known in _MANAGERS.get(origin, ()))


#: The functions and classes that a function is defined in, outermost first.
Around = tuple[Function | ast.ClassDef, ...]


def find_function(tree: ast.Module, block: Block) -> tuple[Around, Function] | None:
    """Return the function of a block's name that is nearest to its line, and what it is defined in."""
    found = [(around, node) for around, node in functions(tree) if ".".join(scope.name for scope in (*around, node)) == block.name]
    return min(found, key=lambda item: abs(item[1].lineno - block.line), default=None)


def functions(tree: ast.Module) -> Iterator[tuple[Around, Function]]:
    """Yield every function of a module, and the functions and classes that it is defined in, outermost first."""
    waiting: list[tuple[Around, ast.AST]] = [((), tree)]
    while waiting:
        around, node = waiting.pop()
        for child in _statements(node):
            inside = around
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield around, child
            if isinstance(child, DEFINITIONS):
                inside = (*around, child)
            waiting.append((inside, child))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what holds statements directly below a node, and the statements themselves."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        yield from getattr(node, name, ())
