"""The generated advice in a task's description: recognised by length and digest, and replaced as long as nobody edited it. Pure."""

from __future__ import annotations

import re
from hashlib import blake2b

from core.domain.quality.finding import Finding
from core.domain.quality.metric import FileMeasure

#: Characters up to which a text is searched, and advice is recognised: what is longer stays as it is.
_LONGEST_TEXT, _LONGEST_ADVICE = 16_000, 4_000
_MARK = re.compile(r"(\d{1,4})-([0-9a-f]{10})", re.ASCII)


def advice_mark(advice: str) -> str:
    """Return what recognises an advice in a description, its length and digest; empty where there is none to be recognised."""
    return f"{len(advice)}-{_digest(advice)}" if advice and len(advice) <= _LONGEST_ADVICE else ""


def split_at_advice(description: str, mark: str) -> tuple[str, str, str] | None:
    """Return what comes before the marked advice, the advice, and what comes after it; None where it was edited or is not there."""
    found = _MARK.fullmatch(mark)
    if not found or len(description) > _LONGEST_TEXT:
        return None
    length, digest = int(found[1]), found[2]
    for start in range(len(description) - length, -1, -1):
        advice = description[start : start + length]
        if length and _is_start(description, start) and _digest(advice) == digest:
            return description[:start], advice, description[start + length :]
    return None


def written(text: str) -> str:
    """Return a text as a tasks file can hold it: advice and errors may quote what is no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def place_digest(finding: Finding, measure: FileMeasure | None) -> str:
    """Return what changes whenever the lines that an advice may name do: a digest of where the finding and the blocks in it are."""
    blocks = measure.blocks if measure is not None and not measure.problem else ()
    inside = [(block.name, block.line, block.end_line) for block in blocks if finding.line <= block.line <= finding.end_line]
    return _digest(repr((finding.key, finding.line, finding.end_line, finding.score, finding.problem, inside)))


def _is_start(text: str, position: int) -> bool:
    return position == 0 or text[position - 1].isspace()


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
