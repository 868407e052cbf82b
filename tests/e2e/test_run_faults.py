"""A machine that does not play along: floods of output, full disks, closed terminals, files that cannot be read."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import pty
import shutil
import signal
import sqlite3
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, events_of, until
from tests.waiting import TIMEOUT

_MIB = 1024 * 1024
#: The two capabilities by which root reads and writes what its mode forbids.
_PR_CAPBSET_DROP, _OVERRIDES = 24, (1, 2)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    where = tmp_path / "small"
    where.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", where], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield where
    subprocess.run(["umount", "--lazy", where], check=True)


def as_mortal() -> None:
    """Give up what lets root pass by file modes."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in _OVERRIDES:
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "cannot drop a capability")


# -- output ----------------------------------------------------------------------------------------------------------


def test_a_gigabyte_of_output_costs_the_log_limit_and_no_memory(rig: Rig) -> None:
    # An eighth of it at a time, each of which waits until the log has been cut.
    part = "head -c 134217728 /dev/zero; until [ $(stat -Lc %b /proc/$$/fd/1) -lt 200000 ]; do sleep 0.02; done; "
    rig.write_tasks({"id": "flood", "command": f"echo the beginning; {8 * part}echo the end"})
    process = rig.start("run", "--json")
    largest = peak = 0
    while process.poll() is None:
        log = next((rig.root / "logs").glob("task-flood-*.log"), None)
        if log is not None:
            largest = max(largest, log.stat().st_blocks * 512)
        peak = max(peak, _memory(process.pid))
        time.sleep(0.01)
    assert process.stdout is not None
    finished = events_of(process.stdout.read(), "task_finished")[0]
    log = rig.root / finished["outcome"]["log"]
    content = log.read_bytes()

    assert finished["status"] == "done"
    assert log.stat().st_blocks * 512 <= 64 * _MIB
    assert largest < 256 * _MIB, "its middle was left out while it grew, not afterwards"
    assert peak < 200 * _MIB
    assert b"the beginning" in content[:1000]
    # It is written as soon as the log is seen to be short: the 64 KiB that are put back behind a cut may come after it.
    assert b"the end" in content[-70_000:]
    assert b"beyond log.limit" in content[-1000:]
    assert finished["outcome"]["log_digest"] == hashlib.sha256(content).hexdigest()
    shutil.rmtree(rig.root / "logs")


def _memory(pid: int) -> int:
    """Return the resident memory of a process in bytes; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):
        return 0


def test_binary_output_is_kept_as_it_is_and_shown_harmless(rig: Rig) -> None:
    noise = bytes(range(256)) * 40 + b"\x1b[2J\x1b]0;owned\x07\n"
    (rig.root / "noise").write_bytes(noise)
    rig.write_tasks({"id": "binary", "command": "cat noise; exit 1"})
    ended = subprocess.run([ORCHESTRATOR, "run"], cwd=rig.root, env=rig.environment(), capture_output=True)
    shown = subprocess.run([ORCHESTRATOR, "log", "binary"], cwd=rig.root, env=rig.environment(), capture_output=True)

    assert ended.returncode == 1
    assert noise in next((rig.root / "logs").glob("task-binary-*.log")).read_bytes()
    for output in (ended.stdout, ended.stderr, shown.stdout):
        assert b"\x1b" not in output
        assert b"\x07" not in output
        output.decode()
    assert b"owned" in shown.stdout


def test_a_reader_that_goes_away_does_not_stop_the_run(rig: Rig) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": "sleep 0.05"} for number in range(20)))
    piped = f"{ORCHESTRATOR} run --json -j2 | head -n 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", piped], cwd=rig.root, env=rig.environment(), capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert set(rig.statuses().values()) == {"done"}


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_needs_no_streams(rig: Rig, closed: str) -> None:
    rig.write_tasks({"id": "a", "command": "echo hello"}, {"id": "b", "command": "echo $(ls /proc/self/fd | wc -l)"})
    ended = subprocess.run(["bash", "-c", f"{ORCHESTRATOR} run {closed}"], cwd=rig.root, env=rig.environment(), capture_output=True)

    assert ended.returncode == 0, ended.stderr
    assert set(rig.statuses().values()) == {"done"}
    assert "\nhello\n" in next((rig.root / "logs").glob("task-a-*.log")).read_text()
    assert b"hello" not in ended.stdout


# -- terminals -------------------------------------------------------------------------------------------------------


def _on_terminal(rig: Rig, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start the tool as the leader of a terminal of its own; return it and our end of the terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [ORCHESTRATOR, *arguments],
        cwd=rig.root,
        env=rig.environment(TERM="xterm"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=take_terminal,  # noqa: PLW1509 (nothing else runs here yet)
    )
    os.close(theirs)
    return process, ours


def _read_until_end(ours: int, process: subprocess.Popen[bytes]) -> bytes:
    parts = []

    def read() -> None:
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:
            return

    reader = threading.Thread(target=read)
    reader.start()
    process.wait(TIMEOUT)
    reader.join(TIMEOUT)
    return b"".join(parts)


def test_closing_the_terminal_ends_the_run_as_a_hangup(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch up; sleep 1060"})
    process, ours = _on_terminal(rig, "run")
    until((rig.root / "up").exists)
    os.close(ours)

    assert process.wait(TIMEOUT) == 129
    assert not rig.processes()
    assert rig.statuses() == {"a": "pending"}
    assert [attempt["ending"] for attempt in rig.attempts("a")] == ["interrupted"]


def test_control_c_on_a_terminal(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch up; sleep 1060"})
    process, ours = _on_terminal(rig, "run")
    until((rig.root / "up").exists)
    os.write(ours, b"\x03")
    shown = _read_until_end(ours, process)
    os.close(ours)

    assert process.returncode == 130
    assert b"stopped by SIGINT" in shown
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h"), "the cursor is back"
    assert rig.statuses() == {"a": "pending"}


def test_a_terminal_shows_what_runs_and_what_came_of_it(rig: Rig) -> None:
    rig.write_tasks({"id": "good", "command": "sleep 0.5"}, {"id": "bad", "command": "echo why; exit 3"})
    process, ours = _on_terminal(rig, "run", "-j1")
    shown = _read_until_end(ours, process)
    os.close(ours)

    assert process.returncode == 1
    text = shown.decode()
    assert "good" in text
    assert "exit 3" in text
    assert "why" in text
    assert "1 done" in text
    assert "1 failed" in text


def test_nohup_is_honoured(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch up; while [ ! -e go ]; do sleep 0.05; done"})
    process = subprocess.Popen(
        ["nohup", ORCHESTRATOR, "run"], cwd=rig.root, env=rig.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until((rig.root / "up").exists)
    os.kill(process.pid, signal.SIGHUP)
    until(lambda: _hangups_waiting(process.pid) == 0, what="the hangup has arrived")
    (rig.root / "go").touch()

    assert process.wait(TIMEOUT) == 0
    assert rig.statuses() == {"a": "done"}


def _hangups_waiting(pid: int) -> int:
    """Return how many SIGHUP the system still keeps for a process."""
    pending = [line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
    return sum(int(mask, 16) >> (signal.SIGHUP - 1) & 1 for mask in pending)


# -- disks and modes -------------------------------------------------------------------------------------------------


def test_a_task_that_fills_the_disk_leaves_the_state_intact(small_disk: Path) -> None:
    rig = Rig(small_disk)
    rig.write_tasks(
        {"id": "before", "command": "true", "priority": 1},
        {"id": "flood", "command": "head -c 50000000 /dev/zero; sleep 0.5"},
        {"id": "other", "command": "sleep 0.7"},
    )
    text = rig.tasks_file.read_text()
    ended = rig.run("run", "-j2")

    assert ended.returncode in (0, 1, 2)
    assert "Traceback" not in ended.stderr
    if ended.returncode == 2:
        assert "full" in ended.stderr or "No space left" in ended.stderr
    assert not rig.processes()
    assert rig.tasks_file.read_text().replace("  status: done\n", "").replace("  status: in_progress\n", "") == text
    for log in (small_disk / "logs").glob("task-*"):
        log.unlink()
    rig.write(rig.tasks_file.read_text().replace("50000000", "5"))

    assert rig.run("run").returncode == 0
    assert set(rig.statuses().values()) == {"done"}
    assert len([attempt for attempt in rig.attempts("before") if attempt["ending"] == "succeeded"]) == 1


@pytest.mark.parametrize("command", [["run"], ["done", "a"], ["add", "something"]])
def test_on_a_disk_that_is_full_from_the_start_nothing_is_changed_and_the_reason_is_said(small_disk: Path, command: list[str]) -> None:
    rig = Rig(small_disk)
    rig.write_tasks({"id": "a", "command": "true"})
    text = rig.tasks_file.read_text()
    _fill(small_disk)
    refused = rig.run(*command)

    assert refused.returncode == 2
    assert "full" in refused.stderr or "no space left" in refused.stderr.lower()
    assert "Traceback" not in refused.stderr
    assert rig.tasks_file.read_text() == text
    (small_disk / "ballast").unlink()
    assert rig.run("run").returncode == 0


def test_a_full_disk_can_be_looked_at(small_disk: Path) -> None:
    rig = Rig(small_disk)
    rig.write_tasks({"id": "a", "command": "true"})
    _fill(small_disk)
    rig.run("run")

    assert rig.run("status").returncode == 0


def test_a_tasks_file_on_a_full_disk_is_as_it_was_and_the_journal_knows_more(rig: Rig, small_disk: Path) -> None:
    elsewhere = small_disk / "tasks.yml"
    rig.tasks_file.symlink_to(elsewhere)
    rig.write_tasks({"id": "a", "command": "sleep 0.6"}, {"id": "b", "command": "echo b >> b.ran", "dependencies": ["a"]})
    text = elsewhere.read_text()
    _fill(small_disk)
    ended = rig.run("run")

    assert ended.returncode == 2, ended.stderr
    assert "No space left on device" in ended.stderr
    assert elsewhere.read_text() == text
    (small_disk / "ballast").unlink()
    again = rig.run("run")
    assert again.returncode == 0, again.stderr
    assert rig.tasks_file.is_symlink()
    assert elsewhere.read_text().count("status: done") == 2
    assert rig.lines("b.ran") == ["b"]


def _fill(disk: Path) -> None:
    with open(disk / "ballast", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


def _forbid_reading(rig: Rig) -> None:
    rig.tasks_file.chmod(0)


def _make_directory(rig: Rig) -> None:
    rig.tasks_file.unlink()
    rig.tasks_file.mkdir()


def _point_nowhere(rig: Rig) -> None:
    rig.tasks_file.unlink()
    rig.tasks_file.symlink_to("tasks.yml")


def _make_pipe(rig: Rig) -> None:
    rig.tasks_file.unlink()
    os.mkfifo(rig.tasks_file)


def _make_binary(rig: Rig) -> None:
    rig.tasks_file.write_bytes(b"- id: \xff\xfe\x00\n")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_forbid_reading, "Permission denied"),
        (_make_directory, "not a regular file"),
        (_point_nowhere, "symbolic links"),
        (_make_pipe, "not a regular file"),
        (_make_binary, "tasks.yml:1"),
    ],
)
def test_a_tasks_file_that_cannot_be_read_is_refused_with_the_reason(rig: Rig, damage: Callable[[Rig], None], message: str) -> None:
    rig.write_tasks({"id": "a", "command": "touch ran"})
    damage(rig)
    refused = rig.run("run", preexec=as_mortal, timeout=TIMEOUT)

    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (rig.root / "ran").exists()


def test_a_read_only_repository_can_be_looked_at_and_not_run(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch /dev/null"})
    text = rig.tasks_file.read_text()
    rig.root.chmod(0o555)
    try:
        refused = rig.run("run", preexec=as_mortal)
        looks = [rig.run(*command, preexec=as_mortal) for command in (["status"], ["list"], ["plan"], ["why", "a"], ["validate"])]
        changed = rig.run("done", "a", preexec=as_mortal)
    finally:
        rig.root.chmod(0o755)

    assert refused.returncode == 2
    assert "ermission denied" in refused.stderr
    assert [look.returncode for look in looks] == [0] * 5, [look.stderr for look in looks]
    assert changed.returncode == 2
    assert rig.tasks_file.read_text() == text
    assert os.listdir(rig.root) == ["tasks.yml"]


def test_a_read_only_tasks_file_is_not_written_behind_its_owners_back(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    rig.tasks_file.chmod(0o444)
    refused = rig.run("run", preexec=as_mortal)

    assert refused.returncode == 2
    assert "tasks.yml is read-only" in refused.stderr
    assert "chmod u+w tasks.yml" in refused.stderr
    assert "status" not in rig.tasks_file.read_text()
    rig.tasks_file.chmod(0o644)
    assert rig.run("run").returncode == 0


def test_a_repository_on_a_read_only_disk_after_some_runs_can_still_be_looked_at(small_disk: Path) -> None:
    rig = Rig(small_disk)
    rig.write_tasks({"id": "a", "command": "echo hello"})
    rig.run("run")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    looks = {command: rig.run(*command.split()) for command in ("status", "list", "history", "history a", "log a", "show a", "run -n")}
    refused = rig.run("run")

    assert {command: look.returncode for command, look in looks.items()} == dict.fromkeys(looks, 0)
    assert "hello" in looks["log a"].stdout
    assert "succeeded" in looks["history a"].stdout
    assert refused.returncode == 2
    assert "read-only" in refused.stderr.lower()


LOOKING = (["status"], ["history"], ["list", "--json"], ["why", "a"], ["plan"])


@pytest.mark.parametrize("command", LOOKING, ids=lambda command: command[0])
def test_looking_at_a_damaged_state_says_that_it_is(rig: Rig, command: list[str]) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    rig.run("run")
    database = rig.root / ".orchestrator" / "state.db"
    database.write_bytes(database.read_bytes()[:5000])
    looked = rig.run(*command)

    assert looked.returncode == 0
    assert looked.stderr.startswith("warning: state.db cannot be read (")
    assert "the tasks file alone" in looked.stderr
    assert database.stat().st_size == 5000


@pytest.mark.parametrize("command", LOOKING, ids=lambda command: command[0])
@pytest.mark.parametrize("mode", [0o755, 0o555])
def test_the_state_of_a_newer_version_is_refused_by_whoever_looks(rig: Rig, command: list[str], mode: int) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    rig.run("run")
    state = rig.root / ".orchestrator"
    connection = sqlite3.connect(state / "state.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    state.chmod(mode)
    looked = rig.run(*command)
    state.chmod(0o755)

    assert looked.returncode == 2
    assert "was written by a newer orchestrator (state version 99" in looked.stderr
    assert "upgrade orchestrator" in looked.stderr


def test_a_damaged_state_is_moved_aside_and_the_file_believed(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true"}, {"id": "b", "command": "echo b >> b.ran", "dependencies": ["a"]})
    rig.run("run", "--only", "a")
    database = rig.root / ".orchestrator" / "state.db"
    database.write_bytes(b"this is no database" * 1000)
    ended = rig.run("run")

    assert ended.returncode == 0, ended.stderr
    assert "moved" in ended.stderr
    assert set(rig.statuses().values()) == {"done"}
    assert rig.lines("b.ran") == ["b"]
    assert list(database.parent.glob("state.db.damaged-*"))


@pytest.mark.parametrize("gone", [".orchestrator", "logs"])
def test_state_and_logs_may_be_deleted_between_runs(rig: Rig, gone: str) -> None:
    rig.write_tasks({"id": "a", "command": "true"}, {"id": "b", "command": "true"})
    rig.run("run", "--only", "a")
    shutil.rmtree(rig.root / gone)
    ended = rig.run("run", "--json")

    assert ended.returncode == 0, ended.stderr
    assert events_of(ended.stdout, "run_finished")[0]["done"] == ["b"]


def test_logs_deleted_during_a_run_do_not_stop_it(rig: Rig) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": "sleep 0.1; echo out"} for number in range(10)))
    process = rig.start("run", "-j1")
    until(lambda: len(list((rig.root / "logs").glob("task-*"))) >= 3, what="some logs")
    shutil.rmtree(rig.root / "logs")
    output, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode == 0, output
    assert set(rig.statuses().values()) == {"done"}


def test_the_state_deleted_during_a_run_costs_no_result(rig: Rig) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": f"sleep 0.1; echo t{number} >> ran"} for number in range(10)))
    process = rig.start("run", "-j1")
    until(lambda: len(rig.lines("ran")) >= 3, what="some tasks done")
    # The run makes and removes folders in it meanwhile.
    until(lambda: subprocess.run(["rm", "-rf", rig.root / ".orchestrator"], check=False).returncode == 0, what="it is removed")
    output, _ = process.communicate(timeout=TIMEOUT)

    assert "Traceback" not in output
    assert "mistake in orchestrator" not in output
    assert rig.run("run").returncode == 0
    assert sorted(rig.lines("ran")) == sorted({*rig.lines("ran")}), "nothing ran twice"
    assert set(rig.statuses().values()) == {"done"}
