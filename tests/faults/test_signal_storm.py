"""Row 6: SIGTERM, SIGINT and SIGHUP at any moment of a command's whole life, half of the time a second one soon after."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.faults.lives import LIVES, STOPS, Ended, Lives, deliver, is_ours, tidy
from tests.faults.scale import NIGHTLY, count, seed
from tests.waiting import TIMEOUT

#: What every commit gets is the same every time.
_FIXED = 967590
#: Seconds until a command must have ended: TERM, grace and KILL for its tasks, on a machine that has other work to do.
_AT_ONCE = 3


def _disturbed(lives: Lives, name: str, number: int, dice: random.Random) -> tuple[Ended, list[str]]:
    """Have one life disturbed once or twice; return how it ended and what is wrong."""
    laboratory = lives.begin(name, str(number))
    try:
        process = lives.start(name, laboratory)
        began = time.monotonic()
        if dice.random() < 0.7:
            # A random time of the life that is ours; otherwise of the whole life.
            while not is_ours(process.pid) and process.poll() is None:
                time.sleep(0.0005)
        time.sleep(dice.uniform(0.0, 0.6 if LIVES[name].runs_tasks else 0.35))
        where = f"after {time.monotonic() - began:.3f} s"
        ours = is_ours(process.pid)
        first, second = dice.choice(STOPS), dice.choice((*STOPS, None, None, None))
        sent = [first] if deliver(process, first) else []
        if second is not None:
            time.sleep(dice.uniform(0.0, 0.15))
            sent += [second] if deliver(process, second) else []
        _, errors = process.communicate(timeout=TIMEOUT)
        ended = Ended(code=process.returncode, errors=errors, signals=tuple(sent), ours=ours, where=where)
        wrong = lives.judge(name, laboratory, ended)
        if LIVES[name].runs_tasks and dice.random() < 0.2:
            wrong += [f"{name}, {ended}: afterwards {line}" for line in laboratory.resume(*LIVES[name].arguments)[0]]
        return ended, wrong
    finally:
        tidy(laboratory)


def test_a_signal_at_any_time_ends_everything_with_its_own_code_and_no_foreign_word(lives: Lives) -> None:
    used = seed() if NIGHTLY else _FIXED
    dice, wanted = random.Random(used), count(30, 2200)
    names = [dice.choice(("run", "run by module", "reflecting run", *LIVES)) for _ in range(wanted)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lives.learn, dict.fromkeys(names)))
        seeds = [random.Random(f"{used} {number}") for number in range(wanted)]
        results = list(pool.map(lambda number: _disturbed(lives, names[number], number, seeds[number]), range(wanted)))
    signals = sum(len(ended.signals) for ended, _ in results)
    struck = Counter(ended.code in {128 + number for number in ended.signals} for ended, _ in results if ended.ours)
    wrong = [line for _, lines in results for line in lines]
    early = sum(not ended.ours and bool(ended.signals) for ended, _ in results)
    print(
        f"{signals} signals in {wanted} lives of {len(set(names))} commands, {early} before main, {struck[True]} ended by the signal,"
        f" {len(wrong)} wrong, seed {used}",
        *wrong,
        sep="\n",
    )

    assert wrong == [], f"seed {used}"
    assert struck[True] > wanted / 8, "most signals come in time"
