"""Log files under floods, full disks and hands that should not be there."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from core.adapters.log_files import FileLogStore
from core.adapters.processes import ProcessLauncher
from core.domain.runs.attempt import Attempt
from core.errors import StorageError
from core.ports.processes import Launch
from tests.run_ids import own_run_id
from tests.waiting import TIMEOUT


def attempt(task_id: str = "build", started: float = 1795229707.5) -> Attempt:
    return Attempt(run_id="run-1", task_id=task_id, number=1, started=started)


def test_a_log_reads_as_a_person_expects_it(tmp_path):
    store = FileLogStore(str(tmp_path))
    log = store.open(attempt())
    log.note("task build, attempt 1\ncommand: make")
    os.write(log.output, b"compiling\nno newline at the end")
    log.note("verify: make check")
    os.write(log.output, b"checked\n")
    log.note("succeeded: every check passed")
    digest = log.close()
    assert log.path == "logs/task-build-20261121T025507.500000Z.log"
    content = (tmp_path / log.path).read_bytes()
    assert content.decode() == textwrap.dedent("""\
        # orchestrator: task build, attempt 1
        # orchestrator: command: make

        compiling
        no newline at the end

        # orchestrator: verify: make check
        checked

        # orchestrator: succeeded: every check passed
        """)
    assert digest == hashlib.sha256(content).hexdigest()
    assert stat.S_IMODE(os.stat(tmp_path / log.path).st_mode) == 0o600


def test_a_flood_stays_under_the_limit_on_disk_and_in_memory(tmp_path):
    """1 GB in lines; the task goes on behind what was cut, and its exit is seen. After each tenth it waits until the log was cut."""
    limit = 8 * 1024 * 1024
    store = FileLogStore(str(tmp_path), limit=limit)
    log = store.open(attempt())
    log.note("task flood, attempt 1")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest = 0
    with ProcessLauncher() as launcher:
        part = "yes 0123456789012345678901234567890123456789 | head -c 100000000; touch {0}; while [ -e {0} ]; do sleep 0.01; done"
        command = "; ".join([*(part.format(f"part{number}") for number in range(10)), "echo the end", "exit 3"])
        launcher.start(Launch(command=command, cwd=str(tmp_path), env={}, output=log.output, run_id=own_run_id()))
        exits = ()
        while not exits:
            exits = launcher.wait(0.002)
            for written in tmp_path.glob("part*"):
                largest = max(largest, os.stat(tmp_path / log.path).st_size)
                log.trim()
                written.unlink()
    assert exits[0].exit_code == 3
    left_out = log.trim()
    log.note("failed: exit 3")
    log.close()
    size = os.stat(tmp_path / log.path).st_size
    assert size <= limit + 200
    assert largest < 100_000_000 + limit + 200, "only what is written between two looks comes on top of the limit"
    assert 0 <= left_out + size - 1_000_000_000 < 400, "all of the output is accounted for; the rest are our own lines"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    lines = (tmp_path / log.path).read_text().splitlines()
    assert lines[0] == "# orchestrator: task flood, attempt 1"
    assert sum(line == f"[… {left_out} bytes left out …]" for line in lines) == 1
    assert store.tail(log.path, 1)[0].endswith("the end")


def test_a_line_without_end_costs_no_memory_to_show(tmp_path):
    store = FileLogStore(str(tmp_path))
    log = store.open(attempt())
    chunk = b"x" * 1_000_000
    for _ in range(60):
        os.write(log.output, chunk)
    log.close()
    (line,) = store.tail(log.path, 5)
    assert len(line) < 3000


def test_a_full_disk_costs_lines_of_the_log_and_nothing_else(tmp_path):
    """A limit on the size of files makes every write fail as a full disk does, for this one process."""
    source = textwrap.dedent(f"""
        import resource, signal, sys
        sys.path[:0] = {sys.path!r}
        from core.adapters.log_files import FileLogStore
        from core.domain.runs.attempt import Attempt
        store = FileLogStore({str(tmp_path)!r}, limit=100)
        log = store.open(Attempt(run_id="r", task_id="full", number=1, started=0.0))
        log.note("before")
        log.output
        resource.setrlimit(resource.RLIMIT_FSIZE, (30, 30))
        log.note("after")
        log.trim()
        print(log.close())
    """)
    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    (path,) = (tmp_path / "logs").iterdir()
    assert path.read_text().startswith("# orchestrator: before\n")
    assert "after" not in path.read_text()
    assert result.stdout.strip() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_without_room_for_a_log_a_task_runs_all_the_same(tmp_path, monkeypatch):
    store = FileLogStore(str(tmp_path))

    def no_room(self: FileLogStore, name: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FileLogStore, "_create", no_room)
    log = store.open(attempt())
    log.note("header")
    os.write(log.output, b"output\n")
    assert log.path == ""
    assert log.trim() == 0
    assert len(log.close()) == 64
    assert store.tail(log.path, 5) == ()


def test_a_directory_that_is_in_the_way_is_named(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(StorageError, match=r"/logs is a file, not a directory$") as refusal:
        FileLogStore(str(tmp_path)).open(attempt())
    assert refusal.value.hint == f"move it away: mv {tmp_path}/logs {tmp_path}/logs.old"


def test_a_directory_that_is_removed_during_a_run_is_made_again(tmp_path):
    store = FileLogStore(str(tmp_path), "var/logs")
    first = store.open(attempt())
    os.unlink(tmp_path / first.path)
    os.rmdir(tmp_path / "var" / "logs")
    first.note("to nowhere")
    second = store.open(attempt())
    assert (tmp_path / second.path).exists()
    assert len(first.close()) == len(second.close()) == 64


def test_an_existing_log_is_never_written_over(tmp_path):
    store = FileLogStore(str(tmp_path))
    paths = set()
    for _ in range(20):
        log = FileLogStore(str(tmp_path)).open(attempt())
        paths.add(log.path)
        log.close()
    assert len(paths) == len(list((tmp_path / "logs").iterdir())) == 20
    assert store.prune() == 0


def test_pruning_leaves_other_files_alone(tmp_path):
    store = FileLogStore(str(tmp_path), keep=1)
    for number in range(3):
        store.open(attempt(started=1795229707.0 + number)).close()
    (tmp_path / "logs" / "run-1.jsonl").touch()
    (tmp_path / "logs" / "notes.txt").touch()
    assert FileLogStore(str(tmp_path), keep=1).prune() == 2
    assert sorted(os.listdir(tmp_path / "logs")) == ["notes.txt", "run-1.jsonl", "task-build-20261121T025509.000000Z.log"]


def test_a_log_is_not_inherited_by_programs_that_somebody_else_starts(tmp_path):
    log = FileLogStore(str(tmp_path)).open(attempt())
    assert not os.get_inheritable(log.output)
    log.close()


def test_output_lands_behind_our_lines_even_when_two_processes_write_at_once(tmp_path):
    log = FileLogStore(str(tmp_path)).open(attempt())
    log.note("task build")
    with ProcessLauncher() as launcher:
        for word in ("a", "b"):
            command = ("sh", "-c", f"for i in 1 2 3 4 5 6 7 8 9; do echo {word}; done")
            launcher.start(Launch(command=command, cwd=str(tmp_path), env={}, output=log.output, run_id=own_run_id()))
        ended = 0
        while ended < 2:
            ended += len(launcher.wait(TIMEOUT))
    log.note("done")
    log.close()
    lines = Path(tmp_path, log.path).read_text().splitlines()
    assert sorted(lines[2:-2]) == ["a"] * 9 + ["b"] * 9


def test_a_task_that_empties_its_own_log_is_told_so(tmp_path):
    """A shell opens /dev/stderr anew, and that is the log: what was in it is gone."""
    store = FileLogStore(str(tmp_path))
    log = store.open(attempt())
    log.note("task build, attempt 1")
    with ProcessLauncher() as launcher:
        command = "echo lost; echo an error > /dev/stderr; echo kept"
        launcher.start(Launch(command=command, cwd=str(tmp_path), env={}, output=log.output, run_id=own_run_id()))
        launcher.wait(TIMEOUT)
    log.note("failed: exit 1")
    log.note("duration: 1 s")
    log.close()
    assert store.tail(log.path, 5) == ("an error", "kept")
    assert (tmp_path / log.path).read_text().count("emptied this log itself") == 1


def test_logs_of_runs_are_kept_in_the_same_number(tmp_path):
    (tmp_path / "logs").mkdir()
    names = [f"run-2026112{day}T010203-00ff.jsonl" for day in range(5)]
    for name in (*names, "run-of-mine.jsonl"):
        (tmp_path / "logs" / name).touch()
    assert FileLogStore(str(tmp_path), keep=2).prune() == 3
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [*names[3:], "run-of-mine.jsonl"]
