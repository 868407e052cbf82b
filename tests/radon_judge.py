"""Radon as the judge of what it sees of what we measure, on text that it can read."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from core.domain.quality.metric import Block, BlockKind
from core.domain.quality.source_text import decode_source

_EXCEPT_STAR = re.compile(r"\bexcept(\s*)\*")


def rewrite_for_radon(folder: Path, *, except_star: bool = False) -> int:
    """Save each Python file below a folder as what radon's command reads, UTF-8 without a mark; return how many were something else.

    ``except_star``: with ``except*``, for which radon's complexity has no rule, as ``except``.
    """
    changed = 0
    for path in folder.rglob("*.py"):
        if path.is_file():
            content = path.read_bytes()
            with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                text = _without_except_star(decode_source(content)) if except_star else decode_source(content)
                if text.encode() != content.replace(b"\r\n", b"\n").replace(b"\r", b"\n"):
                    path.write_bytes(text.encode())
                    changed += 1
    return changed


def _without_except_star(text: str) -> str:
    if "except" not in text or not _EXCEPT_STAR.search(text):
        return text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        has_one = any(isinstance(node, ast.TryStar) for node in ast.walk(ast.parse(text)))
    return _EXCEPT_STAR.sub(r"except\1 ", text) if has_one else text


def seen_by_radon(blocks: Iterable[Block]) -> list[Block]:
    """Leave out classes inside functions, and everything in them."""
    return [block for block, hidden in _nested(blocks) if not hidden]


def beyond_radon(blocks: Iterable[Block]) -> list[Block]:
    """Return the classes inside functions, and everything in them."""
    return [block for block, hidden in _nested(blocks) if hidden]


def _nested(blocks: Iterable[Block]) -> Iterator[tuple[Block, bool]]:
    """Yield each block and whether it is, or is in, a class that a function contains; no two blocks share a line."""
    around: list[tuple[Block, bool]] = []
    for block in sorted(blocks, key=lambda block: (block.line, block.column)):
        while around and around[-1][0].end_line < block.line:
            around.pop()
        outer, hidden = around[-1] if around else (None, False)
        hidden = hidden or (block.kind is BlockKind.CLASS and outer is not None and outer.kind is not BlockKind.CLASS)
        around.append((block, hidden))
        yield block, hidden
