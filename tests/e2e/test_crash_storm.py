"""``kill -9`` at random moments, a few of them; ``tests/benchmarks/run_kill_storm.py`` makes hundreds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.run_kill_storm import Tally, storm
from tests.faults.scale import seed


def _assert_nothing_wrong(tally: Tally, used: int) -> None:
    assert tally.kills_with_tasks_running > 0
    assert tally.wrong == 0, f"seed {used}: {tally}"


def test_nothing_is_lost_repeated_or_skipped_whenever_the_run_is_killed(tmp_path: Path) -> None:
    used = seed()
    _assert_nothing_wrong(storm(25, used, tmp_path), used)


@pytest.mark.slow
def test_after_three_hundred_kills_nothing_is_wrong(tmp_path: Path) -> None:
    used = seed()
    _assert_nothing_wrong(storm(300, used, tmp_path), used)
