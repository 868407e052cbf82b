"""A person's save racing the tool's write: how many saves are lost, and what else of the file changed.

    python tests/benchmarks/hand_edit_race.py [trials]

Each trial: the tool is about to write a status into a file of 200 tasks; another process saves the same file with one more
line at a random moment around that write, as vim and VS Code do (a new file renamed over the old one), as ``sed -i`` does
(the same, without a pause), or in place (truncate, write in two parts). The tool goes on until its status is written. Lost
is a save whose line is not in the file then, or a status that is not.
"""

from __future__ import annotations

import collections
import difflib
import multiprocessing
import random
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from core.adapters.tasks_yaml import YamlTaskFile
from core.adapters.tasks_yaml.store.replacement import exchange
from core.domain.tasks.entry import SetField
from core.ports.task_file import Written

TASKS = 200
STYLES = ("rename", "rename at once", "in place", "in place, in parts")
BASE = "".join(f"# {n}\n- id: t{n}\n  description: 'the {n}th'\n  command: make t{n}\n  status: pending\n\n" for n in range(TASKS))


def person(connection: Connection, path: Path) -> None:
    """Save when told to: (style, moment, line)."""
    for style, moment, line in iter(connection.recv, None):
        text = path.read_text() + line
        beside = path.with_name("4913~")
        if style == "rename":
            beside.write_text(text)
        while time.monotonic() < moment:
            pass
        if style == "rename at once":
            beside.write_text(text)
        if style.startswith("rename"):
            beside.replace(path)
        else:
            with path.open("w") as file:
                half = len(text) // 2 if style.endswith("parts") else len(text)
                file.write(text[:half])
                file.flush()
                if style.endswith("parts"):
                    time.sleep(0.001)
                file.write(text[half:])
        connection.send(None)


def trial(connection: Connection, path: Path, number: int, style: str, spread: float) -> str:
    """Return when the save came, or what was lost."""
    path.write_text(BASE)
    exchanges = 0

    def counted(one: str, other: str) -> bool:
        nonlocal exchanges
        exchanges += 1
        return exchange(one, other)

    file = YamlTaskFile(path, path.parent, exchange=counted)
    file.read()
    line = f"# saved by hand in trial {number}\n"
    connection.send((style, time.monotonic() + 0.002 + random.uniform(0, spread), line))
    time.sleep(0.002)
    edit = SetField(task_id="t7", path=("status",), value="done")
    came = "after the write"
    saved = False
    while True:
        saved = saved or connection.poll(0)
        before = exchanges
        result = file.write([edit])
        if exchanges > before + 1:
            came = "between look and exchange"
        elif not isinstance(result, Written) and came == "after the write":
            came = "before the look" if exchanges == 0 else came
        if saved and isinstance(result, Written):
            break
    connection.recv()
    file.close()
    wanted = (BASE + line).replace("status: pending", "status: done", 8).replace("status: done", "status: pending", 7)
    text = path.read_text()
    if text == wanted:
        return came
    changed = [found for found in difflib.ndiff(wanted.splitlines(), text.splitlines()) if found[0] in "+-"]
    return f"LOST: {changed[:4]}"


def main() -> int:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "tasks.yml"
        here, there = multiprocessing.Pipe()
        process = multiprocessing.Process(target=person, args=(there, path), daemon=True)
        process.start()
        results: dict[str, collections.Counter[str]] = {style: collections.Counter() for style in STYLES}
        for number in range(trials):
            style = STYLES[number % len(STYLES)]
            results[style][trial(here, path, number, style, spread=0.008)] += 1
        here.send(None)
        process.join()
        left = [name.name for name in Path(directory).iterdir() if name != path]
    lost = 0
    for style, counts in results.items():
        lost += sum(count for what, count in counts.items() if what.startswith("LOST"))
        print(f"{style:20} {sum(counts.values()):5} saves  " + ", ".join(f"{count} {what}" for what, count in counts.most_common()))
    print(f"lost: {lost} of {trials}; files left beside it: {left}")
    return 1 if lost or left else 0


if __name__ == "__main__":
    sys.exit(main())
