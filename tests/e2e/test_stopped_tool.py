"""A task that stops the tool is noticed and the tool goes on; a person's Ctrl-Z stops it until the person lets it go on."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, events_of
from tests.waiting import TIMEOUT, until

_NOBODY = 65534


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("target", ["$PPID", "-- -$(cut -d ' ' -f 5 /proc/$PPID/stat)"], ids=["the tool", "its group"])
def test_a_task_that_stops_the_tool_holds_nothing_up_and_is_named(rig: Rig, target: str) -> None:
    rig.write_tasks(
        {"id": "hostile", "command": f"kill -s STOP {target}; sleep 0.2"},
        {"id": "after", "command": "true", "dependencies": ["hostile"]},
    )
    process = rig.start("run", "--no-reflect", "--json")
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 0, output
    assert rig.statuses() == {"hostile": "done", "after": "done"}
    warnings = [event for event in events_of(output, "warned") if "was stopped" in event["message"]]
    assert [event["task_id"] for event in warnings] == ["hostile"], output
    assert "its guardian let it go on; running then: hostile" in warnings[0]["message"]


def test_a_task_that_stops_the_guardian_before_the_tool_holds_nothing_up(rig: Rig) -> None:
    # A signal takes effect a moment later, and the tool may let the guardian go on in between.
    stopped = "until grep -q '^State:.T' /proc/$each/status; do kill -STOP $each; done; tr '\\0' ' ' </proc/$each/cmdline >>stopped"
    stop = f"for each in $(cat /proc/$PPID/task/$PPID/children); do [ $each = $$ ] || {{ {stopped}; echo >>stopped; }}; done"
    rig.write_tasks({"id": "hostile", "command": f"{stop}; kill -STOP $PPID; sleep 0.2"})
    process = rig.start("run", "--no-reflect")
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 0, output
    (guardian,) = rig.lines("stopped")
    assert "guardian_loop.py" in guardian
    assert "its guardian let it go on" in output


def test_without_a_terminal_not_even_a_terminals_way_of_stopping_it_holds_it_up(rig: Rig) -> None:
    rig.write_tasks({"id": "hostile", "command": "kill -s TSTP $PPID; sleep 0.2"})
    # Of a group with a parent in its session, as a shell's job: the kernel itself lets nobody be stopped like this in any other.
    job = "import subprocess, sys; subprocess.run(sys.argv[1:], stdout=open('out', 'w'), stderr=subprocess.STDOUT, process_group=0)"
    subprocess.run(
        [sys.executable, "-c", job, ORCHESTRATOR, "run", "--no-reflect"],
        cwd=rig.root,
        env=rig.environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        timeout=TIMEOUT,
    )

    said = (rig.root / "out").read_text()
    assert rig.statuses() == {"hostile": "done"}, said
    assert "its guardian let it go on" in said


def test_a_task_that_goes_on_stopping_the_tool_is_still_ended_by_its_time_limit(rig: Rig) -> None:
    rig.write_tasks({"id": "hostile", "command": "tool=$PPID; while :; do kill -STOP $tool; sleep 0.1; done", "timeout": "2s"})
    process = rig.start("run", "--no-reflect")
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 1, output
    assert [attempt["ending"] for attempt in rig.attempts("hostile")] == ["timed_out"]
    assert not rig.processes()


def test_a_guardian_that_a_task_kills_is_replaced(rig: Rig) -> None:
    each = "for each in $(cat /proc/$PPID/task/$PPID/children); do"
    kill = f"{each} [ $each = $$ ] || {{ kill -KILL $each; killed=$each; }}; done"
    replaced = f"{each} grep -qs guardian_loop /proc/$each/cmdline && [ $each != $killed ] && break; done"
    wait = f"until {replaced}; do sleep 0.05; done; sleep 1.5"  # until it is ready, which the tool itself waits a second for
    rig.write_tasks({"id": "hostile", "command": f"{kill}; {wait}; kill -STOP $PPID; sleep 0.2"})
    process = rig.start("run", "--no-reflect")
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 0, output
    assert "the guardian of this process was killed; another one was started" in output
    assert "its guardian let it go on" in output


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGTTOU])
def test_a_person_with_a_terminal_suspends_the_tool_for_as_long_as_they_like(rig: Rig, number: int) -> None:
    rig.write_tasks({"id": "long", "command": "touch up; sleep 1"}, {"id": "next", "command": "true", "dependencies": ["long"]})
    # A shell of its own between: the kernel stops nobody whose group has no parent to let it go on.
    command = f"{ORCHESTRATOR} run --no-reflect >out 2>&1 & echo $! >pid; wait $!; while kill -0 $(cat pid) 2>/dev/null; do wait; done"
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(rig.root)
        os.execve("/bin/bash", ["bash", "-c", f"set -m; {command}"], rig.environment())
    try:
        until((rig.root / "up").exists)
        tool = int((rig.root / "pid").read_text())
        os.kill(tool, number)
        until(lambda: _state(tool) == "T", what="it stops")
        looks = 0
        while looks < 30:  # three times as long as a foreign stop lasts at most
            assert _state(tool) == "T"
            time.sleep(0.05)
            looks += 1
        assert rig.journalled()["long"] == "in_progress"
        os.kill(tool, signal.SIGCONT)
        until(lambda: _state(tool) in ("", "Z"), what="it ends")
    finally:
        os.close(terminal)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert rig.statuses() == {"long": "done", "next": "done"}, (rig.root / "out").read_text()
    assert "was stopped" not in (rig.root / "out").read_text()


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.fixture
def strangers_rig() -> Iterator[Rig]:
    """A rig of an unprivileged user."""
    python = ORCHESTRATOR.with_name("python")
    if os.geteuid() != 0 or subprocess.run([python, "-c", "import core"], cwd="/", user=_NOBODY, group=_NOBODY).returncode:
        pytest.skip("only root can become somebody else, where they can read the tool")
    with tempfile.TemporaryDirectory() as directory:
        os.chown(directory, _NOBODY, _NOBODY)
        rig = Rig(Path(directory))
        yield rig
        rig.close()


def test_a_task_of_an_unprivileged_user_cannot_read_or_trace_the_tool(strangers_rig: Rig) -> None:
    rig = strangers_rig
    rig.write_tasks({"id": "curious", "command": "id -u; tr '\\0' ' ' </proc/$PPID/environ; head -c 1 /proc/$PPID/mem"})
    ended = subprocess.run(
        [ORCHESTRATOR, "run", "--no-reflect"],
        cwd=rig.root,
        env=rig.environment(HOME=str(rig.root)),
        user=_NOBODY,
        group=_NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )

    assert ended.returncode == 1, ended.stderr
    log = next((rig.root / "logs").glob("task-curious-*.log")).read_text()
    assert str(_NOBODY) in log
    assert log.count("ermission denied") == 2, log
    assert "RIG_TOKEN" not in log
