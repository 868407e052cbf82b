"""What to do about a block."""

from __future__ import annotations

from core.domain.metric import Block


def advise(source: bytes, block: Block | None = None) -> str:
    return ""
