"""The runners of tasks beside those of ``peers.py``, and what each of them does not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.benchmarks.bench import environments
from tests.benchmarks.bench.meter import compiled
from tests.benchmarks.peers import ORCHESTRATOR, Needs, Peer, peers

OURS = "orchestrator"
FLOOR = "C loop, with log"

#: As it comes: what a person gets who installs the tool and types the command. The first word of a name counts.
LACKS = {
    "C": "everything but the launch and a log file: the floor",
    "orchestrator": "–",
    "make": "no logs, no state but the files' times, no resume of what was half done, no verify, no budget",
    "ninja": "no logs, no verify, no budget, no retries",
    "just, with log and stamp": "nothing reads the stamps: no resume, no verify, no budget",
    "go-task, with log and stamp": "nothing reads the stamps: no resume, no verify, no budget",
    "just": "no logs, no state, no resume, no verify, no budget",
    "go-task": "no logs, no resume without fingerprints of sources, no verify, no budget",
    "doit": "no logs; state at exit only, lost when killed; no verify, no budget",
    "luigi": "no logs of its own; targets are the state; no verify, no budget",
    "snakemake": "locked after a kill until told twice; no verify; a budget of resources, none of cost",
    "GNU": "no dependencies; no verify, no budget",
}

Writer = Callable[[Path, Needs, Mapping[str, str]], None]

_PARALLEL = "GNU parallel, joblog and results"
_SNAKEMAKE = "snakemake, with log"
_LUIGI = "luigi, with target"

#: Who reads back what is done; the others do all of it again, which is not the same work.
READS_BACK = (OURS, "make, with log and stamp", "ninja, with log", _LUIGI, _SNAKEMAKE)

#: Names of contestants that keep a log and a state for every task.
KEEPS = ("orchestrator", "with log", "with target", "results")


def keeps(name: str) -> bool:
    """Whether a contestant leaves a log and a state for each task."""
    return name != FLOOR and any(word in name for word in KEEPS)


def gather(scratch: Path) -> tuple[list[Peer], dict[str, str]]:
    """Install everything; return the contestants that can be had and their versions."""
    found = _programs(scratch / "bin")
    ours = [peer for peer in peers(scratch / "bin") if _first(peer.name) in found]
    versions = {name: version for name, (_, version) in found.items()}
    return [*ours, *_further(found)], versions


def _programs(place: Path) -> dict[str, tuple[Path, str]]:
    """Link the programs into one folder, as ``peers.py`` wants them."""
    place.mkdir()
    asked = {
        "ninja": (environments.program("ninja"), "--version"),
        "just": (environments.program("rust-just", "just"), "--version"),
        "go-task": (environments.program("go-task-bin", "task"), "--version"),
        "doit": (environments.program("doit"), "--version"),
        "snakemake": (environments.program("snakemake"), "--version"),
        "luigi": (environments.program("luigi", "python"), ""),
        "make": (_installed("make"), "--version"),
        "GNU parallel": (_installed("parallel"), "--version"),
        "orchestrator": (ORCHESTRATOR, "--version"),
    }
    found = {}
    for name, (path, option) in asked.items():
        if path is None:
            continue
        (place / ("task" if name == "go-task" else name.split()[-1])).symlink_to(path)
        ask = [path, option] if option else [path, "-c", "import importlib.metadata as m; print(m.version('luigi'))"]
        found[name] = (path, environments.version(ask))
    return found


def _installed(name: str) -> Path | None:
    path = shutil.which(name)
    return Path(path) if path else None


def _first(name: str) -> str:
    return name.split(",", maxsplit=1)[0]


def _further(found: Mapping[str, tuple[Path, str]]) -> list[Peer]:
    called: dict[str, tuple[str, Writer, list[str]]] = {
        "snakemake": (_SNAKEMAKE, _snakemake, ["--quiet", "all", "--cores"]),
        "luigi": (_LUIGI, _luigi, ["-m", "luigi", "--module", "backlog", "All", "--local-scheduler", "--log-level", "ERROR", "--workers"]),
        "GNU parallel": (_PARALLEL, _parallel, ["--will-cite", "--joblog", "joblog", "--results", "logs", "--arg-file", "commands", "-j"]),
    }
    return [_peer(name, write, [str(found[tool][0]), *words]) for tool, (name, write, words) in called.items() if tool in found]


def _peer(name: str, write: Writer, words: list[str]) -> Peer:
    """A contestant whose command ends with the number of jobs; Python ones find the backlog beside them."""
    return Peer(name=name, keeps_log=True, state="", write=write, command=lambda _root, jobs: ["env", "PYTHONPATH=.", *words, str(jobs)])


def floor(scratch: Path) -> Peer | None:
    """The least that launching costs: a C loop of posix_spawn and wait, with a log file each; None without a compiler."""
    program = compiled(Path(__file__).parents[1] / "launch_floor.c", scratch)
    if program is None:
        return None
    return Peer(
        name=FLOOR,
        keeps_log=False,
        state="–",
        write=lambda root, needs, _commands: (root / "count").write_text(str(len(needs))),
        command=lambda _root, jobs: ["sh", "-c", f'mkdir logs && exec "{program}" "$(cat count)" {jobs} logs'],
    )


def knows(peer: Peer, needs: Needs) -> bool:
    """Whether a contestant can do this shape."""
    return not any(needs.values()) or peer.name not in (_PARALLEL, FLOOR)


# -- the same backlog for each ---------------------------------------------------------------------------------------


def _snakemake(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    rules = (
        f"rule {task}:\n    input: {[f'state/{need}' for need in needs[task]]}\n    output: touch('state/{task}')\n    log: 'logs/{task}'\n"
        f"    shell: '{commands[task]} >{{log}} 2>&1'\n"
        for task in needs
    )
    (root / "Snakefile").write_text(f"rule all:\n    input: {[f'state/{task}' for task in needs]}\n" + "".join(rules))


def _luigi(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    (root / "logs").mkdir()
    (root / "state").mkdir()
    table = {task: (needs[task], commands[task]) for task in needs}
    (root / "backlog.py").write_text(
        f"import subprocess\nimport luigi\n\nTASKS = {table!r}\n\n\nclass Task(luigi.Task):\n    name = luigi.Parameter()\n\n"
        "    def requires(self):\n        return [Task(name=need) for need in TASKS[self.name][0]]\n\n"
        "    def output(self):\n        return luigi.LocalTarget(f'state/{self.name}')\n\n    def run(self):\n"
        "        with open(f'logs/{self.name}', 'wb') as log:\n"
        "            subprocess.run(TASKS[self.name][1], shell=True, stdout=log, stderr=log, check=True)\n"
        "        open(f'state/{self.name}', 'w').close()\n\n\n"
        "class All(luigi.WrapperTask):\n    def requires(self):\n        return [Task(name=name) for name in TASKS]\n"
    )


def _parallel(root: Path, needs: Needs, commands: Mapping[str, str]) -> None:
    (root / "commands").write_text("".join(f"{commands[task]}\n" for task in needs))
