"""What a change silences, as findings of their own: one for each comment, skipped test, setting and accepted finding. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from core.domain.quality.checker_settings import checks_loosened
from core.domain.quality.finding import Finding, fingerprint
from core.domain.quality.inline_acceptance import Place, accepted_in_code
from core.domain.quality.metric import Metric
from core.domain.quality.over_threshold import worst_first
from core.domain.quality.silencing import Silence, Silenced, silenced
from core.domain.quality.silent_comments import Change
from core.domain.quality.verdict import Delta, GateReport, Judged

#: Silences that a note names; of more their number is told.
_NAMED = 10
_ACCEPTS = "# orchestrator: accept"
_REVIEW = "or have a reviewer merge it all the same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silences:
    """What a branch silences."""

    findings: tuple[Finding, ...] = ()
    #: Comments that accept nothing: the base does not have them.
    comments: frozenset[Place] = frozenset()
    #: Whether they are told in notes and no findings.
    are_notes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencedThing:
    """One thing that is silenced, in words."""

    path: str
    #: 1-based; 0 where there is no line.
    line: int
    #: What names it, the same however its file changes otherwise.
    what: str
    #: Why it is told, and what to do: sentences without a full stop.
    problem: str
    advice: str


def silenced_findings(things: Iterable[SilencedThing]) -> tuple[Finding, ...]:
    """Return a finding for each thing; those of one name in one file are numbered in their order."""
    seen: Counter[tuple[str, str]] = Counter()
    findings = []
    for thing in things:
        seen[thing.path, thing.what] += 1
        number = seen[thing.path, thing.what]
        findings.append(_finding(thing, thing.what if number == 1 else f"{thing.what} #{number}"))
    return tuple(findings)


def silenced_in(change: Change) -> tuple[SilencedThing, ...]:
    """Return what the files of a change silence: comments, skipped tests, and what checking programs leave out now."""
    kinds = (Silence.COMMENT, Silence.SKIPPED)
    found = [_in_code(each) for each in silenced(change) if each.kind in kinds]
    less = "a program checks less than at the base"
    found += (
        SilencedThing(path=each.path, line=each.line, what=each.what, problem=less, advice=f"mend what it says, {_REVIEW}")
        for each in checks_loosened(change)
    )
    return tuple(found)


def new_acceptances(things: Iterable[SilencedThing]) -> frozenset[Place]:
    """Return the places of comments that accept findings."""
    return frozenset((thing.path, thing.line) for thing in things if thing.what.lower().startswith(_ACCEPTS))


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


def _in_code(each: Silenced) -> SilencedThing:
    if each.kind is Silence.SKIPPED:
        problem, advice = "a test is skipped here, or checks nothing, and did at the base", f"mend the test or what it tests, {_REVIEW}"
    elif each.what.lower().startswith(_ACCEPTS):
        problem, advice = "new in this change, so it accepts nothing yet", f"mend the code, {_REVIEW}"
    else:
        problem, advice = "new in this change; it hides what a program says of this line", f"mend what it hides, {_REVIEW}"
    return SilencedThing(path=each.path, line=each.line, what=each.what, problem=problem, advice=advice)


def _finding(thing: SilencedThing, block: str) -> Finding:
    line = max(1, thing.line)
    return Finding(
        fingerprint=fingerprint(Metric.SILENCED, thing.path, block),
        metric=Metric.SILENCED,
        path=thing.path,
        block=block,
        line=line,
        end_line=line,
        score=1,
        threshold=0,
        rank="C",
        problem=thing.problem,
        suggestion=thing.advice,
    )
