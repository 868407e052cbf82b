"""Numbers in words: seconds, costs, counts, moments."""

from __future__ import annotations

from collections.abc import Sequence


def seconds(duration: float) -> str:
    """Return a measured span for reading: ``13ms``, ``0.3s``, ``59.9s``, ``1m 05s``, ``2h 03m``, ``3d 04h``."""
    duration = max(0.0, duration)
    if duration < 0.0995:
        return f"{duration * 1000:.0f}ms" if duration else "0s"
    if duration < 59.95:
        return f"{duration:.1f}s"
    whole = round(duration)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d {whole % 86400 // 3600:02d}h"


def roughly(duration: float) -> str:
    """Return an expected span, no more exact than it deserves: ``3ms``, ``0.5s``, ``3s``, ``40s``, ``2m``, ``1h 10m``."""
    if duration < 0.95:
        return seconds(duration)
    if duration < 10:
        return f"{round(duration)}s"
    if duration < 57.5:
        return f"{round(duration / 5) * 5}s"
    minutes = max(1, round(duration / 60))
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02d}m"


def amount(cost: float) -> str:
    """Return units of cost without needless digits: ``4``, ``2.5``, ``0.333``."""
    return f"{cost:.3f}".rstrip("0").rstrip(".") if cost % 1 else f"{cost:.0f}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 task``, ``1,204 tasks``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listing(words: Sequence[str], most: int = 5) -> str:
    """Return ``a, b, c`` or, beyond ``most`` words, ``a, b, c and 4 more``."""
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most:,} more"


def moment(at: float) -> str:
    """Return Unix time as local date and time: ``2026-03-01 14:05:09``."""
    from time import localtime, strftime

    return strftime("%Y-%m-%d %H:%M:%S", localtime(at))
