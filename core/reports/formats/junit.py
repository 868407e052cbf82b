"""An audit as the XML that CI services read test results from: what does not pass is a failure."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from core.domain.quality.verdict import GateReport, Judged
from core.reports.audit.words import found_words, judged_words, sentence, verdict_words, where
from core.reports.text.markup import xml_document, xml_text


def audit_junit(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the document: a testcase for each finding shown, and one for the gate."""
    failing = {judged.finding.fingerprint for judged in gate.failing}
    cases = [_case(judged, failed=judged.finding.fingerprint in failing) for judged in shown]
    verdict = _gate(gate, is_listed=any(case.find("failure") is not None for case in cases))
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


def _case(judged: Judged, *, failed: bool) -> ET.Element:
    finding = judged.finding
    name = f"{finding.metric} of {finding.block}" if finding.block else finding.metric.value
    case = ET.Element("testcase", classname=xml_text(finding.path), name=xml_text(name), time="0")
    if failed:
        failure = ET.SubElement(case, "failure", message=xml_text(sentence(finding)), type=finding.metric.value)
        failure.text = xml_text(f"{where(finding)}\n{judged_words(judged)}\norchestrator audit --explain {finding.fingerprint}")
    return case


def _gate(gate: GateReport, *, is_listed: bool) -> ET.Element:
    case = ET.Element("testcase", classname="orchestrator", name="gate", time="0")
    if gate.failing and not is_listed:
        # What fails it was left out by --top or --min-rank.
        ET.SubElement(case, "failure", message=xml_text(verdict_words(gate)), type="gate")
    return case
