"""An audit as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from core import __version__
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import SPECS
from core.domain.quality.verdict import Delta, GateReport, Judged
from core.reports.audit.fields import finding_fields
from core.reports.audit.words import sentence
from core.reports.text.markup import json_document

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_RULES = tuple(Metric)
_STATES = {Delta.NEW: "new", Delta.WORSE: "updated", Delta.BETTER: "updated", Delta.SAME: "unchanged"}
_PROPERTIES = ("score", "threshold", "rank", "standing", "churn", "direction", "trend")


def audit_sarif(gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the log: a result for each finding shown; those that the gate does not let pass are errors."""
    driver = {"name": "orchestrator", "semanticVersion": __version__, "rules": [_rule(metric) for metric in _RULES]}
    failing = {judged.finding.fingerprint for judged in gate.failing}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "orchestrator/audit/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, **_changed(gate)}],
        "results": [_result(judged, failing=judged.finding.fingerprint in failing, compared=bool(gate.against)) for judged in shown],
    }
    return json_document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _changed(gate: GateReport) -> dict[str, Any]:
    """Return what decides the verdict and was changed, as notifications about the tool's configuration."""
    notices = [
        {
            "level": "warning",
            "message": {"text": f"{change.sentence}."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(change.file), "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": max(1, change.line)},
                    }
                }
            ],
        }
        for change in gate.changed
    ]
    return {"toolConfigurationNotifications": notices} if notices else {}


def _rule(metric: Metric) -> dict[str, Any]:
    spec = SPECS[metric]
    title, text = spec.title, spec.about
    return {
        "id": metric.value,
        "name": "".join(word.capitalize() for word in title.split()),
        "shortDescription": {"text": title},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} {spec.help} `orchestrator audit --explain FINGERPRINT` says where it comes from and what to extract."},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["maintainability"]},
    }


def _result(judged: Judged, *, failing: bool, compared: bool) -> dict[str, Any]:
    finding = judged.finding
    region = {"startLine": max(1, finding.line), "endLine": max(1, finding.line, finding.end_line)}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(finding.path), "uriBaseId": "%SRCROOT%"}, "region": region}
    }
    if finding.block and finding.metric is not Metric.PLUGIN:
        location["logicalLocations"] = [{"name": finding.block.rpartition(".")[2], "fullyQualifiedName": finding.block, "kind": "function"}]
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
    return result | {"baselineState": _STATES[judged.delta]} if compared else result


def _level(judged: Judged, *, failing: bool) -> str:
    if failing:
        return "error"
    return "note" if judged.delta in (Delta.SAME, Delta.BETTER) else "warning"


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
