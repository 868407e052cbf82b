"""What a reflection cycle makes of findings: append, keep, move, raise, close, cancel, reopen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Accepted, Finding, fingerprint
from core.domain.quality.metric import Block, BlockKind, FileMeasure, Metric
from core.domain.quality.refactor_task import refactor_entry, task_id, update_edits
from core.domain.quality.reflection import decide
from core.domain.settings.settings import AuditSettings, ThresholdSettings
from core.domain.tasks.task import Status, Task
from core.memory import Memory
from core.reflector import Reflector
from core.self_auditor import SelfAuditor, find, thresholds_for
from core.testing.clock import VirtualClock
from core.testing.code import InMemoryBaseline, InMemoryMeter
from core.testing.journal import InMemoryJournal
from core.testing.task_file import InMemoryTaskFile


class Code:
    """A CodeMeter over blocks that the test sets: path → name → (complexity, shape)."""

    def __init__(self, **files):
        self.files = {}
        #: Where every block begins.
        self.line = 1
        #: What is said of it; None: a sentence with its lines.
        self.advice = None
        for path, blocks in files.items():
            self.files[path.replace("_py", ".py")] = blocks

    def measure(self, paths=None):
        from core.ports.code import Measured

        chosen = sorted(self.files) if paths is None else [path for path in paths if path in self.files]
        return tuple(Measured(path=path, measure=self._measure(self.files[path])) for path in chosen)

    def _measure(self, blocks):
        if isinstance(blocks, FileMeasure):
            return blocks
        if isinstance(blocks, str):
            return FileMeasure(problem=blocks)
        return FileMeasure(
            blocks=tuple(
                Block(kind=BlockKind.FUNCTION, name=name, line=self.line, end_line=self.line + 39, column=0, complexity=score, shape=shape)
                for name, (score, shape) in blocks.items()
            )
        )

    def advise(self, path, block=None, *, metric, threshold):
        return f"Extract lines {self.line + 2}–{self.line + 8} of {block.name if block else path}." if self.advice is None else self.advice


class Desk:
    """A Reflector with a backlog and code in memory."""

    def __init__(self, code, tasks=(), most=10):
        self.code, self.most = code, most
        self.file = InMemoryTaskFile(tasks)
        self.journal = InMemoryJournal()
        self.baseline = InMemoryBaseline()
        self.settings = AuditSettings()

    def auditor(self, clock=None):
        return SelfAuditor(meter=self.code, clock=clock or VirtualClock(), settings=self.settings, baseline=self.baseline)

    def cycle(self, passed=()):
        clock = VirtualClock()
        memory = Memory(file=self.file, journal=self.journal, clock=clock, run_id="r")
        memory.load_tasks()
        reflector = Reflector(auditor=self.auditor(clock), memory=memory, exists=self.code.files.__contains__, max_open_tasks=self.most)
        report = reflector.run_cycle(passed)
        memory.save_tasks()
        return report

    @property
    def tasks(self):
        return {task.id: task for task in self.file.tasks}

    def hand(self, name, **fields):
        self.file.save_by_hand([replace(task, **fields) if task.id == name else task for task in self.file.tasks])


def poor(index, *names):
    """Return the measure of a file that is hard to maintain, with harmless functions of these names."""
    blocks = tuple(Block(kind=BlockKind.FUNCTION, name=name, line=1, end_line=2, column=0, complexity=1) for name in names)
    return FileMeasure(blocks=blocks, maintainability=index, shape="-".join(names))


def the_id(path="a.py", block="f"):
    return task_id(fingerprint(Metric.COMPLEXITY, path, block))


def test_a_new_finding_becomes_a_task_that_says_what_where_and_how_it_is_checked():
    desk = Desk(Code(a_py={"f": (23, "s1"), "fine": (4, "")}))
    report = desk.cycle()

    assert [task.id for task in report.appended] == [the_id()]
    entry = desk.tasks[the_id()]
    assert entry.description == ("Simplify `f` in a.py: its cyclomatic complexity is 23 (D), at most 10 is wanted. Extract lines 3–9 of f.")
    assert entry.verify == (f"orchestrator audit --check {the_id()}",)
    assert (entry.kind, entry.status, entry.priority, entry.cost) == ("refactor", Status.PENDING, -6, 1)
    assert dict(entry.origin) == {
        "by": "reflector",
        "fingerprint": the_id().removeprefix("refactor-"),
        "path": "a.py",
        "metric": "complexity",
        "score": 23,
        "threshold": 10,
        "block": "f",
        "shape": "s1",
        "advice": "23-915d9f30c3",
    }


def test_a_second_cycle_on_unchanged_code_changes_nothing():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    writes = desk.file.writes
    report = desk.cycle()

    assert not report.changed_backlog
    assert desk.file.writes == writes


def test_an_accepted_finding_gets_no_task_and_takes_the_one_it_has():
    desk = Desk(Code(a_py={"f": (23, "s1"), "g": (12, "s2")}))
    desk.cycle()
    desk.baseline.write([Accepted(path="a.py", block="f", metric=Metric.COMPLEXITY, score=23)])
    report = desk.cycle()

    assert [(closed.status, str(closed.reason)) for closed in report.closed] == [(Status.CANCELLED, "accepted in audit-baseline.json")]
    assert (desk.tasks[the_id()].status, desk.tasks[the_id(block="g")].status) == (Status.CANCELLED, Status.PENDING)
    assert not desk.cycle().changed_backlog


def test_an_accepted_finding_that_moves_is_still_accepted():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.baseline.write([Accepted(path="a.py", block="f", metric=Metric.COMPLEXITY, score=23, shape="s1")])
    desk.code.files = {"moved.py": {"renamed": (23, "s1")}}

    assert not desk.cycle().changed_backlog
    assert desk.auditor().audit([]) == []


def test_a_task_whose_finding_is_accepted_frees_its_place():
    desk = Desk(Code(a_py={"f": (23, "s1"), "g": (12, "s2")}), most=1)
    desk.cycle()
    desk.baseline.write([Accepted(path="a.py", block="f", metric=Metric.COMPLEXITY, score=23)])

    assert [task.id for task in desk.cycle().appended] == [the_id(block="g")]


def test_a_loosened_threshold_mends_nothing():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.settings = AuditSettings(thresholds=ThresholdSettings(complexity=30))
    report = desk.cycle()

    assert str(report.closed[0].reason) == "its threshold was loosened: complexity of `f` in a.py is 23, 10 was wanted"
    assert desk.tasks[the_id()].status is Status.CANCELLED
    desk.settings = AuditSettings()
    desk.cycle()
    assert desk.tasks[the_id()].status is Status.PENDING


def test_a_finding_that_is_gone_closes_its_task_with_the_after_value():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.code.files["a.py"] = {"f": (7, "")}
    report = desk.cycle()

    assert desk.tasks[the_id()].status is Status.DONE
    assert str(report.closed[0].reason) == "complexity of `f` in a.py: 23 → 7"


def test_a_block_that_is_gone_closes_its_task():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.code.files["a.py"] = {}

    assert str(desk.cycle().closed[0].reason) == "`f` in a.py is gone"
    assert desk.tasks[the_id()].status is Status.DONE


def test_a_deleted_file_cancels_its_task_with_the_reason():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    del desk.code.files["a.py"]

    assert str(desk.cycle().closed[0].reason) == "a.py is gone"
    assert desk.tasks[the_id()].status is Status.CANCELLED


@pytest.mark.parametrize(("path", "block"), [("a.py", "renamed"), ("moved.py", "f")])
def test_a_renamed_or_moved_block_keeps_its_task(path, block):
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.code.files["a.py"] = {}
    desk.code.files[path] = {block: (23, "s1")}
    report = desk.cycle()

    assert (report.appended, report.closed, report.updated) == ((), (), (the_id(),))
    entry = desk.tasks[the_id()]
    assert (entry.origin["path"], entry.origin["block"], entry.status) == (path, block, Status.PENDING)
    assert f"`{block}` in {path}" in entry.description
    assert not desk.cycle().changed_backlog


def test_getting_worse_raises_the_priority_and_improving_lowers_it():
    desk = Desk(Code(a_py={"f": (21, "s1")}))
    desk.cycle()
    start = desk.tasks[the_id()].priority
    desk.code.files["a.py"] = {"f": (60, "s2")}
    desk.cycle()
    worse = desk.tasks[the_id()].priority
    desk.code.files["a.py"] = {"f": (12, "s3")}
    desk.cycle()

    assert worse > start > desk.tasks[the_id()].priority


def test_a_priority_set_by_hand_stays():
    desk = Desk(Code(a_py={"f": (21, "s1")}))
    desk.cycle()
    desk.hand(the_id(), priority=77)
    desk.code.files["a.py"] = {"f": (60, "s2")}
    desk.cycle()

    assert desk.tasks[the_id()].priority == 77


def test_a_cancelled_task_comes_back_only_when_its_finding_is_worse():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), status=Status.CANCELLED)
    assert not desk.cycle().changed_backlog

    desk.code.files["a.py"] = {"f": (30, "s2")}
    desk.cycle()
    assert desk.tasks[the_id()].status is Status.PENDING
    assert desk.tasks[the_id()].origin["score"] == 30
    assert str(desk.journal.transitions(the_id())[0].reason) == "cancelled at 23, its finding is worse now: 30"


def test_a_task_marked_done_whose_finding_is_still_there_is_open_again():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), status=Status.DONE)
    desk.cycle()

    assert desk.tasks[the_id()].status is Status.PENDING


def test_no_more_tasks_are_open_than_the_limit_and_the_worst_come_first():
    desk = Desk(Code(a_py={f"f{n}": (11 + n, f"s{n}") for n in range(8)}), most=3)
    report = desk.cycle()

    assert [task.origin["score"] for task in report.appended] == [18, 17, 16]
    assert report.withheld == 5
    assert not desk.cycle().changed_backlog

    desk.hand(report.appended[0].id, status=Status.CANCELLED)
    assert [task.origin["score"] for task in desk.cycle().appended] == [15]


def test_a_file_that_cannot_be_read_any_more_closes_nothing():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.code.files["a.py"] = "syntax error in line 3"
    report = desk.cycle()

    assert report.closed == ()
    assert desk.tasks[the_id()].status is Status.PENDING
    assert "cannot be measured: syntax error in line 3" in report.appended[0].description


def test_tasks_of_people_are_never_touched():
    mine = Task(id="mine", description="d", command="c", origin={"path": "a.py", "block": "f"})
    desk = Desk(Code(a_py={}), [mine])

    assert not desk.cycle().changed_backlog
    assert desk.tasks["mine"].status is Status.PENDING


def test_every_namesake_over_the_threshold_is_a_finding_of_its_own():
    block = Block(kind=BlockKind.FUNCTION, name="f", line=1, end_line=9, column=0, complexity=12)
    file = _audited(
        "a.py", block, replace(block, line=20, complexity=15, variant="#2"), replace(block, line=30, complexity=3, variant="#3")
    )
    findings, _ = find([file], AuditSettings())

    assert [(finding.block, finding.score) for finding in findings] == [("f #2", 15), ("f", 12)]
    assert [finding.fingerprint for finding in findings] == [fingerprint(Metric.COMPLEXITY, "a.py", name) for name in ("f #2", "f")]


def test_a_suggestion_is_about_the_block_that_is_the_finding():
    class Namesakes(Code):
        def _measure(self, blocks):
            block = Block(kind=BlockKind.FUNCTION, name="f", line=1, end_line=9, column=0, complexity=12)
            return FileMeasure(blocks=(block, replace(block, line=20, complexity=15, variant="#2")))

        def advise(self, path, block=None, *, metric, threshold):
            return f"Extract line {block.line}." if block else "the file"

    auditor = SelfAuditor(meter=Namesakes(a_py={}), clock=VirtualClock(), settings=AuditSettings())

    assert [(finding.line, auditor.advice(finding)) for finding in auditor.measure().findings] == [
        (20, "Extract line 20."),
        (1, "Extract line 1."),
    ]
    assert auditor.advice(replace(auditor.measure().findings[0], block="gone")) == ""


def namesakes(**scores):
    """Return the measure of a file with functions ``f``: variant (``_2`` stands for #2, ``_`` for none) → (complexity, shape)."""
    blocks = [
        Block(
            kind=BlockKind.FUNCTION, name="f", line=9 * number, end_line=9 * number + 5, column=0, complexity=score, shape=shape,
            variant=variant.replace("_", "#") if variant != "_" else "",
        )
        for number, (variant, (score, shape)) in enumerate(scores.items(), 1)
    ]  # fmt: skip
    return FileMeasure(blocks=tuple(blocks))


def test_namesakes_have_a_task_each_and_keep_it_when_one_comes_in_above_them():
    desk = Desk(Code(a_py=namesakes(_=(14, "s1"), _2=(20, "s2"))))
    desk.cycle()
    assert {task.id: task.origin["block"] for task in desk.tasks.values()} == {the_id(): "f", the_id(block="f #2"): "f #2"}

    desk.code.files["a.py"] = namesakes(_=(12, "s3"), _2=(14, "s1"), _3=(20, "s2"))
    report = desk.cycle()
    assert (len(report.appended), report.closed) == (1, ())
    assert {name: task.origin["block"] for name, task in desk.tasks.items()} == {
        the_id(): "f #2",
        the_id(block="f #2"): "f #3",
        f"{the_id()}-2": "f",
    }


def test_a_namesake_that_is_taken_out_ends_its_own_task():
    desk = Desk(Code(a_py=namesakes(_=(14, "s1"), _2=(20, "s2"))))
    desk.cycle()
    desk.code.files["a.py"] = namesakes(_=(20, "s2"))
    report = desk.cycle()

    assert [(closed.task_id, closed.status, str(closed.reason)) for closed in report.closed] == [
        (the_id(), Status.DONE, "`f` in a.py is gone")
    ]
    assert desk.tasks[the_id(block="f #2")].origin["block"] == "f"


def test_a_namesake_that_is_fixed_ends_its_own_task():
    desk = Desk(Code(a_py=namesakes(_=(14, "s1"), _2=(20, "s2"))))
    desk.cycle()
    desk.code.files["a.py"] = namesakes(_=(14, "s1"), _2=(4, ""))
    report = desk.cycle()

    assert [(closed.task_id, str(closed.reason)) for closed in report.closed] == [
        (the_id(block="f #2"), "complexity of `f #2` in a.py: 20 → 4")
    ]


def test_the_task_of_a_name_that_had_no_namesake_is_about_the_same_code_still():
    desk = Desk(Code(a_py={"f": (20, "s2")}))
    desk.cycle()
    desk.code.files["a.py"] = namesakes(_2=(14, "s1"), _3=(20, "s2"))
    report = desk.cycle()

    assert (len(report.appended), report.closed, desk.tasks[the_id()].origin["block"]) == (1, (), "f #3")


def test_advice_is_asked_for_with_the_metric_and_the_threshold_of_the_finding():
    meter = InMemoryMeter(lambda _: FileMeasure(), {"legacy/a.py": b""})
    finding = Finding(
        fingerprint="f", metric=Metric.MAINTAINABILITY, path="legacy/a.py", block="", line=1, end_line=1, score=5, threshold=7.5, rank="C"
    )

    SelfAuditor(meter=meter, clock=VirtualClock(), settings=AuditSettings()).advice(finding)

    assert meter.advised == [("legacy/a.py", Metric.MAINTAINABILITY, 7.5)]


def test_thresholds_can_be_set_by_path_and_the_last_match_wins():
    settings = AuditSettings(
        thresholds=ThresholdSettings(complexity=10),
        overrides={"legacy/**": {"complexity": 30}, "legacy/worst.py": {"complexity": 50, "maintainability": 5}},
    )

    assert thresholds_for("legacy/a.py", settings) == ThresholdSettings(complexity=30)
    assert thresholds_for("legacy/worst.py", settings) == ThresholdSettings(complexity=50, maintainability=5)
    assert thresholds_for("core/a.py", settings) == ThresholdSettings(complexity=10)


def test_a_hotspot_comes_before_an_equally_complex_block_that_nobody_changes():
    calm = _finding("a.py", 20)
    hot = replace(_finding("b.py", 20), churn=20)

    assert hot.urgency > calm.urgency
    assert replace(calm, file_complexity=300).urgency > replace(calm, file_complexity=30).urgency
    assert replace(calm, trend=(10, 20)).urgency > calm.urgency > replace(calm, trend=(30, 20)).urgency


def test_the_pure_auditor_returns_entries_for_findings_without_a_task():
    auditor = SelfAuditor(meter=Code(a_py={"f": (23, ""), "g": (11, "")}), clock=VirtualClock(), settings=AuditSettings())
    known = Task(id=the_id("a.py", "f"), description="d")

    assert [entry["id"] for entry in auditor.audit([known])] == [the_id("a.py", "g")]


def test_deciding_is_the_same_whatever_the_order_of_tasks():
    finding = _finding("a.py", 20)
    entry = refactor_entry(finding, "", "s")
    own = Task(id=entry["id"], description="d", origin=entry["origin"])
    other = Task(id="x", description="d")
    report = AuditReport(files=(), findings=(finding,), seconds=0.0)
    decided = [decide(report, order, exists=lambda _: True, max_open_tasks=5) for order in ([own, other], [other, own])]

    assert decided[0] == decided[1]
    assert decided[0].found == {own.id: finding}


def _finding(path, score):
    return Finding(
        fingerprint=fingerprint(Metric.COMPLEXITY, path, "f"),
        metric=Metric.COMPLEXITY,
        path=path,
        block="f",
        line=1,
        end_line=10,
        score=score,
        threshold=10,
        rank="C",
    )


def _audited(path, *blocks):
    from core.domain.quality.audit import AuditedFile

    return AuditedFile(path=path, measure=FileMeasure(blocks=blocks))


def test_an_entry_that_cannot_be_changed_where_it_stands_holds_up_nothing():
    from core.domain.tasks.entry import SetField
    from core.errors import EditRefused, Problem

    class Stubborn(InMemoryTaskFile):
        def write(self, edits):
            if any(isinstance(edit, SetField) and edit.path == ("description",) for edit in edits):
                raise EditRefused(Problem(file="tasks.yml", message="description has an anchor"))
            return super().write(edits)

    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.file = Stubborn([])
    desk.cycle()
    desk.code.files = {"b.py": {"g": (23, "s1"), "more": (15, "s2")}}
    desk.cycle()

    assert desk.tasks[the_id()].origin["path"] == "b.py"
    assert the_id("b.py", "more") in desk.tasks


# -- what the tool cancelled itself, what failed, what a person cancelled -------------------------------------------------


@pytest.mark.parametrize("room", [10, 1])
def test_a_task_that_was_cancelled_with_its_file_is_open_again_with_it(room):
    desk = Desk(Code(a_py={"f": (23, "s1")}), most=room)
    desk.cycle()
    gone = desk.code.files.pop("a.py")
    desk.cycle()
    assert desk.tasks[the_id()].origin["closed"] == "a.py is gone"

    desk.code.files["a.py"] = gone
    report = desk.cycle()
    assert (report.appended, report.updated, desk.tasks[the_id()].status) == ((), (the_id(),), Status.PENDING)
    assert str(desk.journal.transitions(the_id())[0].reason) == "its finding is back: 23"
    assert not desk.cycle().changed_backlog

    desk.hand(the_id(), status=Status.CANCELLED)
    assert not desk.cycle().changed_backlog


def test_a_file_that_comes_back_elsewhere_brings_its_task_there():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    gone = desk.code.files.pop("a.py")
    desk.cycle()
    desk.code.files["b.py"] = gone
    desk.cycle()

    assert (desk.tasks[the_id()].origin["path"], desk.tasks[the_id()].status) == ("b.py", Status.PENDING)


def test_what_a_person_cancelled_stays_cancelled_when_its_file_leaves_and_returns():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), status=Status.CANCELLED)
    gone = desk.code.files.pop("a.py")
    desk.cycle()
    desk.code.files["a.py"] = gone

    assert not desk.cycle().changed_backlog
    assert desk.tasks[the_id()].status is Status.CANCELLED


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"a.py": {"f": (7, "")}}, Status.DONE),
        ({"a.py": {}}, Status.DONE),
        ({}, Status.CANCELLED),
        ({"b.py": {"f": (23, "s1")}}, Status.FAILED),
    ],
)
def test_a_failed_task_ends_and_moves_like_an_open_one(files, status):
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), status=Status.FAILED)
    assert not desk.cycle().changed_backlog
    desk.code.files = files
    report = desk.cycle()

    assert (desk.tasks[the_id()].status, report.appended) == (status, ())
    assert report.open == {}


def test_a_cancelled_task_goes_with_its_block_and_stays_cancelled():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), status=Status.CANCELLED)
    desk.code.files["a.py"] = {"g": (23, "s1")}
    report = desk.cycle()

    assert (report.appended, report.updated) == ((), (the_id(),))
    assert (desk.tasks[the_id()].origin["block"], desk.tasks[the_id()].status) == ("g", Status.CANCELLED)

    desk.code.files["a.py"] = {"g": (24, "s2")}
    desk.cycle()
    assert desk.tasks[the_id()].status is Status.PENDING


def test_a_maintainability_that_is_worse_by_a_fraction_is_no_reason_to_open_what_a_person_cancelled():
    desk = Desk(Code(a_py=poor(12.344, "f")))
    desk.cycle()
    (name,) = desk.tasks
    desk.hand(name, status=Status.CANCELLED)
    assert not desk.cycle().changed_backlog
    desk.code.files["a.py"] = poor(11.5, "f")
    assert not desk.cycle().changed_backlog
    desk.code.files["a.py"] = poor(11.2, "f")
    desk.cycle()

    assert desk.tasks[name].status is Status.PENDING


# -- known again ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED, Status.CANCELLED])
@pytest.mark.parametrize("edited", [23, 19])
def test_a_block_that_was_edited_is_known_when_it_is_renamed_later(edited, status):
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), status=status)
    desk.code.files["a.py"] = {"f": (edited, "s2")}
    assert desk.cycle().updated == (the_id(),)
    desk.code.files["a.py"] = {"g": (edited, "s2")}
    report = desk.cycle()

    assert (report.appended, report.closed) == ((), ())
    assert (desk.tasks[the_id()].origin["block"], desk.tasks[the_id()].status) == ("g", status)
    assert desk.tasks[the_id()].origin["score"] == 23


def test_a_moved_file_that_is_hard_to_maintain_keeps_its_task_also_after_edits():
    desk = Desk(Code(a_py=poor(12.34, "f")))
    desk.cycle()
    (name,) = desk.tasks
    desk.code.files["a.py"] = poor(11.0, "f", "g")
    desk.cycle()
    desk.code.files = {"b.py": poor(10.9, "f", "g")}
    report = desk.cycle()

    assert (report.appended, report.closed, desk.tasks[name].origin["path"]) == ((), (), "b.py")


def test_another_file_that_is_hard_to_maintain_is_not_taken_for_one_that_is_gone():
    desk = Desk(Code(a_py=poor(0.0, "f")))
    desk.cycle()
    desk.code.files = {"b.py": poor(0.0, "g")}
    report = desk.cycle()

    assert (len(report.appended), str(report.closed[0].reason)) == (1, "a.py is gone")


def test_a_finding_whose_id_a_renamed_block_holds_gets_another():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.code.files["a.py"] = {"g": (23, "s1")}
    desk.cycle()
    desk.code.files["a.py"] = {"g": (23, "s1"), "f": (40, "s2")}
    report = desk.cycle()

    (task,) = report.appended
    assert (task.id, task.origin["block"]) == (f"{the_id()}-2", "f")
    assert task.verify == (f"orchestrator audit --check {the_id()}-2",)
    assert set(report.open) == {the_id(), f"{the_id()}-2"}
    assert not desk.cycle().changed_backlog


def test_a_finding_whose_task_a_person_took_over_gets_none():
    mine = Task(id=the_id(), description="d", command="c")

    assert not Desk(Code(a_py={"f": (23, "s1")}), [mine]).cycle().changed_backlog


def test_a_block_renamed_to_what_another_was_called_keeps_its_own_task():
    desk = Desk(Code(a_py={"f": (23, "s1"), "g": (30, "s2")}))
    desk.cycle()
    desk.code.files["a.py"] = {"f": (23, "s1")}
    desk.cycle()
    desk.code.files["a.py"] = {"g": (23, "s1")}
    report = desk.cycle()

    assert (report.closed, report.updated) == ((), (the_id(),))
    assert desk.tasks[the_id("a.py", "g")].status is Status.DONE


def test_of_blocks_that_do_the_same_the_nearest_is_taken():
    desk = Desk(Code(**{"p/a_py": {"f": (23, "s1")}}))
    desk.cycle()
    desk.code.files = {"b.py": {"f": (23, "s1")}, "p/a.py": {"g": (23, "s1")}, "q/a.py": {"f": (23, "s1")}}
    desk.cycle()

    assert desk.tasks[the_id("p/a.py")].origin["path"] == "p/a.py"


# -- how many, how urgent, how it is told ---------------------------------------------------------------------------------


def test_reopened_tasks_count_against_the_limit_and_the_worst_comes_first():
    desk = Desk(Code(a_py={"f": (20, "s1")}), most=1)
    desk.cycle()
    for name, score in (("g", 30), ("h", 25)):
        desk.code.files["a.py"] = {name: (score, name)}
        desk.cycle()
    desk.code.files["a.py"] = {"f": (20, "s1"), "g": (30, "g"), "h": (25, "h"), "i": (22, "i")}
    report = desk.cycle()

    assert {task.id: task.status for task in desk.tasks.values()} == {
        the_id("a.py", "f"): Status.DONE,
        the_id("a.py", "g"): Status.DONE,
        the_id("a.py", "h"): Status.PENDING,
    }
    assert report.withheld == 3


def test_failed_tasks_count_against_the_limit_of_open_tasks():
    desk = Desk(Code(a_py={"f": (20, "s1"), "g": (30, "s2")}), most=1)
    desk.cycle()
    desk.hand(the_id("a.py", "g"), status=Status.FAILED)

    assert (desk.cycle().appended, desk.cycle().withheld) == ((), 1)


def test_a_block_that_does_not_change_keeps_its_priority_however_its_file_changes():
    finding = _finding("a.py", 20)
    entry = refactor_entry(finding, "", shape="s")
    own = Task(id=entry["id"], description=entry["description"], priority=entry["priority"], origin=entry["origin"])

    for churn, shape, changes in ((20, "s", ()), (20, "other", ("shape", "priority")), (0, "other", ("shape",))):
        edits = update_edits(own, replace(finding, churn=churn), shape=shape, own_priority=own.priority)
        assert tuple(edit.path[-1] for edit in edits) == changes


def test_a_reopened_task_has_the_present_score():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), status=Status.CANCELLED, description=desk.tasks[the_id()].description + " Mind the tests.")
    desk.code.files["a.py"] = {"f": (40, "s2")}
    desk.cycle()

    assert desk.tasks[the_id()].origin["score"] == 40
    assert desk.tasks[the_id()].description == (
        "Simplify `f` in a.py: its cyclomatic complexity is 40 (E), at most 10 is wanted. Extract lines 3–9 of f. Mind the tests."
    )


def test_a_finding_in_a_file_whose_name_is_no_text_gets_no_task_and_a_note():
    desk = Desk(Code(**{"a_py": {"f": (23, "s1")}, "bad\udcff_py": {"f": (30, "s2"), "g": (31, "s3")}}))
    report = desk.cycle()

    assert [task.id for task in report.appended] == [the_id()]
    assert report.notes == report.without_task == ("bad\\xff.py gets no task: its name is not UTF-8, and a tasks file is",)
    assert report.withheld == 0
    assert not desk.cycle().changed_backlog


def test_what_a_suggestion_quotes_is_written_as_text():
    assert refactor_entry(_finding("a.py", 20), "Compare with '\udcff' once.")["description"].endswith(r"Compare with '\udcff' once.")


def test_an_entry_that_cannot_be_brought_up_to_date_is_not_said_to_be():
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.hand(the_id(), origin={key: value for key, value in desk.tasks[the_id()].origin.items() if key != "shape"})
    desk.file = Refusing(desk.file.tasks)

    assert not desk.cycle().changed_backlog


def test_while_somebody_saves_the_file_nothing_is_closed_or_remembered_that_could_not_be_written():
    desk = Desk(Code(a_py={"f": (21, "s1")}, b_py={"f": (21, "s2")}))
    desk.cycle()
    del desk.code.files["a.py"]
    desk.code.files["b.py"] = {"f": (60, "s3")}
    clock = VirtualClock()
    memory = Memory(file=desk.file, journal=desk.journal, clock=clock, run_id="r")
    memory.load_tasks()
    auditor = SelfAuditor(meter=desk.code, clock=clock, settings=AuditSettings())
    reflector = Reflector(auditor=auditor, memory=memory, exists=desk.code.files.__contains__, max_open_tasks=10)
    desk.file.begin_save()
    busy = reflector.run_cycle()
    assert not busy.changed_backlog
    assert desk.journal.unwritten() == ()

    desk.file.save_by_hand(desk.file.tasks)
    report = desk.cycle()
    assert (report.closed[0].task_id, report.updated) == (the_id("a.py"), (the_id("b.py"),))
    assert (desk.tasks[the_id("a.py")].origin["closed"], desk.tasks[the_id("b.py")].priority) == ("a.py is gone", -3)


class Refusing(InMemoryTaskFile):
    """Takes no change of a field but a status."""

    def write(self, edits):
        from core.domain.tasks.entry import SetField
        from core.errors import EditRefused, Problem

        if any(isinstance(edit, SetField) and edit.path != ("status",) for edit in edits):
            raise EditRefused(Problem(file="tasks.yml", message="it has an anchor"))
        return super().write(edits)


def test_a_task_whose_finding_is_gone_stays_open_until_every_gating_check_has_passed():
    checks = [Task(id=name, description=name, command="x", check=True, gate=name != "report") for name in ("test", "lint", "report")]
    desk = Desk(Code(a_py={"f": (23, "s1")}), checks)
    desk.cycle()
    desk.code.files["a.py"] = {"f": (4, "s2")}
    waiting = desk.cycle({"test"})

    assert (waiting.closed, desk.tasks[the_id()].status) == ((), Status.PENDING)
    assert waiting.unproven == {the_id(): "its finding is gone, but the gating check lint has not passed in this run"}
    assert [closed.task_id for closed in desk.cycle({"test", "lint"}).closed] == [the_id()]


def test_a_task_whose_file_is_gone_is_cancelled_whatever_the_checks_say():
    desk = Desk(Code(a_py={"f": (23, "s1")}), [Task(id="test", description="test", command="x", check=True)])
    desk.cycle()
    del desk.code.files["a.py"]

    assert [closed.status for closed in desk.cycle().closed] == [Status.CANCELLED]


HEAD = "Simplify `f` in a.py: its cyclomatic complexity is 23 (D), at most 10 is wanted."


def described(desk):
    return desk.tasks[the_id()].description


@pytest.fixture
def lines_moved():
    """A task for a block, above which ten lines were written since."""
    desk = Desk(Code(a_py={"f": (23, "s1")}))
    desk.cycle()
    desk.code.line = 11
    return desk


def test_lines_in_a_description_are_those_of_now(lines_moved):
    report = lines_moved.cycle()
    assert (report.updated, described(lines_moved)) == ((the_id(),), f"{HEAD} Extract lines 13–19 of f.")
    writes = lines_moved.file.writes
    assert (lines_moved.cycle().updated, lines_moved.file.writes) == ((), writes)
    lines_moved.code.line = 21
    lines_moved.cycle()
    assert described(lines_moved) == f"{HEAD} Extract lines 23–29 of f."


def test_lines_are_those_of_now_in_another_clone_too(lines_moved):
    lines_moved.journal = InMemoryJournal()
    lines_moved.cycle()
    assert described(lines_moved) == f"{HEAD} Extract lines 13–19 of f."


def test_what_a_person_wrote_around_the_advice_stays(lines_moved):
    lines_moved.hand(the_id(), description="Urgent, lines 3–9! Extract lines 3–9 of f. Ask Ann about `f` in a.py first.")
    lines_moved.cycle()
    assert described(lines_moved) == "Urgent, lines 3–9! Extract lines 13–19 of f. Ask Ann about `f` in a.py first."


@pytest.mark.parametrize("text", ["Extract lines 3–9 of f, please.", f"{HEAD} Extract lines 3-9 of f.", "mine", HEAD + " Do nothing."])
def test_advice_that_a_person_edited_stays(lines_moved, text):
    lines_moved.hand(the_id(), description=text)
    assert lines_moved.cycle().updated == ()
    assert described(lines_moved) == text


def test_a_description_of_an_older_version_stays(lines_moved):
    origin = {key: value for key, value in lines_moved.tasks[the_id()].origin.items() if key != "advice"}
    lines_moved.hand(the_id(), origin=origin)
    lines_moved.cycle()
    assert described(lines_moved) == f"{HEAD} Extract lines 3–9 of f."


def test_advice_that_is_not_given_any_more_goes_and_may_come_back(lines_moved):
    lines_moved.code.advice = ""
    lines_moved.cycle()
    assert described(lines_moved) == HEAD
    lines_moved.code.line, lines_moved.code.advice = 21, "Split it."
    lines_moved.cycle()
    assert described(lines_moved) == f"{HEAD} Split it."


def test_a_task_that_a_person_cancelled_keeps_its_text(lines_moved):
    lines_moved.hand(the_id(), status=Status.CANCELLED)
    lines_moved.cycle()
    assert described(lines_moved) == f"{HEAD} Extract lines 3–9 of f."


def test_a_block_that_moved_gets_place_and_lines_of_now(lines_moved):
    lines_moved.code.files = {"b.py": {"g": (23, "s1")}}
    lines_moved.cycle()
    assert described(lines_moved) == f"{HEAD.replace('`f` in a.py', '`g` in b.py')} Extract lines 13–19 of g."


def test_a_finding_that_is_back_tells_score_and_lines_of_now(lines_moved):
    lines_moved.code.files["a.py"]["f"] = (3, "s2")
    lines_moved.cycle()
    lines_moved.code.files["a.py"]["f"] = (31, "s3")
    lines_moved.cycle()
    assert described(lines_moved) == f"{HEAD.replace('23 (D)', '31 (E)')} Extract lines 13–19 of f."


def test_where_nothing_moved_no_advice_is_asked_for(lines_moved):
    lines_moved.cycle()
    lines_moved.code.advise = None
    assert lines_moved.cycle().updated == ()
