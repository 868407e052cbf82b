"""What auditors among the plugins find: beside our own findings, as tasks that close themselves, unknown while a plugin is silent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.audit import AuditedFile
from core.domain.quality.finding import plugin_findings, plugin_of
from core.domain.quality.metric import Block, BlockKind, FileMeasure, Metric
from core.domain.quality.over_threshold import in_their_files
from core.domain.settings.settings import AuditSettings
from core.domain.tasks.task import Status
from core.gate import Gate, check_task
from core.memory import Memory
from core.ports.code import Measured
from core.reflector import Reflector
from core.self_auditor import SelfAuditor
from core.testing.clock import VirtualClock
from core.testing.code import InMemoryBaseline, ScriptedAuditors
from core.testing.journal import InMemoryJournal
from core.testing.task_file import InMemoryTaskFile

CIRCLE = {
    "metric": "import-circle",
    "path": "shop/a.py",
    "block": "shop.a",
    "line": 3,
    "score": 2,
    "threshold": 0,
    "message": "2 modules import each other",
    "suggestion": "cut shop.a → shop.b",
}


class Files:
    """A CodeMeter over files that are all well."""

    def __init__(self, *paths):
        self.paths = paths

    def measure(self, paths=None):
        return tuple(Measured(path=path, measure=FileMeasure()) for path in self.paths if paths is None or path in paths)

    def advise(self, path, block=None):
        raise AssertionError("a plugin's finding brings its own advice")


class Desk:
    """A repository whose plugins a test scripts."""

    def __init__(self, **plugins):
        self.auditors = ScriptedAuditors(**plugins)
        self.auditor = SelfAuditor(
            meter=Files("shop/a.py", "shop/b.py"), clock=VirtualClock(), settings=AuditSettings(), plugins=self.auditors
        )
        self.file, self.journal, self.baseline = InMemoryTaskFile(()), InMemoryJournal(), InMemoryBaseline()

    def cycle(self):
        memory = Memory(file=self.file, journal=self.journal, clock=VirtualClock(), run_id="r")
        memory.load_tasks()
        report = Reflector(auditor=self.auditor, memory=memory, exists=lambda _: True, max_open_tasks=5).run_cycle()
        memory.save_tasks()
        return report

    def gate(self):
        return Gate(auditor=self.auditor, baseline=self.baseline, baseline_name="base.json", repository=None)

    @property
    def task(self):
        (task,) = self.file.tasks
        return task


def test_a_finding_becomes_a_task_and_closes_it_when_it_is_gone():
    desk = Desk(graph=[CIRCLE])
    desk.cycle()
    assert desk.auditors.asked == [("shop/a.py", "shop/b.py")]
    assert desk.task.description == "2 modules import each other (shop/a.py); cut shop.a → shop.b"
    assert desk.task.origin["block"] == "graph/import-circle shop.a"
    assert desk.task.verify == (f"orchestrator audit --check {desk.task.id}",)
    assert not desk.cycle().changed_backlog
    assert desk.cycle().open == {desk.task.id: "2 modules import each other"}

    desk.auditors.plugins["graph"] = []
    (closed,) = desk.cycle().closed
    assert str(closed.reason) == "`graph/import-circle shop.a` in shop/a.py: its plugin finds it no more"
    assert desk.task.status is Status.DONE

    desk.auditors.plugins["graph"] = [CIRCLE]
    desk.cycle()
    assert desk.task.status is Status.PENDING


def test_while_a_plugin_is_silent_its_tasks_stay_as_they_are_and_the_cycle_says_why():
    desk = Desk(graph=[CIRCLE])
    desk.cycle()
    desk.auditors.plugins["graph"] = "content differs from what was signed"
    report = desk.cycle()
    assert not report.changed_backlog
    assert report.notes == ("plugin graph: content differs from what was signed: what it finds is unknown",)
    del desk.auditors.plugins["graph"]
    assert not desk.cycle().changed_backlog
    assert desk.task.status is Status.PENDING


def test_a_check_asks_only_the_plugin_of_the_task():
    desk = Desk(graph=[CIRCLE], other=[])
    desk.cycle()
    found = check_task(desk.auditor, desk.task)
    assert (found.gone, found.reason) == (False, "`graph/import-circle shop.a` in shop/a.py: 2 modules import each other")
    desk.auditors.plugins["graph"] = "refused"
    assert check_task(desk.auditor, desk.task).reason == "plugin graph: refused: what it finds is unknown"
    del desk.auditors.plugins["graph"]
    missing = check_task(desk.auditor, desk.task)
    assert (missing.gone, missing.reason) == (False, "plugin graph is not granted here as an auditor")
    desk.auditors.plugins["graph"] = []
    assert check_task(desk.auditor, desk.task).gone


def test_accepted_findings_of_a_silent_plugin_stay_accepted():
    desk = Desk(graph=[CIRCLE])
    desk.gate().accept_all()
    assert not desk.gate().audit().failing
    before = desk.baseline.accepted
    desk.auditors.plugins["graph"] = "refused"
    report = desk.gate().audit(shrink=True)
    assert report.judgement.gone == ()
    assert report.notes == ("plugin graph: refused: what it finds is unknown",)
    assert desk.baseline.accepted == before
    desk.gate().accept_all()
    assert desk.baseline.accepted == before
    desk.auditors.plugins["graph"] = []
    desk.gate().audit(shrink=True)
    assert desk.baseline.accepted == ()


def test_one_that_gets_worse_does_not_pass():
    desk = Desk(graph=[CIRCLE])
    desk.gate().accept_all()
    desk.auditors.plugins["graph"] = [{**CIRCLE, "score": 3}]
    assert [judged.delta for judged in desk.gate().audit().failing] == ["worse"]


def test_an_audit_of_some_paths_asks_no_plugin():
    desk = Desk(graph=[CIRCLE])
    assert desk.auditor.measure(["shop/a.py"]).findings == ()
    assert desk.auditors.asked == []


@pytest.mark.parametrize(
    ("score", "threshold", "rank"), [(2, 0, "D"), (11, 10, "C"), (20, 10, "D"), (1, 0, "D"), (80, 10, "F"), (5, 10, "C")]
)
def test_the_letter_follows_how_far_it_is_over(score, threshold, rank):
    (finding,) = plugin_findings("graph", [{**CIRCLE, "score": score, "threshold": threshold}])
    assert finding.rank == rank


def test_namesakes_are_two_findings_and_keep_their_identity():
    bare = {"metric": "todo", "path": "a.py", "message": "one"}
    first, second = plugin_findings("notes", [bare, {**bare, "message": "two"}])
    assert (first.block, second.block) == ("notes/todo", "notes/todo #2")
    assert first.fingerprint != second.fingerprint
    assert plugin_findings("notes", [replace_message(bare)])[0].fingerprint == first.fingerprint


def replace_message(told):
    return {**told, "message": "other words", "line": 7}


@given(
    st.fixed_dictionaries(
        {"metric": st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True), "path": st.text(min_size=1), "message": st.text()},
        optional={
            "block": st.text(),
            "line": st.integers(min_value=1),
            "end_line": st.integers(min_value=1),
            "score": st.integers() | st.floats(),
            "threshold": st.integers() | st.floats(),
            "suggestion": st.text(),
        },
    )
)
def test_whatever_the_contract_allows_is_a_sound_finding(told):
    (finding,) = plugin_findings("graph", [told])
    assert finding.metric is Metric.PLUGIN
    assert plugin_of(finding.block) == "graph"
    assert 0 <= finding.urgency <= 4
    assert finding.rank in "CDEF"
    assert 1 <= finding.line <= finding.end_line
    assert (finding.problem + finding.suggestion + finding.path + finding.block).isprintable()
    assert replace(finding) == finding


def test_what_a_plugin_finds_is_as_urgent_as_its_file_is_hot():
    told = [{"path": path, "metric": "m", "message": "no"} for path in ("cold.py", "hot.py", "elsewhere.py")]
    block = Block(kind=BlockKind.FUNCTION, name="f", line=1, end_line=1, column=0, complexity=9)
    files = [AuditedFile(path=path, measure=FileMeasure(blocks=(block,) * count)) for path, count in (("cold.py", 1), ("hot.py", 20))]

    cold, hot, elsewhere = in_their_files(plugin_findings("graph", told), files)
    assert hot.urgency > cold.urgency > elsewhere.urgency
    assert (hot.file_complexity, elsewhere.file_complexity) == (180, 0)
