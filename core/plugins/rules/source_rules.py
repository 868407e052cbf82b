"""Our own rules for a plugin's source: nothing that hides what it will run. They advise; the sandbox decides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from core.plugins.rules.stages import Stage, judged

_NATIVE_FILES = (".so", ".pyd", ".dll", ".dylib", ".a", ".o", ".wasm")
_NATIVE = {"ctypes", "cffi", "_ctypes", "mmap"}
_DYNAMIC = {"builtins", "importlib", "imp", "runpy", "pkgutil", "zipimport", "marshal", "pickle", "shelve", "code", "codeop"}
_DYNAMIC_CALLS = {"eval", "exec", "compile", "__import__"}
_FRAMES = {"_getframe", "_current_frames", "f_globals", "f_builtins", "f_locals"}
_HIDDEN_NAMES = {"__builtins__", "__subclasses__", "__globals__", "__loader__", "__code__", "__self__", "__getattribute__", *_FRAMES}
#: Functions whose last argument names an attribute, and how many arguments come before it.
_BY_NAME = {"getattr": 1, "attrgetter": 0, "methodcaller": 0}
_LOADED = "sys.modules reaches modules that are not imported here"
_NAMESPACES = {"globals", "locals", "vars"}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Remark:
    """Something in a module, at its place (1-based)."""

    line: int
    column: int
    message: str
    #: Whether honest code does it too: for a person to look at.
    doubtful: bool = False


def source_stage(files: dict[str, bytes]) -> Stage:
    """Judge ``files`` (path → content): what is not allowed in a certified plugin fails, what a person should look at warns."""
    failures: list[str] = []
    warnings: list[str] = []
    for path, content in sorted(files.items()):
        if path.endswith(_NATIVE_FILES) or content.startswith((b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe")):
            failures.append(f"{path}: native code")
        elif path.endswith((".py", ".pyi", ".pyw")):
            for remark in sorted(_python_remarks(path, content)):
                note = f"{path}:{remark.line}:{remark.column}: {remark.message}"
                (warnings if remark.doubtful else failures).append(note)
        elif path.endswith(".pth"):
            failures.append(f"{path}: a .pth file runs code wherever it lies")
    return judged("source", tuple(failures), tuple(warnings))


def _python_remarks(path: str, content: bytes) -> Iterator[Remark]:
    try:
        yield from remarks(ast.parse(content, filename=path))
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0) or 0
        yield Remark(line=line, column=0, message=f"cannot be read as Python: {getattr(error, 'msg', error)}")


def remarks(tree: ast.Module) -> Iterator[Remark]:
    """Yield what in a module hides what it runs, in no order."""
    system = _names_of_sys(tree)
    bases = {id(node) for node in map(_base_of, ast.walk(tree))}
    for node in ast.walk(tree):
        grave = _grave_problem(node) or _loaded_module(node, system, bases)
        doubtful_problem = "" if grave else _doubtful_problem(node, system)
        if grave or doubtful_problem:
            line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0) + 1
            yield Remark(line=line, column=column, message=grave or doubtful_problem, doubtful=not grave)


def _grave_problem(node: ast.AST) -> str:
    match node:
        case ast.ImportFrom(module="sys") if any(alias.name == "modules" for alias in node.names):
            return _LOADED
        case ast.Import() | ast.ImportFrom():
            return _import_problem(node)
        case ast.Name(id=name, ctx=ast.Load()) if name in _DYNAMIC_CALLS:
            return f"{name}() runs what cannot be read here"
        case ast.Name(id=name) if name in _HIDDEN_NAMES:
            return f"{name} reaches behind what can be read here"
        case ast.Attribute(attr=name) if name in _HIDDEN_NAMES or name == "__import__":
            return f".{name} reaches behind what can be read here"
        case ast.Constant(value=str(name)) if name in _HIDDEN_NAMES:
            return f"'{name}' names what lies behind what can be read here"
        case ast.Call() if _attribute_name(node) in _DYNAMIC_CALLS:
            return f"{_attribute_name(node)}() runs what cannot be read here"
    return ""


def _loaded_module(node: ast.AST, system: set[str], bases: set[int]) -> str:
    """Return a message when a module is looked up in ``sys.modules``."""
    if id(node) in bases and _is_loaded_modules(node, system):
        return _LOADED
    return ""


def _doubtful_problem(node: ast.AST, system: set[str]) -> str:
    if _is_loaded_modules(node, system):
        return _LOADED
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return ".__dict__ reaches what is not named here"
    if isinstance(node, ast.Call):
        called = _called(node)
        if called in _BY_NAME and _attribute_name(node) is None:
            return f"{called}() with a computed name reaches what is not named here"
        if called in _NAMESPACES:
            return f"{called}() reaches what is not named here"
    return ""


def _names_of_sys(tree: ast.Module) -> set[str]:
    """Return what the module calls ``sys``."""
    imports = (alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names)
    return {"sys", *(alias.asname for alias in imports if alias.name == "sys" and alias.asname)}


def _is_loaded_modules(node: ast.AST, system: set[str]) -> bool:
    match node:
        case ast.Attribute(attr="modules", value=ast.Name(id=name)):
            return name in system
        case ast.Attribute(attr="modules", value=ast.Attribute(attr="sys")):
            return True
    return False


def _base_of(node: ast.AST) -> ast.AST | None:
    """Return ``x`` when ``node`` looks up one value in it: ``x[…]``, ``x.get``."""
    match node:
        case ast.Subscript(value=held, ctx=ast.Load()) | ast.Attribute(value=held, attr="get" | "__getitem__" | "setdefault"):
            return held
    return None


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _attribute_name(node: ast.Call) -> str | None:
    """Return the attribute that ``getattr`` and its like name; None when it is computed, empty when no attribute is asked for."""
    before = _BY_NAME.get(_called(node))
    if before is None:
        return ""
    match node.args[before:]:
        case [ast.Constant(value=str(name)), *_]:
            return name
    return None


def _import_problem(node: ast.Import | ast.ImportFrom) -> str:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for name in names:
        top = name.partition(".")[0]
        if top in _NATIVE:
            return f"import {name}: native code"
        if top in _DYNAMIC:
            return f"import {name}: loads code that cannot be read here"
        if top == "core" and name != "core.plugins.api" and not _imports_api(node):
            return f"import {name}: of ours, a plugin may import only core.plugins.api"
    return ""


def _imports_api(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "core.plugins" and all(alias.name == "api" for alias in node.names)
