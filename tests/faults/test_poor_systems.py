"""What was not there when a run needed it, or was not what it seemed: /proc, processes, the owner of a pid, its own privacy."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, events_of
from tests.faults.scale import count
from tests.waiting import TIMEOUT, until

#: A user nobody else is: how many processes it may have is counted over all of the machine.
_STRANGER = 61_234
_ROOT = os.geteuid() == 0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def strangers_rig() -> Iterator[Rig]:
    """A rig of a user that nothing else belongs to."""
    tool = [ORCHESTRATOR.with_name("python"), "-c", "import core"]
    if not _ROOT or subprocess.run(tool, cwd="/", user=_STRANGER, group=_STRANGER, capture_output=True).returncode:
        pytest.skip("only root can become somebody else, where they can read the tool")
    with tempfile.TemporaryDirectory() as directory:
        rig = Rig(Path(directory, "repository"))
        rig.root.mkdir()
        yield rig
        rig.close()


def _as_stranger(rig: Rig, processes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool as a user that may have so many processes and threads, the tool included."""
    for path in (rig.root.parent, rig.root, *rig.root.rglob("*")):
        os.chown(path, _STRANGER, _STRANGER, follow_symlinks=False)
    return subprocess.run(
        [ORCHESTRATOR, *arguments],
        cwd=rig.root,
        env=rig.environment(HOME=str(rig.root.parent)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        user=_STRANGER,
        group=_STRANGER,
        extra_groups=[],
        # Root is above the limit; it holds from the moment on that the process is somebody else's.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes)),
    )


@pytest.mark.parametrize("processes", range(1, 1 + count(4, 12)))
def test_where_no_more_processes_can_be_had_the_state_is_true_and_the_next_run_goes_on(strangers_rig: Rig, processes: int) -> None:
    rig = strangers_rig
    rig.write_tasks(*({"id": f"t{number}", "command": "echo x >> traces; true", "verify": "true"} for number in range(4)))
    short = _as_stranger(rig, processes, "run", "-j2")

    assert short.returncode in (0, 1), short.stderr
    assert "Traceback" not in short.stderr
    assert not rig.processes()
    last = _as_stranger(rig, 500, "run", "--retry-failed", "--json")
    assert last.returncode == 0, last.stderr
    assert events_of(last.stdout)[-1]["exit_code"] == 0
    listed = json.loads(_as_stranger(rig, 500, "list", "--json").stdout)
    assert {task["id"]: task["status"] for task in listed} == dict.fromkeys(("t0", "t1", "t2", "t3"), "done")


@pytest.mark.parametrize("arguments", [("plan",), ("status",), ("audit",), ("doctor",), ("plugins", "list"), ("validate",)], ids=" ".join)
def test_a_command_that_looks_needs_no_second_process(strangers_rig: Rig, arguments: tuple[str, ...]) -> None:
    strangers_rig.write_tasks({"id": "a", "command": "true"})
    (strangers_rig.root / "module.py").write_text("def f(a):\n    return a\n")
    ended = _as_stranger(strangers_rig, 1, *arguments)

    assert ended.returncode in (0, 1), ended.stderr
    assert "Traceback" not in ended.stderr


def _without_proc(rig: Rig, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh", str(ORCHESTRATOR), *arguments]
    ended = subprocess.run(command, cwd=rig.root, env=rig.environment(), capture_output=True, text=True, timeout=TIMEOUT)
    if "unshare" in ended.stderr or "mount:" in ended.stderr:
        pytest.skip(f"/proc cannot be hidden here: {ended.stderr.strip()}")
    return ended


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_without_proc_a_run_works_and_time_limits_hold(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "quick", "command": "echo hello; sleep 0.1"},
        {"id": "hangs", "command": "echo $$ > leader; sleep 300; sleep 300", "timeout": "1s"},
        {"id": "after", "command": "true", "dependencies": ["quick"]},
    )
    ended = _without_proc(rig, "run", "--json")

    assert ended.returncode == 1, ended.stderr
    assert rig.statuses() == {"quick": "done", "hangs": "failed", "after": "done"}
    assert [attempt["ending"] for attempt in rig.attempts("hangs")] == ["timed_out"]
    until(lambda: not rig.processes(), what="the group of the task is gone")


def test_a_process_that_has_the_pid_of_a_dead_run_now_is_never_killed(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch up; sleep 300"})
    process = rig.start("run", "--no-reflect")
    until((rig.root / "up").exists, what="the task runs")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    bystander = _process_with(process.pid)
    try:
        rig.write_tasks({"id": "a", "command": "true"})
        ended = rig.run("run", "--no-reflect")

        assert ended.returncode == 0, ended.stderr
        assert rig.statuses() == {"a": "done"}
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def _process_with(pid: int) -> subprocess.Popen[bytes]:
    """Start a process that is given ``pid``; the test is skipped where nobody may ask for that."""
    for _ in range(200):
        try:
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        except OSError as problem:
            pytest.skip(f"a pid cannot be asked for here: {problem.strerror}")
        process = subprocess.Popen(["sleep", "300"], env={}, cwd="/", start_new_session=True)
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
    pytest.skip("somebody else was always faster")


@pytest.mark.skipif(not _ROOT or shutil.which("strace") is None, reason="only root's tasks can trace, and strace does it")
def test_a_task_of_root_that_traces_the_tool_is_noticed(rig: Rig) -> None:
    trace = 'strace -o /dev/null -p $PPID & tracer=$!; until grep -q "^TracerPid:.*[1-9]" /proc/$PPID/status; do sleep 0.05; done'
    rig.write_tasks({"id": "curious", "command": f"{trace}; sleep 2.5; kill -INT $tracer; wait; true"})
    ended = rig.run("run", "--no-reflect", timeout=TIMEOUT)

    assert ended.returncode == 0, ended.stderr
    assert "started by a task, traces this one" in ended.stdout + ended.stderr
    assert "running then: curious" in ended.stdout + ended.stderr
