"""Row 6a: a stop signal at a system call of a command's life, counted, so that the same place is struck on any machine."""

from __future__ import annotations

import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.lives import LIVES, STOPS, Ended, Lives, tidy
from tests.faults.scale import NIGHTLY, count, seed
from tests.faults.system_calls import why_not
from tests.waiting import TIMEOUT

_FIXED = 315030262
#: The call that is the first line of ``main``: nothing else blocks all three.
_FIRST_LINE = re.compile(r"^rt_sigprocmask\(SIG_BLOCK, \[HUP INT TERM\]", re.MULTILINE)
_CALL = re.compile(r"^(\w+)\(", re.MULTILINE)
_STRUCK = re.compile(r"^--- SIG(?:INT|TERM|HUP) ", re.MULTILINE)


def _calls(lives: Lives, name: str) -> list[tuple[str, int, bool]]:
    """Return the calls of an undisturbed life: kind, which one of its kind, whether ``main`` has begun."""
    laboratory = lives.begin(name, "recorded")
    try:
        listing = laboratory.root.parent / "calls"
        lives.start(name, laboratory, "strace", "-qq", "-o", str(listing)).communicate(timeout=TIMEOUT)
        text = listing.read_text(errors="replace")
        first = _FIRST_LINE.search(text)
        assert first is not None, f"{name}: the first line of main blocks stop signals"
        counts: Counter[str] = Counter()
        calls = []
        for found in _CALL.finditer(text):
            counts[found[1]] += 1
            calls.append((found[1], counts[found[1]], found.start() > first.start()))
        return calls
    finally:
        tidy(laboratory)


def _struck(lives: Lives, name: str, kind: str, number: int, stop: int, which: int) -> tuple[bool, list[str]]:
    laboratory = lives.begin(name, str(which))
    try:
        listing = laboratory.root.parent / "calls"
        traced = f"trace={kind},rt_sigprocmask"
        inject = f"inject={kind}:signal={stop}:when={number}"
        process = lives.start(name, laboratory, "strace", "-qq", "-o", str(listing), "-e", traced, "-e", inject)
        _, errors = process.communicate(timeout=TIMEOUT)
        text = listing.read_text(errors="replace")
        struck, first = _STRUCK.search(text), _FIRST_LINE.search(text)
        ours = struck is None or (first is not None and first.start() < struck.start())
        ended = Ended(
            code=process.returncode,
            errors=errors,
            signals=(stop,) if struck else (),
            ours=ours,
            where=f"at {kind} #{number}",
        )
        return struck is not None, lives.judge(name, laboratory, ended)
    finally:
        tidy(laboratory)


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_a_signal_at_any_call_ends_the_command_with_its_own_code_and_no_foreign_word(lives: Lives) -> None:
    used = seed() if NIGHTLY else _FIXED
    dice, wanted = random.Random(used), count(24, 1000)
    names = dice.sample(list(LIVES), 6) if not NIGHTLY else list(LIVES)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lives.learn, names))
        calls = dict(zip(names, pool.map(lambda name: _calls(lives, name), names), strict=True))
        chosen = []
        for which in range(wanted):
            name = names[which % len(names)]
            after_first = dice.random() > 0.125
            # One in eight before main: there the interpreter answers, and whatever it does, the state is true.
            kind, number, _ = dice.choice([call for call in calls[name] if call[2] == after_first] or calls[name])
            chosen.append((name, kind, number, dice.choice(STOPS), which))
        results = list(pool.map(lambda each: _struck(lives, *each), chosen))
    wrong = [line for _, lines in results for line in lines]
    struck = sum(each for each, _ in results)
    print(f"{struck} signals at calls of {len(names)} commands, {len(wrong)} wrong, seed {used}", *wrong, sep="\n")

    assert wrong == [], f"seed {used}"
    assert struck > wanted * 0.8, "the calls come in the same order each time"
