"""What reading, remembering and writing a tasks.yml costs, from 100 to 100,000 tasks, and what bombs cost.

    python tests/benchmarks/tasks_file.py [tasks ...]

Each size runs in a process of its own, so that its memory is its own. Times are the best of a few.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.adapters.tasks_yaml import YamlTaskFile, parse_tasks
from core.domain.tasks.entry import AppendTask, SetField
from core.errors import InvalidFile


def backlog(count: int) -> str:
    """A file as people write them: a comment, seven fields and a blank line for each task."""
    return "".join(
        f"# task {n}\n- id: task-{n}\n  description: Do the thing number {n}\n  command: make target-{n}\n"
        f"  dependencies: [{f'task-{n - 1}' if n % 7 else ''}]\n  priority: {n % 5}\n  cost: 1.5\n  status: pending\n\n"
        for n in range(count)
    )


def milliseconds(action: Callable[[], Any], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - begun)
    return best * 1000


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def events_only(text: str) -> None:
    """The least that a YAML parser costs."""
    import yaml

    get_event = yaml.CSafeLoader(text).get_event
    while get_event() is not None:
        pass


def measure(count: int) -> dict[str, float]:
    times = 5 if count <= 10_000 else 1
    with tempfile.TemporaryDirectory() as directory:
        path, state = Path(directory) / "tasks.yml", Path(directory) / ".orchestrator"
        state.mkdir()
        text = backlog(count)
        path.write_text(text)
        time.sleep(0.1)
        figures: dict[str, float] = {"MB": path.stat().st_size / 1e6}
        before = peak_megabytes()
        figures["read"] = milliseconds(lambda: YamlTaskFile(path, path.parent).read(), times)
        figures["memory"] = peak_megabytes() - before
        figures["parser alone"] = milliseconds(lambda: events_only(text), times)
        file = YamlTaskFile(path, path.parent, state)
        file.read()
        figures["remember"] = milliseconds(file.close, 1)
        figures["read again"] = milliseconds(lambda: YamlTaskFile(path, path.parent, state).read(), times)
        file.poll()
        figures["poll (µs)"] = milliseconds(lambda: [file.poll() for _ in range(100)], 3) * 10
        flips = iter(range(1_000_000))
        edits = [SetField(task_id=f"task-{n}", path=("status",), value="done") for n in range(10)]
        wait = [[SetField(task_id=e.task_id, path=e.path, value=word) for e in edits] for word in ("failed", "done")]
        figures["write 10"] = milliseconds(lambda: file.write(wait[next(flips) % 2]), times * 2)
        new = iter(range(1_000_000))
        figures["append 1"] = milliseconds(lambda: file.write([AppendTask(fields={"id": f"n{next(new)}", "description": "d"})]), times)
        file.close()
    return figures


def bombs() -> None:
    """Print what files made to hang a reader cost."""
    head = "- id: a\n  description: d\n  x-a: "
    laughs = "- id: a\n  description: d\n  x-0: &n0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    laughs += "".join(f"  x-{n}: &n{n} [{', '.join([f'*n{n - 1}'] * 9)}]\n" for n in range(1, 12))
    files = {
        "10,000 levels": head + "[" * 10_000,
        "30 MB of brackets": head + "[" * 30_000_000,
        "30 MB of empty lists": "[" + "[]," * 10_000_000 + "]",
        "30 MB of one-letter keys": head + "{" + "".join(f"a{n}: b, " for n in range(2_500_000)) + "}",
        "30 MB of anchors": head + "[" + "".join(f"&a{n} b, " for n in range(2_500_000)) + "]",
        "one text of 30 MB": head + "x" * 30_000_000,
        "30 MB of comments": "#\n" * 15_000_000,
        "billion laughs": laughs,
    }
    for name, text in files.items():
        begun = time.perf_counter()
        try:
            parse_tasks(text, "tasks.yml")
            said = "read"
        except InvalidFile as error:
            said = str(error.problems[-1])[:90]
        print(f"{name:26} {time.perf_counter() - begun:6.2f} s  {said}")
    print(f"peak memory of all, the texts included: {peak_megabytes():,.0f} MB")


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    if sys.argv[1:2] == ["--bombs"]:
        bombs()
        return
    sizes = [int(word) for word in sys.argv[1:]] or [100, 1_000, 10_000, 100_000]
    table: dict[int, dict[str, float]] = {}
    for size in sizes:
        output = subprocess.run([sys.executable, __file__, "--measure", str(size)], capture_output=True, text=True, check=True).stdout
        table[size] = json.loads(output)
    print("ms unless said otherwise     " + "".join(f"{size:>12,}" for size in sizes))
    for name in table[sizes[0]]:
        print(f"{name:29}" + "".join(f"{table[size][name]:>12,.1f}" for size in sizes))
    subprocess.run([sys.executable, __file__, "--bombs"], check=True)


if __name__ == "__main__":
    main()
