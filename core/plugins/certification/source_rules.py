"""Our own rules for a plugin's source: nothing that hides what it will run. They advise; the sandbox decides."""

from __future__ import annotations

import ast
from collections.abc import Iterator

#: Modules with which Python code leaves what can be read in it.
_NATIVE = {"ctypes", "cffi", "_ctypes", "mmap"}
_DYNAMIC = {"importlib", "imp", "runpy", "pkgutil", "zipimport", "marshal", "pickle", "shelve", "code", "codeop"}
_DYNAMIC_CALLS = {"eval", "exec", "compile", "__import__"}
_HIDDEN_NAMES = {"__builtins__", "__subclasses__", "__globals__", "__loader__", "__code__"}
_NATIVE_FILES = (".so", ".pyd", ".dll", ".dylib", ".a", ".o", ".wasm")


def source_problems(files: dict[str, bytes]) -> tuple[str, ...]:
    """Return what in ``files`` (path → content) is not allowed in a certified plugin, with file, line and column."""
    problems: list[str] = []
    for path, content in sorted(files.items()):
        if path.endswith(_NATIVE_FILES) or content.startswith((b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe")):
            problems.append(f"{path}: native code")
        elif path.endswith((".py", ".pyi", ".pyw")):
            problems += _python_problems(path, content)
        elif path.endswith(".pth"):
            problems.append(f"{path}: a .pth file runs code wherever it lies")
    return tuple(problems)


def _python_problems(path: str, content: bytes) -> Iterator[str]:
    try:
        tree = ast.parse(content, filename=path)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0) or 0
        yield f"{path}:{line}:0: cannot be read as Python: {getattr(error, 'msg', error)}"
        return
    for node in ast.walk(tree):
        told = _problem(node)
        if told:
            line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0) + 1
            yield f"{path}:{line}:{column}: {told}"


def _problem(node: ast.AST) -> str:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return _import_problem(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DYNAMIC_CALLS:
        return f"{node.func.id}() runs what cannot be read here"
    if isinstance(node, ast.Attribute) and (node.attr in _HIDDEN_NAMES or node.attr == "__import__"):
        return f".{node.attr} reaches behind what can be read here"
    if isinstance(node, ast.Name) and node.id in _HIDDEN_NAMES | {"__import__"}:
        return f"{node.id} reaches behind what can be read here"
    return ""


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
