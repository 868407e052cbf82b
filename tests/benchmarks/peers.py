"""Other task runners, installed from PyPI, and the same backlog written for each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("ninja>=1.13", "rust-just", "go-task-bin", "doit")
ORCHESTRATOR = Path(sys.executable).with_name("orchestrator")

#: Which tasks each task needs.
Needs = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One way of working off a backlog."""

    name: str
    #: Whether each task gets a log of its own, and what is known afterwards of what is done.
    keeps_log: bool
    state: str
    #: Write the backlog into a directory: its tasks, the shell command of each.
    write: Callable[[Path, Needs, Mapping[str, str]], None]
    command: Callable[[Path, int], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Seconds of one whole command, everything it started included."""

    wall: float
    cpu: float


def install(directory: Path) -> Path:
    """Make an environment with the peers and return where their programs are; ``PEERS`` may name one that is there."""
    if "PEERS" in os.environ:
        return Path(os.environ["PEERS"], "bin")
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    pip = [directory / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *PACKAGES]
    subprocess.run(pip, check=True)
    return directory / "bin"


def independent(count: int) -> Needs:
    return {f"t{number}": [] for number in range(count)}


def layered(count: int, width: int = 50) -> Needs:
    """Return layers of which each task needs three of the layer above."""
    needs: dict[str, list[str]] = {}
    for number in range(count):
        above = number - number % width - width
        needs[f"t{number}"] = [f"t{above + (number * 7 + step * 13) % width}" for step in range(3)] if above >= 0 else []
    return needs


def no_ops(needs: Needs) -> dict[str, str]:
    return dict.fromkeys(needs, "true")


def peers(programs: Path) -> tuple[Peer, ...]:
    """Return the contestants: ourselves, then each as it is, then each made to keep a log and a state for every task."""
    make = _program("make")
    return (
        Peer(name="orchestrator", keeps_log=True, state="journal, as it goes", write=_orchestrator, command=_run_orchestrator),
        Peer(
            name="make",
            keeps_log=False,
            state="–",
            write=_make,
            command=lambda _root, jobs: [make, "--silent", f"-j{jobs}", "all"],
        ),
        Peer(
            name="ninja",
            keeps_log=False,
            state="build log",
            write=_ninja,
            command=lambda _root, jobs: [str(programs / "ninja"), "--quiet", f"-j{jobs}"],
        ),
        Peer(
            name="just",
            keeps_log=False,
            state="–",
            write=_just,
            command=lambda _root, jobs: [str(programs / "just"), "--quiet", "--jobs", str(jobs), "all"],
        ),
        Peer(
            name="go-task",
            keeps_log=False,
            state="–",
            write=_go_task,
            command=lambda _root, jobs: [str(programs / "task"), "--silent", "--concurrency", str(jobs), "all"],
        ),
        Peer(
            name="doit",
            keeps_log=False,
            state="database, at exit",
            write=_doit,
            command=lambda _root, jobs: [str(programs / "doit"), "run", "-n", str(jobs), "-P", "thread"],
        ),
        Peer(
            name="make, with log and stamp",
            keeps_log=True,
            state="a file each",
            write=_make_with_log,
            command=lambda _root, jobs: [make, "--silent", f"-j{jobs}", "all"],
        ),
        Peer(
            name="ninja, with log",
            keeps_log=True,
            state="build log",
            write=_ninja_with_log,
            command=lambda _root, jobs: [str(programs / "ninja"), "--quiet", f"-j{jobs}"],
        ),
        Peer(
            name="just, with log and stamp",
            keeps_log=True,
            state="a file each",
            write=lambda root, needs, commands: _just(root, needs, _with_stamp(root, commands)),
            command=lambda _root, jobs: [str(programs / "just"), "--quiet", "--jobs", str(jobs), "all"],
        ),
        Peer(
            name="go-task, with log and stamp",
            keeps_log=True,
            state="a file each",
            write=lambda root, needs, commands: _go_task(root, needs, _with_stamp(root, commands)),
            command=lambda _root, jobs: [str(programs / "task"), "--silent", "--concurrency", str(jobs), "all"],
        ),
        Peer(
            name="doit, with log",
            keeps_log=True,
            state="database, at exit",
            write=lambda root, needs, commands: _doit(root, needs, _with_log(root, commands)),
            command=lambda _root, jobs: [str(programs / "doit"), "run", "-n", str(jobs), "-P", "thread"],
        ),
    )


def measure(peer: Peer, root: Path, needs: Needs, commands: Mapping[str, str], jobs: int) -> Measure:
    """Work off a fresh backlog in ``root`` and return what it cost. Fails when the peer did, or left a log out."""
    root.mkdir(parents=True)
    peer.write(root, needs, commands)
    measured = run(peer.command(root, jobs), root)
    if peer.keeps_log:
        logs = sum(not name.endswith((".jsonl", ".gitignore")) for name in os.listdir(root / "logs"))
        assert logs == len(needs), f"{peer.name}: {logs} logs of {len(needs)}"
    return measured


def run(command: list[str], root: Path) -> Measure:
    """Run a command to its end. Fails when it does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "MAKE", "MFLAGS"))}
    with open(root / "output", "wb") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command}: exit {process.returncode}: {(root / 'output').read_text()[-1000:]}")
    return Measure(wall=wall, cpu=usage.ru_utime + usage.ru_stime)


def _program(name: str) -> str:
    return "/usr/bin/" + name if os.access("/usr/bin/" + name, os.X_OK) else name


# -- the same backlog for each ---------------------------------------------------------------------------------------


def _orchestrator(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    entries = (
        f"- id: {task}\n  description: task {task}\n  command: {json.dumps(commands[task])}\n"
        + (f"  dependencies: [{', '.join(needs[task])}]\n" if needs[task] else "")
        for task in needs
    )
    (root / "tasks.yml").write_text("".join(entries))


def _run_orchestrator(root: Path, jobs: int) -> list[str]:
    del root
    return [str(ORCHESTRATOR), "run", f"-j{jobs}"]


def _make(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    rules = (f"{task}: {' '.join(needs[task])}\n\t{commands[task]}\n" for task in needs)
    everything = " ".join(needs)
    (root / "Makefile").write_text(f".PHONY: all {everything}\nall: {everything}\n" + "".join(rules))


def _make_with_log(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    stamped = _with_stamp(root, commands)
    rules = (f"state/{task}: {' '.join(f'state/{need}' for need in needs[task])}\n\t{stamped[task]}\n" for task in needs)
    (root / "Makefile").write_text(f"all: {' '.join(f'state/{task}' for task in needs)}\n" + "".join(rules))


def _ninja(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    edges = (f"build {task}: task {' '.join(needs[task])}\n  run = {commands[task]}\n" for task in needs)
    (root / "build.ninja").write_text("rule task\n  command = $run\n" + "".join(edges))


def _ninja_with_log(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    (root / "logs").mkdir()
    edges = (f"build logs/{task}: task {' '.join(f'logs/{need}' for need in needs[task])}\n  run = {commands[task]}\n" for task in needs)
    (root / "build.ninja").write_text("rule task\n  command = $run >$out 2>&1\n" + "".join(edges))


def _just(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    recipes = (f"[parallel]\n{task}: {' '.join(needs[task])}\n    @{commands[task]}\n\n" for task in needs)
    (root / "justfile").write_text(f"[parallel]\nall: {' '.join(needs)}\n\n" + "".join(recipes))


def _go_task(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    tasks = (f"  {task}:\n    run: once\n    deps: [{', '.join(needs[task])}]\n    cmds: ['{commands[task]}']\n" for task in needs)
    (root / "Taskfile.yml").write_text(f"version: '3'\ntasks:\n  all:\n    deps: [{', '.join(needs)}]\n" + "".join(tasks))


def _doit(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    table = {task: (needs[task], commands[task]) for task in needs}
    (root / "dodo.py").write_text(
        f"TASKS = {table!r}\n\n\ndef task_all():\n    for name, (needs, command) in TASKS.items():\n"
        "        yield {'basename': name, 'actions': [command], 'task_dep': needs}\n"
    )


def _with_log(root: Path, commands: Mapping[str, str]) -> dict[str, str]:
    (root / "logs").mkdir()
    return {task: f"{command} >logs/{task} 2>&1" for task, command in commands.items()}


def _with_stamp(root: Path, commands: Mapping[str, str]) -> dict[str, str]:
    """Without a process more: the shell itself makes the stamp."""
    (root / "state").mkdir()
    return {task: f"{command} && : >state/{task}" for task, command in _with_log(root, commands).items()}
