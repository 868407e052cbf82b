"""A person's saves racing a run's writes, a few of them; ``tests/benchmarks/run_hand_edits.py`` makes a thousand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.benchmarks.run_hand_edits import race


def test_no_save_is_lost_and_nothing_but_statuses_is_changed(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    tally = race(60, seed, tmp_path)

    assert tally.stale > 0, "some saves came from a buffer that was old by then"
    assert (tally.lost, tally.wrong) == (0, 0), f"seed {seed}: {tally}"


@pytest.mark.slow
def test_no_save_of_a_thousand_is_lost(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    tally = race(1000, seed, tmp_path)

    assert (tally.lost, tally.wrong) == (0, 0), f"seed {seed}: {tally}"
