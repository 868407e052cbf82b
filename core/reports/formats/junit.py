"""A run and an audit as the XML that CI services read test results from: what does not pass is a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from core.domain.quality.verdict import GateReport, Judged
from core.events import RunFinished, TaskFinished
from core.reports.audit.words import found_words, judged_words, sentence, verdict_words, where
from core.reports.run.progress import Progress
from core.reports.text.columns import one_line
from core.reports.text.markup import xml_document, xml_text


def audit_junit(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the document: a testcase for each finding shown, and one for the gate."""
    failing = {judged.finding.fingerprint for judged in gate.failing}
    cases = [_audit_case(judged, gate.prefix, failed=judged.finding.fingerprint in failing) for judged in shown]
    verdict = _gate_case(gate, is_listed=any(case.find("failure") is not None for case in cases))
    cases.append(verdict)
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "time": f"{gate.report.seconds:.3f}"}
    root = ET.Element("testsuites", {"name": "orchestrator audit", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "orchestrator audit", **counts, "skipped": "0"})
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = xml_text(
        "\n".join((found_words(gate), *(change.sentence for change in gate.changed), f"gate {verdict_words(gate)}"))
    )
    return xml_document(root)


def _audit_case(judged: Judged, prefix: str, *, failed: bool) -> ET.Element:
    finding = judged.finding
    name = f"{finding.metric} of {finding.block}" if finding.block else finding.metric.value
    case = ET.Element("testcase", classname=xml_text(prefix + finding.path), name=xml_text(name), time="0")
    if failed:
        failure = ET.SubElement(case, "failure", message=xml_text(sentence(finding)), type=finding.metric.value)
        failure.text = xml_text(f"{prefix}{where(finding)}\n{judged_words(judged)}\norchestrator audit --explain {finding.fingerprint}")
    return case


def _gate_case(gate: GateReport, *, is_listed: bool) -> ET.Element:
    case = ET.Element("testcase", classname="orchestrator", name="gate", time="0")
    if gate.failing and not is_listed:
        # What fails it was left out by --top or --min-rank.
        ET.SubElement(case, "failure", message=xml_text(verdict_words(gate)), type="gate")
    return case


def junit_xml(progress: Progress, *, tail: Callable[[str], Sequence[str]]) -> str:
    """Return the document for a finished run: a testcase for each task that ended or was held up. ``tail`` reads a log's end."""
    run, started = progress.finished, progress.started
    if run is None or started is None:
        return ""
    cases = [_ended(event, progress.tries.get(event.task_id, 1), tail) for event in progress.ended.values()]
    cases += [_held(task_id, reason) for task_id, reason in _not_run(run).items() if task_id not in progress.ended]
    counts = {"tests": str(len(cases)), "failures": str(_number(cases, "failure")), "errors": "0", "time": f"{run.duration:.3f}"}
    root = ET.Element("testsuites", {"name": "orchestrator", **counts})
    at = datetime.fromtimestamp(started.at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.SubElement(root, "testsuite", {"name": "orchestrator", **counts, "skipped": str(_number(cases, "skipped")), "timestamp": at})
    ET.SubElement(ET.SubElement(suite, "properties"), "property", name="run", value=xml_text(run.run_id))
    suite.extend(cases)
    return xml_document(root)


def _ended(event: TaskFinished, tries: int, tail: Callable[[str], Sequence[str]]) -> ET.Element:
    outcome = event.outcome
    case = _case(event.task_id, outcome.usage.seconds if outcome is not None else 0.0)
    log = outcome.log if outcome is not None else ""
    text = "\n".join(tail(log)) if log else ""
    if event.status == "failed":
        message = f"{event.reason}: {one_line(event.description)}" + (f" ({tries} attempts)" if tries > 1 else "")
        failure = ET.SubElement(case, "failure", message=xml_text(message), type=outcome.ending.value if outcome is not None else "failed")
        failure.text, text = xml_text(text), ""
    elif event.status not in ("done", "passed"):
        ET.SubElement(case, "skipped", message=xml_text(f"{event.status}: {event.reason}"))
    if log:
        ET.SubElement(case, "system-out").text = xml_text(f"{text}\nlog: {log}".strip())
    return case


def _held(task_id: str, reason: str) -> ET.Element:
    case = _case(task_id, 0.0)
    ET.SubElement(case, "skipped", message=xml_text(reason))
    return case


def _not_run(run: RunFinished) -> dict[str, str]:
    held = (("blocked", run.blocked), ("waiting", run.waiting), ("left", run.left))
    return {task_id: f"{word}: {reason}" for word, ids in held for task_id, reason in ids.items()}


def _case(task_id: str, duration: float) -> ET.Element:
    return ET.Element("testcase", classname="orchestrator", name=xml_text(task_id), time=f"{duration:.3f}")


def _number(cases: Sequence[ET.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)
