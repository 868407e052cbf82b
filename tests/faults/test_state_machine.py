"""Row 11: runs, kills, signals, hand edits, commands and retries in any order, on the real adapters, against what a person expects.

``tests/unit/test_recovery.py`` does the same with the in-memory twins, where a kill may come between any two calls.
"""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.faults.laboratory import RUN, Laboratory
from tests.faults.scale import count
from tests.faults.zygote import Tool, Zygote

#: What each task needs; a diamond, a chain, and one that stands alone.
_NEEDS: dict[str, tuple[str, ...]] = {"t0": (), "t1": ("t0",), "t2": ("t0",), "t3": ("t1", "t2"), "t4": (), "t5": ("t3", "t4")}
_COMMAND = """\
    echo "start {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace
    sleep 0.01
    [ ! -e fails.{id} ] || exit 1
    echo "end {id} $ORCHESTRATOR_TASK_ATTEMPT" >> trace
"""
#: A check of what the last line of its source says; it is there beside the tasks.
_CHECK = """\
- id: check-0
  description: d
  check: true
  sources: [src/0]
  command: |
    echo "start check-0 $ORCHESTRATOR_TASK_ATTEMPT" >> trace
    seen=$(cat src/0 | cksum | tr ' ' '-')
    sleep 0.01
    tail -n 1 src/0 | grep -q good || exit 1
    echo "saw check-0 $ORCHESTRATOR_TASK_ATTEMPT $seen" >> trace
    echo "end check-0 $ORCHESTRATOR_TASK_ATTEMPT" >> trace
"""
_IDS = st.sampled_from(sorted(_NEEDS))


class Person(RuleBasedStateMachine):
    """What a person does to a repository, and what they may expect of it."""

    zygote: Zygote

    def __init__(self) -> None:
        super().__init__()
        self._scratch = tempfile.TemporaryDirectory()
        self.laboratory = Laboratory(Path(self._scratch.name, "repository"), self.zygote)
        parts = [
            f"- id: {task}\n  command: |\n{_COMMAND.format(id=task)}  description: d\n  dependencies: [{', '.join(needs)}]\n"
            for task, needs in _NEEDS.items()
        ]
        self.laboratory.write("".join(parts) + _CHECK)
        self.source = self.laboratory.root / "src" / "0"
        self.source.parent.mkdir()
        self.source.write_text("good\n")
        self.laboratory.before = self.laboratory.tasks_file.read_text()
        self.comments: tuple[str, ...] = ()
        self.cancelled: set[str] = set()
        #: A run ended in order, and nothing has happened since.
        self.resting = True

    # -- runs ----------------------------------------------------------------------------------------------------

    @rule(retry=st.booleans())
    def run_to_the_end(self, retry: bool) -> None:
        tool = self._run(*(["--retry-failed"] if retry else []))
        code = tool.wait()
        statuses = self.laboratory.file_statuses()
        is_good = self.source.read_text().splitlines()[-1].startswith("good")
        assert code == (0 if is_good and "failed" not in statuses.values() else 1), tool.output()
        self.resting = True
        for task, status in statuses.items():
            blocked = any(statuses[need] != "done" for need in _NEEDS[task])
            assert status != "in_progress", (task, tool.output())
            assert status != "pending" or blocked, (task, statuses, tool.output())
            if retry and status == "failed":
                assert self._fails(task).exists(), (task, tool.output())

    @rule(after=st.floats(0.0, 0.12), group=st.booleans())
    def run_and_kill(self, after: float, group: bool) -> None:
        tool = self._run()
        time.sleep(after)
        self.laboratory.slay(tool, group=group)
        self.resting = False

    @rule(after=st.floats(0.0, 0.12), number=st.sampled_from([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
    def run_and_stop(self, after: float, number: int) -> None:
        tool = self._run()
        time.sleep(after)
        tool.kill(number)
        assert tool.wait() in (0, 1, 128 + number, -number, 130), tool.output()
        self.resting = False

    # -- edits ---------------------------------------------------------------------------------------------------

    @rule(task=_IDS)
    def make_it_fail(self, task: str) -> None:
        self._fails(task).touch()

    @rule(task=_IDS)
    def mend_it(self, task: str) -> None:
        self._fails(task).unlink(missing_ok=True)

    @rule(line=st.sampled_from(["good", "good", "bad"]))
    def change_the_source(self, line: str) -> None:
        with self.source.open("a") as file:
            file.write(f"{line} {self.source.stat().st_size}\n")
        self.resting = False

    @rule(task=_IDS)
    def comment(self, task: str) -> None:
        line = f"# note {len(self.comments)} on {task}\n"
        self._save(self.laboratory.tasks_file.read_text().replace(f"- id: {task}\n", f"{line}- id: {task}\n"))
        self.comments += (line,)

    @rule(task=_IDS)
    def cancel_by_hand(self, task: str) -> None:
        head, _, rest = self.laboratory.tasks_file.read_text().partition(f"- id: {task}\n")
        entry, mark, others = rest.partition("\n- ")
        kept = "\n".join(line for line in entry.splitlines() if not line.startswith("  status:"))
        self._save(f"{head}- id: {task}\n{kept}\n  status: cancelled\n{mark[1:]}{others}")
        self.cancelled.add(task)

    @rule(task=_IDS)
    def cancel(self, task: str) -> None:
        self._command("cancel", task)
        self.cancelled.add(task)

    @rule(task=_IDS)
    def reset(self, task: str) -> None:
        self._command("reset", task)
        self.cancelled.discard(task)

    @invariant()
    def everything_holds(self) -> None:
        assert self.laboratory.violations(edits=self.comments, resting=self.resting) == []
        statuses = self.laboratory.file_statuses()
        assert {statuses[task] for task in self.cancelled} <= {"cancelled"}

    def teardown(self) -> None:
        self.laboratory.close()
        self._scratch.cleanup()

    def _run(self, *options: str) -> Tool:
        self.laboratory.quiet()
        return self.laboratory.fork(*RUN, "-j2", *options)

    def _command(self, *words: str) -> None:
        tool = self.laboratory.fork(*words)
        assert tool.wait() == 0, tool.output()

    def _save(self, text: str) -> None:
        beside = self.laboratory.root / "tasks.yml~"
        beside.write_text(text)
        beside.rename(self.laboratory.tasks_file)

    def _fails(self, task: str) -> Path:
        return self.laboratory.root / f"fails.{task}"


def test_nothing_a_person_does_surprises_them(zygote: Zygote) -> None:
    Person.zygote = zygote
    examples, steps = (12, 8) if count(0, 1) == 0 else (count(200, 2000), 50)
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Person, settings=chosen)
