"""What programs get of a run: events, JUnit, GitHub Actions, GitLab."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import Rig, events_of


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    rig.write_tasks(
        {"id": "good", "command": "echo fine"},
        {
            "id": "bad",
            "description": "100% <b>wrong</b>, ünd",
            "command": "echo '::error::planted'; echo ']]> & <'; printf '\\033[31mred\\n'; exit 3",
        },
        {"id": "blocked", "command": "true", "dependencies": ["bad"]},
        {"id": "goal", "verify": "false"},
        {"id": "manual", "manual": True},
        {"id": "flaky", "command": 'test "$ORCHESTRATOR_TASK_ATTEMPT" = 2', "retries": {"limit": 1, "delay": 0.01}},
    )
    yield rig
    rig.close()


def test_events_are_one_json_object_a_line_in_order(rig: Rig) -> None:
    ended = rig.run("run", "--json", "-j2")
    events = events_of(ended.stdout)

    assert ended.returncode == 1
    assert (events[0]["event"], events[-1]["event"]) == ("run_started", "run_finished")
    assert len({event["run_id"] for event in events}) == 1
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    kinds = Counter(event["event"] for event in events)
    assert kinds["task_started"] in (5, 6), "a goal may be looked at twice"
    assert kinds["task_retried"] == 1
    last = events[-1]
    assert (sorted(last["done"]), last["failed"], list(last["blocked"])) == (["flaky", "good"], ["bad"], ["blocked"])
    assert sorted(last["waiting"]) == ["goal", "manual"]
    assert last["exit_code"] == 1


def test_the_event_log_holds_the_same_events(rig: Rig) -> None:
    ended = rig.run("run", "--json")
    kept = next((rig.root / "logs").glob("run-*.jsonl")).read_text()

    assert [json.loads(line) for line in kept.splitlines()] == [json.loads(line) for line in ended.stdout.splitlines()]


def test_the_junit_report_is_valid_and_counts_right(rig: Rig) -> None:
    ended = rig.run("run", "--junit", "junit.xml")
    assert ended.returncode == 1, ended.stderr
    suite = ET.parse(rig.root / "junit.xml").getroot()
    suite = suite if suite.tag == "testsuite" else suite[0]
    cases = {case.get("name"): case for case in suite.iter("testcase")}

    assert int(suite.get("tests", "")) == len(cases)
    assert int(suite.get("failures", "")) == 1
    assert int(suite.get("skipped", "")) == sum(case.find("skipped") is not None for case in cases.values())
    failure = cases["bad"].find("failure")
    assert failure is not None
    assert "exit 3" in (failure.get("message") or "")
    assert "]]> & <" in (failure.text or "")
    assert cases["good"].find("failure") is None
    assert cases["good"].find("skipped") is None
    assert cases["blocked"].find("skipped") is not None
    assert float(cases["good"].get("time", "")) >= 0


def test_a_report_gets_the_directory_it_was_asked_for(rig: Rig) -> None:
    rig.run("run", "--junit", "reports/junit.xml")

    assert (rig.root / "reports" / "junit.xml").exists()


def test_github_gets_groups_annotations_and_a_step_summary(rig: Rig, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("what another step wrote\n")
    ended = rig.run("run", GITHUB_ACTIONS="true", CI="true", GITHUB_STEP_SUMMARY=str(summary))
    lines = ended.stdout.splitlines()

    assert ended.returncode == 1
    assert any(line.startswith("::group::") and "good" in line for line in lines)
    assert lines.count("::endgroup::") == sum(line.startswith("::group::") for line in lines)
    assert _obeyed(lines) == {"bad failed"}
    assert "100%25 <b>wrong</b>, ünd" in ended.stdout
    page = summary.read_text()
    assert page.startswith("what another step wrote\n")
    assert "bad" in page
    assert "<b>wrong</b>" not in page, "a description is no markup"


def _obeyed(lines: list[str]) -> set[str]:
    """Return the titles of the annotations that a runner would make: it obeys nothing between stop-commands and its token."""
    stopped, titles = "", set()
    for line in (line.strip() for line in lines):
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif found := re.fullmatch(r"::stop-commands::(.+)", line):
            stopped = found[1]
        elif found := re.match(r"::error(?: title=([^:]*))?::", line):
            titles.add(found[1] or "planted")
    return titles


def test_an_invalid_file_is_annotated_where_it_is_wrong(rig: Rig) -> None:
    rig.write("- id: a\n  description: x\n  comand: true\n")
    ended = rig.run("run", GITHUB_ACTIONS="true", CI="true")

    assert ended.returncode == 2
    assert "::error file=tasks.yml,line=3,col=3::" in ended.stdout


def test_gitlab_gets_collapsed_sections(rig: Rig) -> None:
    ended = rig.run("run", GITLAB_CI="true", CI="true")

    assert len(re.findall(r"section_start:\d+:", ended.stdout)) == len(re.findall(r"section_end:\d+:", ended.stdout)) > 0


def test_another_ci_gets_plain_lines_without_colour(rig: Rig) -> None:
    ended = rig.run("run", CI="1", TERM="xterm-256color")

    assert "\x1b" not in ended.stdout + ended.stderr
    assert "1 failed" in ended.stdout


def test_colour_can_be_asked_for_and_forbidden(rig: Rig) -> None:
    assert "\x1b[" in rig.run("run", FORCE_COLOR="1").stderr
    assert "\x1b[" not in rig.run("run", "--retry-failed", FORCE_COLOR="1", NO_COLOR="1").stderr


def test_quiet_says_only_what_went_wrong_and_verbose_says_more(rig: Rig) -> None:
    quiet = rig.run("run", "-q")
    assert "good" not in quiet.stdout + quiet.stderr
    assert "exit 3" in quiet.stdout
    rig.run("reset", "good", "flaky", "bad")
    verbose = rig.run("run", "-v")
    assert "echo fine" in verbose.stdout + verbose.stderr


def test_progress_and_result_go_different_ways(rig: Rig) -> None:
    ended = rig.run("run")

    assert "✓" in ended.stderr
    assert "✓" not in ended.stdout
    assert "2 done, 1 failed, 1 blocked, 2 waiting" in ended.stdout


@pytest.mark.parametrize(
    "command", ["status", "list", "plan", "validate", "history", "graph", "config show", "schema tasks", "show good", "why good"]
)
def test_every_command_speaks_json(rig: Rig, command: str) -> None:
    rig.run("run")
    spoken = rig.run(*command.split(), "--json")

    assert spoken.returncode == 0, spoken.stderr
    json.loads(spoken.stdout)
    assert spoken.stderr == ""
