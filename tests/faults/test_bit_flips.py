"""Bits of the state flip while a run works: it ends with a clear error or goes on right, and the next one says what it did.

What a task really did stands in ``trace``. A task that is said to be done whose last line is missing there was wrongly done.
"""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.rig import until
from tests.faults.check_invariants import out_of_order
from tests.faults.invariants import look
from tests.faults.laboratory import CHECKS, RUN, Laboratory
from tests.faults.scale import count, seed

#: What the next run says of a journal that it did not trust.
_MOVED = "was damaged; it was moved to"
#: What the run says in which damage was found.
_NAMED = ("is damaged:", _MOVED, ".orchestrator/state.db")


def flip(path: Path, dice: random.Random, bits: int) -> int:
    """Flip bits of a file in place; return how many."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return 0
    try:
        size = os.fstat(descriptor).st_size
        for _ in range(bits if size else 0):
            at = dice.randrange(size)
            (byte,) = os.pread(descriptor, 1, at)
            os.pwrite(descriptor, bytes([byte ^ 1 << dice.randrange(8)]), at)
        return bits if size else 0
    finally:
        os.close(descriptor)


def wrongly_done(laboratory: Laboratory) -> list[str]:
    ended = {line.split()[1] for line in laboratory.lines("trace") if line.startswith("end ")}
    return [task for task, status in laboratory.file_statuses().items() if status == "done" and task not in ended]


def wrongly_in_order(laboratory: Laboratory) -> list[str]:
    """Return what is wrong about the checks after a run that ended well."""
    scene = look(laboratory.root)
    return list(out_of_order(laboratory.root, scene.checks(), scene.trace))


def storm(laboratory: Laboratory, dice: random.Random) -> tuple[int, int]:
    """Run once while bits flip; return its exit code and how many flipped."""
    tool = laboratory.fork(*RUN, "-j4")
    until(lambda: tool.poll() is not None or laboratory.started() > 0, every=0.002)
    flipped = 0
    for _ in range(dice.randint(1, 6)):
        name = dice.choice(("state.db", "state.db-wal", "state.db-wal", "check-sources.json"))
        flipped += flip(laboratory.root / ".orchestrator" / name, dice, dice.choice((1, 3, 30)))
        if tool.wait(dice.uniform(0.0, 0.05), needed=False) is not None:
            break
    code = tool.wait()
    said = tool.output()
    assert code in (0, 2), said
    assert "Traceback" not in said, said
    assert code == 0 or any(words in said for words in _NAMED), said
    return code, flipped


def recover(laboratory: Laboratory) -> list[str]:
    """Run until all is done, as a person would; return what was said. Two runs may find what the one before did not read."""
    told = []
    for _ in range(4):
        tool = laboratory.fork(*RUN, "-j4")
        code = tool.wait()
        told.append(tool.output())
        assert code in (0, 2), told[-1]
        assert "Traceback" not in told[-1], told[-1]
        assert code == 0 or any(words in told[-1] for words in _NAMED), told[-1]
        if code == 0 and set(laboratory.file_statuses().values()) == {"done"}:
            return told
    pytest.fail("four runs did not finish it:\n" + "\n".join(told))


def test_flipped_bits_of_the_journal_in_the_middle_of_a_run_make_nothing_wrongly_done(laboratory: Laboratory) -> None:
    used = seed()
    dice = random.Random(used)
    ended, moved = {0: 0, 2: 0}, 0
    for number in range(count(6, 400)):
        each = Laboratory(laboratory.root / f"n{number}", laboratory.zygote)
        each.plant(dice, tasks=10)
        code, _ = storm(each, dice)
        ended[code] += 1
        assert wrongly_done(each) == [], f"seed {used}, trial {number}"
        told = recover(each)
        assert wrongly_done(each) == [], f"seed {used}, trial {number}"
        assert wrongly_in_order(each) == [], f"seed {used}, trial {number}"
        aside = list((each.root / ".orchestrator").glob("state.db.damaged-*"))
        assert not aside or any(_MOVED in text for text in told), f"seed {used}, trial {number}: {told}"
        moved += bool(aside)
        each.quiet()
        each.close()
    print(f"bit flips, seed {used}: {ended[0]} runs went on, {ended[2]} ended with a clear error, {moved} journals were moved aside")


def test_flipped_bits_and_torn_writes_of_what_is_known_of_sources_make_no_check_wrongly_up_to_date(laboratory: Laboratory) -> None:
    used = seed()
    dice = random.Random(used)
    laboratory.plant(dice, tasks=3, pause=0.001)
    assert laboratory.resume()[0] == []
    known = laboratory.root / ".orchestrator" / "check-sources.json"
    for _ in range(count(12, 600)):
        changed = dice.choice((*CHECKS["check-all"], ""))
        if changed:
            with (laboratory.root / changed).open("a") as file:
                file.write("more\n")
        if dice.random() < 0.3 and known.exists():
            os.truncate(known, dice.randrange(known.stat().st_size + 1))
        flip(known, dice, dice.choice((1, 3, 30)))
        mark = len(laboratory.lines("trace"))
        tool = laboratory.fork(*RUN, "-j4")

        assert tool.wait() == 0, tool.output()
        started = {line.split()[1] for line in laboratory.lines("trace")[mark:] if line.startswith("start")}
        assert started >= {name for name, files in CHECKS.items() if changed in files or name == "check-all"}, f"seed {used}"
        assert wrongly_in_order(laboratory) == [], f"seed {used}"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE checks SET passed = 1 WHERE passed = 0",
        "UPDATE checks SET digest = (SELECT digest FROM checks WHERE passed = 0 AND digest <> '') WHERE passed = 1 AND task_id = 'a'",
        "UPDATE checks SET task_id = 'b' WHERE task_id = 'a' AND passed = 1",
        "UPDATE checks SET passed = 3",
        "UPDATE checks SET at = -1",
    ],
)
def test_a_result_that_is_not_as_it_was_written_never_makes_a_check_up_to_date(laboratory: Laboratory, damage: str) -> None:
    entry = "- {{id: {0}, description: d, check: true, sources: [{0}.txt], command: 'echo {0} >> ran; ! grep -q broken {0}.txt'}}\n"
    laboratory.write(entry.format("a") + entry.format("b"))
    for text in ("fine", "broken"):
        (laboratory.root / "a.txt").write_text(text)
        (laboratory.root / "b.txt").write_text("broken")
        assert laboratory.fork(*RUN).wait() == 1
    connection = sqlite3.connect(laboratory.root / ".orchestrator" / "state.db")
    with connection:
        assert connection.execute(damage).rowcount > 0
    connection.close()

    codes = []
    for _ in range(2):
        tool = laboratory.fork(*RUN)
        codes.append(tool.wait())
        assert "Traceback" not in tool.output(), tool.output()
        assert codes[-1] == 1 or any(words in tool.output() for words in _NAMED), tool.output()
    assert codes[-1] == 1, "both checks fail"
    assert set(codes) <= {1, 2}
    assert laboratory.lines("ran")[-2:].count("a") == 1, "both ran again"
