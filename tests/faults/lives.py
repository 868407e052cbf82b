"""Whole lives of commands, from ``exec`` to the last instruction, to be disturbed by stop signals anywhere; and the judge of how they end.

Up to the first line of ``main`` a signal is the interpreter's: it ends the process its own way. Where that line has been passed is a fact
that the kernel knows: the interpreter alone never blocks or catches SIGTERM, the tool does one or the other until it is gone.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.rig import ORCHESTRATOR, until
from tests.faults.laboratory import RUN, Laboratory
from tests.faults.zygote import Zygote
from tests.waiting import TIMEOUT

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
#: Text of the interpreter's, or of a library, that no person should have to read.
_FOREIGN = re.compile(
    r"Traceback|Exception ignored|KeyboardInterrupt|Fatal Python|  File \"|rollback|Interrupted|this is a mistake in orchestrator"
)
#: What is left of a write that was broken off.
_LEFTOVERS = (".tasks.yml.*", ".*.part", ".orchestrator/**/*.part*", ".audit.baseline-*", ".plugins.lock.*", ".orchestrator-*-*")
#: Enough source for measuring it in several processes.
_WIDE = "".join(f"def wide_{at}(a):\n" + "".join(f"    if a == {n}: return {n}\n" for n in range(12)) for at in range(900))


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A command, and which of the prepared repositories it is given in."""

    arguments: tuple[str, ...]
    place: str = "backlog"
    #: Started as ``python -m core`` instead of by the installed script.
    module: bool = False

    @property
    def runs_tasks(self) -> bool:
        return self.arguments[0] == "run" and "--dry-run" not in self.arguments


LIVES = {
    "run": Life(arguments=(*RUN, "-j4")),
    "run by module": Life(arguments=(*RUN, "-j4"), module=True),
    "run as JSON": Life(arguments=(*RUN, "-j4", "--json")),
    "reflecting run": Life(arguments=("run", "--reflect", "-j2"), place="code"),
    "dry run": Life(arguments=("run", "--dry-run")),
    "plan": Life(arguments=("plan",)),
    "plan by module": Life(arguments=("plan", "--json"), module=True),
    "why": Life(arguments=("why", "t3")),
    "status": Life(arguments=("status",), place="worked"),
    "list": Life(arguments=("list", "--json")),
    "show": Life(arguments=("show", "t1"), place="worked"),
    "history": Life(arguments=("history",), place="worked"),
    "log": Life(arguments=("log", "t0"), place="worked"),
    "graph": Life(arguments=("graph",)),
    "audit": Life(arguments=("audit",), place="code"),
    "audit since": Life(arguments=("audit", "--since", "HEAD", "--json"), place="code"),
    "baseline": Life(arguments=("audit", "--update-baseline"), place="code"),
    "add": Life(arguments=("add", "one more", "--id", "more", "--command", "true")),
    "done": Life(arguments=("done", "--force", "t0", "t1")),
    "verify": Life(arguments=("verify", "-j4"), place="worked"),
    "verify --list": Life(arguments=("verify", "--list")),
    "reset": Life(arguments=("reset", "t0"), place="worked"),
    "cancel": Life(arguments=("cancel", "t2")),
    "init": Life(arguments=("init",), place="empty"),
    "validate": Life(arguments=("validate",)),
    "schema": Life(arguments=("schema", "tasks")),
    "config show": Life(arguments=("config", "show")),
    "doctor": Life(arguments=("doctor",), place="code"),
    "completion": Life(arguments=("completion", "bash")),
    "plugins list": Life(arguments=("plugins", "list")),
    "help": Life(arguments=("--help",)),
    "version": Life(arguments=("--version",)),
    "no such command": Life(arguments=("plna",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed:
    """What a command does when it is let alone."""

    code: int
    errors: frozenset[str]
    text: str


class Lives:
    """Every life over and over from the same beginnings. May be used from several threads."""

    def __init__(self, scratch: Path, zygote: Zygote) -> None:
        self._scratch, self._zygote = scratch, zygote
        self._places = {name: self._template(name) for name in ("backlog", "worked", "code", "empty")}
        self.undisturbed: dict[str, Undisturbed] = {}

    def learn(self, name: str) -> None:
        """Have ``name`` lived once undisturbed, unless it was before."""
        if name in self.undisturbed:
            return
        laboratory = self.begin(name, "undisturbed")
        process = self.start(name, laboratory)
        _, errors = process.communicate(timeout=TIMEOUT)
        lines = frozenset(errors.splitlines())
        self.undisturbed[name] = Undisturbed(code=process.returncode, errors=lines, text=_text(laboratory))
        laboratory.close()
        shutil.rmtree(laboratory.root.parent)

    def begin(self, name: str, which: str) -> Laboratory:
        """Return a repository in which ``name`` can be lived."""
        root = self._scratch / f"{name}-{which}" / "repository"
        shutil.copytree(self._places[LIVES[name].place], root, symlinks=True)
        (root.parent / "temporary").mkdir()
        laboratory = Laboratory(root, self._zygote)
        laboratory.before = _text(laboratory)
        return laboratory

    def start(self, name: str, laboratory: Laboratory, *wrapper: str) -> subprocess.Popen[str]:
        """Start it from ``exec``, in a session of its own, behind the words of ``wrapper``."""
        life = LIVES[name]
        python = str(ORCHESTRATOR.with_name("python"))
        command = (python, "-P", "-m", "core") if life.module else (str(ORCHESTRATOR),)
        variables = {"TMPDIR": str(laboratory.root.parent / "temporary"), "HOME": str(laboratory.root.parent)}
        return subprocess.Popen(
            [*wrapper, *command, *life.arguments],
            cwd=laboratory.root,
            env=laboratory.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            restore_signals=True,
        )

    def judge(self, name: str, laboratory: Laboratory, ended: Ended) -> list[str]:
        """Return what is wrong, a line each."""
        known = self.undisturbed[name]
        codes = {known.code, *(128 + number for number in ended.signals)}
        wrong = []
        if ended.ours:
            if ended.code not in codes:
                wrong.append(f"exit {ended.code}, not one of {sorted(codes)}: {ended.errors}")
            wrong += [f"stderr has {line!r}" for line in self._foreign(name, ended)]
        elif ended.code not in codes | {-number for number in ended.signals} | {1}:
            wrong.append(f"exit {ended.code} before main began: {ended.errors}")
        wrong += [f"{path.name} was left behind" for pattern in _LEFTOVERS for path in laboratory.root.glob(pattern)]
        wrong += [f"{path.name} was left in the temporary directory" for path in (laboratory.root.parent / "temporary").iterdir()]
        wrong += self._state(name, laboratory, known)
        return [f"{name}, {ended}: {line}" for line in wrong]

    def _foreign(self, name: str, ended: Ended) -> list[str]:
        lines = ended.errors.splitlines()
        if LIVES[name].runs_tasks or name == "verify":
            return [line for line in lines if _FOREIGN.search(line)]
        ours = self.undisturbed[name].errors | {f"stopped by {signal.Signals(number).name}" for number in ended.signals}
        return [line for line in lines if line not in ours]

    def _state(self, name: str, laboratory: Laboratory, known: Undisturbed) -> list[str]:
        runs = LIVES[name].runs_tasks
        wrong = []
        if not runs and _text(laboratory) not in (laboratory.before, known.text):
            wrong.append(f"tasks.yml is neither the old nor the new one: {_text(laboratory)[:300]!r}")
        if laboratory.tasks_file.exists():
            before = laboratory.before if runs else ""
            wrong += _violations(laboratory, before)
        try:
            until(lambda: not laboratory.processes(), what="no process is left")
        except AssertionError:
            wrong.append(f"left running: {laboratory.processes()}")
        return wrong

    def _template(self, name: str) -> Path:
        laboratory = Laboratory(self._scratch / "templates" / name, self._zygote)
        root = laboratory.root
        (root / "pyproject.toml").write_text("[tool.ruff]\n[tool.pytest.ini_options]\n")
        if name != "empty":
            laboratory.plant(random.Random(7), tasks=8, layer=4, pause=0.02)
        if name == "worked":
            assert laboratory.run(*RUN, "-j4").returncode == 0
        if name == "code":
            for number in range(2):
                (root / f"wide{number}.py").write_text(_WIDE)
            (root / ".gitignore").write_text(".orchestrator\nlogs\ntrace\npids.*\ntried.*\n")
            for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "All of it")):
                subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words], cwd=root, check=True)
        laboratory.close()
        return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a life ended that was disturbed by ``signals``."""

    code: int
    errors: str
    signals: tuple[int, ...]
    #: Whether the first line of ``main`` had begun before the first signal was sent.
    ours: bool
    #: Where the first signal came, in words.
    where: str = ""

    def __str__(self) -> str:
        names = " then ".join(signal.Signals(number).name for number in self.signals)
        return f"{names} {self.where or 'at some time'}{'' if self.ours else ' (before main)'}"


def is_ours(pid: int) -> bool:
    """Tell whether the first line of ``main`` has been reached: SIGTERM is blocked or caught."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    masks = re.findall(r"^Sig(?:Blk|Cgt):\t([0-9a-f]+)$", status, re.MULTILINE)
    return any(int(mask, 16) >> (signal.SIGTERM - 1) & 1 for mask in masks)


def _violations(laboratory: Laboratory, before: str) -> list[str]:
    known, laboratory.before = laboratory.before, before
    try:
        return laboratory.violations()
    finally:
        laboratory.before = known


def _text(laboratory: Laboratory) -> str:
    return laboratory.tasks_file.read_text() if laboratory.tasks_file.exists() else ""


def tidy(laboratory: Laboratory) -> None:
    """Remove a repository that is done with."""
    laboratory.close()
    shutil.rmtree(laboratory.root.parent, ignore_errors=True)


def deliver(process: subprocess.Popen[str], number: int) -> bool:
    """Send a signal unless it has ended; tell whether it may have arrived."""
    if process.poll() is not None:
        return False
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return False
    return True
