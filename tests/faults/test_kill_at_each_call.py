"""Row 1: killed at each system call of every durable write path, then the same command once more."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.scale import count
from tests.faults.system_calls import Call, inject, record, why_not
from tests.faults.write_paths import PATHS, Scene
from tests.faults.zygote import Zygote


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
@pytest.mark.parametrize("name", PATHS)
def test_a_kill_at_any_call_leaves_the_old_or_the_new_and_the_next_run_needs_no_hand(name: str, tmp_path: Path, zygote: Zygote) -> None:
    scene = Scene(PATHS[name], tmp_path, zygote)
    laboratory, tool = scene.begin("undisturbed")
    calls = record(tool, tmp_path)
    scene.learn(laboratory)
    laboratory.close()
    points = [call for call in calls if call.changes and call.is_about(laboratory.root)]
    assert points, "the command writes"

    def kill(index: int, call: Call) -> tuple[bool, list[str]]:
        harmed, victim = scene.begin(f"point-{index}")
        try:
            inject(victim, call, "signal=KILL")
            killed = victim.returncode == -9
            return killed, [f"killed at {call}: {line}" for line in scene.judge(harmed)]
        finally:
            harmed.close()
            shutil.rmtree(harmed.root.parent, ignore_errors=True)

    chosen = points[-count(60, 100_000) :]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(kill, range(len(chosen)), chosen))
    killed = sum(each for each, _ in results)
    print(f"{name}: {killed} kills at {len(chosen)} of {len(points)} calls")

    assert [line for _, lines in results for line in lines] == []
    # On a busy machine the tool writes the tasks file less often, and the numbers of the calls after that are others: not every kill hits.
    assert killed > len(chosen) / 3, "the calls are numbered as they were when they were recorded"
