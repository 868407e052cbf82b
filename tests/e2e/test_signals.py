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

from tests.e2e.workbench import Bench, events_of, until
from tests.waiting import HANG

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
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()
    for pid in _living(bench):
        os.kill(pid, signal.SIGKILL)


def _living(bench: Bench) -> list[int]:
    """Return the processes that wrote down their pid and have not ended."""
    return [pid for pid in map(int, bench.lines("pids")) if _is_alive(pid)]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def _start(bench: Bench, *arguments: str, daemon: str = _DAEMON, wait: str = _WAIT) -> subprocess.Popen[str]:
    """Start a run with three tasks under way, one of them done before; return when all their processes are there."""
    (bench.root / "daemon.py").write_text(daemon)
    bench.write_tasks(
        {"id": "first", "command": "true"},
        {"id": "background", "command": f"(echo hello; {wait.format(id='inner')}) & {wait.format(id='background')}"},
        {"id": "daemon", "command": f"{sys.executable} -IS daemon.py; {wait.format(id='daemon')}"},
        {"id": "plain", "command": wait.format(id="plain"), "verify": "true"},
        {"id": "later", "command": "touch later.ran", "dependencies": ["plain"]},
    )
    process = bench.start("run", "-j3", *arguments)
    until(
        lambda: all((bench.root / f"{task}.started").exists() for task in ("inner", "background", "daemon", "plain")),
        what="all tasks run",
    )
    until(lambda: len(bench.lines("pids")) == 5, what="the daemon runs")
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_to_the_tool_alone_ends_everything_and_saves(bench: Bench, number: int, code: int) -> None:
    process = _start(bench)
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=HANG)

    assert process.returncode == code, output
    assert _living(bench) == []
    assert not bench.processes()
    expected = {"first": "done", "background": "pending", "daemon": "pending", "plain": "pending", "later": "pending"}
    assert bench.statuses() == expected
    assert "in_progress" not in bench.tasks_file.read_text()
    assert bench.tasks_file.read_text().count("status: done") == 1
    for task in ("background", "daemon", "plain"):
        assert [attempt["ending"] for attempt in bench.attempts(task)] == ["interrupted"]
    assert bench.json("history")[0]["exit_code"] == code
    assert not (bench.root / "later.ran").exists()
    assert f"stopped by {signal.Signals(number).name}" in output


def test_what_ignores_term_is_killed_in_time(bench: Bench) -> None:
    deaf = _DAEMON.replace("import os, sys", "import os, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    process = _start(bench, daemon=deaf, wait="trap '' TERM INT HUP; " + _WAIT)
    begun = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(HANG) == 143
    assert time.monotonic() - begun > 4.5, "TERM, five seconds, KILL"
    assert _living(bench) == []
    assert not bench.processes()
    assert set(bench.statuses().values()) == {"done", "pending"}


def test_what_stops_itself_is_ended_too(bench: Bench) -> None:
    bench.write_tasks({"id": "stopped", "command": "echo $$ >> pids; kill -STOP $$"})
    process = bench.start("run")
    until(lambda: bench.lines("pids"))
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(HANG) == 143
    assert _living(bench) == []


def test_the_second_signal_is_the_last_word(bench: Bench) -> None:
    """Not even a grace longer than anybody's patience is waited for."""
    (bench.root / "config.yaml").write_text("grace: 1h\n")
    process = _start(bench, wait="trap 'touch told' TERM; trap '' INT HUP; " + _WAIT)
    os.kill(process.pid, signal.SIGINT)
    until((bench.root / "told").exists, what="the tasks were told to end")
    assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)

    assert process.wait(HANG) == 130
    assert _living(bench) == []
    assert bench.statuses()["plain"] == "pending"


def test_a_task_that_cleans_up_is_given_the_time(bench: Bench) -> None:
    bench.write_tasks(
        {"id": "tidy", "command": "trap 'sleep 0.5; echo tidied > tidied; exit 0' TERM; touch up; while :; do sleep 0.05; done"}
    )
    process = bench.start("run")
    until((bench.root / "up").exists)
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(HANG) == 143
    assert bench.lines("tidied") == ["tidied"]
    assert bench.statuses()["tidy"] == "pending", "it exited with 0 because it was told to end, not because it was done"


def test_a_signal_during_a_pause_before_a_retry_does_not_wait_for_it(bench: Bench) -> None:
    bench.write_tasks({"id": "flaky", "command": "echo x >> tries; false", "retries": {"limit": 3, "delay": "2h"}})
    process = bench.start("run")
    until(lambda: "failed" in {ending for _, ending in bench.journalled_attempts().get("flaky", [])}, what="it pauses")
    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(HANG) == 143
    assert bench.statuses()["flaky"] == "pending"


def test_a_task_left_in_the_foreground_group_is_out_of_reach_of_the_keyboard(bench: Bench) -> None:
    process = _start(bench)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=HANG)

    assert process.returncode == 130, output
    assert _living(bench) == []
    assert [attempt["reason"] for attempt in bench.attempts("plain")] == ["stopped by SIGINT"]


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_a_signal_while_it_starts_up_leaves_nothing_half_done(bench: Bench, after: float) -> None:
    bench.write_tasks({"id": "a", "command": "echo $$ >> pids; sleep 1000"})
    process = bench.start("run")
    time.sleep(after)
    os.kill(process.pid, signal.SIGTERM)
    output, _ = process.communicate(timeout=HANG)

    assert process.returncode in (143, -signal.SIGTERM), output
    assert "Traceback" not in output
    assert not bench.processes()
    assert _living(bench) == []
    assert bench.statuses() == {"a": "pending"}


def test_after_a_signal_the_next_run_goes_on(bench: Bench) -> None:
    process = _start(bench)
    os.kill(process.pid, signal.SIGTERM)
    process.wait(HANG)
    bench.write(bench.tasks_file.read_text().replace("while :; do sleep 0.1; done", "true"))

    resumed = bench.run("run", "--json")

    assert resumed.returncode == 0, resumed.stderr
    assert set(bench.statuses().values()) == {"done"}
    assert events_of(resumed.stdout, "run_recovered") == [], "there was nothing to put right"
    assert [attempt["ending"] for attempt in bench.attempts("plain")] == ["interrupted", "succeeded"]
    assert _living(bench) == [], "the daemon that the resumed task left was ended as well"
