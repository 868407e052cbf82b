"""A person saves ``tasks.yml`` again and again while a run writes to it: what is lost, and what else changes.

    python tests/benchmarks/run_hand_edits.py [saves] [seed]

Half of the saves come at any moment, half right after a write of the run, from a buffer that is older than it. What the
person means is kept beside as a model; after every save and at the end the file must be the model but for statuses.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.figures import write_figures
from tests.e2e.rig import Rig, until, without_statuses
from tests.waiting import TIMEOUT

#: Saves in one run, and tasks enough to keep it writing meanwhile.
_SAVES = 60
_TASKS = 300
#: Checks of the backlog, and the line that says what each is about.
_CHECKS = {"check-all": "", "check-ran": "  sources: [ran]\n"}
#: Tasks before its turn at which one may still be cancelled for sure.
_FAR = 30
#: Seconds after which a save that is not in the file counts as lost; a late one may take two.
_PATIENCE = 8.0

Edit = Callable[[str], str]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of all saves together."""

    saves: Counter[str] = field(default_factory=Counter)
    #: Saves from a buffer that the run had written past meanwhile.
    stale: int = 0
    lost: int = 0
    #: Tasks that ran twice, or not at all, or although they had been cancelled, or whose status is wrong in the end.
    wrong: int = 0
    slowest: float = 0.0
    notes: list[str] = field(default_factory=list)


def _entry(task: str) -> str:
    return f"- id: {task}\n  description: '{task}'  # as it came\n  command: sleep 0.1; echo {task} >> ran\n"


def _check(name: str, about: str) -> str:
    """Return the entry of a check that writes down how many tasks had run."""
    return f"- id: {name}\n  description: '{name}'\n  check: true\n{about}  command: wc -l < ran >> {name}.saw\n"


class Person:
    """Edits and saves in every way that editors do."""

    def __init__(self, rig: Rig, dice: random.Random, tally: Tally) -> None:
        self._rig, self._dice, self._tally = rig, dice, tally
        self._path = rig.tasks_file
        self.model = rig.tasks_file.read_text()
        self.cancelled: set[str] = set()
        self.added: set[str] = set()
        self._number = 0
        self._styles: dict[str, Callable[[str], None]] = {
            "written beside and renamed": self._replace,
            "moved away and written anew, as vim does": self._move_away,
            "written in place, as VS Code does": self._in_place,
            "written in place, in parts": self._in_parts,
        }

    def save_once(self) -> bool:
        """Make one change and save it; return whether it got lost."""
        self._number += 1
        style = self._run_program() if self._dice.random() < 0.25 else self._save_buffer()
        self._tally.saves[style] += 1
        begun = time.monotonic()
        while (found := _read(self._path)) is None or without_statuses(found) != self.model:
            if time.monotonic() - begun > _PATIENCE:
                self._tally.notes.append(f"save {self._number}, {style}: lost")
                self.model = without_statuses(found or "")
                return True
            time.sleep(0.005)
        self._tally.slowest = max(self._tally.slowest, time.monotonic() - begun)
        return False

    def _save_buffer(self) -> str:
        buffer = self._path.read_text()
        edit = self._dice.choice([self._comment, self._describe, self._add, self._cancel])()
        self._wait_for_a_moment(buffer)
        self._tally.stale += _read(self._path) != buffer
        style = self._dice.choice(list(self._styles))
        self.model = without_statuses(edit(self.model))
        self._styles[style](edit(buffer))
        return style

    def _run_program(self) -> str:
        """Let a real editor do it; it reads and writes by itself."""
        pattern, replacement = "^# mark.*", f"# mark {self._number}"
        lines = self.model.splitlines(keepends=True)
        self.model = "".join([f"{replacement}\n", *lines[1:]])
        self._wait_for_a_moment(self._path.read_text())
        if shutil.which("vim") and self._dice.random() < 0.5:
            script = ["-c", f"%s/{pattern}/{replacement}/", "-c", "wq"]
            subprocess.run(["vim", "-u", "NONE", "-es", "-n", *script, self._path], check=True, stdin=subprocess.DEVNULL)
            return "vim itself"
        subprocess.run(["sed", "-i", f"s/{pattern}/{replacement}/", self._path], check=True)
        return "sed -i itself"

    def _wait_for_a_moment(self, buffer: str) -> None:
        pause = self._dice.uniform(0.0, 0.3)
        deadline = time.monotonic() + pause
        at_the_next_write = self._dice.random() < 0.5
        before = _inode(self._path)
        while time.monotonic() < deadline + 0.3 * at_the_next_write:
            if at_the_next_write and _inode(self._path) != before:
                time.sleep(self._dice.choice([0.0, 0.0, 0.001, 0.005]))
                return
            time.sleep(0.0002 if at_the_next_write else 0.005)

    # -- edits ---------------------------------------------------------------------------------------------------

    def _comment(self) -> Edit:
        line, before = f"# note {self._number}\n", f"- id: t{self._dice.randrange(_TASKS)}\n"
        return lambda text: text.replace(before, line + before, 1)

    def _describe(self) -> Edit:
        task = f"t{self._dice.randrange(_TASKS)}"
        return lambda text: text.replace(f"  description: '{task}'", f"  description: 'seen in {self._number}'", 1)

    def _add(self) -> Edit:
        task = f"new{self._number}"
        self.added.add(task)
        return lambda text: text + _entry(task)

    def _cancel(self) -> Edit:
        """Cancel one that is far from its turn; on a slow machine there may be none left."""
        number = _TASKS - self._number - 1
        if len(self._rig.lines("ran")) > number - _FAR:
            return self._comment()
        task = f"t{number}"
        self.cancelled.add(task)
        return lambda text: text.replace(f"- id: {task}\n", f"- id: {task}\n  status: cancelled\n", 1)

    # -- ways of saving ------------------------------------------------------------------------------------------

    def _replace(self, text: str) -> None:
        beside = self._path.with_name("4913")
        beside.write_text(text)
        beside.rename(self._path)

    def _move_away(self, text: str) -> None:
        backup = self._path.with_name("tasks.yml~")
        self._path.rename(backup)
        self._path.write_text(text)
        backup.unlink()

    def _in_place(self, text: str) -> None:
        self._path.write_text(text)

    def _in_parts(self, text: str) -> None:
        cut = self._dice.randrange(len(text))
        with open(self._path, "w", buffering=1) as file:
            file.write(text[:cut])
            file.flush()
            time.sleep(self._dice.uniform(0.0, 0.01))
            file.write(text[cut:])


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _entry_of(text: str, task_id: str) -> str:
    """Return the text of an entry."""
    return text.partition(f"- id: {task_id}\n")[2].partition("\n- id: ")[0]


def _inode(path: Path) -> int:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return 0


def one_run(directory: Path, dice: random.Random, saves: int, tally: Tally) -> None:
    """One run with ``saves`` saves into it."""
    rig = Rig(directory)
    keeper = _entry("keeper").replace("sleep 0.1", "until test -e go; do sleep 0.1; done") + "  priority: critical\n\n"
    tasks = [f"t{number}" for number in range(_TASKS)]
    rig.write("# mark\n" + keeper + "".join(map(_entry, tasks)) + "".join(_check(*each) for each in _CHECKS.items()))
    process = rig.start("run", "-j3", "--no-reflect")
    person = Person(rig, dice, tally)
    until(lambda: "status:" in (_read(rig.tasks_file) or ""), what="the run writes")
    for _ in range(saves):
        tally.lost += person.save_once()
    (rig.root / "go").touch()
    output, _ = process.communicate(timeout=TIMEOUT)
    _judge(rig, person, tally, process.returncode, output)
    rig.close()


def _judge(rig: Rig, person: Person, tally: Tally, code: int, output: str) -> None:
    text = rig.tasks_file.read_text()
    if code != 0 or without_statuses(text) != person.model:
        tally.wrong += 1
        tally.notes.append(f"exit {code}, or the file is not what the person made of it: {output[-500:]}")
    ran = Counter(rig.lines("ran"))
    statuses = rig.statuses()
    for check in _CHECKS:
        saw = rig.lines(f"{check}.saw")
        if "status" in _entry_of(text, check) or not saw or int(saw[-1]) != ran.total():
            tally.wrong += 1
            tally.notes.append(f"{check}: {_entry_of(text, check)!r}; it saw {saw[-1:]} of {ran.total()} tasks")
    for task, status in statuses.items():
        if task in _CHECKS:
            continue
        expected = ("cancelled", 0) if task in person.cancelled else ("done", 1)
        if (status, ran[task]) != expected:
            tally.wrong += 1
            tally.notes.append(f"{task}: {status}, ran {ran[task]} times, expected {expected}")
    missing = person.added - statuses.keys()
    tally.wrong += len(missing)
    tally.notes += [f"{task} is missing" for task in missing]


def race(saves: int, seed: int, scratch: Path) -> Tally:
    """Return the tally of ``saves`` saves."""
    dice, tally = random.Random(seed), Tally()
    while (left := saves - sum(tally.saves.values())) > 0:
        directory = scratch / f"run-{sum(tally.saves.values())}"
        directory.mkdir()
        one_run(directory, dice, min(left, _SAVES), tally)
    return tally


def main() -> None:
    saves = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1_000_000)
    with tempfile.TemporaryDirectory() as scratch:
        tally = race(saves, seed, Path(scratch))
    rows = [f"| saves, {style} | {count:,} |" for style, count in sorted(tally.saves.items())]
    rows += [f"| of these from a buffer the run had written past | {tally.stale:,} |", f"| saves lost | {tally.lost} |"]
    rows += [f"| tasks with a wrong end, files with another change | {tally.wrong} |"]
    rows += [f"| longest time until a save stood in the file | {tally.slowest:.2f} s |"]
    table = "\n".join(["| what | count |", "|---|---:|", *rows])
    print(table, *tally.notes[:20], sep="\n")
    write_figures("hand-edits", table, command=f"python tests/benchmarks/run_hand_edits.py {saves} {seed}")
    sys.exit(1 if tally.lost or tally.wrong else 0)


if __name__ == "__main__":
    main()
