"""What starting a process costs here, against the least it can cost: a C loop of posix_spawn and wait.

    python tests/benchmarks/launch_floor.py [starts]

Each start is ``true`` with a log file of its own. Ratios within a line are to be trusted, times are this machine's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.adapters.log_files import FileLogStore
from core.adapters.processes import ProcessLauncher
from core.domain.runs.attempt import Attempt
from core.ports.processes import Launch

#: Many short rounds rather than few long ones: the best of them had the machine to itself.
_ROUNDS = 15


def c_loop(starts: int, slots: int, directory: str, program: str) -> None:
    subprocess.run([program, str(starts), str(slots), directory], check=True)


def launcher(starts: int, slots: int, directory: str, program: str, *, logs: bool = False) -> None:
    """Start through the port; with ``logs`` as a run does it: header, footer and digest in each."""
    del program
    store = FileLogStore(directory, "logs")
    cwd = os.getcwd()
    running: dict[int, Callable[[], object]] = {}
    with ProcessLauncher() as processes:
        number = 0
        while number < starts or running:
            if number < starts and len(running) < slots:
                number += 1
                if logs:
                    log = store.open(Attempt(run_id="bench", task_id=str(number), number=1, started=time.time()))
                    log.note(f"task {number}, attempt 1\ncommand: true\ncwd: {cwd}")
                    output, done = log.output, lambda log=log: (log.note("succeeded: exit 0"), log.close())
                else:
                    output = os.open(f"{directory}/{number}.log", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
                    done = lambda output=output: os.close(output)  # noqa: E731
                running[processes.start(Launch(command="true", cwd=cwd, env={}, output=output, run_id="bench"))] = done
                continue
            for exit_ in processes.wait(None):
                assert processes.survivors(exit_.handle) == 0
                processes.forget(exit_.handle)
                running.pop(exit_.handle)()


def popen(starts: int, slots: int, directory: str, program: str) -> None:
    """The plain way of the standard library, one thread."""
    del program
    left, running = starts, set()
    while left or running:
        if left and len(running) < slots:
            left -= 1
            with open(f"{directory}/{left}.log", "xb") as log:
                process = subprocess.Popen(["true"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            process.returncode = 0
            running.add(process.pid)
        else:
            running.discard(os.wait()[0])


def measure(way: Callable[[int, int, str, str], None], starts: int, slots: int, program: str) -> float:
    directory = tempfile.mkdtemp(dir=Path(program).parent)
    begun = time.perf_counter()
    way(starts, slots, directory, program)
    return time.perf_counter() - begun


def with_logs(starts: int, slots: int, directory: str, program: str) -> None:
    launcher(starts, slots, directory, program, logs=True)


def main() -> None:
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as scratch:
        program = str(Path(scratch, "floor"))
        subprocess.run(["cc", "-O2", "-o", program, str(Path(__file__).with_suffix(".c"))], check=True)
        ways = {"C loop": c_loop, "launcher": launcher, "launcher and logs": with_logs, "Popen and wait": popen}
        print(f"{starts} × true, microseconds a start (ratio to the C loop), best of {_ROUNDS}")
        for slots in (1, 2, 8):
            best = dict.fromkeys(ways, float("inf"))
            for _ in range(_ROUNDS):
                for name, way in ways.items():
                    best[name] = min(best[name], measure(way, starts, slots, program))
            figures = [f"{name} {taken / starts * 1e6:.0f} ({taken / best['C loop']:.2f})" for name, taken in best.items()]
            print(f"{slots} at once: " + ", ".join(figures))


if __name__ == "__main__":
    main()
