"""Row 9: a person's saves, in the manners of vim, VS Code and ``sed -i``, against a run that writes.

``tests/e2e/test_run_hand_edits.py`` makes sixty with every commit; here are many.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.run_hand_edits import race
from tests.faults.scale import count, seed


@pytest.mark.slow
def test_no_save_is_lost(tmp_path: Path) -> None:
    used = seed()
    tally = race(count(500, 20_000), used, tmp_path)
    print(f"{sum(tally.saves.values())} saves, {tally.stale} from a stale buffer, {tally.lost} lost, {tally.wrong} wrong, seed {used}")

    assert (tally.lost, tally.wrong) == (0, 0), f"seed {used}: {tally}"
