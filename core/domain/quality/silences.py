"""A report of the gate with what a change silences, as findings of their own or as notes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.domain.quality.finding import Finding
from core.domain.quality.inline_acceptance import Place, accepted_in_code
from core.domain.quality.over_threshold import worst_first
from core.domain.quality.verdict import Delta, GateReport, Judged

#: Silences that notes name; of the others they give the number.
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Silences:
    """What a branch silences."""

    findings: tuple[Finding, ...] = ()
    #: Comments that accept nothing: the base does not have them.
    comments: frozenset[Place] = frozenset()
    #: Whether they are notes and no findings.
    are_notes: bool = False


def judged_with_silences(gate: GateReport, silences: Silences, in_scope: Callable[[str], bool]) -> GateReport:
    """Return a report with what comments accept, and with what is silenced as new findings; of Python files those in scope."""
    in_code = accepted_in_code(gate.report, silences.comments)
    found = [each for each in silences.findings if in_scope(each.path) or not each.path.endswith((".py", ".pyi"))]
    notes = (*gate.notes, *in_code.notes, *(_notes(found) if silences.are_notes else ()))
    accepting = replace(gate, judgement=gate.judgement.accepting(in_code.reasons), notes=notes)
    return accepting if silences.are_notes or not found else _with_findings(accepting, found)


def _with_findings(gate: GateReport, found: Sequence[Finding]) -> GateReport:
    judged = (*gate.judgement.judged, *(Judged(finding=finding, delta=Delta.NEW) for finding in found))
    return replace(
        gate,
        report=replace(gate.report, findings=tuple(sorted((*gate.report.findings, *found), key=worst_first))),
        judgement=replace(gate.judgement, judged=tuple(sorted(judged, key=lambda each: worst_first(each.finding)))),
    )


def _notes(found: Sequence[Finding]) -> tuple[str, ...]:
    named = tuple(f"silenced in this branch: {each.path}:{each.line}: {each.block}" for each in found[:_NAMED])
    return (*named, f"silenced in this branch: {len(found) - _NAMED:,} more") if len(found) > _NAMED else named
