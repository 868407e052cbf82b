"""How a command flows through the layers: functions and files entered, and climbs from a lower layer to a higher one.

    python tests/benchmarks/call_flow.py [--checkout DIR] [--list]

DIR is a checkout (default: this one): its ``core`` is run, and the order of its layers is read from its pyproject.toml. ``run`` and
``audit`` are called in a small repository of their own, with the calls of this process traced. Figures:

- *functions*: functions of ``core`` that were called, each counted once; *files*: the files that they are in;
- *calls up*: pairs of files where a function of the lower layer called one of a higher layer: callbacks, and whatever else turns round;
- *given the repository*: functions that receive the object that stands for the repository (Project, Session, Container) as an argument
  (not as ``self``), the files that they are in, and the *climbs* on the way through them, in the order in which each is first called.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

HERE = Path(__file__).resolve().parents[2]
#: Classes whose objects stand for the repository.
CARRIED = ("Project", "Session", "Container")
TASKS = "".join(f"- id: t{n}\n  description: Task {n}\n  command: 'true'\n" for n in range(3))
SOURCE = "def f(n):\n" + "".join(f"    if n == {n}:\n        return {n}\n" for n in range(12)) + "    return 0\n"


@dataclass
class Layers:
    """The layer of each part of the package, from the layers of the contract; the lowest is 0."""

    numbers: dict[str, int]

    @classmethod
    def read(cls, checkout: Path) -> Layers:
        contracts = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
        return cls({name.strip(" ()"): layer for layer, line in enumerate(reversed(layers)) for name in line.replace(":", "|").split("|")})

    def of(self, file: str) -> int | None:
        return self.numbers.get(file.split("/", maxsplit=1)[0].removesuffix(".py"))


@dataclass
class Flow:
    """What one command did."""

    layers: Layers
    package: str
    functions: dict[tuple[str, int], str] = field(default_factory=dict)
    up: set[tuple[str, str]] = field(default_factory=set)
    carried: dict[tuple[str, int], str] = field(default_factory=dict)

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or not frame.f_code.co_filename.startswith(self.package):
            return
        file, code = self._file(frame), frame.f_code
        key = (code.co_filename, code.co_firstlineno)
        self.functions.setdefault(key, file)
        if key not in self.carried and any(type(value).__name__ in CARRIED for value in self._arguments(frame)):
            self.carried[key] = file
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(self.package):
            caller = caller.f_back
        if caller is not None and self._climbs(self._file(caller), file):
            self.up.add((self._file(caller), file))

    def figures(self) -> dict[str, int]:
        route = list(self.carried.values())
        return {
            "functions": len(self.functions),
            "files": len(set(self.functions.values())),
            "calls up": len(self.up),
            "given the repository": len(route),
            "in files": len(set(route)),
            "climbs": sum(self._climbs(a, b) for a, b in pairwise(route)),
        }

    def _file(self, frame: FrameType) -> str:
        return frame.f_code.co_filename.removeprefix(self.package)

    @staticmethod
    def _arguments(frame: FrameType) -> Iterator[Any]:
        code = frame.f_code
        for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            if name != "self" and name in frame.f_locals:
                yield frame.f_locals[name]

    def _climbs(self, lower: str, higher: str) -> bool:
        a, b = self.layers.of(lower), self.layers.of(higher)
        return a is not None and b is not None and a < b


def repository(place: Path) -> None:
    """Make a repository with tasks, a finding and a commit."""
    (place / "tasks.yml").write_text(TASKS)
    (place / "a.py").write_text(SOURCE)
    (place / ".gitignore").write_text(".orchestrator/\nlogs/\n")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], cwd=place, check=True)


def traced(checkout: Path, arguments: list[str]) -> Flow:
    """Run one command in a repository of its own and return its flow."""
    from core.cli import main

    flow = Flow(Layers.read(checkout), f"{checkout}/core/")
    with tempfile.TemporaryDirectory() as place, chdir(place), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        repository(Path(place))
        sys.setprofile(flow)
        try:
            main(arguments)
        finally:
            sys.setprofile(None)
    return flow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkout", type=Path, default=HERE)
    parser.add_argument("--list", action="store_true", help="also list the way of the project and the calls up")
    options = parser.parse_args()
    checkout = options.checkout.resolve()
    for name in [name for name in os.environ if name.startswith("ORCHESTRATOR_")]:
        del os.environ[name]
    with suppress(ValueError):
        sys.path.remove(str(HERE))
    sys.path.insert(0, str(checkout))
    for arguments in (["run", "--reflect", "-j", "1"], ["audit"]):
        flow = traced(checkout, arguments)
        print(f"{arguments[0]:6}", "  ".join(f"{name} {number}" for name, number in flow.figures().items()))
        if options.list:
            print("".join(f"    {flow.layers.of(file)} {file}\n" for file in flow.carried.values()), end="")
            print("".join(f"    {a} -> {b}\n" for a, b in sorted(flow.up)), end="")


if __name__ == "__main__":
    main()
