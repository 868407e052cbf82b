"""SIGTERM, SIGINT and SIGHUP to the tool alone, while its tasks have grandchildren that try to get away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, events_of, until
from tests.waiting import TIMEOUT

#: Two forks, a session of its own, nothing inherited that could be recognised: no environment, no directory, no open file.
_DAEMON = f"""
import os, sys
root = os.getcwd()
if os.fork():
    sys.exit()
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 256)
marker = os.open(root + "/pids", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(marker, b"%d\\n" % os.getpid())
os.close(marker)
os.chdir("/")
os.execve({sys.executable!r}, ["hidden", "-ISc", "import time; time.sleep(1000)"], {{}})
"""
_WAIT = "echo $$ >> pids; touch {id}.started; while :; do sleep 0.1; done"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()
    for pid in _living(rig):
        os.kill(pid, signal.SIGKILL)


def _living(rig: Rig) -> list[int]:
    """Return the processes that wrote down their pid and have not ended."""
    return [pid for pid in map(int, rig.lines("pids")) if _is_alive(pid)]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def _start(rig: Rig, *arguments: str, daemon: str = _DAEMON, wait: str = _WAIT) -> subprocess.Popen[str]:
    """Start a run with three tasks under way, one of them done before; return when all their processes are there."""
    (rig.root / "daemon.py").write_text(daemon)
    rig.write_tasks(
        {"id": "first", "command": "true"},
        {"id": "background", "command": f"(echo hello; {wait.format(id='inner')}) & {wait.format(id='background')}"},
        {"id": "daemon", "command": f"{sys.executable} -IS daemon.py; {wait.format(id='daemon')}"},
        {"id": "plain", "command": wait.format(id="plain"), "verify": "true"},
        {"id": "later", "command": "touch later.ran", "dependencies": ["plain"]},
    )
    process = rig.start("run", "-j3", *arguments)
    until(
        lambda: all((rig.root / f"{task}.started").exists() for task in ("inner", "background", "daemon", "plain")),
        what="all tasks run",
    )
    until(lambda: len(rig.lines("pids")) == 5, what="the daemon runs")
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_to_the_tool_alone_ends_everything_and_saves(rig: Rig, number: int, code: int) -> None:
    process = _start(rig)
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == code, output
    assert _living(rig) == []
    assert not rig.processes()
    expected = {"first": "done", "background": "pending", "daemon": "pending", "plain": "pending", "later": "pending"}
    assert rig.statuses() == expected
    assert "in_progress" not in rig.tasks_file.read_text()
    assert rig.tasks_file.read_text().count("status: done") == 1
    for task in ("background", "daemon", "plain"):
        assert [attempt["ending"] for attempt in rig.attempts(task)] == ["interrupted"]
    assert rig.json("history")[0]["exit_code"] == code
    assert not (rig.root / "later.ran").exists()
    assert f"stopped by {signal.Signals(number).name}" in output


def test_a_task_that_ignores_term_is_killed_after_the_grace_period(rig: Rig) -> None:
    deaf = _DAEMON.replace("import os, sys", "import os, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    process = _start(rig, daemon=deaf, wait="trap '' TERM INT HUP; " + _WAIT)
    begun = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(TIMEOUT) == 143
    assert time.monotonic() - begun > 4.5, "TERM, five seconds, KILL"
    assert _living(rig) == []
    assert not rig.processes()
    assert set(rig.statuses().values()) == {"done", "pending"}


def test_a_task_that_stopped_itself_is_ended_too(rig: Rig) -> None:
    rig.write_tasks({"id": "stopped", "command": "echo $$ >> pids; kill -STOP $$"})
    process = rig.start("run")
    until(lambda: rig.lines("pids"))
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(TIMEOUT) == 143
    assert _living(rig) == []


def test_a_second_signal_ends_everything_at_once(rig: Rig) -> None:
    """A grace period of an hour is not waited for."""
    (rig.root / "config.yaml").write_text("grace: 1h\n")
    process = _start(rig, wait="trap 'touch told' TERM; trap '' INT HUP; " + _WAIT)
    os.kill(process.pid, signal.SIGINT)
    until((rig.root / "told").exists, what="the tasks were told to end")
    assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)

    assert process.wait(TIMEOUT) == 130
    assert _living(rig) == []
    assert rig.statuses()["plain"] == "pending"


def test_a_task_that_cleans_up_is_given_the_time(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "tidy", "command": "trap 'sleep 0.5; echo tidied > tidied; exit 0' TERM; touch up; while :; do sleep 0.05; done"}
    )
    process = rig.start("run")
    until((rig.root / "up").exists)
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(TIMEOUT) == 143
    assert rig.lines("tidied") == ["tidied"]
    assert rig.statuses()["tidy"] == "pending", "it exited with 0 because it was told to end, not because it was done"


def test_a_signal_during_a_pause_before_a_retry_does_not_wait_for_it(rig: Rig) -> None:
    rig.write_tasks({"id": "flaky", "command": "echo x >> tries; false", "retries": {"limit": 3, "delay": "2h"}})
    process = rig.start("run")
    until(lambda: "failed" in {ending for _, ending in rig.journalled_attempts().get("flaky", [])}, what="it pauses")
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(TIMEOUT) == 143
    assert rig.statuses()["flaky"] == "pending"


def test_a_task_left_in_the_foreground_group_is_out_of_reach_of_the_keyboard(rig: Rig) -> None:
    process = _start(rig)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 130, output
    assert _living(rig) == []
    assert [attempt["reason"] for attempt in rig.attempts("plain")] == ["stopped by SIGINT"]


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_a_signal_while_it_starts_up_leaves_nothing_half_done(rig: Rig, after: float) -> None:
    rig.write_tasks({"id": "a", "command": "echo $$ >> pids; sleep 1000"})
    process = rig.start("run")
    time.sleep(after)
    os.kill(process.pid, signal.SIGTERM)
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode in (143, -signal.SIGTERM), output
    assert "Traceback" not in output
    assert not rig.processes()
    assert _living(rig) == []
    assert rig.statuses() == {"a": "pending"}


def test_after_a_signal_the_next_run_goes_on(rig: Rig) -> None:
    process = _start(rig)
    os.kill(process.pid, signal.SIGTERM)
    process.wait(TIMEOUT)
    rig.write(rig.tasks_file.read_text().replace("while :; do sleep 0.1; done", "true"))

    resumed = rig.run("run", "--json")

    assert resumed.returncode == 0, resumed.stderr
    assert set(rig.statuses().values()) == {"done"}
    assert events_of(resumed.stdout, "run_recovered") == [], "there was nothing to put right"
    assert [attempt["ending"] for attempt in rig.attempts("plain")] == ["interrupted", "succeeded"]
    assert _living(rig) == [], "the daemon that the resumed task left was ended as well"
