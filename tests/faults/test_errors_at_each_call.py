"""Row 3: the system refuses a call, once or from then on: EIO, ENOSPC, EINTR, EMFILE and what else it may say there."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.faults.laboratory import Laboratory
from tests.faults.scale import count, seed
from tests.faults.system_calls import Call, inject, record, why_not
from tests.faults.write_paths import PATHS, Scene
from tests.faults.zygote import Tool, Zygote

#: What each kind may answer; kinds that are not here are left in peace.
_ANSWERS = {
    "openat": ("EIO", "ENOSPC", "EMFILE"),
    "write": ("EIO", "ENOSPC", "EINTR"),
    "pwrite64": ("EIO", "ENOSPC", "EINTR"),
    "read": ("EIO", "EINTR"),
    "pread64": ("EIO", "EINTR"),
    "fsync": ("EIO", "ENOSPC", "EINTR"),
    "fdatasync": ("EIO", "ENOSPC"),
    "ftruncate": ("EIO", "EINTR"),
    "rename": ("EIO", "ENOSPC"),
    "renameat2": ("EIO", "ENOSPC", "EINVAL"),
    "linkat": ("EIO", "EPERM"),
    "unlink": ("EIO", "EROFS"),
    "mkdir": ("ENOSPC", "EROFS"),
    "newfstatat": ("EIO",),
    "getdents64": ("EIO",),
    "flock": ("ENOLCK", "EINTR"),
    "clone3": ("EAGAIN",),
    "vfork": ("EAGAIN",),
    "pipe2": ("EMFILE",),
    "pidfd_open": ("EMFILE",),
    "epoll_create1": ("EMFILE",),
}
#: Kinds that name no path and yet are about it.
_BLIND = {"pipe2", "pidfd_open", "epoll_create1", "clone3", "vfork"}
#: One of these is in every refusal: a person must know which file it was, or that there are too many.
_PLACES = ("tasks.yml", "repository", ".git", ".orchestrator", "logs", "config.yaml", "pyproject.toml", "tangled.py", "ulimit -n")


#: Errors that come from the process's own limits: there every file is refused, not only one.
_EVERYWHERE = {"EMFILE", "EAGAIN"}
#: Files whose names are the same in each run.
_LASTING = re.compile(r"/(tasks\.yml|config\.yaml|tangled\.py|logs|\.orchestrator(/[a-z.-]+)?)$")


@dataclass(frozen=True, slots=True)
class Point:
    """One refusal."""

    call: Call
    error: str
    sticky: bool

    def __str__(self) -> str:
        return f"{self.error}{' from' if self.sticky else ' at'} {self.call}"


def _points(calls: list[Call], root: Path) -> list[Point]:
    about = [call for call in calls if call.kind in _ANSWERS and (call.path.startswith(str(root)) or call.kind in _BLIND)]
    points = [Point(call, error, sticky=False) for call in about for error in _ANSWERS[call.kind]]
    return points + [replace(point, sticky=True) for point in points if _may_last(point)]


def _may_last(point: Point) -> bool:
    """Whether a system may go on refusing it: by its own limits, or because a file that is used again is broken."""
    return point.error in _EVERYWHERE or (point.error != "EINTR" and _LASTING.search(point.call.path) is not None)


def _judge(scene: Scene, laboratory: Laboratory, tool: Tool) -> list[str]:
    output = tool.output()
    if moved := [*laboratory.root.glob(".orchestrator/*.damaged-*")]:
        return [f"a sound file was taken for damaged: {moved}"]
    if tool.returncode not in (0, 1, 2) or "Traceback" in output or "this is a mistake" in output:
        return [f"exit {tool.returncode}: {output[-1500:]}", *scene.judge(laboratory, exact=False)]
    if tool.returncode == 2 and not any(place in output for place in _PLACES):
        return [f"the refusal names no path: {output}", *scene.judge(laboratory, exact=False)]
    return scene.judge(laboratory, exact=False)


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
@pytest.mark.parametrize("name", PATHS)
def test_whatever_the_system_refuses_the_state_is_true_and_the_reason_is_said(name: str, tmp_path: Path, zygote: Zygote) -> None:
    scene = Scene(PATHS[name], tmp_path, zygote)
    laboratory, tool = scene.begin("undisturbed")
    calls = record(tool, tmp_path)
    scene.learn(laboratory)
    laboratory.close()
    points = _points(calls, laboratory.root)
    used = seed()
    chosen = random.Random(used).sample(points, min(len(points), count(30, 100_000)))

    def refuse(index: int, point: Point) -> list[str]:
        harmed, victim = scene.begin(f"point-{index}")
        try:
            path = "" if point.error in _EVERYWHERE or not point.sticky else point.call.path
            there = path.replace(str(laboratory.root), str(harmed.root))
            inject(victim, point.call, f"error={point.error}", sticky=point.sticky, on_path=there)
            found = _judge(scene, harmed, victim)
            # What could not be written cannot be read: then only the terminal has said it.
            only_said = "the run before this one" in victim.output()
            return [f"{point}: {line}" for line in found if not only_said or "nobody was told" not in line]
        except subprocess.TimeoutExpired:
            return [f"{point}: it hangs: {victim.output()[-500:]}"]
        finally:
            harmed.close()
            shutil.rmtree(harmed.root.parent, ignore_errors=True)

    with ThreadPoolExecutor(3) as pool:
        wrong = [line for lines in pool.map(refuse, range(len(chosen)), chosen) for line in lines]
    print(f"{name}: {len(chosen)} of {len(points)} refusals, seed {used}", *wrong, sep="\n")

    assert wrong == [], f"seed {used}"
