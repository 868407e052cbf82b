"""What a change silences, in words and as findings: one for each comment, skipped test, setting and accepted finding. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.domain.quality.accept_comments import is_accepting
from core.domain.quality.checker_settings import checks_loosened
from core.domain.quality.finding import Finding, fingerprint
from core.domain.quality.inline_acceptance import Place
from core.domain.quality.metric import Metric
from core.domain.quality.silencing import Silence, Silenced, silenced
from core.domain.quality.silent_comments import Change

_REVIEW = "or have a reviewer merge it all the same"


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencedThing:
    """One thing that is silenced, in words."""

    path: str
    #: 1-based; 0 where there is no line.
    line: int
    #: What names it, the same however its file changes otherwise.
    what: str
    #: Why it is a finding, and what to do: sentences without a full stop.
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
    return frozenset((thing.path, thing.line) for thing in things if is_accepting(thing.what))


def _in_code(each: Silenced) -> SilencedThing:
    if each.kind is Silence.SKIPPED:
        problem, advice = "a test is skipped here, or checks nothing, and did at the base", f"mend the test or what it tests, {_REVIEW}"
    elif is_accepting(each.what):
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
