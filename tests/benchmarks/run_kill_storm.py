"""``kill -9`` at random moments of a run of 20 tasks at ``-j3``, resumed until it is done.

    python tests/benchmarks/run_kill_storm.py [kills] [seed]

What is looked at is outside of the tool: a trace that every task appends to when it starts and when it ends, and
``tasks.yml``, read over and over from a thread while the run writes it.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from tests.benchmarks.figures import write_figures
from tests.e2e.rig import Rig, until, without_statuses

_TASKS = 20
_LAYER = 4
#: Whatever an earlier attempt still does is seen by its command line, which a zombie has not.
_COMMAND = """
for pid in $(cat pids.{id} 2>/dev/null); do
  if grep -qs "pids.{id}" /proc/$pid/cmdline; then echo "overlap {id}" >> trace; fi
done
echo $$ >> pids.{id}
echo "start {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace; echo half > out.{id}
sleep {pause}
echo whole >> out.{id}; echo "end {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace
"""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What went on in all trials together; everything but the first four must be 0."""

    trials: int = 0
    kills: int = 0
    kills_with_tasks_running: int = 0
    looks_at_the_file: int = 0
    #: Tasks that are not done in the end, or whose output is not whole.
    lost: int = 0
    #: Attempts at a task that the tool had recorded as done.
    repeated: int = 0
    #: Tasks called done whose last attempt did not reach its end.
    skipped: int = 0
    #: Tasks that started before what they depend on had ended.
    out_of_order: int = 0
    #: Attempts that began while the one before was still alive.
    overlapping: int = 0
    #: Times the file did not parse, or differed in more than statuses.
    torn: int = 0
    #: Attempts that the history lacks, has twice, or calls otherwise than the trace.
    misrecorded: int = 0
    #: Ended by their own account, killed before the tool could know: they run again, as they must.
    ended_unseen: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return self.lost + self.repeated + self.skipped + self.out_of_order + self.overlapping + self.torn + self.misrecorded


def write_tasks(rig: Rig, dice: random.Random) -> dict[str, list[str]]:
    """Write a backlog of five layers in every style of hand, and return what each task depends on."""
    needs: dict[str, list[str]] = {}
    parts = ["# A backlog with a bit of everything.\n"]
    for number in range(_TASKS):
        task = f"t{number}"
        above = [f"t{other}" for other in range(number - number % _LAYER - _LAYER, number - number % _LAYER) if other >= 0]
        needs[task] = dice.sample(above, k=min(len(above), dice.randint(0, 3)))
        command = _COMMAND.format(id=task, pause=f"{dice.uniform(0.03, 0.25):.3f}")
        block = "".join(f"    {line}\n" for line in command.strip().splitlines())
        status = dice.choice(["", "  status: pending\n", "  status: pending   # mine\n"])
        head = f"- id: {task}\n  description: 'the {number}th'  # {dice.random()}\n{status}"
        parts.append(f"{head}  command: |\n{block}  dependencies: [{', '.join(needs[task])}]\n\n")
    rig.write("".join(parts))
    return needs


class Watch(threading.Thread):
    """Reads the file without a pause."""

    def __init__(self, rig: Rig, tally: Tally) -> None:
        super().__init__(daemon=True)
        self._rig, self._tally = rig, tally
        self._expected = without_statuses(rig.tasks_file.read_text())
        self._over = threading.Event()

    def run(self) -> None:
        before = ""
        while not self._over.wait(0.003):
            text = self._rig.tasks_file.read_text()
            self._tally.looks_at_the_file += 1
            if text == before:
                continue
            before = text
            if without_statuses(text) != self._expected or len(yaml.load(text, yaml.CSafeLoader)) != _TASKS:
                self._tally.torn += 1
                self._tally.notes.append(f"torn: {text!r}")

    def end(self) -> None:
        self._over.set()
        self.join()


def trial(directory: Path, dice: random.Random, tally: Tally, kills: int) -> None:
    """One backlog from pending to done, with up to ``kills`` kills."""
    rig = Rig(directory)
    needs = write_tasks(rig, dice)
    watch = Watch(rig, tally)
    watch.start()
    recorded: dict[int, set[str]] = {}
    try:
        while kills and not _killed(rig, dice.uniform(0.1, 1.0), tally):
            kills -= 1
            recorded[len(rig.lines("trace"))] = {task for task, status in rig.journalled().items() if status == "done"}
        resumed = rig.run("run", "-j3")
        if resumed.returncode != 0:
            tally.lost += 1
            tally.notes.append(f"exit {resumed.returncode}: {resumed.stdout}{resumed.stderr}")
    finally:
        watch.end()
    tally.trials += 1
    judge(rig, needs, recorded, tally)
    rig.close()


def _killed(rig: Rig, after: float, tally: Tally) -> bool:
    """Run, kill, and return whether the run had come to its end before."""
    mark = len(rig.lines("trace"))
    process = rig.start("run", "-j3")
    # Half of the time first of all a task runs, however long the tool takes to start.
    if tally.kills % 4 < 2:
        until(lambda: process.poll() is not None or len(rig.lines("trace")) > mark, what="a task runs, or all is done")
    deadline = time.monotonic() + after
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.002)
    if process.poll() is not None:
        return True
    lines = Counter(line.split()[0] for line in rig.lines("trace"))
    tally.kills_with_tasks_running += lines["start"] > lines["end"]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    tally.kills += 1
    # Half of the time the next run meets the guardian at work, half of the time it comes after it.
    if tally.kills % 2:
        until(lambda: not rig.processes(), what="the dead run's processes are gone")
    return False


def judge(rig: Rig, needs: dict[str, list[str]], recorded: dict[int, set[str]], tally: Tally) -> None:
    """Compare the trace with what the tool says."""
    statuses = rig.statuses()
    ended: set[str] = set()
    starts: dict[str, list[int]] = {task: [] for task in needs}
    last: dict[str, str] = {}
    known: set[str] = set()
    for position, line in enumerate(rig.lines("trace")):
        known |= recorded.get(position, set())
        word, task, *number = line.split()
        tally.overlapping += word == "overlap"
        if word == "start":
            starts[task].append(int(number[0]))
            tally.repeated += task in known
            tally.ended_unseen += task in ended
            tally.out_of_order += not ended.issuperset(needs[task])
        elif word == "end":
            ended.add(task)
        last[task] = word
    attempts_by_task = rig.journalled_attempts()
    for task in needs:
        whole = rig.lines(f"out.{task}") == ["half", "whole"]
        tally.lost += statuses[task] != "done" or not whole
        tally.skipped += statuses[task] == "done" and last.get(task) != "end"
        attempts = attempts_by_task.get(task, [])
        numbers = [number for number, _ in attempts]
        fine = numbers == list(range(1, len(numbers) + 1)) and set(starts[task]) <= set(numbers)
        fine = fine and [ending for _, ending in attempts] == ["interrupted"] * (len(attempts) - 1) + ["succeeded"]
        tally.misrecorded += not fine
        if not fine or not whole:
            tally.notes.append(f"{task}: {attempts}, started {starts[task]}")


def storm(kills: int, seed: int, scratch: Path) -> Tally:
    """Return the tally of at least ``kills`` kills."""
    dice, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        directory = scratch / f"trial-{tally.trials}"
        directory.mkdir()
        trial(directory, dice, tally, min(dice.randint(1, 6), kills - tally.kills))
    return tally


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1_000_000)
    with tempfile.TemporaryDirectory() as scratch:
        tally = storm(kills, seed, Path(scratch))
    rows = [f"| {item.name.replace('_', ' ')} | {getattr(tally, item.name):,} |" for item in fields(tally) if item.name != "notes"]
    table = "\n".join(["| what | count |", "|---|---:|", *rows])
    print(table, *tally.notes[:20], sep="\n")
    write_figures("kill-storm", table, command=f"python tests/benchmarks/run_kill_storm.py {kills} {seed}")
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
