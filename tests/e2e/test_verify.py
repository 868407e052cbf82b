"""`orchestrator verify`: does what was done still hold? And `done`, which looks before it believes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, until
from tests.waiting import TIMEOUT


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def backlog(rig: Rig) -> Rig:
    rig.write_tasks(
        {"id": "holds", "command": "touch command.ran", "verify": "echo seen", "status": "done"},
        {"id": "broken", "command": "touch command.ran", "verify": ["true", "echo why; exit 3"], "status": "done", "tags": ["night"]},
        {"id": "later", "command": "touch command.ran", "verify": "false", "dependencies": ["broken"]},
        {"id": "goal", "verify": "true"},
        {"id": "bare", "command": "touch command.ran", "status": "done"},
        {"id": "cancelled", "command": "touch command.ran", "verify": "touch cancelled.ran", "status": "cancelled"},
        {"id": "lint", "command": "touch command.ran", "verify": "touch check.ran", "check": True},
    )
    return rig


def test_the_verify_commands_of_tasks_run_and_nothing_else(backlog: Rig) -> None:
    text = backlog.tasks_file.read_text()
    ended = backlog.run("verify")

    assert ended.returncode == 1
    assert "broken" in ended.stdout
    assert "check failed: echo why; exit 3: exit 3" in ended.stdout
    assert "│ why" in ended.stdout
    assert "2 hold, 1 no longer holds, 1 does not hold yet" in ended.stdout
    assert not list(backlog.root.glob("*.ran"))
    assert backlog.tasks_file.read_text() == text


def test_what_was_not_done_does_not_fail_it(backlog: Rig) -> None:
    assert backlog.run("verify", "holds", "goal").returncode == 0
    assert backlog.run("verify", "later").returncode == 1, "a task that is named is asked about"
    assert backlog.run("verify", "--tag", "night").returncode == 1
    backlog.write_tasks({"id": "later", "verify": "false"})
    assert backlog.run("verify").returncode == 0


def test_reopen_makes_pending_what_no_longer_holds(backlog: Rig) -> None:
    ended = backlog.run("verify", "--reopen")

    assert ended.returncode == 1
    statuses = backlog.statuses()
    assert (statuses["holds"], statuses["broken"], statuses["bare"]) == ("done", "pending", "done")
    assert "it no longer holds" in backlog.run("history", "broken").stdout


def test_json_says_what_was_found(backlog: Rig) -> None:
    ended = backlog.run("verify", "--json", "-j2")
    answer = json.loads(ended.stdout)

    assert (ended.returncode, answer["exit_code"], answer["no_longer_holds"], answer["reopened"]) == (1, 1, ["broken"], [])
    found = {result["id"]: result for result in answer["results"]}
    assert {name: result["holds"] for name, result in found.items()} == {"holds": True, "broken": False, "later": False, "goal": True}
    assert (found["broken"]["status"], found["broken"]["exit_code"]) == ("done", 3)
    log = (backlog.root / found["broken"]["log"]).read_text().splitlines()
    assert "why" in log
    assert "# orchestrator: verify: echo why; exit 3" in log


def test_list_starts_and_writes_nothing(backlog: Rig) -> None:
    before = sorted(os.listdir(backlog.root))
    ended = backlog.run("verify", "--list")

    assert ended.returncode == 0
    assert [line.split()[0] for line in ended.stdout.splitlines()] == ["holds", "broken", "broken", "later", "goal"]
    assert "echo why; exit 3" in ended.stdout
    assert [task["id"] for task in backlog.json("verify", "--list", "broken")] == ["broken"]
    assert sorted(os.listdir(backlog.root)) == before


def test_nothing_is_recorded_as_an_attempt(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true", "verify": "true"})
    rig.run("run")
    before, plan = rig.json("history", "a"), rig.json("list")
    rig.run("verify")

    assert rig.json("history", "a") == before
    assert rig.json("list") == plan
    assert len(rig.json("history")) == 1


def test_a_time_limit_holds_for_it_too(rig: Rig) -> None:
    rig.write_tasks({"id": "slow", "verify": "sleep 1000", "timeout": 0.2, "status": "done"})
    ended = rig.run("verify")
    assert ended.returncode == 1
    assert "timed out after 0.2 s" in ended.stdout
    assert rig.processes() == {}


def test_the_verify_commands_find_what_they_find_in_a_run(rig: Rig) -> None:
    (rig.root / "sub").mkdir()
    check = 'test "$PWD" = "$OLD/sub" && test "$A$ORCHESTRATOR_TASK_ID$ORCHESTRATOR_TASK_KIND" = 1afix'
    rig.write_tasks({"id": "a", "kind": "fix", "verify": check, "env": {"A": "1", "OLD": str(rig.root)}, "cwd": "sub", "status": "done"})
    assert rig.run("verify").returncode == 0


@pytest.mark.parametrize(
    ("ids", "words"),
    [(["bare"], "bare has no verify"), (["lint"], "lint is a check"), (["holsd"], "no task holsd"), (["--tag", "nigth"], "nigth")],
)
def test_what_cannot_be_verified_is_a_mistake(backlog: Rig, ids: list[str], words: str) -> None:
    refused = backlog.run("verify", *ids)
    assert refused.returncode == 2
    assert words in refused.stderr


def test_without_any_verify_it_says_so(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "true", "status": "done"})
    ended = rig.run("verify")
    assert (ended.returncode, ended.stdout) == (0, "no task has a verify command\n")


def test_a_signal_ends_it_and_leaves_nothing(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "verify": "touch begun; sleep 1000", "status": "done"}, {"id": "b", "verify": "sleep 1000"})
    process = rig.start("verify", "-j1", "--reopen")
    until((rig.root / "begun").exists)
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=TIMEOUT) == 143
    assert rig.processes() == {}
    assert rig.statuses() == {"a": "done", "b": "pending"}


def test_beside_a_run_it_is_refused_and_within_one_it_is_a_part_of_it(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "slow", "command": "touch begun; until test -e go; do sleep 0.05; done"},
        {"id": "old", "verify": "true", "status": "done"},
    )
    process = rig.start("run")
    until((rig.root / "begun").exists)
    assert rig.run("verify").returncode == 4
    (rig.root / "go").touch()
    assert process.wait(timeout=TIMEOUT) == 0

    rig.write_tasks({"id": "old", "verify": "true", "status": "done"}, {"id": "still", "command": "orchestrator verify"})
    ended = rig.run("run")
    assert ended.returncode == 0, ended.stdout


# -- done ----------------------------------------------------------------------------------------------------------


def test_done_runs_the_verify_commands_first(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch command.ran", "verify": "touch verified"})
    ended = rig.run("done", "a")

    assert (ended.returncode, ended.stdout) == (0, "a: pending → done\n")
    assert (rig.root / "verified").exists()
    assert not (rig.root / "command.ran").exists()
    assert "unverified" not in rig.run("list").stdout


def test_done_refuses_what_does_not_hold(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "manual": True, "verify": "echo because; false"}, {"id": "b", "command": "true"})
    refused = rig.run("done", "b", "a")

    assert refused.returncode == 1
    assert "a is not done: check failed: echo because; false: exit 1" in refused.stderr
    assert "--force" in refused.stderr
    assert rig.statuses() == {"a": "pending", "b": "pending"}
    answer = json.loads(rig.run("done", "a", "--json").stdout)
    assert answer["exit_code"] == 1


def test_a_goal_that_was_marked_with_force_is_unverified_until_its_verify_passes(rig: Rig) -> None:
    rig.write_tasks({"id": "goal", "verify": "test -e there"})
    assert rig.run("done", "goal", "--force").returncode == 0
    assert "done (unverified)" in rig.run("list").stdout

    (rig.root / "there").touch()
    assert rig.run("reset", "goal").returncode == 0
    assert rig.run("run").returncode == 0

    assert "unverified" not in rig.run("list").stdout
    assert rig.json("list")[0]["verified"] is True


def test_done_with_force_overrides_and_history_says_so(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "verify": "false"})
    assert rig.run("done", "a", "--force").returncode == 0
    assert rig.statuses() == {"a": "done"}
    assert "marked as done by hand, overriding its verify commands" in rig.run("history", "a").stdout


def test_a_dry_run_of_done_starts_nothing(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "verify": "touch ran"})
    assert "+  status: done" in rig.run("done", "--dry-run", "a").stdout
    assert not (rig.root / "ran").exists()


def test_done_beside_a_run_looks_too(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "slow", "command": "touch begun; until test -e go; do sleep 0.05; done"},
        {"id": "person", "manual": True, "verify": "test -e made"},
    )
    process = rig.start("run")
    until((rig.root / "begun").exists)
    assert rig.run("done", "person").returncode == 1
    (rig.root / "made").touch()
    assert rig.run("done", "person").returncode == 0
    (rig.root / "go").touch()
    assert process.wait(timeout=TIMEOUT) == 0
    assert rig.statuses() == {"slow": "done", "person": "done"}


@pytest.mark.parametrize(("answer", "code", "status"), [("y\n", 0, "done"), ("n\n", 1, "pending")])
def test_done_asks_at_a_terminal(rig: Rig, answer: str, code: int, status: str) -> None:
    rig.write_tasks({"id": "a", "verify": "false '\x1b[31m'"})
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [ORCHESTRATOR, "done", "a"], cwd=rig.root, env=rig.environment(TERM="xterm"), stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(controller, 4096)
    os.write(controller, answer.encode())
    try:
        while os.read(controller, 4096):
            pass
    except OSError:
        pass
    os.close(controller)

    assert b"a is not done: check failed: false '\\x1b[31m': exit 1" in said
    assert b"\x1b" not in said
    assert process.wait(timeout=TIMEOUT) == code
    assert rig.statuses() == {"a": status}


def test_a_reader_that_does_not_read_stops_neither_time_limits_nor_signals(rig: Rig) -> None:
    long = "x" * 2000
    rig.write_tasks(
        *({"id": f"t{number}", "description": long, "verify": "true"} for number in range(60)),
        {"id": "slow", "verify": "echo > begun; sleep 1000", "timeout": 0.5, "status": "done"},
        {"id": "last", "verify": "echo > last; sleep 1000", "status": "done"},
    )
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [ORCHESTRATOR, "verify", "-j1"], cwd=rig.root, env=rig.environment(), stdin=subprocess.DEVNULL, stdout=writing, stderr=writing
    )
    os.close(writing)
    try:
        until((rig.root / "last").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=TIMEOUT) == 143
    finally:
        process.kill()
        os.close(reading)
    assert rig.processes() == {}
