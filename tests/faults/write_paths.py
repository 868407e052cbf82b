"""Every command that writes something durable, prepared in a template of which each fault gets a copy."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.rig import until
from tests.faults.laboratory import RUN, Laboratory
from tests.faults.zygote import Tool, Zygote

_MODULE = "def tangled(a):\n" + "".join(f"    if a == {number}:\n        return {number}\n" for number in range(14)) + "    return a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePath:
    """A command, and the repository that it is given in."""

    arguments: tuple[str, ...]
    prepare: Callable[[Laboratory], None]
    #: What it may leave of ``tasks.yml`` besides the old text and the new one: a run may stop anywhere between.
    in_steps: bool = False


def _backlog(laboratory: Laboratory) -> None:
    laboratory.plant(random.Random(7), tasks=3, layer=2, pause=0.001)


def _killed(laboratory: Laboratory) -> None:
    """Leave what a run leaves that was killed while it worked."""
    laboratory.plant(random.Random(7), tasks=5, layer=2, pause=0.001)
    tool = laboratory.fork(*RUN, "-j2")
    until(lambda: laboratory.started() >= 2, what="tasks run")
    laboratory.slay(tool, group=True)
    laboratory.quiet()


def _tangle(laboratory: Laboratory) -> None:
    """Have code that makes a run add a task of its own."""
    _backlog(laboratory)
    (laboratory.root / "tangled.py").write_text(_MODULE)


def _nothing(laboratory: Laboratory) -> None:
    (laboratory.root / "pyproject.toml").write_text("[tool.ruff]\n[tool.pytest.ini_options]\n")


PATHS = {
    "first run": WritePath(arguments=(*RUN, "-j2"), prepare=_backlog, in_steps=True),
    "run after a kill": WritePath(arguments=(*RUN, "-j2"), prepare=_killed, in_steps=True),
    "reflecting run": WritePath(arguments=("run", "--reflect", "-j2"), prepare=_tangle, in_steps=True),
    "add": WritePath(arguments=("add", "one more", "--id", "more", "--command", "true"), prepare=_backlog),
    "done": WritePath(arguments=("done", "t0", "t1"), prepare=_killed),
    "reset": WritePath(arguments=("reset", "t0"), prepare=_killed),
    "init": WritePath(arguments=("init",), prepare=_nothing),
}


class Scene:
    """One write path, over and over from the same beginning."""

    def __init__(self, path: WritePath, scratch: Path, zygote: Zygote) -> None:
        self._path, self._scratch, self._zygote = path, scratch, zygote
        self._template = Laboratory(scratch / "template", zygote)
        path.prepare(self._template)
        self._template.close()
        #: ``tasks.yml`` before the command.
        self.before = self._text(self._template)

    def begin(self, name: str) -> tuple[Laboratory, Tool]:
        """Return a fresh copy and the command in it, held before its first step."""
        directory = self._scratch / name / "repository"  # its name may become part of what is written
        shutil.copytree(self._template.root, directory, symlinks=True)
        laboratory = Laboratory(directory, self._zygote)
        laboratory.before = self.before
        return laboratory, laboratory.fork(*self._path.arguments, held=True)

    def learn(self, laboratory: Laboratory) -> None:
        """Take what an undisturbed command made of it as what is to come of it."""
        self.after = self._text(laboratory)

    def judge(self, laboratory: Laboratory, *, exact: bool = True) -> list[str]:
        """Return what is wrong after a fault, and after the command was given once more and everything was run.

        Not ``exact`` is what the fault may have hidden from ``init``: it proposes what it can see.
        """
        text = self._text(laboratory)
        if (exact or self._path.arguments[0] != "init") and not self._path.in_steps and text not in (self.before, self.after):
            return [f"I4 tasks.yml is neither the old nor the new one: {text[:300]!r}"]
        if text:
            laboratory.before = self._expected(text)
        wrong = laboratory.violations() if text else []
        if self._path.in_steps:
            laboratory.before = self._expected(self.after)
            return wrong + laboratory.resume(*self._path.arguments, "--retry-failed")[0]
        again = laboratory.fork(*self._path.arguments)
        code = again.wait()
        takes_no_second = text != self.before and self._path.arguments[0] in ("add", "init")
        if code != (2 if takes_no_second else 0):
            wrong.append(f"I9 the same command exited with {code} afterwards: {again.output()}")
        if self._path.arguments[0] == "init":
            return wrong if not exact or self._text(laboratory) == self.after else [*wrong, "I9 init does not make up for what is missing"]
        laboratory.before = self._expected(self.after)
        return wrong + laboratory.resume("run", "--retry-failed")[0]

    def _expected(self, text: str) -> str:
        """Return the text that entries are compared with: a reflecting run adds some, and may be killed before or after."""
        return text if self._path.prepare is _tangle or not self._path.in_steps else self.before

    @staticmethod
    def _text(laboratory: Laboratory) -> str:
        return laboratory.tasks_file.read_text() if laboratory.tasks_file.exists() else ""
