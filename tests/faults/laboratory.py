"""A repository to do harm to: a backlog whose tasks leave a trace, the tool as a fork or as installed, and the judge."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from tests.e2e.rig import Rig, until
from tests.faults.invariants import violations
from tests.faults.zygote import Tool, Zygote
from tests.waiting import TIMEOUT

#: Says when it begins and ends, and notices an earlier attempt that is still alive (a zombie has no command line).
_COMMAND = """\
for pid in $(cat pids.{id} 2>/dev/null); do grep -qs "pids.{id}" /proc/$pid/cmdline && echo "overlap {id}" >> trace; done
echo $$ >> pids.{id}
echo "start {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace
sleep {pause}
{flaw}{change}echo "end {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace
"""
#: What a check does besides: it says which contents it saw, and fails where they change under it.
_CHECK = """\
for pid in $(cat pids.{id} 2>/dev/null); do grep -qs "pids.{id}" /proc/$pid/cmdline && echo "overlap {id}" >> trace; done
echo $$ >> pids.{id}
echo "start {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace
seen=$(cat {sources} | cksum | tr ' ' '-')
sleep {pause}
{flaw}echo "saw {id} $ORCHESTRATOR_TASK_ATTEMPT $seen" >> trace
echo "end {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace
"""
#: The checks of a planted backlog, and the files that each is about; the first one names none in its entry.
CHECKS = {"check-all": ("src/0", "src/1"), "check-0": ("src/0",), "check-1": ("src/1",)}
#: Fails the first time that it comes this far.
_FLAKY = "[ -e tried.{id} ] || {{ touch tried.{id}; exit 1; }}\n"

#: Reflection measures code; there is none here.
RUN = ("run", "--no-reflect")


class Laboratory(Rig):
    """A rig whose tool is forked from a zygote, and whose backlog is known."""

    def __init__(self, root: Path, zygote: Zygote) -> None:
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(root)
        self.zygote = zygote
        self._tools: list[Tool] = []
        self.before = ""

    def plant(self, dice: random.Random, *, tasks: int, layer: int = 8, pause: float = 0.02) -> None:
        """Write a backlog in layers, and checks beside it.

        A third of the tasks fails at first and is retried, half of them has a ``verify``, a third changes what checks are about.
        """
        (self.root / "src").mkdir(exist_ok=True)
        for name in CHECKS["check-all"]:
            (self.root / name).write_text("")
        parts = ["# A backlog for harm.\n"]
        others = random.Random(dice.getstate()[1][0])
        for number in range(tasks):
            task = f"t{number}"
            above = [f"t{other}" for other in range(max(0, number - number % layer - layer), number - number % layer)]
            needs = dice.sample(above, k=min(len(above), dice.randint(0, 3)))
            flaw = _FLAKY.format(id=task) if dice.random() < 0.3 else ""
            change = f'echo "{task} $ORCHESTRATOR_TASK_ATTEMPT" >> src/{others.randrange(2)}\n' if others.random() < 0.3 else ""
            command = _COMMAND.format(id=task, pause=f"{dice.uniform(0.2, 1.8) * pause:.3f}", flaw=flaw, change=change)
            block = _indented(command)
            check = f"  verify: grep -q 'end {task} ' trace\n" if dice.random() < 0.5 else ""
            head = f"- id: {task}\n  description: 'the {number}th'  # {dice.random():.6f}\n"
            retry = "  retries: {limit: 3, delay: 0.01}\n"
            parts.append(f"{head}  command: |\n{block}{check}{retry}  dependencies: [{', '.join(needs)}]\n\n")
        self.write("".join(parts) + _checks(others, pause))
        self.before = self.tasks_file.read_text()

    def fork(self, *arguments: str, held: bool = False, **variables: str) -> Tool:
        """Start the tool as a fork."""
        environment = self.environment(**variables)
        tool = self.zygote.start(*(arguments or RUN), cwd=self.root, environment=environment, held=held)
        self._tools.append(tool)
        return tool

    def slay(self, tool: Tool | subprocess.Popen[str], *, group: bool) -> None:
        """``kill -9``, the tool alone or with its process group, and wait for its end."""
        try:
            (os.killpg if group else os.kill)(tool.pid, signal.SIGKILL)
        except ProcessLookupError:
            tool.kill()  # it is so young that it has no group of its own yet
        tool.wait(TIMEOUT)

    def violations(self, *, resting: bool = False, edits: tuple[str, ...] = ()) -> list[str]:
        return violations(self.root, before=self.before, edits=edits, resting=resting)

    def started(self) -> int:
        """Return how many attempts have left their mark."""
        return sum(line.startswith("start") for line in self.lines("trace"))

    def resume(self, *arguments: str, installed: bool = False, timeout: float = TIMEOUT) -> tuple[list[str], float]:
        """Run to the end; return what is wrong then, and the seconds until the first attempt began (or the end came)."""
        mark, begun = self.started(), time.monotonic()
        arguments = (*(arguments or RUN), "-j4")
        tool: Tool | subprocess.Popen[str] = self.start(*arguments) if installed else self.fork(*arguments)
        took = until(lambda: tool.poll() is not None or self.started() > mark, within=timeout, every=0.002)
        code = tool.wait(timeout - (time.monotonic() - begun))
        wrong = [] if code == 0 else [f"I9 the next run exited with {code}: {self._said(tool)}"]
        planted = {task: status for task, status in self.file_statuses().items() if task in self.before}
        undone = {task: status for task, status in planted.items() if status != "done" and not task.startswith("refactor-")}
        wrong += [f"I1 not done in the end: {undone}"] if undone and code == 0 else []
        return wrong + self.violations(resting=True), took

    def run_again(self) -> list[str]:
        """Run once more after a run that ended well; return what is wrong: exactly the check without sources has anything to do."""
        mark = len(self.lines("trace"))
        tool = self.fork(*RUN, "-j4")
        code = tool.wait()
        started = [line.split()[1] for line in self.lines("trace")[mark:] if line.startswith("start")]
        wrong = [] if code == 0 else [f"I9 a run with nothing to do exited with {code}: {tool.output()}"]
        wrong += [] if started == ["check-all"] else [f"I11 a run in which nothing had changed started {started}"]
        return wrong + self.violations(resting=True)

    def file_statuses(self) -> dict[str, str]:
        """Return what the file says of each task that is no check."""
        statuses: dict[str, str] = {}
        task = ""
        for line in self.tasks_file.read_text().splitlines():
            if line.startswith("- id: "):
                task = line.removeprefix("- id: ").split()[0]
                statuses[task] = "pending"
            elif line.startswith("  status: "):
                statuses[task] = line.split()[1]
        return {task: status for task, status in statuses.items() if task not in CHECKS}

    def quiet(self) -> None:
        """Wait until nothing of a dead run is left."""
        until(lambda: not self.processes(), what="the dead run's processes are gone")

    def close(self) -> None:
        for tool in self._tools:
            tool.kill(signal.SIGKILL)
            tool.wait()
        super().close()

    @staticmethod
    def _said(tool: Tool | subprocess.Popen[str]) -> str:
        if isinstance(tool, Tool):
            return tool.output()
        return tool.stdout.read() if tool.stdout is not None else ""


def _checks(dice: random.Random, pause: float) -> str:
    """Return the entries of the checks: without sources, with them, and one that another waits for and that fails at first."""
    entries = []
    for name, files in CHECKS.items():
        command = _CHECK.format(
            id=name,
            sources=" ".join(files),
            pause=f"{dice.uniform(0.2, 1.8) * pause:.3f}",
            flaw=_FLAKY.format(id=name) if "1" in name else "",
        )
        about = "" if name == "check-all" else f"  sources: [{', '.join(files)}]\n"
        priority = dice.choice(("", "  priority: high\n"))
        entries.append(
            f"- id: {name}\n  description: about {' '.join(files)}\n  check: true\n{about}{priority}"
            f"  command: |\n{_indented(command)}  retries: {{limit: 3, delay: 0.01}}\n\n"
        )
    return "".join(entries)


def _indented(command: str) -> str:
    return "".join(f"    {line}\n" for line in command.splitlines())
