"""What a run makes of every sort of task, and every command of an ordinary day."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.rig import Rig, changed_lines, events_of, until
from tests.waiting import TIMEOUT


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


# -- sorts of tasks --------------------------------------------------------------------------------------------------


def test_a_failure_stops_only_what_needs_it(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "bad", "command": "echo the reason; exit 3"},
        {"id": "needs-bad", "command": "touch needs-bad.ran", "dependencies": ["bad"]},
        {"id": "far", "command": "touch far.ran", "dependencies": ["needs-bad"]},
        {"id": "good", "command": "touch good.ran"},
    )
    ended = rig.run("run", "-j1")

    assert ended.returncode == 1
    assert (rig.root / "good.ran").exists()
    assert not (rig.root / "needs-bad.ran").exists()
    assert rig.statuses() == {"bad": "failed", "needs-bad": "pending", "far": "pending", "good": "done"}
    assert "exit 3" in ended.stdout
    assert "│ the reason" in ended.stdout
    assert "1 done, 1 failed, 2 blocked" in ended.stdout
    assert "bad" in rig.run("why", "far").stdout


def test_a_failed_task_runs_again_only_when_asked(rig: Rig) -> None:
    rig.write_tasks({"id": "bad", "command": "echo x >> tries; test -e mended"})
    rig.run("run")
    again = rig.run("run")
    (rig.root / "mended").touch()
    asked = rig.run("run", "--retry-failed")

    assert again.returncode == 1, "a task has failed, whoever ran it"
    assert asked.returncode == 0
    assert len(rig.lines("tries")) == 2
    assert rig.statuses() == {"bad": "done"}


def test_fail_fast_starts_nothing_more(rig: Rig) -> None:
    rig.write_tasks({"id": "bad", "command": "false", "priority": 1}, {"id": "good", "command": "touch good.ran"})
    ended = rig.run("run", "-j1", "--fail-fast")

    assert ended.returncode == 1
    assert not (rig.root / "good.ran").exists()
    assert "--fail-fast" in ended.stdout


def test_retries_wait_longer_each_time(rig: Rig) -> None:
    rig.write_tasks(
        {
            "id": "flaky",
            "command": 'date +%s%N >> tries; test "$ORCHESTRATOR_TASK_ATTEMPT" -ge 4',
            "retries": {"limit": 5, "delay": 0.1, "backoff": 2},
        }
    )
    ended = rig.run("run", "--json")
    moments = [int(line) / 1e9 for line in rig.lines("tries")]
    pauses = [after - before for before, after in itertools.pairwise(moments)]

    assert ended.returncode == 0
    assert [attempt["ending"] for attempt in rig.attempts("flaky")] == ["failed", "failed", "failed", "succeeded"]
    assert [event["pause"] for event in events_of(ended.stdout, "task_retried")] == pytest.approx([0.1, 0.2, 0.4])
    assert all(pause >= planned for pause, planned in zip(pauses, [0.1, 0.2, 0.4], strict=True))
    logs = {attempt["log"] for attempt in rig.attempts("flaky")}
    assert len(logs) == 4, "a log each"


def test_retries_come_to_an_end(rig: Rig) -> None:
    rig.write_tasks({"id": "flaky", "command": "echo x >> tries; exit 7", "retries": {"limit": 2, "delay": 0.01}})
    ended = rig.run("run")

    assert ended.returncode == 1
    assert len(rig.lines("tries")) == 3
    assert "3 attempts" in ended.stdout
    assert rig.statuses() == {"flaky": "failed"}


def test_a_timeout_ends_the_whole_tree(rig: Rig) -> None:
    rig.write_tasks({"id": "slow", "command": "sleep 1000 & sleep 1000", "timeout": 0.5})
    ended = rig.run("run")

    assert ended.returncode == 1
    assert rig.attempts("slow")[0]["ending"] == "timed_out"
    assert "timed out after 0.5 s" in ended.stdout
    assert not rig.processes()


def test_a_task_is_done_when_its_checks_pass_not_when_it_says_so(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "liar", "command": "true", "verify": ["true", "test -e proof"]},
        {"id": "honest", "command": "touch made", "verify": "test -e made"},
        {"id": "trusting", "command": "touch ran", "dependencies": ["liar"]},
    )
    ended = rig.run("run")

    assert ended.returncode == 1
    assert rig.attempts("liar")[0]["ending"] == "failed_verify"
    assert "check failed: test -e proof" in ended.stdout
    assert rig.attempts("honest")[0]["verified"] is True
    assert not (rig.root / "ran").exists()


def test_a_goal_is_done_once_its_check_passes(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "reached", "verify": "test -e made", "dependencies": ["make"]},
        {"id": "open", "verify": "test -e by-hand"},
        {"id": "make", "command": "touch made"},
        {"id": "behind", "command": "touch behind.ran", "dependencies": ["open"]},
    )
    first = rig.run("run")
    (rig.root / "by-hand").touch()
    second = rig.run("run")

    assert first.returncode == 0, "somebody has to act; nothing failed"
    assert "waiting  open" in first.stdout
    assert second.returncode == 0
    assert set(rig.statuses().values()) == {"done"}
    assert (rig.root / "behind.ran").exists()


def test_every_view_says_of_an_unmet_goal_that_it_waits_and_for_whom(rig: Rig) -> None:
    rig.write_tasks({"id": "g", "verify": "test -e by-hand", "kind": "refactor"}, {"id": "dear", "command": "true", "cost": 5})
    ended = rig.run("run", "--budget", "0")
    why = rig.run("why", "g").stdout

    assert "orchestrator why g  who or what can finish it" in ended.stdout
    assert why.startswith("g waits; a person or an agent does what it says; each run looks whether its checks pass\n")
    assert "last attempt  failed verify: check failed: test -e by-hand" in why
    assert "handlers: {refactor: COMMAND}" in why
    assert "runs next time" not in why
    assert "waiting  g" in rig.run("status").stdout
    assert rig.json("list")[0]["readiness"] == "waiting"
    assert "waiting  g  a person or an agent" in rig.run("plan").stdout
    (rig.root / "config.yaml").write_text("budget: {cost: 3}\n")
    assert rig.run("why", "dear").stdout.startswith("dear would run, but the budget does not allow it\n")


def test_a_goal_that_another_task_reaches_is_looked_at_again_in_the_same_run(rig: Rig) -> None:
    rig.write_tasks({"id": "goal", "verify": "test -e made"}, {"id": "make", "command": "sleep 0.3; touch made"})
    ended = rig.run("run", "-j2")

    assert ended.returncode == 0
    assert rig.statuses() == {"goal": "done", "make": "done"}


def test_milestones_manual_tasks_and_handlers(rig: Rig) -> None:
    (rig.root / "config.yaml").write_text(
        'handlers:\n  refactor: \'printf "%s|%s" "$ORCHESTRATOR_TASK_ID" "$ORCHESTRATOR_TASK_DESCRIPTION" > handled\'\n'
    )
    rig.write_tasks(
        {"id": "shape", "kind": "refactor", "description": 'a "quoted" $(touch pwned) `text`'},
        {"id": "milestone", "dependencies": ["shape"]},
        {"id": "review", "manual": True, "command": "touch never"},
        {"id": "release", "command": "touch released", "dependencies": ["milestone", "review"]},
    )
    first = rig.run("run")
    assert first.returncode == 0
    assert (rig.root / "handled").read_text() == 'shape|a "quoted" $(touch pwned) `text`'
    assert not (rig.root / "pwned").exists(), "a task's text is never part of a shell line"
    assert rig.statuses() == {"shape": "done", "milestone": "done", "review": "pending", "release": "pending"}
    assert not (rig.root / "never").exists()

    assert rig.run("done", "review").returncode == 0
    assert rig.run("run").returncode == 0
    assert (rig.root / "released").exists()


def test_commands_get_what_their_entry_says(rig: Rig) -> None:
    (rig.root / "sub").mkdir()
    rig.write_tasks(
        {"id": "argv", "command": ["printf", "%s\n", "a b", "$HOME", "*", "ü"]},
        {"id": "env", "command": "echo $COLOUR $ORCHESTRATOR_TASK_ATTEMPT", "env": {"COLOUR": "deep red"}},
        {"id": "cwd", "command": "pwd", "cwd": "sub"},
        {"id": "stdin", "command": "cat; echo end of input"},
        {"id": "shell", "command": "echo one && echo two | tr a-z A-Z; echo $((1+2))"},
    )
    ended = rig.run("run")
    output = {task: _output(rig, task) for task in ("argv", "env", "cwd", "stdin", "shell")}

    assert ended.returncode == 0, ended.stdout
    assert output == {
        "argv": "a b\n$HOME\n*\nü",
        "env": "deep red 1",
        "cwd": str(rig.root / "sub"),
        "stdin": "end of input",
        "shell": "one\nTWO\n3",
    }


def _output(rig: Rig, task: str) -> str:
    """Return what a task printed, from its log."""
    _, _, rest = rig.run("log", task).stdout.partition("\n\n")
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
def test_a_command_that_cannot_do_it_is_a_failure_with_its_reason(rig: Rig, command: object, code: int | None, words: str) -> None:
    (rig.root / "not-executable").write_text("#!/bin/sh\n")
    rig.write_tasks({"id": "a", "command": command})
    ended = rig.run("run")

    assert ended.returncode == 1
    attempt = rig.attempts("a")[0]
    assert attempt["ending"] == "failed"
    assert attempt["exit_code"] == code
    assert words in attempt["reason"]


def test_a_log_says_what_was_run_and_how_it_ended(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "echo hello; echo trouble >&2", "verify": "echo checked"})
    rig.run("run")
    log = (rig.root / rig.attempts("a")[0]["log"]).read_text()

    lines = log.splitlines()
    assert lines[0].startswith("# orchestrator: task a, attempt 1, run 20")
    assert lines[1:3] == ["# orchestrator: command: echo hello; echo trouble >&2", f"# orchestrator: cwd: {rig.root}"]
    assert lines[5:7] == ["hello", "trouble"]
    assert "# orchestrator: verify: echo checked" in lines
    assert "# orchestrator: succeeded: every check passed" in lines
    assert lines[-1].startswith("# orchestrator: duration: ")
    assert "cpu: " in lines[-1]


def test_no_more_logs_are_kept_than_wanted(rig: Rig) -> None:
    (rig.root / "config.yaml").write_text("log: {keep: 3}\n")
    rig.write_tasks(*({"id": f"t{number}", "command": "true"} for number in range(6)))
    rig.run("run", "-j1")
    assert len(list((rig.root / "logs").glob("task-*.log"))) == 6, "none of the run that just ended is gone"
    rig.run("run")

    assert sorted(path.name.split("-")[1] for path in (rig.root / "logs").glob("task-*.log")) == ["t3", "t4", "t5"]
    assert len(list((rig.root / "logs").glob("run-*.jsonl"))) == 2
    assert rig.run("log", "t5").returncode == 0
    gone = rig.run("log", "t0")
    assert gone.returncode == 2
    assert "log.keep" in gone.stderr


# -- what a person does ----------------------------------------------------------------------------------------------


def test_only_and_tag_bring_along_what_is_needed(rig: Rig) -> None:
    rig.write_tasks(
        {"id": "base", "command": "echo base >> ran"},
        {"id": "top", "command": "echo top >> ran", "dependencies": ["base"], "tags": ["nightly"]},
        {"id": "other", "command": "echo other >> ran"},
    )
    rig.run("run", "-j1", "--tag", "nightly")
    assert rig.lines("ran") == ["base", "top"]
    rig.run("run", "--only", "other")
    assert rig.lines("ran") == ["base", "top", "other"]


def test_a_dry_run_and_plan_start_nothing_and_write_nothing(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "touch ran"}, {"id": "b", "command": "touch ran", "dependencies": ["a"]})
    before = sorted(os.listdir(rig.root))
    for command in (["run", "--dry-run"], ["run", "-n", "--json"], ["plan"], ["why", "b"], ["status"], ["list"], ["show", "a"], ["graph"]):
        looked = rig.run(*command)
        assert looked.returncode == 0, looked.stderr
        assert looked.stdout
    assert sorted(os.listdir(rig.root)) == before


def test_done_reset_and_cancel_change_one_line_each(rig: Rig) -> None:
    text = (
        "# mine\n- id: a   # first\n  description: >\n    folded\n    text\n  command: 'touch ran'\n\n"
        "- {id: b, description: flow, command: touch b.ran}\n"
    )
    rig.write(text)

    assert rig.run("done", "a").stdout == "a: pending → done\n"
    assert changed_lines(text, rig.tasks_file.read_text()) == ["  status: done"]
    assert rig.run("cancel", "b").stdout == "b: pending → cancelled\n"
    assert "{id: b, status: cancelled, description: flow" in rig.tasks_file.read_text()
    ended = rig.run("run")
    assert ended.returncode == 0
    assert not (rig.root / "ran").exists()
    assert not (rig.root / "b.ran").exists()
    assert rig.run("reset", "a", "b").stdout == "a: done → pending\nb: cancelled → pending\n"
    assert rig.run("run").returncode == 0
    assert (rig.root / "ran").exists()
    assert (rig.root / "b.ran").exists()


def test_add_writes_an_entry_that_runs(rig: Rig) -> None:
    rig.write_tasks({"id": "base", "command": "true"})
    text = rig.tasks_file.read_text()
    command = ["add", "Check: the 'quoted' # text", "--command", "touch added.ran", "--needs", "base", "--cost", "2", "-p", "high"]
    added = rig.run(*command, "--verify", "test -e added.ran", "--tag", "new", "--timeout", "1m")

    assert added.returncode == 0, added.stderr
    assert rig.tasks_file.read_text().startswith(text)
    entry = yaml.safe_load(rig.tasks_file.read_text())[-1]
    assert entry["description"] == "Check: the 'quoted' # text"
    assert entry["dependencies"] == ["base"]
    assert rig.run("run").returncode == 0
    assert (rig.root / "added.ran").exists()
    assert rig.run("add", "x", "--needs", "nowhere").returncode == 2


def test_a_done_task_is_not_run_again(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "echo x >> ran"})
    rig.run("run")
    again = rig.run("run")

    assert again.returncode == 0
    assert rig.lines("ran") == ["x"]
    assert "nothing to do" in again.stdout


def test_history_and_show_tell_what_happened(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "test -e ok"})
    rig.run("run")
    (rig.root / "ok").touch()
    rig.run("reset", "a")
    rig.run("run")

    assert [attempt["ending"] for attempt in rig.attempts("a")] == ["failed", "succeeded"]
    changes = [(change["before"], change["after"]) for change in reversed(rig.json("history", "a")["transitions"])]
    assert changes == [
        ("pending", "in_progress"),
        ("in_progress", "failed"),
        ("failed", "pending"),
        ("pending", "in_progress"),
        ("in_progress", "done"),
    ]
    assert [run["exit_code"] for run in rig.json("history")] == [0, 1]
    assert "succeeded" in rig.run("show", "a").stdout
    assert rig.run("log", "a", "--attempt", "1").stdout != rig.run("log", "a").stdout


def test_a_run_works_from_below_and_from_elsewhere(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "pwd > where"})
    (rig.root / "deep" / "down").mkdir(parents=True)
    below = Rig(rig.root / "deep" / "down")
    assert below.run("run").returncode == 0
    assert rig.lines("where") == [str(rig.root)]
    rig.run("reset", "a")
    elsewhere = Rig(Path("/"))
    assert elsewhere.run("-C", str(rig.root), "run").returncode == 0
    assert rig.statuses() == {"a": "done"}


def test_another_file_may_be_named(rig: Rig) -> None:
    (rig.root / "other.yml").write_text("- {id: a, description: x, command: touch ran}\n")
    assert rig.run("run", "-f", "other.yml").returncode == 0
    assert "status: done" in (rig.root / "other.yml").read_text()
    assert not rig.tasks_file.exists()


def test_the_text_survives_a_run_byte_for_byte_but_for_statuses(rig: Rig) -> None:
    text = (
        "\ufeff# head\r\n---\r\n- id: 'a'   # why\r\n  description: \"tab\\there — ü\"\r\n  command: |\r\n    true\r\n\r\n    true\r\n"
        "  x-note: &note {deep: [1, 2]}\r\n\r\n\r\n-   id: 2\r\n    status: pending # keep me\r\n    description: >-\r\n      folded\r\n"
        "      text\r\n    command: 'true'\r\n    dependencies: [ 'a' ]\r\n    x-same: *note\r\n# tail without an end"
    )
    rig.tasks_file.write_bytes(text.encode())
    rig.tasks_file.chmod(0o640)
    ended = rig.run("run")

    assert ended.returncode == 0, ended.stderr
    expected = text.replace("- id: 'a'   # why\r\n", "- id: 'a'   # why\r\n  status: done\r\n").replace("status: pending", "status: done")
    assert rig.tasks_file.read_bytes().decode() == expected
    assert rig.tasks_file.stat().st_mode & 0o777 == 0o640


def test_a_large_file_is_parsed_once_for_all_commands(rig: Rig) -> None:
    rig.write_tasks(*({"id": f"t{number}", "command": "true"} for number in range(600)))
    rig.run("run", "--only", "t0")
    rig.run("status")

    assert list((rig.root / ".orchestrator").rglob("tasks-*.json")), "the parsed form is remembered"


def test_keep_going_overrules_the_file_and_not_fail_fast(rig: Rig) -> None:
    (rig.root / "config.yaml").write_text("fail_fast: true\njobs: 1\n")
    rig.write_tasks({"id": "bad", "command": "exit 3"}, {"id": "good", "command": "true"})
    both = rig.run("run", "-k", "--fail-fast")
    assert (both.returncode, "exclude each other" in both.stderr) == (2, True)
    assert rig.run("run", "-k").returncode == 1
    assert rig.statuses() == {"bad": "failed", "good": "done"}


def test_equal_ids_in_two_tasks_files_never_meet(rig: Rig) -> None:
    """A run that could not write its file keeps the statuses in the journal; a run of another file must not take them for its own."""
    rig.write(
        "- {id: t1, description: a, command: 'until [ -e go ]; do sleep 0.05; done'}\n"
        "- {id: t2, description: b, command: 'echo x >> built', dependencies: [t1]}\n"
    )
    (rig.root / "other.yml").write_text("- {id: t2, description: other, command: 'touch other-ran'}\n")
    process = rig.start("run", "-q")
    until(lambda: "in_progress" in rig.tasks_file.read_text(), what="t1 runs")
    whole = rig.tasks_file.read_text()
    rig.write(whole + "  x: [\n")
    (rig.root / "go").touch()
    assert process.wait(TIMEOUT) == 0
    rig.write(whole)

    assert rig.run("run", "-f", "other.yml").returncode == 0
    assert (rig.root / "other-ran").exists()
    assert rig.run("run").returncode == 0
    assert rig.lines("built") == ["x"]
    assert rig.statuses() == {"t1": "done", "t2": "done"}


@pytest.mark.parametrize(
    ("settings", "flags", "variables", "offered", "measured"),
    [
        ("jobs: 1\n", [], {}, True, False),
        ("jobs: 1\n", ["--quiet"], {}, False, False),
        ("jobs: 1\n", [], {"CI": "true"}, False, False),
        ("jobs: 1\n", ["--no-reflect"], {}, False, False),
        ("jobs: 1\n", ["--reflect"], {}, False, True),
        ("reflect: {enabled: false}\n", [], {}, False, False),
        ("reflect: {enabled: true}\n", [], {}, False, True),
        ("reflect: {enabled: true}\n", ["--no-reflect"], {}, False, False),
    ],
)
def test_reflection_is_off_until_somebody_says_otherwise_and_one_line_says_how(
    rig: Rig, settings, flags, variables, offered, measured
) -> None:
    rig.write_tasks({"id": "a", "command": "true"})
    (rig.root / "config.yaml").write_text(settings)
    (rig.root / "tangled.py").write_text("def f(x):\n" + "    if x:\n        x += 1\n" * 12)
    ended = rig.run("run", *flags, **variables)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("orchestrator run --reflect") == offered
    assert ("refactor-" in rig.tasks_file.read_text()) == measured


def test_a_run_that_leaves_something_to_do_offers_no_reflection(rig: Rig) -> None:
    rig.write_tasks({"id": "a", "command": "false"})

    assert "--reflect" not in rig.run("run").stdout
