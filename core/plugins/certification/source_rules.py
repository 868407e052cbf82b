"""Our own rules for a plugin's source: nothing that hides what it will run. They advise; the sandbox decides."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from core.plugins.certification.python_rules import Remark, remarks
from core.plugins.certification.stage import Stage, judged

_NATIVE_FILES = (".so", ".pyd", ".dll", ".dylib", ".a", ".o", ".wasm")


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
