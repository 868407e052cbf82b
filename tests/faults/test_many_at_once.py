"""Row 5: two, then eight orchestrators at once on one repository; the one that holds the lock is killed, and again all at once."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.rig import until
from tests.faults.laboratory import RUN, Laboratory
from tests.faults.scale import count, seed
from tests.faults.state_versions import FIXTURES
from tests.faults.storms import Tally, Trial, storm
from tests.faults.zygote import Tool, Zygote

_ROOT = Path(__file__).parents[2]
_HELD = """\
echo start {id} $ORCHESTRATOR_TASK_ATTEMPT >> trace
until [ -e go ]; do sleep 0.01; done
echo end {id} $ORCHESTRATOR_TASK_ATTEMPT >> trace
"""


def _settle(laboratory: Laboratory, tools: list[Tool], wrong: list[str]) -> Tool:
    """Wait until all but one have been refused, and return that one."""
    until(lambda: sum(tool.poll() is None for tool in tools) <= 1, what="all but one are refused")
    living = [tool for tool in tools if tool.returncode is None]
    assert living, [tool.output() for tool in tools]
    for tool in tools:
        named = re.search(r"another run holds the lock: pid (\d+)", tool.output())
        if tool is not living[0] and (tool.returncode != 4 or named is None or int(named[1]) != living[0].pid):
            wrong.append(f"I6 exit {tool.returncode}, the holder is {living[0].pid}: {tool.output()}")
    return living[0]


def _trial(together: int) -> Trial:
    def trial(laboratory: Laboratory, dice: random.Random) -> Tally:
        tally = Tally(faults=1)
        laboratory.write_tasks(*({"id": task, "command": _HELD.format(id=task)} for task in ("a", "b")))
        laboratory.before = laboratory.tasks_file.read_text()
        holder = _settle(laboratory, [laboratory.fork(*RUN, "-j2") for _ in range(together)], tally.wrong)
        if dice.random() < 0.5:
            until(lambda: laboratory.started() == 2, what="its tasks run")
            tally.in_flight = 1
        laboratory.slay(holder, group=dice.random() < 0.5)
        if dice.random() < 0.5:
            laboratory.quiet()
        tally.wrong += laboratory.violations()
        second = _settle(laboratory, [laboratory.fork(*RUN, "-j2") for _ in range(together)], tally.wrong)
        (laboratory.root / "go").touch()
        if second.wait() != 0:
            tally.wrong.append(f"exit {second.returncode}: {second.output()}")
        tally.wrong += laboratory.violations(resting=True)
        return tally

    return trial


@pytest.mark.parametrize(("together", "quick", "nightly"), [(2, 12, 500), (8, 8, 500)])
def test_one_holds_the_lock_and_the_others_name_it(together: int, quick: int, nightly: int, tmp_path: Path, zygote: Zygote) -> None:
    tally = storm(_trial(together), count(quick, nightly), seed(), tmp_path, zygote)

    assert tally.wrong == [], tally


#: Eight processes open a journal at the same moment, one that is not there yet or one of an older version, round after round; prints
#: what went wrong.
_OPENERS = """
import os, sys, time
from pathlib import Path
from core.adapters.state_db import open_journal
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Status
from tests.faults.state_versions import build
for number in range(int(sys.argv[2])):
    path, moment, children = Path(sys.argv[1], str(number), "state.db"), time.monotonic() + 0.01, []
    before = 0
    if version := int(sys.argv[3]):
        path.parent.mkdir(parents=True)
        build(version, path)
        before = int(sys.argv[4])
    for which in range(8):
        if (pid := os.fork()) == 0:
            try:
                time.sleep(max(0, moment - time.monotonic()))
                journal = open_journal(path)
                journal.record("r", str(which), Status.PENDING, Status.DONE, 0.0, Code.SAVED.of())
                journal.close()
            except BaseException as error:
                os.write(1, f"{error!r} {error.__cause__!r}\\n".encode())
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    journal = open_journal(path)
    if len(journal.unwritten()) != 8 + before or journal.repaired:
        print(len(journal.unwritten()) - before, "of 8 recorded", journal.repaired)
    journal.close()
"""


#: Version of the journal that is there, 0: none; transitions in it that are not written yet.
@pytest.mark.parametrize(("version", "unwritten"), [(0, 0), (1, len(json.loads((FIXTURES / "version_1.json").read_text())["unwritten"]))])
def test_a_journal_that_is_new_or_old_can_be_opened_by_many(version: int, unwritten: int, tmp_path: Path) -> None:
    words = [str(count(60, 2000)), str(version), str(unwritten)]
    ended = subprocess.run([sys.executable, "-c", _OPENERS, tmp_path, *words], cwd=_ROOT, capture_output=True, text=True)

    assert (ended.stdout, ended.stderr) == ("", "")
