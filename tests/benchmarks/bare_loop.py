"""The least that Python does for a task with a log, a journal and a line on the screen: what our own loop is compared with.

    python tests/benchmarks/bare_loop.py BACKLOG JOBS

Works off ``BACKLOG``, a JSON object of the ids that each id needs, in the current directory. Every command is ``true``. No budget,
no retries, no deadlines, no hand edits, no process trees, no resume.
"""

from __future__ import annotations

import json
import os
import select
import sqlite3
import sys
import time


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        needs: dict[str, list[str]] = json.load(file)
    jobs = int(sys.argv[2])
    os.mkdir("logs")
    journal = sqlite3.connect("state.db", isolation_level=None)
    journal.execute("PRAGMA journal_mode = WAL")
    journal.execute("PRAGMA synchronous = NORMAL")
    journal.execute("CREATE TABLE attempts (seq INTEGER PRIMARY KEY, task TEXT, started REAL, log TEXT, ended REAL, status INTEGER)")
    journal.execute("CREATE TABLE transitions (seq INTEGER PRIMARY KEY, task TEXT, before TEXT, after TEXT, at REAL)")
    unmet = {task: len(before) for task, before in needs.items()}
    dependents: dict[str, list[str]] = {}
    for task, before in needs.items():
        for need in before:
            dependents.setdefault(need, []).append(task)
    ready = [task for task, count in unmet.items() if count == 0][::-1]
    running: dict[int, tuple[str, int, int, int]] = {}
    poll = select.poll()
    environment = dict(os.environ)
    while ready or running:
        while ready and len(running) < jobs:
            task = ready.pop()
            started, log = time.time(), f"logs/task-{task}.log"
            output = os.open(log, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC)
            os.write(output, f"# task {task}\n# started {started}\n\n".encode())
            journal.execute("BEGIN IMMEDIATE")
            seq = journal.execute("INSERT INTO attempts (task, started, log) VALUES (?, ?, ?)", (task, started, log)).lastrowid or 0
            journal.execute("INSERT INTO transitions (task, before, after, at) VALUES (?, 'pending', 'running', ?)", (task, started))
            journal.execute("COMMIT")
            actions = ((os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2))
            pid = os.posix_spawn("/bin/true", ("true",), {**environment, "TASK": task}, file_actions=actions, setsid=True)
            descriptor = os.pidfd_open(pid)
            poll.register(descriptor, select.POLLIN)
            running[descriptor] = (task, pid, output, seq)
        for descriptor, _ in poll.poll():
            task, pid, output, seq = running.pop(descriptor)
            poll.unregister(descriptor)
            os.close(descriptor)
            _, status, usage = os.wait4(pid, 0)
            ended = time.time()
            os.write(output, f"\n# ended with {status}, cpu {usage.ru_utime + usage.ru_stime:.3f} s\n".encode())
            os.close(output)
            journal.execute("BEGIN IMMEDIATE")
            journal.execute("UPDATE attempts SET ended = ?, status = ? WHERE seq = ?", (ended, status, seq))
            journal.execute("INSERT INTO transitions (task, before, after, at) VALUES (?, 'running', 'done', ?)", (task, ended))
            journal.execute("COMMIT")
            sys.stdout.write(f"done {task} {status}\n")
            for dependent in dependents.get(task, ()):
                unmet[dependent] -= 1
                if unmet[dependent] == 0:
                    ready.append(dependent)


if __name__ == "__main__":
    main()
