"""Row 6: SIGTERM, SIGINT and SIGHUP at random times, half of the time a second one soon after."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from tests.faults.invariants import look
from tests.faults.laboratory import RUN, Laboratory
from tests.faults.scale import count, seed
from tests.faults.storms import Tally, storm
from tests.faults.zygote import Zygote

#: What stops a run.
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PATIENCE = 7.0
#: Seconds within which two signals count as one moment: the system keeps what waits for a process by number, not by age.
_AT_ONCE = 0.05


def _trial(laboratory: Laboratory, dice: random.Random) -> Tally:
    tally = Tally()
    laboratory.plant(dice, tasks=20, pause=0.05)
    for _ in range(dice.randint(2, 4)):
        mark = laboratory.started()
        tool = laboratory.fork(*RUN, "-j4")
        time.sleep(dice.uniform(0.0, 0.4))
        if tool.poll() is not None:
            break
        first, second = dice.choice(_STOPS), dice.choice((*_STOPS, None, None, None))
        begun = time.monotonic()
        tally.in_flight += laboratory.started() > mark
        tool.kill(first)
        gap = dice.uniform(0.0, 3 * _AT_ONCE)
        if second is not None:
            time.sleep(gap)
            tool.kill(second)
        code = tool.wait(_PATIENCE + 3)
        tally.faults += 1
        tally.slowest_end = max(tally.slowest_end, time.monotonic() - begun)
        # Before the tool has taken the signals over, and after it has given them back, the system answers them.
        unheard = code in (-first, -(second or first), 130)
        early = unheard and laboratory.started() == mark
        late = unheard and all(run["ended"] is not None for run in look(laboratory.root).state.runs)
        told = {128 + first} | ({128 + second} if second is not None and gap < _AT_ONCE else set())
        if code != 0 and code not in told and not early and not late:
            tally.wrong.append(f"{first.name}, then {second}: exit {code}: {tool.output()}")
        tally.wrong += laboratory.violations(resting=not early)
        if "Traceback" in tool.output():
            tally.wrong.append(tool.output())
    wrong, tally.slowest_resume = laboratory.resume()
    tally.wrong += wrong
    return tally


def test_a_signal_at_any_time_ends_everything_in_time_and_saves(tmp_path: Path, zygote: Zygote) -> None:
    tally = storm(_trial, count(50, 500), seed(), tmp_path, zygote)

    assert "".join(tally.wrong) == "", tally
    assert tally.in_flight > tally.faults / 4, tally
    assert tally.slowest_end <= _PATIENCE, tally
