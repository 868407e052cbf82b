"""Amounts of memory as people write them: ``64MB``, ``1GiB``, or a number of bytes."""

from __future__ import annotations

import re

_UNITS = {"B": 1}
_UNITS.update({f"{letter}B": 1000**power for power, letter in enumerate("kMGT", start=1)})
_UNITS.update({f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", start=1)})

#: Regular expression of a size written as text; never zero.
SIZE_PATTERN = rf"^(?=[0-9]*[1-9])([0-9]{{1,12}}) ?({'|'.join(_UNITS)}|KB)(?![\s\S])"


def parse_size(text: str) -> int:
    """Return the bytes that ``text`` names; ``MB`` is a million, ``MiB`` 1024 × 1024. Raises ValueError otherwise."""
    match = re.search(SIZE_PATTERN, text)
    if match is None:
        raise ValueError(f"{text!r} is not a size: write 64MB, 1GiB or a number of bytes")
    unit = "kB" if match[2] == "KB" else match[2]
    return int(match[1]) * _UNITS[unit]


def format_size(count: int) -> str:
    """Return the shortest text that ``parse_size`` reads back as ``count`` bytes (≥ 1)."""
    exact = [f"{count // unit}{name}" for name, unit in _UNITS.items() if count % unit == 0]
    return min(exact, key=len)
