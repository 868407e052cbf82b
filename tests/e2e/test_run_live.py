"""``tasks.yml`` is edited, from an editor and from the command line, while a run works it off."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig, changed_lines, events_of, until
from tests.waiting import TIMEOUT

_WAIT = "touch up.{id}; while [ ! -e go ]; do sleep 0.05; done; echo {id} >> ran"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def _task(task_id: str, more: str = "", command: str = "") -> str:
    return f"- id: {task_id}\n  description: task {task_id}\n  command: {command or f'echo {task_id} >> ran'}\n{more}"


@pytest.fixture
def running(rig: Rig) -> subprocess.Popen[str]:
    """A run whose first task waits for ``go``, with two more behind it."""
    first = _task("first", command=_WAIT.format(id="first"))
    rig.write("# mine\n" + first + _task("second", "  dependencies: [first]\n") + _task("third", "  dependencies: [second]\n"))
    process = rig.start("run", "--json", "-j1")
    until((rig.root / "up.first").exists)
    until(lambda: "status: in_progress" in rig.tasks_file.read_text(), what="the file shows what runs")
    return process


def _finish(rig: Rig, process: subprocess.Popen[str]) -> tuple[int, str]:
    (rig.root / "go").touch()
    output, _ = process.communicate(timeout=TIMEOUT)
    return process.returncode, output


def _edit(rig: Rig, before: str, after: str) -> None:
    """Save as most editors do: a new file, renamed over the old one."""
    text = rig.tasks_file.read_text()
    assert before in text
    new = rig.root / "tasks.yml.new"
    new.write_text(text.replace(before, after, 1))
    new.rename(rig.tasks_file)


def _told(rig: Rig, kind: str, word: str) -> bool:
    """Whether the run has said an event of that kind with that word in it."""
    said = [event for log in (rig.root / "logs").glob("run-*.jsonl") for event in events_of(log.read_text(), kind)]
    return any(word in json.dumps(event) for event in said)


def test_a_new_task_joins_the_run(rig: Rig, running: subprocess.Popen[str]) -> None:
    _edit(rig, "- id: second", _task("urgent", "  dependencies: [first]\n  priority: critical\n") + "- id: second")
    until(lambda: _told(rig, "tasks_reloaded", "urgent"), what="the run has seen it")
    code, output = _finish(rig, running)

    assert code == 0
    assert rig.lines("ran") == ["first", "urgent", "second", "third"]
    assert events_of(output, "tasks_reloaded")[0]["added"] == ["urgent"]


def test_edits_by_a_person_are_kept_and_statuses_written_around_them(rig: Rig, running: subprocess.Popen[str]) -> None:
    _edit(rig, "# mine\n", "# mine, and more of it\n\n")
    _edit(rig, "description: task third", "description: the third task   # better")
    text = rig.tasks_file.read_text()
    code, _ = _finish(rig, running)

    assert code == 0
    changes = changed_lines(text, rig.tasks_file.read_text())
    assert changes == ["  status: in_progress", "  status: done", "  status: done", "  status: done"]


def test_a_changed_command_is_what_runs(rig: Rig, running: subprocess.Popen[str]) -> None:
    _edit(rig, "echo second >> ran", "echo changed >> ran")
    until(lambda: _told(rig, "tasks_reloaded", "second"), what="the run has seen it")
    assert _finish(rig, running)[0] == 0
    assert rig.lines("ran") == ["first", "changed", "third"]


def test_a_task_cancelled_in_the_file_is_not_started(rig: Rig, running: subprocess.Popen[str]) -> None:
    _edit(rig, "- id: third\n", "- id: third\n  status: cancelled\n")
    until(lambda: _told(rig, "tasks_reloaded", "third"), what="the run has seen it")
    assert _finish(rig, running)[0] == 0
    assert rig.lines("ran") == ["first", "second"]
    assert rig.statuses()["third"] == "cancelled"


def test_a_running_task_whose_entry_is_removed_is_stopped(rig: Rig, running: subprocess.Popen[str]) -> None:
    rig.write("# mine\n" + _task("second") + _task("third", "  dependencies: [second]\n"))
    output, _ = running.communicate(timeout=TIMEOUT)

    assert running.returncode == 0
    assert rig.lines("ran") == ["second", "third"]
    assert [attempt["ending"] for attempt in rig.attempts("first")] == ["interrupted"]
    assert not rig.processes()
    assert "removed" in output


def test_a_running_task_set_to_done_by_hand_is_stopped_and_stays_done(rig: Rig, running: subprocess.Popen[str]) -> None:
    _edit(rig, "status: in_progress", "status: done")
    running.communicate(timeout=TIMEOUT)

    assert running.returncode == 0
    assert rig.lines("ran") == ["second", "third"]
    assert rig.statuses() == {"first": "done", "second": "done", "third": "done"}
    assert [attempt["ending"] for attempt in rig.attempts("first")] == ["interrupted"]


def test_an_invalid_save_is_told_and_left_alone_until_it_is_mended(rig: Rig, running: subprocess.Popen[str]) -> None:
    sound = rig.tasks_file.read_text()
    broken = sound.replace("dependencies: [second]", "dependencies: [secnd]")
    rig.write(broken)
    until(lambda: _told(rig, "warned", "secnd"), what="the run has seen it")
    assert rig.tasks_file.read_text() == broken, "not a byte of it is touched"
    rig.write(sound.replace("# mine", "# mended"))
    code, output = _finish(rig, running)

    assert code == 0
    warnings = [event["message"] for event in events_of(output, "warned")]
    assert any("secnd" in message and "tasks.yml:" in message for message in warnings)
    assert rig.tasks_file.read_text().startswith("# mended")
    assert rig.lines("ran") == ["first", "second", "third"]


def test_a_save_that_stays_invalid_loses_nothing(rig: Rig, running: subprocess.Popen[str]) -> None:
    sound = rig.tasks_file.read_text()
    broken = sound.replace("# mine", "nonsense: [")
    rig.write(broken)
    code, output = _finish(rig, running)

    assert code == 0
    assert rig.tasks_file.read_text() == broken
    assert "could not be brought up to date" in output
    rig.write(sound)
    assert rig.statuses() == {"first": "done", "second": "done", "third": "done"}, "the journal knows"
    assert rig.run("run").returncode == 0
    assert rig.lines("ran") == ["first", "second", "third"], "nothing ran twice"
    assert rig.tasks_file.read_text().count("status: done") == 3


def test_commands_beside_a_run_are_taken_over_by_it(rig: Rig, running: subprocess.Popen[str]) -> None:
    assert rig.run("done", "second").returncode == 0
    assert rig.run("add", "joins", "--id", "fourth", "-c", "echo fourth >> ran", "--needs", "third").returncode == 0
    assert rig.run("add", "joins and goes", "--id", "fifth", "-c", "echo fifth >> ran", "--needs", "third").returncode == 0
    assert rig.run("cancel", "fifth").returncode == 0
    until(lambda: rig.statuses().get("fifth") == "cancelled")
    code, output = _finish(rig, running)

    assert code == 0, output
    assert rig.lines("ran") == ["first", "third", "fourth"]
    statuses = dict.fromkeys(("first", "second", "third", "fourth"), "done")
    assert rig.statuses() == {**statuses, "fifth": "cancelled"}


def test_a_reset_beside_a_run_makes_it_run_again(rig: Rig) -> None:
    rig.write(_task("quick") + _task("slow", command=_WAIT.format(id="slow")))
    process = rig.start("run", "-j1")
    until(lambda: rig.tasks_file.read_text().partition("slow")[0].count("status: done") == 1)
    until(lambda: "status: in_progress" in rig.tasks_file.read_text().partition("slow")[2])
    assert rig.run("reset", "quick").returncode == 0

    assert _finish(rig, process)[0] == 0
    assert rig.lines("ran") == ["quick", "slow", "quick"]


def test_a_reset_beside_a_run_is_never_taken_for_an_old_save(rig: Rig) -> None:
    rig.write(_task("quick") + "- id: goal\n  description: pending while it is checked\n  verify: while [ ! -e go ]; do sleep 0.05; done\n")
    process = rig.start("run", "-j1")
    until(lambda: "status: done" in rig.tasks_file.read_text())
    assert rig.run("reset", "quick").stdout == "quick: done → pending\n"

    assert _finish(rig, process)[0] == 0
    assert rig.lines("ran") == ["quick", "quick"]


def test_looking_beside_a_run_shows_what_goes_on(rig: Rig, running: subprocess.Popen[str]) -> None:
    assert rig.statuses() == {"first": "in_progress", "second": "pending", "third": "pending"}
    assert "1 in progress" in rig.run("status").stdout
    assert f"(pid {running.pid})" in rig.run("status").stdout
    assert rig.run("why", "first").stdout.startswith("first is running")
    assert rig.json("history")[0]["live"] is True
    assert rig.attempts("first")[0]["ending"] in (None, "running")
    assert rig.run("why", "second").returncode == 0
    assert _finish(rig, running)[0] == 0


def test_a_log_is_followed_to_its_end(rig: Rig) -> None:
    rig.write(_task("talk", command="echo line 1; until [ -e go ]; do sleep 0.05; done; echo line 2; echo last"))
    process = rig.start("run")
    until(lambda: list((rig.root / "logs").glob("task-talk-*.log")))
    seen: list[str] = []
    command = [ORCHESTRATOR, "log", "talk", "--follow"]
    with subprocess.Popen(command, cwd=rig.root, env=rig.environment(), stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        for line in following.stdout:
            seen.append(line.rstrip("\n"))
            if seen[-1] == "line 1":  # it is shown while the task still runs: only now may that go on
                (rig.root / "go").touch()

    assert following.returncode == 0
    assert process.wait(TIMEOUT) == 0
    assert [line for line in seen if line.startswith("l")] == ["line 1", "line 2", "last"]
    assert any(line.startswith("# orchestrator: succeeded") for line in seen)


def test_after_a_kill_nothing_is_said_to_run(rig: Rig) -> None:
    rig.write(_task("c", command="sleep 1000"))
    process = rig.start("run", "-q")
    until(lambda: "in_progress" in rig.tasks_file.read_text())
    process.kill()
    process.wait()

    assert rig.run("why", "c").stdout.startswith("c was interrupted, its run died; it runs again next time")
    shown = rig.run("show", "c").stdout
    assert shown.startswith("c  interrupted")
    assert "interrupted: its run died" in shown
    assert "running" not in shown
    status = rig.run("status").stdout
    assert "1 interrupted" in status
    assert "killed or broken off" in status
    assert "interrupted  c" in rig.run("list", "-s", "interrupted").stdout
    assert [one["ended"] for one in rig.json("history") if not one["live"]] == [None]
    assert rig.run("log", "c", "-f", timeout=TIMEOUT).returncode == 0


def test_f_follows_a_log(rig: Rig) -> None:
    rig.write(_task("talk", command="echo hello"))
    rig.run("run")
    followed = rig.run("log", "talk", "-f")

    assert followed.returncode == 0
    assert "hello" in followed.stdout


def test_two_tasks_files_of_one_repository_do_not_run_at_once(rig: Rig, running: subprocess.Popen[str]) -> None:
    (rig.root / "other.yml").write_text(_task("x"))
    refused = rig.run("run", "-f", "other.yml")

    assert refused.returncode == 4
    assert str(running.pid) in refused.stderr
    assert _finish(rig, running)[0] == 0
