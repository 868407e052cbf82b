"""Row 4: partitions that are full or read-only, in turn: the state stays true, logs are the first to give way.

Full and read-only disks that hold everything are in ``tests/e2e/test_run_faults.py`` and
``tests/integration/test_tasks_yaml_small_disk.py``; here each part of a repository has its own.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.laboratory import RUN, Laboratory
from tests.faults.scale import count, seed


@contextmanager
def mounted(where: Path, size: str) -> Iterator[None]:
    """Mount a small disk over a directory, with what is in it."""
    kept = where.with_name(f"{where.name}.kept")
    where.mkdir(exist_ok=True)
    shutil.copytree(where, kept, dirs_exist_ok=True)
    tried = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", where], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"a small tmpfs cannot be mounted here: {tried.stderr.strip()}")
    try:
        shutil.copytree(kept, where, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", where], check=True)
        shutil.copytree(kept, where, dirs_exist_ok=True)


def fill(directory: Path) -> None:
    """Leave not a byte."""
    with open(directory / "ballast", "wb", buffering=0) as file:
        for size in (4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@pytest.mark.parametrize("when", ["from the start", "by a task"])
def test_a_full_partition_for_logs_costs_logs_and_nothing_else(laboratory: Laboratory, when: str) -> None:
    laboratory.plant(random.Random(3), tasks=12)
    with mounted(laboratory.root / "logs", "64k"):
        if when == "from the start":
            fill(laboratory.root / "logs")
        else:
            laboratory.write(
                "- {id: flood, description: f, priority: high, command: head -c 1000000 /dev/zero || true}\n" + laboratory.before
            )
            laboratory.before = laboratory.tasks_file.read_text()
        tool = laboratory.fork(*RUN, "-j4")

        assert tool.wait() == 0, tool.output()
        assert ".jsonl: No space left on device: events are missing there" in tool.output()
        assert set(laboratory.file_statuses().values()) <= {"done"}
        assert laboratory.violations(resting=True) == []


def test_a_full_partition_for_the_state_ends_the_run_and_the_next_one_goes_on(laboratory: Laboratory) -> None:
    used = seed()
    dice = random.Random(used)
    for number in range(count(4, 100)):
        each = Laboratory(laboratory.root / f"n{number}", laboratory.zygote)
        each.plant(dice, tasks=12)
        with mounted(each.root / ".orchestrator", f"{dice.randint(64, 400)}k"):
            tool = each.fork(*RUN, "-j4")
            code = tool.wait()

            assert code in (0, 2), f"seed {used}: {tool.output()}"
            assert code == 0 or ".orchestrator" in tool.output()
            assert "Traceback" not in tool.output()
            assert each.violations() == [], f"seed {used}"
            subprocess.run(["mount", "-o", "remount,size=8m", each.root / ".orchestrator"], check=True)
            assert each.resume()[0] == [], f"seed {used}"
        each.close()


def test_a_partition_for_the_state_that_becomes_read_only_is_named(laboratory: Laboratory) -> None:
    laboratory.plant(random.Random(5), tasks=8)
    with mounted(laboratory.root / ".orchestrator", "1m"):
        assert laboratory.fork(*RUN, "--only", "t0").wait() == 0
        subprocess.run(["mount", "-o", "remount,ro", laboratory.root / ".orchestrator"], check=True)
        tool = laboratory.fork(*RUN, "-j4")

        assert tool.wait() == 2, tool.output()
        assert ".orchestrator" in tool.output()
        assert laboratory.violations() == []
        subprocess.run(["mount", "-o", "remount,rw", laboratory.root / ".orchestrator"], check=True)
        assert laboratory.resume()[0] == []


#: Bytes that no file may be larger than.
@pytest.mark.parametrize("limit", [100, 700, 1500, 5000, 20_000, 60_000])
def test_a_write_that_is_cut_short_leaves_the_old_or_the_new(laboratory: Laboratory, limit: int) -> None:
    """A limit on the size of files makes real short writes: part of it is written, then nothing more."""
    laboratory.plant(random.Random(9), tasks=12)
    ended = laboratory.run(*RUN, "-j4", preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    assert ended.returncode in (0, 1, 2), ended.stderr
    assert "Traceback" not in ended.stderr
    assert laboratory.violations() == []
    assert laboratory.resume("run", "--no-reflect", "--retry-failed")[0] == []
