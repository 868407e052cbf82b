"""Spans of time and amounts of memory as people write them: ``90s``, ``1h30m``; ``64MB``, ``1GiB``."""

from __future__ import annotations

import re

#: End of the text; the same in Python and in the JavaScript that editors validate with, where ``$`` differs.
END = r"(?![\s\S])"
_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
#: Regular expression of a duration written as text; days, hours, minutes, seconds, each at most once, in this order.
DURATION_PATTERN = rf"^(?=[0-9])(?:{_PART}d)?(?:{_PART}h)?(?:{_PART}m)?(?:{_PART}s)?{END}"
#: The same without durations of zero.
POSITIVE_DURATION_PATTERN = DURATION_PATTERN.replace("(?=[0-9])", "(?=[0-9.dhms]*[1-9])", 1)

_SECONDS = (86400.0, 3600.0, 60.0, 1.0)

_UNITS = {"B": 1}
_UNITS.update({f"{letter}B": 1000**power for power, letter in enumerate("kMGT", start=1)})
_UNITS.update({f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", start=1)})

#: Regular expression of a size written as text; never zero.
SIZE_PATTERN = rf"^(?=[0-9]*[1-9])([0-9]{{1,12}}) ?({'|'.join(_UNITS)}|KB){END}"


def parse_duration(text: str) -> float:
    """Return the seconds that ``text`` names. Raises ValueError when it is not a duration."""
    match = re.search(DURATION_PATTERN, text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration: write 90s, 10m, 1h30m or a number of seconds")
    return sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)


def format_duration(seconds: float) -> str:
    """Return the shortest text that ``parse_duration`` reads back as ``seconds`` (≥ 0, to the nanosecond)."""
    rest, parts = seconds, []
    for name, unit in zip("dhm", _SECONDS, strict=False):
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count:.0f}{name}")
    if rest or not parts:
        parts.append(f"{rest:.9f}".rstrip("0").rstrip(".") + "s")
    return "".join(parts)


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
