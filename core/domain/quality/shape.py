"""Shapes: what code is known again by, under another name or in another place. Pure.

A shape is 12 hex digits of a hash over the code and, behind a full stop, its sketch: 32 hex digits, two for each of 16 samples of
its lines. Two codes share as many samples as they share lines. Versions before the sketch wrote the hash alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

_SAMPLES = 16
#: Samples that a sketch must have: of very short code a few lines are equal by chance.
_FEWEST = 6


def exact(shape: str) -> str:
    """Return the hash in a shape; empty in an empty one."""
    return shape.partition(".")[0]


def likeness(one: str, other: str) -> float:
    """Return which share of their lines two codes have in common by their shapes, 0 … 1; 0 where one of them has no sketch."""
    mine, theirs = samples(one), samples(other)
    if min(len(mine) - mine.count(0), len(theirs) - theirs.count(0)) < _FEWEST:
        return 0.0
    pairs = [pair for pair in zip(mine, theirs, strict=True) if pair != (0, 0)]
    return sum(left == right for left, right in pairs) / len(pairs)


def samples(shape: str) -> bytes:
    """Return the samples in a shape, 0 for one that its code has not; empty where there is no sketch, or one of another length."""
    try:
        found = bytes.fromhex(shape.partition(".")[2])
    except ValueError:
        return b""
    return found if len(found) == _SAMPLES else b""


def sketch(lines: Iterable[str]) -> str:
    """Return 32 hex digits for a set of lines: the smallest of the lines' checksums in each of 16 classes, 00 for an empty class."""
    smallest: list[int | None] = [None] * _SAMPLES
    for line in lines:
        checksum, kind = divmod(crc32(line.encode("utf-8", "surrogatepass")), _SAMPLES)
        known = smallest[kind]
        if known is None or checksum < known:
            smallest[kind] = checksum
    return bytes(0 if checksum is None else 1 + checksum % 255 for checksum in smallest).hex()
