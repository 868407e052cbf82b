"""An audit as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from core import __version__
from core.domain.quality.finding import name_of
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import SPECS
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.reports.audit.fields import finding_fields
from core.reports.audit.words import sentence
from core.reports.text.markup import json_document

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_RULES = tuple(Metric)
#: What paths are relative to. Where it lies is not said: it is another place on every machine.
_ROOT = "%SRCROOT%"
#: Results that GitHub takes in one run.
MOST_RESULTS = 25_000
_EXPLAIN = "`orchestrator audit --explain FINGERPRINT` says where it comes from and what to do."
_STATES = {Delta.NEW: "new", Delta.WORSE: "updated", Delta.BETTER: "updated", Delta.SAME: "unchanged", Delta.ACCEPTED: "unchanged"}
_PROPERTIES = ("score", "threshold", "rank", "standing", "churn", "direction", "trend")


def audit_sarif(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the log: a result for each finding shown; those that the gate does not let pass are errors."""
    rules = [_rule(metric) for metric in _RULES]
    driver = {"name": "orchestrator", "semanticVersion": __version__, "rules": rules}
    failing = {judged.finding.fingerprint for judged in gate.failing}
    run = {
        "tool": {"driver": driver},
        # Code scanning takes a later log with the same id for a new version of the same analysis.
        "automationDetails": {"id": f"orchestrator/audit/{_uri(gate.prefix)}"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the git repository; without one, of the project."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, **_changed(gate), **_too_many(len(shown))}],
        "results": [_result(judged, gate, failing=judged.finding.fingerprint in failing) for judged in shown],
    }
    return json_document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _changed(gate: GateReport) -> dict[str, Any]:
    """Return what decides the verdict and was changed, as notifications about the tool's configuration."""
    notices = [
        {
            "level": "warning",
            "message": {"text": f"{change.sentence}."},
            "locations": [{"physicalLocation": _place(gate.in_repository(change.file), change.line)}],
        }
        for change in gate.changed
    ]
    return {"toolConfigurationNotifications": notices} if notices else {}


def size_warning(results: int) -> str:
    """Return what is wrong with a log of so many results, one sentence; empty where nothing is."""
    if results <= MOST_RESULTS:
        return ""
    cure = f"shorten it with --min-rank or --top {MOST_RESULTS}, or write one log for each directory"
    return f"the SARIF log has {results:,} results and GitHub takes at most {MOST_RESULTS:,}: {cure}"


def _too_many(results: int) -> dict[str, Any]:
    """Return the warning about the number of results as a notification."""
    warning = size_warning(results)
    return {"toolExecutionNotifications": [{"level": "warning", "message": {"text": f"{warning}."}}]} if warning else {}


def _rule(metric: Metric) -> dict[str, Any]:
    spec = SPECS[metric]
    title, text = spec.title, spec.about
    limit = f"{spec.limit.rstrip('.')}: `audit.thresholds.{metric}`, by default {spec.threshold:g}. " if spec.threshold is not None else ""
    return {
        "id": metric.value,
        "name": "".join(word.capitalize() for word in title.split()),
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {
            "text": f"{text} {spec.help} {limit}{_EXPLAIN}",
            "markdown": f"{text}\n\n**What to do:** {spec.help}\n\n{limit}{_EXPLAIN}\n",
        },
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["maintainability"]},
    }


def _result(judged: Judged, gate: GateReport, *, failing: bool) -> dict[str, Any]:
    finding = judged.finding
    location: dict[str, Any] = {"physicalLocation": _place(gate.in_repository(finding.path), finding.line, finding.end_line)}
    if finding.block and finding.metric is not Metric.PLUGIN:
        name = name_of(finding.metric, finding.block)
        location["logicalLocations"] = [{"name": name.rpartition(".")[2], "fullyQualifiedName": finding.block, "kind": "function"}]
    fields = finding_fields(judged)
    result: dict[str, Any] = {
        "ruleId": finding.metric.value,
        "ruleIndex": _RULES.index(finding.metric),
        "level": _level(judged, failing=failing),
        "message": {"text": f"{sentence(finding)}."},
        "locations": [location],
        "partialFingerprints": {"orchestratorFinding/v1": finding.fingerprint},
        "properties": {name: fields[name] for name in _PROPERTIES},
    }
    if judged.reason:
        result["suppressions"] = [{"kind": "inSource", "justification": judged.reason}]
    return result | {"baselineState": _STATES[judged.delta]} if gate.against else result


def _place(path: str, line: int, end_line: int | None = None) -> dict[str, Any]:
    """Return the physical location of lines, 1-based and inclusive, in a file; ``path`` is relative to the repository."""
    region = {"startLine": max(1, line)} | ({} if end_line is None else {"endLine": max(1, line, end_line)})
    return {"artifactLocation": {"uri": _uri(path), "uriBaseId": _ROOT}, "region": region}


def _level(judged: Judged, *, failing: bool) -> str:
    if failing:
        return "error"
    return "note" if judged.delta in (Delta.SAME, Delta.BETTER, Delta.ACCEPTED) else "warning"


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
