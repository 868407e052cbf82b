"""How much of each fault: ``FAULT_SCALE`` is unset (what every commit gets), ``nightly``, or the most of anything."""

from __future__ import annotations

import os

_WANTED = os.environ.get("FAULT_SCALE", "quick")

NIGHTLY = _WANTED != "quick"


def count(quick: int, nightly: int) -> int:
    """Return how many there are to be."""
    if not NIGHTLY:
        return quick
    return nightly if _WANTED == "nightly" else min(nightly, int(_WANTED))


def seed() -> int:
    """Return ``FAULT_SEED``: always the same for what every commit gets, another one each time for `make faults`, which says it."""
    return int(os.environ.get("FAULT_SEED", "1"))
