"""Faults at random times, over and over: each trial is one backlog from pending to done, harmed on its way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from tests.faults.laboratory import Laboratory
from tests.faults.zygote import Zygote

#: Trials at once: tasks mostly sleep.
_AT_ONCE = 3


@dataclass(slots=True)
class Tally:
    """What all trials together came to."""

    faults: int = 0
    #: Of these, how many came while a task ran.
    in_flight: int = 0
    trials: int = 0
    slowest_resume: float = 0.0
    slowest_end: float = 0.0
    wrong: list[str] = field(default_factory=list)
    _turn: Lock = field(default_factory=Lock)

    def add(self, other: Tally) -> None:
        with self._turn:
            self.faults += other.faults
            self.in_flight += other.in_flight
            self.trials += 1
            self.slowest_resume = max(self.slowest_resume, other.slowest_resume)
            self.slowest_end = max(self.slowest_end, other.slowest_end)
            self.wrong += other.wrong

    def __str__(self) -> str:
        return (
            f"{self.faults} faults ({self.in_flight} with tasks running) in {self.trials} trials, {len(self.wrong)} violations,"
            f" slowest resume {self.slowest_resume:.2f} s, slowest end {self.slowest_end:.2f} s"
        )


#: Harms a laboratory on its way to done and says what happened.
Trial = Callable[[Laboratory, random.Random], Tally]


def storm(trial: Trial, wanted: int, seed: int, scratch: Path, zygote: Zygote) -> Tally:
    """Return the tally of at least ``wanted`` faults."""
    tally, dice, number = Tally(), random.Random(seed), 0

    def one(directory: Path, trial_seed: int) -> None:
        laboratory = Laboratory(directory, zygote)
        try:
            mine = trial(laboratory, random.Random(trial_seed))
            mine.wrong = [f"{directory.name} (seed {trial_seed}): {line}" for line in mine.wrong]
        finally:
            laboratory.close()
        tally.add(mine)

    begun = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while tally.faults < wanted:
            trials = [pool.submit(one, scratch / f"trial-{number + index}", dice.randrange(10**9)) for index in range(_AT_ONCE)]
            number += _AT_ONCE
            for each in trials:
                each.result()
    print(f"{tally}, in {time.monotonic() - begun:.0f} s, seed {seed}", *tally.wrong, sep="\n")
    return tally
