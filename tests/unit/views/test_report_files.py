"""JUnit's XML, GitHub's step summary, workflow commands."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from core.domain.runs.outcome import Ending
from core.domain.runs.reasons import Code
from core.reports.formats.junit import junit_xml
from core.reports.run.progress import Progress
from core.reports.run.run_summary import step_summary
from core.reports.text.workflow_commands import command, inert


def told(*stream):
    progress = Progress()
    for event in stream:
        progress.take(event)
    return progress


def whole_run(facts):
    return told(
        facts.run_started(budget=5.0),
        facts.started("good"),
        facts.finished("good", outcome=facts.outcome(verified=False)),
        facts.failed("bad", description="a | b <script> @someone"),
        facts.finished("cut", status="pending", outcome=facts.outcome(Ending.INTERRUPTED), reason="stopped"),
        facts.run_finished(done=("good",), failed=("bad",), blocked={"later": "it depends on bad"}, left={"cut": "stopped"}, spent=3.0),
    )


def test_junit_has_a_testcase_a_task_with_time_failure_skip_and_output(facts):
    root = ET.fromstring(junit_xml(whole_run(facts), tail=lambda _path: ("some", "output")))
    (suite,) = root
    assert root.tag == "testsuites"
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "2",
        "time": "3.000",
    }
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert list(cases) == ["good", "bad", "cut", "later"]
    assert cases["good"].get("time") == "1.500"
    assert cases["good"].find("system-out").text == "some\noutput\nlog: logs/t.log"
    failure = cases["bad"].find("failure")
    assert (failure.get("message"), failure.get("type"), failure.text) == ("exit 3: a | b <script> @someone", "failed", "some\noutput")
    assert cases["later"].find("skipped").get("message") == "blocked: it depends on bad"
    assert cases["cut"].find("skipped").get("message") == "pending: stopped"


def test_junit_keeps_to_the_order_of_the_common_schema(facts):
    """In junit-10.xsd: properties before testcases, and no child of a testcase beyond these."""
    suite = ET.fromstring(junit_xml(whole_run(facts), tail=lambda _path: ("x",)))[0]
    assert [child.tag for child in suite] == ["properties"] + ["testcase"] * 4
    assert {child.tag for case in suite.iter("testcase") for child in case} <= {"skipped", "error", "failure", "system-out", "system-err"}
    assert suite.get("timestamp") == "1970-01-01T00:16:40"


@given(st.text(max_size=60))
def test_junit_is_legal_xml_whatever_a_task_printed(text):
    from core import events
    from core.domain.runs.outcome import Outcome

    stamp = {"at": 1.0, "run_id": text}
    outcome = Outcome(ending=Ending.FAILED, reason=Code.TEXT.of(text), log="l")
    run = told(
        events.RunStarted(**stamp, tasks=1, open=1, jobs=1, budget=None, time_budget=None),
        events.TaskFinished(
            **stamp, task_id=text, description=text, attempt=1, status="failed", outcome=outcome, reason=text, done=0, total=1
        ),
        events.RunFinished(
            **stamp, exit_code=1, duration=1, done=(), failed=(text,), blocked={}, waiting={}, left={}, spent=0, reason=text
        ),
    )
    ET.fromstring(junit_xml(run, tail=lambda _path: (text,)))


def test_the_step_summary_lists_failures_first_with_costs_and_reasons(facts):
    text = step_summary(whole_run(facts))
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    assert text.startswith("### Orchestrator: 1 done, 1 failed, 1 blocked, 1 left in 3.0s, 3 of 5 spent\n")
    assert [row.split("**")[1] for row in rows] == ["bad", "later", "cut", "good"]
    assert rows[3] == "| ✅ | **good** Do good | 1.5s | 1 | unverified |"


def test_nothing_in_a_cell_breaks_the_table_or_speaks_html_or_calls_people(facts):
    (row,) = [line for line in step_summary(whole_run(facts)).splitlines() if "**bad**" in line]
    assert row.count("|") == 6
    assert "<script>" not in row
    assert "@someone" not in row


def test_a_long_table_is_cut_and_says_so(facts):
    run = told(facts.run_started(), facts.run_finished(left={f"t{n}": "no budget" for n in range(500)}))
    text = step_summary(run)
    assert text.count("\n| ⏸️") == 200
    assert "300 tasks more." in text


def test_workflow_commands_are_one_line_whatever_is_in_them():
    assert command("error", "50%\r\nnext", file="a:b,c.py") == "::error file=a%3Ab%2Cc.py::50%25%0D%0Anext\n"
    assert command("endgroup") == "::endgroup::\n"


def test_inert_lines_are_enclosed_by_stop_commands():
    assert inert(["::error::x"], "secret") == "::stop-commands::secret\n::error::x\n::secret::\n"
