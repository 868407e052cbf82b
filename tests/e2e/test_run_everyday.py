"""What a run makes of every sort of task, and every command of an ordinary day."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.workbench import Bench, changed_lines, events_of, until
from tests.waiting import HANG


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


# -- sorts of tasks --------------------------------------------------------------------------------------------------


def test_a_failure_stops_only_what_needs_it(bench: Bench) -> None:
    bench.write_tasks(
        {"id": "bad", "command": "echo the reason; exit 3"},
        {"id": "needs-bad", "command": "touch needs-bad.ran", "dependencies": ["bad"]},
        {"id": "far", "command": "touch far.ran", "dependencies": ["needs-bad"]},
        {"id": "good", "command": "touch good.ran"},
    )
    ended = bench.run("run", "-j1")

    assert ended.returncode == 1
    assert (bench.root / "good.ran").exists()
    assert not (bench.root / "needs-bad.ran").exists()
    assert bench.statuses() == {"bad": "failed", "needs-bad": "pending", "far": "pending", "good": "done"}
    assert "exit 3" in ended.stdout
    assert "│ the reason" in ended.stdout
    assert "1 done, 1 failed, 2 blocked" in ended.stdout
    assert "bad" in bench.run("why", "far").stdout


def test_a_failed_task_runs_again_only_when_asked(bench: Bench) -> None:
    bench.write_tasks({"id": "bad", "command": "echo x >> tries; test -e mended"})
    bench.run("run")
    again = bench.run("run")
    (bench.root / "mended").touch()
    asked = bench.run("run", "--retry-failed")

    assert again.returncode == 1, "a task has failed, whoever ran it"
    assert asked.returncode == 0
    assert len(bench.lines("tries")) == 2
    assert bench.statuses() == {"bad": "done"}


def test_fail_fast_starts_nothing_more(bench: Bench) -> None:
    bench.write_tasks({"id": "bad", "command": "false", "priority": 1}, {"id": "good", "command": "touch good.ran"})
    ended = bench.run("run", "-j1", "--fail-fast")

    assert ended.returncode == 1
    assert not (bench.root / "good.ran").exists()
    assert "--fail-fast" in ended.stdout


def test_retries_wait_longer_each_time(bench: Bench) -> None:
    bench.write_tasks(
        {
            "id": "flaky",
            "command": 'date +%s%N >> tries; test "$ORCHESTRATOR_TASK_ATTEMPT" -ge 4',
            "retries": {"limit": 5, "delay": 0.1, "backoff": 2},
        }
    )
    ended = bench.run("run", "--json")
    moments = [int(line) / 1e9 for line in bench.lines("tries")]
    pauses = [after - before for before, after in itertools.pairwise(moments)]

    assert ended.returncode == 0
    assert [attempt["ending"] for attempt in bench.attempts("flaky")] == ["failed", "failed", "failed", "succeeded"]
    assert [event["pause"] for event in events_of(ended.stdout, "task_retried")] == pytest.approx([0.1, 0.2, 0.4])
    assert all(pause >= planned for pause, planned in zip(pauses, [0.1, 0.2, 0.4], strict=True))
    logs = {attempt["log"] for attempt in bench.attempts("flaky")}
    assert len(logs) == 4, "a log each"


def test_retries_come_to_an_end(bench: Bench) -> None:
    bench.write_tasks({"id": "flaky", "command": "echo x >> tries; exit 7", "retries": {"limit": 2, "delay": 0.01}})
    ended = bench.run("run")

    assert ended.returncode == 1
    assert len(bench.lines("tries")) == 3
    assert "3 attempts" in ended.stdout
    assert bench.statuses() == {"flaky": "failed"}


def test_a_timeout_ends_the_whole_tree(bench: Bench) -> None:
    bench.write_tasks({"id": "slow", "command": "sleep 1000 & sleep 1000", "timeout": 0.5})
    ended = bench.run("run")

    assert ended.returncode == 1
    assert bench.attempts("slow")[0]["ending"] == "timed_out"
    assert "timed out after 0.5 s" in ended.stdout
    assert not bench.processes()


def test_a_task_is_done_when_its_checks_pass_not_when_it_says_so(bench: Bench) -> None:
    bench.write_tasks(
        {"id": "liar", "command": "true", "verify": ["true", "test -e proof"]},
        {"id": "honest", "command": "touch made", "verify": "test -e made"},
        {"id": "trusting", "command": "touch ran", "dependencies": ["liar"]},
    )
    ended = bench.run("run")

    assert ended.returncode == 1
    assert bench.attempts("liar")[0]["ending"] == "failed_verify"
    assert "check failed: test -e proof" in ended.stdout
    assert bench.attempts("honest")[0]["verified"] is True
    assert not (bench.root / "ran").exists()


def test_a_goal_is_done_once_its_check_passes(bench: Bench) -> None:
    bench.write_tasks(
        {"id": "reached", "verify": "test -e made", "dependencies": ["make"]},
        {"id": "open", "verify": "test -e by-hand"},
        {"id": "make", "command": "touch made"},
        {"id": "behind", "command": "touch behind.ran", "dependencies": ["open"]},
    )
    first = bench.run("run")
    (bench.root / "by-hand").touch()
    second = bench.run("run")

    assert first.returncode == 0, "somebody has to act; nothing failed"
    assert "waiting  open" in first.stdout
    assert second.returncode == 0
    assert set(bench.statuses().values()) == {"done"}
    assert (bench.root / "behind.ran").exists()


def test_every_view_says_of_an_unmet_goal_that_it_waits_and_for_whom(bench: Bench) -> None:
    bench.write_tasks({"id": "g", "verify": "test -e by-hand", "kind": "refactor"}, {"id": "dear", "command": "true", "cost": 5})
    ended = bench.run("run", "--budget", "0")
    why = bench.run("why", "g").stdout

    assert "orchestrator why g  who or what can finish it" in ended.stdout
    assert why.startswith("g waits; a person or an agent does what it says; each run looks whether its checks pass\n")
    assert "last attempt  failed verify: check failed: test -e by-hand" in why
    assert "handlers: {refactor: COMMAND}" in why
    assert "runs next time" not in why
    assert "waiting  g" in bench.run("status").stdout
    assert bench.json("list")[0]["readiness"] == "waiting"
    assert "waiting  g  a person or an agent" in bench.run("plan").stdout
    (bench.root / "config.yaml").write_text("budget: {cost: 3}\n")
    assert bench.run("why", "dear").stdout.startswith("dear would run, but the budget does not allow it\n")


def test_a_goal_that_another_task_reaches_is_looked_at_again_in_the_same_run(bench: Bench) -> None:
    bench.write_tasks({"id": "goal", "verify": "test -e made"}, {"id": "make", "command": "sleep 0.3; touch made"})
    ended = bench.run("run", "-j2")

    assert ended.returncode == 0
    assert bench.statuses() == {"goal": "done", "make": "done"}


def test_milestones_manual_tasks_and_handlers(bench: Bench) -> None:
    (bench.root / "config.yaml").write_text(
        'handlers:\n  refactor: \'printf "%s|%s" "$ORCHESTRATOR_TASK_ID" "$ORCHESTRATOR_TASK_DESCRIPTION" > handled\'\n'
    )
    bench.write_tasks(
        {"id": "shape", "kind": "refactor", "description": 'a "quoted" $(touch pwned) `text`'},
        {"id": "milestone", "dependencies": ["shape"]},
        {"id": "review", "manual": True, "command": "touch never"},
        {"id": "release", "command": "touch released", "dependencies": ["milestone", "review"]},
    )
    first = bench.run("run")
    assert first.returncode == 0
    assert (bench.root / "handled").read_text() == 'shape|a "quoted" $(touch pwned) `text`'
    assert not (bench.root / "pwned").exists(), "a task's text is never part of a shell line"
    assert bench.statuses() == {"shape": "done", "milestone": "done", "review": "pending", "release": "pending"}
    assert not (bench.root / "never").exists()

    assert bench.run("done", "review").returncode == 0
    assert bench.run("run").returncode == 0
    assert (bench.root / "released").exists()


def test_commands_get_what_their_entry_says(bench: Bench) -> None:
    (bench.root / "sub").mkdir()
    bench.write_tasks(
        {"id": "argv", "command": ["printf", "%s\n", "a b", "$HOME", "*", "ü"]},
        {"id": "env", "command": "echo $COLOUR $ORCHESTRATOR_TASK_ATTEMPT", "env": {"COLOUR": "deep red"}},
        {"id": "cwd", "command": "pwd", "cwd": "sub"},
        {"id": "stdin", "command": "cat; echo end of input"},
        {"id": "shell", "command": "echo one && echo two | tr a-z A-Z; echo $((1+2))"},
    )
    ended = bench.run("run")
    output = {task: _output(bench, task) for task in ("argv", "env", "cwd", "stdin", "shell")}

    assert ended.returncode == 0, ended.stdout
    assert output == {
        "argv": "a b\n$HOME\n*\nü",
        "env": "deep red 1",
        "cwd": str(bench.root / "sub"),
        "stdin": "end of input",
        "shell": "one\nTWO\n3",
    }


def _output(bench: Bench, task: str) -> str:
    """Return what a task printed, from its log."""
    _, _, rest = bench.run("log", task).stdout.partition("\n\n")
    return rest.partition("\n\n# orchestrator: ")[0]


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("no-such-program-anywhere", 127, "no such"),
        (["./not-executable"], 126, "not executable"),
        ("kill -SEGV $$", None, "killed by SIGSEGV"),
        ("exit 255", 255, "exit 255"),
    ],
)
def test_a_command_that_cannot_do_it_is_a_failure_with_its_reason(bench: Bench, command: object, code: int | None, words: str) -> None:
    (bench.root / "not-executable").write_text("#!/bin/sh\n")
    bench.write_tasks({"id": "a", "command": command})
    ended = bench.run("run")

    assert ended.returncode == 1
    attempt = bench.attempts("a")[0]
    assert attempt["ending"] == "failed"
    assert attempt["exit_code"] == code
    assert words in attempt["reason"]


def test_a_log_says_what_was_run_and_how_it_ended(bench: Bench) -> None:
    bench.write_tasks({"id": "a", "command": "echo hello; echo trouble >&2", "verify": "echo checked"})
    bench.run("run")
    log = (bench.root / bench.attempts("a")[0]["log"]).read_text()

    lines = log.splitlines()
    assert lines[0].startswith("# orchestrator: task a, attempt 1, run 20")
    assert lines[1:3] == ["# orchestrator: command: echo hello; echo trouble >&2", f"# orchestrator: cwd: {bench.root}"]
    assert lines[5:7] == ["hello", "trouble"]
    assert "# orchestrator: verify: echo checked" in lines
    assert "# orchestrator: succeeded: every check passed" in lines
    assert lines[-1].startswith("# orchestrator: duration: ")
    assert "cpu: " in lines[-1]


def test_no_more_logs_are_kept_than_wanted(bench: Bench) -> None:
    (bench.root / "config.yaml").write_text("log: {keep: 3}\n")
    bench.write_tasks(*({"id": f"t{number}", "command": "true"} for number in range(6)))
    bench.run("run", "-j1")
    assert len(list((bench.root / "logs").glob("task-*.log"))) == 6, "none of the run that just ended is gone"
    bench.run("run")

    assert sorted(path.name.split("-")[1] for path in (bench.root / "logs").glob("task-*.log")) == ["t3", "t4", "t5"]
    assert len(list((bench.root / "logs").glob("run-*.jsonl"))) == 2
    assert bench.run("log", "t5").returncode == 0
    gone = bench.run("log", "t0")
    assert gone.returncode == 2
    assert "log.keep" in gone.stderr


# -- what a person does ----------------------------------------------------------------------------------------------


def test_only_and_tag_bring_along_what_is_needed(bench: Bench) -> None:
    bench.write_tasks(
        {"id": "base", "command": "echo base >> ran"},
        {"id": "top", "command": "echo top >> ran", "dependencies": ["base"], "tags": ["nightly"]},
        {"id": "other", "command": "echo other >> ran"},
    )
    bench.run("run", "-j1", "--tag", "nightly")
    assert bench.lines("ran") == ["base", "top"]
    bench.run("run", "--only", "other")
    assert bench.lines("ran") == ["base", "top", "other"]


def test_a_dry_run_and_plan_start_nothing_and_write_nothing(bench: Bench) -> None:
    bench.write_tasks({"id": "a", "command": "touch ran"}, {"id": "b", "command": "touch ran", "dependencies": ["a"]})
    before = sorted(os.listdir(bench.root))
    for command in (["run", "--dry-run"], ["run", "-n", "--json"], ["plan"], ["why", "b"], ["status"], ["list"], ["show", "a"], ["graph"]):
        looked = bench.run(*command)
        assert looked.returncode == 0, looked.stderr
        assert looked.stdout
    assert sorted(os.listdir(bench.root)) == before


def test_done_reset_and_cancel_change_one_line_each(bench: Bench) -> None:
    text = (
        "# mine\n- id: a   # first\n  description: >\n    folded\n    text\n  command: 'touch ran'\n\n"
        "- {id: b, description: flow, command: touch b.ran}\n"
    )
    bench.write(text)

    assert bench.run("done", "a").stdout == "a: pending → done\n"
    assert changed_lines(text, bench.tasks_file.read_text()) == ["  status: done"]
    assert bench.run("cancel", "b").stdout == "b: pending → cancelled\n"
    assert "{id: b, status: cancelled, description: flow" in bench.tasks_file.read_text()
    ended = bench.run("run")
    assert ended.returncode == 0
    assert not (bench.root / "ran").exists()
    assert not (bench.root / "b.ran").exists()
    assert bench.run("reset", "a", "b").stdout == "a: done → pending\nb: cancelled → pending\n"
    assert bench.run("run").returncode == 0
    assert (bench.root / "ran").exists()
    assert (bench.root / "b.ran").exists()


def test_add_writes_an_entry_that_runs(bench: Bench) -> None:
    bench.write_tasks({"id": "base", "command": "true"})
    text = bench.tasks_file.read_text()
    command = ["add", "Check: the 'quoted' # text", "--command", "touch added.ran", "--needs", "base", "--cost", "2", "-p", "high"]
    added = bench.run(*command, "--verify", "test -e added.ran", "--tag", "new", "--timeout", "1m")

    assert added.returncode == 0, added.stderr
    assert bench.tasks_file.read_text().startswith(text)
    entry = yaml.safe_load(bench.tasks_file.read_text())[-1]
    assert entry["description"] == "Check: the 'quoted' # text"
    assert entry["dependencies"] == ["base"]
    assert bench.run("run").returncode == 0
    assert (bench.root / "added.ran").exists()
    assert bench.run("add", "x", "--needs", "nowhere").returncode == 2


def test_a_done_task_is_not_run_again(bench: Bench) -> None:
    bench.write_tasks({"id": "a", "command": "echo x >> ran"})
    bench.run("run")
    again = bench.run("run")

    assert again.returncode == 0
    assert bench.lines("ran") == ["x"]
    assert "nothing to do" in again.stdout


def test_history_and_show_tell_what_happened(bench: Bench) -> None:
    bench.write_tasks({"id": "a", "command": "test -e ok"})
    bench.run("run")
    (bench.root / "ok").touch()
    bench.run("reset", "a")
    bench.run("run")

    assert [attempt["ending"] for attempt in bench.attempts("a")] == ["failed", "succeeded"]
    changes = [(change["before"], change["after"]) for change in reversed(bench.json("history", "a")["transitions"])]
    assert changes == [
        ("pending", "in_progress"),
        ("in_progress", "failed"),
        ("failed", "pending"),
        ("pending", "in_progress"),
        ("in_progress", "done"),
    ]
    assert [run["exit_code"] for run in bench.json("history")] == [0, 1]
    assert "succeeded" in bench.run("show", "a").stdout
    assert bench.run("log", "a", "--attempt", "1").stdout != bench.run("log", "a").stdout


def test_a_run_works_from_below_and_from_elsewhere(bench: Bench) -> None:
    bench.write_tasks({"id": "a", "command": "pwd > where"})
    (bench.root / "deep" / "down").mkdir(parents=True)
    below = Bench(bench.root / "deep" / "down")
    assert below.run("run").returncode == 0
    assert bench.lines("where") == [str(bench.root)]
    bench.run("reset", "a")
    elsewhere = Bench(Path("/"))
    assert elsewhere.run("-C", str(bench.root), "run").returncode == 0
    assert bench.statuses() == {"a": "done"}


def test_another_file_may_be_named(bench: Bench) -> None:
    (bench.root / "other.yml").write_text("- {id: a, description: x, command: touch ran}\n")
    assert bench.run("run", "-f", "other.yml").returncode == 0
    assert "status: done" in (bench.root / "other.yml").read_text()
    assert not bench.tasks_file.exists()


def test_the_text_survives_a_run_byte_for_byte_but_for_statuses(bench: Bench) -> None:
    text = (
        "\ufeff# head\r\n---\r\n- id: 'a'   # why\r\n  description: \"tab\\there — ü\"\r\n  command: |\r\n    true\r\n\r\n    true\r\n"
        "  x-note: &note {deep: [1, 2]}\r\n\r\n\r\n-   id: 2\r\n    status: pending # keep me\r\n    description: >-\r\n      folded\r\n"
        "      text\r\n    command: 'true'\r\n    dependencies: [ 'a' ]\r\n    x-same: *note\r\n# tail without an end"
    )
    bench.tasks_file.write_bytes(text.encode())
    bench.tasks_file.chmod(0o640)
    ended = bench.run("run")

    assert ended.returncode == 0, ended.stderr
    expected = text.replace("- id: 'a'   # why\r\n", "- id: 'a'   # why\r\n  status: done\r\n").replace("status: pending", "status: done")
    assert bench.tasks_file.read_bytes().decode() == expected
    assert bench.tasks_file.stat().st_mode & 0o777 == 0o640


def test_a_large_file_is_parsed_once_for_all_commands(bench: Bench) -> None:
    bench.write_tasks(*({"id": f"t{number}", "command": "true"} for number in range(600)))
    bench.run("run", "--only", "t0")
    bench.run("status")

    assert list((bench.root / ".orchestrator").rglob("tasks-*.json")), "the parsed form is remembered"


def test_keep_going_overrules_the_file_and_not_fail_fast(bench: Bench) -> None:
    (bench.root / "config.yaml").write_text("fail_fast: true\njobs: 1\n")
    bench.write_tasks({"id": "bad", "command": "exit 3"}, {"id": "good", "command": "true"})
    both = bench.run("run", "-k", "--fail-fast")
    assert (both.returncode, "exclude each other" in both.stderr) == (2, True)
    assert bench.run("run", "-k").returncode == 1
    assert bench.statuses() == {"bad": "failed", "good": "done"}


def test_equal_ids_in_two_tasks_files_never_meet(bench: Bench) -> None:
    """A run that could not write its file keeps the statuses in the journal; a run of another file must not take them for its own."""
    bench.write(
        "- {id: t1, description: a, command: 'until [ -e go ]; do sleep 0.05; done'}\n"
        "- {id: t2, description: b, command: 'echo x >> built', dependencies: [t1]}\n"
    )
    (bench.root / "other.yml").write_text("- {id: t2, description: other, command: 'touch other-ran'}\n")
    process = bench.start("run", "-q")
    until(lambda: "in_progress" in bench.tasks_file.read_text(), what="t1 runs")
    whole = bench.tasks_file.read_text()
    bench.write(whole + "  x: [\n")
    (bench.root / "go").touch()
    assert process.wait(HANG) == 0
    bench.write(whole)

    assert bench.run("run", "-f", "other.yml").returncode == 0
    assert (bench.root / "other-ran").exists()
    assert bench.run("run").returncode == 0
    assert bench.lines("built") == ["x"]
    assert bench.statuses() == {"t1": "done", "t2": "done"}
