"""A person's saves racing a run's writes, a few of them; ``tests/benchmarks/run_hand_edits.py`` makes a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.run_hand_edits import race
from tests.faults.scale import seed


def test_no_save_is_lost_and_nothing_but_statuses_is_changed(tmp_path: Path) -> None:
    used = seed()
    tally = race(60, used, tmp_path)

    assert tally.stale > 0, "some saves came from a buffer that was old by then"
    assert (tally.lost, tally.wrong) == (0, 0), f"seed {used}: {tally}"


@pytest.mark.slow
def test_no_save_of_a_thousand_is_lost(tmp_path: Path) -> None:
    used = seed()
    tally = race(1000, used, tmp_path)

    assert (tally.lost, tally.wrong) == (0, 0), f"seed {used}: {tally}"
