"""``tasks.yml`` is edited, from an editor and from the command line, while a run works it off."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workbench import ORCHESTRATOR, Bench, changed_lines, events_of, until
from tests.waiting import HANG

_WAIT = "touch up.{id}; while [ ! -e go ]; do sleep 0.05; done; echo {id} >> ran"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def _task(task_id: str, more: str = "", command: str = "") -> str:
    return f"- id: {task_id}\n  description: task {task_id}\n  command: {command or f'echo {task_id} >> ran'}\n{more}"


@pytest.fixture
def running(bench: Bench) -> subprocess.Popen[str]:
    """A run whose first task waits for ``go``, with two more behind it."""
    first = _task("first", command=_WAIT.format(id="first"))
    bench.write("# mine\n" + first + _task("second", "  dependencies: [first]\n") + _task("third", "  dependencies: [second]\n"))
    process = bench.start("run", "--json", "-j1")
    until((bench.root / "up.first").exists)
    until(lambda: "status: in_progress" in bench.tasks_file.read_text(), what="the file shows what runs")
    return process


def _finish(bench: Bench, process: subprocess.Popen[str]) -> tuple[int, str]:
    (bench.root / "go").touch()
    output, _ = process.communicate(timeout=HANG)
    return process.returncode, output


def _edit(bench: Bench, before: str, after: str) -> None:
    """Save as most editors do: a new file, renamed over the old one."""
    text = bench.tasks_file.read_text()
    assert before in text
    new = bench.root / "tasks.yml.new"
    new.write_text(text.replace(before, after, 1))
    new.rename(bench.tasks_file)


def _told(bench: Bench, kind: str, word: str) -> bool:
    """Whether the run has said an event of that kind with that word in it."""
    said = [event for log in (bench.root / "logs").glob("run-*.jsonl") for event in events_of(log.read_text(), kind)]
    return any(word in json.dumps(event) for event in said)


def test_a_new_task_joins_the_run(bench: Bench, running: subprocess.Popen[str]) -> None:
    _edit(bench, "- id: second", _task("urgent", "  dependencies: [first]\n  priority: critical\n") + "- id: second")
    until(lambda: _told(bench, "tasks_reloaded", "urgent"), what="the run has seen it")
    code, output = _finish(bench, running)

    assert code == 0
    assert bench.lines("ran") == ["first", "urgent", "second", "third"]
    assert events_of(output, "tasks_reloaded")[0]["added"] == ["urgent"]


def test_what_a_person_writes_stays_and_statuses_go_around_it(bench: Bench, running: subprocess.Popen[str]) -> None:
    _edit(bench, "# mine\n", "# mine, and more of it\n\n")
    _edit(bench, "description: task third", "description: the third task   # better")
    text = bench.tasks_file.read_text()
    code, _ = _finish(bench, running)

    assert code == 0
    changes = changed_lines(text, bench.tasks_file.read_text())
    assert changes == ["  status: in_progress", "  status: done", "  status: done", "  status: done"]


def test_a_changed_command_is_what_runs(bench: Bench, running: subprocess.Popen[str]) -> None:
    _edit(bench, "echo second >> ran", "echo changed >> ran")
    until(lambda: _told(bench, "tasks_reloaded", "second"), what="the run has seen it")
    assert _finish(bench, running)[0] == 0
    assert bench.lines("ran") == ["first", "changed", "third"]


def test_a_task_cancelled_in_the_file_is_not_started(bench: Bench, running: subprocess.Popen[str]) -> None:
    _edit(bench, "- id: third\n", "- id: third\n  status: cancelled\n")
    until(lambda: _told(bench, "tasks_reloaded", "third"), what="the run has seen it")
    assert _finish(bench, running)[0] == 0
    assert bench.lines("ran") == ["first", "second"]
    assert bench.statuses()["third"] == "cancelled"


def test_a_running_task_whose_entry_is_removed_is_stopped(bench: Bench, running: subprocess.Popen[str]) -> None:
    bench.write("# mine\n" + _task("second") + _task("third", "  dependencies: [second]\n"))
    output, _ = running.communicate(timeout=HANG)

    assert running.returncode == 0
    assert bench.lines("ran") == ["second", "third"]
    assert [attempt["ending"] for attempt in bench.attempts("first")] == ["interrupted"]
    assert not bench.processes()
    assert "removed" in output


def test_a_running_task_set_to_done_by_hand_is_stopped_and_stays_done(bench: Bench, running: subprocess.Popen[str]) -> None:
    _edit(bench, "status: in_progress", "status: done")
    running.communicate(timeout=HANG)

    assert running.returncode == 0
    assert bench.lines("ran") == ["second", "third"]
    assert bench.statuses() == {"first": "done", "second": "done", "third": "done"}
    assert [attempt["ending"] for attempt in bench.attempts("first")] == ["interrupted"]


def test_an_invalid_save_is_told_and_left_alone_until_it_is_mended(bench: Bench, running: subprocess.Popen[str]) -> None:
    sound = bench.tasks_file.read_text()
    broken = sound.replace("dependencies: [second]", "dependencies: [secnd]")
    bench.write(broken)
    until(lambda: _told(bench, "warned", "secnd"), what="the run has seen it")
    assert bench.tasks_file.read_text() == broken, "not a byte of it is touched"
    bench.write(sound.replace("# mine", "# mended"))
    code, output = _finish(bench, running)

    assert code == 0
    warnings = [event["message"] for event in events_of(output, "warned")]
    assert any("secnd" in message and "tasks.yml:" in message for message in warnings)
    assert bench.tasks_file.read_text().startswith("# mended")
    assert bench.lines("ran") == ["first", "second", "third"]


def test_a_save_that_stays_invalid_loses_nothing(bench: Bench, running: subprocess.Popen[str]) -> None:
    sound = bench.tasks_file.read_text()
    broken = sound.replace("# mine", "nonsense: [")
    bench.write(broken)
    code, output = _finish(bench, running)

    assert code == 0
    assert bench.tasks_file.read_text() == broken
    assert "could not be brought up to date" in output
    bench.write(sound)
    assert bench.statuses() == {"first": "done", "second": "done", "third": "done"}, "the journal knows"
    assert bench.run("run").returncode == 0
    assert bench.lines("ran") == ["first", "second", "third"], "nothing ran twice"
    assert bench.tasks_file.read_text().count("status: done") == 3


def test_commands_beside_a_run_are_taken_over_by_it(bench: Bench, running: subprocess.Popen[str]) -> None:
    assert bench.run("done", "second").returncode == 0
    assert bench.run("add", "joins", "--id", "fourth", "-c", "echo fourth >> ran", "--needs", "third").returncode == 0
    assert bench.run("add", "joins and goes", "--id", "fifth", "-c", "echo fifth >> ran", "--needs", "third").returncode == 0
    assert bench.run("cancel", "fifth").returncode == 0
    until(lambda: bench.statuses().get("fifth") == "cancelled")
    code, output = _finish(bench, running)

    assert code == 0, output
    assert bench.lines("ran") == ["first", "third", "fourth"]
    statuses = dict.fromkeys(("first", "second", "third", "fourth"), "done")
    assert bench.statuses() == {**statuses, "fifth": "cancelled"}


def test_a_reset_beside_a_run_makes_it_run_again(bench: Bench) -> None:
    bench.write(_task("quick") + _task("slow", command=_WAIT.format(id="slow")))
    process = bench.start("run", "-j1")
    until(lambda: bench.tasks_file.read_text().partition("slow")[0].count("status: done") == 1)
    until(lambda: "status: in_progress" in bench.tasks_file.read_text().partition("slow")[2])
    assert bench.run("reset", "quick").returncode == 0

    assert _finish(bench, process)[0] == 0
    assert bench.lines("ran") == ["quick", "slow", "quick"]


def test_a_reset_beside_a_run_is_never_taken_for_an_old_save(bench: Bench) -> None:
    bench.write(
        _task("quick") + "- id: goal\n  description: pending while it is checked\n  verify: while [ ! -e go ]; do sleep 0.05; done\n"
    )
    process = bench.start("run", "-j1")
    until(lambda: "status: done" in bench.tasks_file.read_text())
    assert bench.run("reset", "quick").stdout == "quick: done → pending\n"

    assert _finish(bench, process)[0] == 0
    assert bench.lines("ran") == ["quick", "quick"]


def test_looking_beside_a_run_shows_what_goes_on(bench: Bench, running: subprocess.Popen[str]) -> None:
    assert bench.statuses() == {"first": "in_progress", "second": "pending", "third": "pending"}
    assert "1 in progress" in bench.run("status").stdout
    assert f"(pid {running.pid})" in bench.run("status").stdout
    assert bench.run("why", "first").stdout.startswith("first is running")
    assert bench.json("history")[0]["live"] is True
    assert bench.attempts("first")[0]["ending"] in (None, "running")
    assert bench.run("why", "second").returncode == 0
    assert _finish(bench, running)[0] == 0


def test_a_log_is_followed_to_its_end(bench: Bench) -> None:
    bench.write(_task("talk", command="echo line 1; until [ -e go ]; do sleep 0.05; done; echo line 2; echo last"))
    process = bench.start("run")
    until(lambda: list((bench.root / "logs").glob("task-talk-*.log")))
    seen: list[str] = []
    command = [ORCHESTRATOR, "log", "talk", "--follow"]
    with subprocess.Popen(command, cwd=bench.root, env=bench.environment(), stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        for line in following.stdout:
            seen.append(line.rstrip("\n"))
            if seen[-1] == "line 1":  # it is shown while the task still runs: only now may that go on
                (bench.root / "go").touch()

    assert following.returncode == 0
    assert process.wait(HANG) == 0
    assert [line for line in seen if line.startswith("l")] == ["line 1", "line 2", "last"]
    assert any(line.startswith("# orchestrator: succeeded") for line in seen)


def test_after_a_kill_nothing_is_said_to_run(bench: Bench) -> None:
    bench.write(_task("c", command="sleep 1000"))
    process = bench.start("run", "-q")
    until(lambda: "in_progress" in bench.tasks_file.read_text())
    process.kill()
    process.wait()

    assert bench.run("why", "c").stdout.startswith("c was interrupted, its run died; it runs again next time")
    shown = bench.run("show", "c").stdout
    assert shown.startswith("c  interrupted")
    assert "interrupted: its run died" in shown
    assert "running" not in shown
    status = bench.run("status").stdout
    assert "1 interrupted" in status
    assert "killed or broken off" in status
    assert "interrupted  c" in bench.run("list", "-s", "interrupted").stdout
    assert [one["ended"] for one in bench.json("history") if not one["live"]] == [None]
    assert bench.run("log", "c", "-f", timeout=HANG).returncode == 0


def test_f_follows_a_log(bench: Bench) -> None:
    bench.write(_task("talk", command="echo hello"))
    bench.run("run")
    followed = bench.run("log", "talk", "-f")

    assert followed.returncode == 0
    assert "hello" in followed.stdout


def test_two_tasks_files_of_one_repository_do_not_run_at_once(bench: Bench, running: subprocess.Popen[str]) -> None:
    (bench.root / "other.yml").write_text(_task("x"))
    refused = bench.run("run", "-f", "other.yml")

    assert refused.returncode == 4
    assert str(running.pid) in refused.stderr
    assert _finish(bench, running)[0] == 0
