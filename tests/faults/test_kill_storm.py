"""Row 2: ``kill -9`` at random times of a run of fifty tasks with retries and checks at ``-j4``, resumed until all is done."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.faults.laboratory import RUN, Laboratory
from tests.faults.scale import count, seed
from tests.faults.storms import Tally, storm
from tests.faults.zygote import Zygote
from tests.waiting import until

_TASKS = 50


def _trial(laboratory: Laboratory, dice: random.Random) -> Tally:
    tally = Tally()
    laboratory.plant(dice, tasks=_TASKS, pause=0.01)
    for _ in range(dice.randint(4, 8)):
        mark = laboratory.started()
        # One in twelve is the installed command; that takes ten times as long to begin.
        installed = dice.random() < 1 / 12
        tool = laboratory.start(*RUN, "-j4") if installed else laboratory.fork(*RUN, "-j4")
        if dice.random() < 0.5:
            until(lambda: tool.poll() is not None or laboratory.started() > mark, every=0.001, what="tasks run, or all is done")  # noqa: B023
        time.sleep(dice.uniform(0.0, 0.2))
        if tool.poll() is not None:
            break
        tally.in_flight += laboratory.started() > mark
        # The whole group, or the tool alone: then its guardian ends the tasks.
        laboratory.slay(tool, group=dice.random() < 0.5)
        tally.faults += 1
        tally.wrong += laboratory.violations()
        if dice.random() < 0.3:
            laboratory.quiet()
    wrong, took = laboratory.resume(installed=dice.random() < 0.1)
    tally.wrong += wrong + (laboratory.run_again() if not wrong else [])
    tally.slowest_resume = took
    return tally


def test_a_kill_at_any_time_loses_nothing_and_repeats_only_what_it_interrupted(tmp_path: Path, zygote: Zygote) -> None:
    tally = storm(_trial, count(100, 3000), seed(), tmp_path, zygote)

    assert tally.wrong == [], tally
    assert tally.in_flight > tally.faults / 4, tally
