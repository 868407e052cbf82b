"""SIGKILL in the middle of a chain, then the same command again."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, chain, until
from tests.waiting import TIMEOUT


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


#: c waits until ``go`` is there; whoever starts while an earlier attempt still lives says so.
_STEP = """
for pid in $(cat {id}.pids 2>/dev/null); do
  case $(cat /proc/$pid/stat 2>/dev/null) in "" | *") Z "*) ;; *) echo overlap >> trace ;; esac
done
echo $$ >> {id}.pids
echo start {id} >> trace
{body}
echo end {id} >> trace
"""
#: Something that lasts as long as nobody allows it to end.
_WAIT = "while [ ! -e go ]; do sleep 0.05; done"


#: What c does between its start and its end.
_C = {
    "before its output": f"{_WAIT}; echo first > c.out; echo second >> c.out",
    "after half of its output": f"echo first > c.out; touch c.half; {_WAIT}; echo second >> c.out",
}


def _write_chain(rig: Rig, when: str) -> None:
    rig.write_tasks(*chain("abcde", lambda task: _STEP.format(id=task, body=_C[when] if task == "c" else f"echo {task} > {task}.out")))


def _run_until_c(rig: Rig, when: str) -> subprocess.Popen[str]:
    process = rig.start("run")
    until(lambda: "start c" in rig.lines("trace"), what="c runs")
    if when == "after half of its output":
        until((rig.root / "c.half").exists, what="half of the output")
    return process


@pytest.mark.parametrize("when", ["before its output", "after half of its output"])
def test_after_a_kill_the_same_command_goes_on_where_it_was(rig: Rig, when: str) -> None:
    _write_chain(rig, when)
    process = _run_until_c(rig, when)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (rig.root / "trace").write_text("")
    until(lambda: not rig.processes(), what=f"nothing of the dead run is left: {rig.processes()}")

    (rig.root / "go").touch()
    resumed = rig.run("run")

    assert resumed.returncode == 0, resumed.stderr
    assert rig.lines("trace") == [f"{word} {task}" for task in "cde" for word in ("start", "end")]
    assert rig.lines("c.out") == ["first", "second"]
    assert [attempt["ending"] for attempt in rig.attempts("c")] == ["interrupted", "succeeded"]
    assert {task: len(rig.attempts(task)) for task in "abde"} == dict.fromkeys("abde", 1)
    assert set(rig.statuses().values()) == {"done"}
    assert not rig.processes()


def test_where_not_even_the_guardian_was_spared_the_next_run_clears_up_first(rig: Rig) -> None:
    _write_chain(rig, "before its output")
    process = _run_until_c(rig, "before its output")
    task = int(rig.lines("c.pids")[0])
    others = [pid for pid in rig.processes() if pid != process.pid and not _descends(pid, task)]
    # The guardian would end the task as soon as the tool is gone: nobody else moves between the first kill and the last.
    for number, pids in ((signal.SIGSTOP, others), (signal.SIGKILL, [process.pid, *others])):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
    process.wait()
    assert task in rig.processes(), "the task outlived the tool and its guardian"
    (rig.root / "trace").write_text("")

    resumed = rig.start("run")
    until(lambda: "start c" in rig.lines("trace"), what="c runs again")
    assert task not in rig.processes()
    (rig.root / "go").touch()

    assert resumed.wait(TIMEOUT) == 0
    assert "overlap" not in rig.lines("trace")
    assert not rig.processes()


def _descends(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


def test_a_person_is_told_what_was_put_right(rig: Rig) -> None:
    _write_chain(rig, "before its output")
    process = _run_until_c(rig, "before its output")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (rig.root / "go").touch()

    resumed = rig.run("run", "--json")

    assert '"event": "run_recovered"' in resumed.stdout
    assert '"interrupted": ["c"]' in resumed.stdout
    runs = rig.json("history")
    assert [run["exit_code"] for run in runs] == [0, None]
