"""The gate: findings judged against what was accepted before. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Accepted, Finding, Key, compared
from core.domain.quality.identity import match, origins
from core.domain.quality.metric import Metric
from core.domain.quality.refactor_task import number
from core.domain.quality.trend import Direction, direction


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One difference between the base and this branch."""

    #: ``settings``, or the name of the file: ``plugins.lock``, ``audit-baseline.json``.
    subject: str
    #: ``audit.thresholds.complexity 10 → 50``; one line.
    what: str
    #: The file that says so in this branch, and the line, 0 where it has none.
    file: str
    line: int = 0
    #: Whether it may let more pass; False only where it certainly does not.
    loosens: bool = True

    @property
    def sentence(self) -> str:
        """Return it as a sentence without a full stop."""
        return f"{self.subject} changed in this branch: {self.what}; judged by the base's"


class Delta(StrEnum):
    """How a finding differs from what was accepted."""

    NEW = "new"
    WORSE = "worse"
    SAME = "same"
    BETTER = "better"
    #: It is there, and a comment at its place accepts it, whatever its score.
    ACCEPTED = "accepted"


class FailOn(StrEnum):
    """Which findings the gate does not let pass."""

    #: Every finding that no comment accepts.
    ANY = "any"
    #: Those that were not accepted.
    NEW = "new"
    #: Those that were not accepted, and those that are worse than when they were.
    WORSE = "worse"
    NEVER = "never"


_FAILING = {
    FailOn.ANY: frozenset(Delta) - {Delta.ACCEPTED},
    FailOn.NEW: frozenset({Delta.NEW}),
    FailOn.WORSE: frozenset({Delta.NEW, Delta.WORSE}),
    FailOn.NEVER: frozenset[Delta](),
}
_DELTAS = {Direction.WORSENING: Delta.WORSE, Direction.IMPROVING: Delta.BETTER, Direction.FLAT: Delta.SAME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A finding compared with the accepted ones."""

    finding: Finding
    delta: Delta
    #: The accepted finding that this one is, perhaps under another name or in another place; None for a new one.
    before: Accepted | None = None
    #: Why a comment accepts it; empty where none does.
    reason: str = ""

    @property
    def moved(self) -> bool:
        return self.before is not None and (self.before.path, self.before.block) != (self.finding.path, self.finding.block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Every finding judged."""

    #: In the order of the findings: worst first.
    judged: tuple[Judged, ...] = ()
    #: Accepted findings that are there no more, by place.
    gone: tuple[Accepted, ...] = ()

    def count(self, delta: Delta) -> int:
        return sum(judged.delta is delta for judged in self.judged)

    def within(self, in_scope: Callable[[str], bool]) -> Judgement:
        """Return what of it lies in a scope."""
        return Judgement(
            judged=tuple(judged for judged in self.judged if in_scope(judged.finding.path)),
            gone=tuple(known for known in self.gone if in_scope(known.path)),
        )

    def accepting(self, reasons: Mapping[str, str]) -> Judgement:
        """Return it with the findings accepted that have a reason; ``reasons``: by fingerprint."""
        if not reasons:
            return self
        return replace(
            self,
            judged=tuple(
                replace(judged, delta=Delta.ACCEPTED, reason=reason) if (reason := reasons.get(judged.finding.fingerprint)) else judged
                for judged in self.judged
            ),
        )


def accept(finding: Finding, shape: str = "") -> Accepted:
    """Return a finding as one that is accepted from now on."""
    unclamped = None if finding.unclamped is None else number(finding.unclamped)
    return Accepted(
        path=finding.path, block=finding.block, metric=finding.metric, score=number(finding.score), shape=shape, unclamped=unclamped
    )


def judge(findings: Sequence[Finding], shapes: Mapping[str, str], accepted: Iterable[Accepted]) -> Judgement:
    """Compare findings with accepted ones, found again as ``identity.match`` says.

    ``shapes``: fingerprint → shape. An accepted finding in a file that cannot be read at present is neither there nor gone.
    """
    unreadable = {finding.path for finding in findings if finding.metric is Metric.UNREADABLE}
    known = [each for each in strictest(accepted).values() if each.path not in unreadable or each.metric is Metric.UNREADABLE]
    now = [accept(finding, shapes.get(finding.fingerprint, "")) for finding in findings]
    pairs = match(now, known)
    gone = (known[position] for position in set(range(len(known))).difference(pairs.values()))
    return Judgement(
        judged=tuple(
            _judged(finding, now[position], known[pairs[position]] if position in pairs else None)
            for position, finding in enumerate(findings)
        ),
        gone=tuple(sorted(gone, key=lambda each: (each.path, each.block, each.metric))),
    )


def accepted_findings(report: AuditReport, accepted: Iterable[Accepted]) -> frozenset[str]:
    """Return the fingerprints of the findings that were accepted and are no worse than they were then."""
    judgement = judge(report.findings, report.shapes, accepted)
    allowed = (Delta.SAME, Delta.BETTER)
    return frozenset(judged.finding.fingerprint for judged in judgement.judged if judged.delta in allowed)


def former_paths(judgement: Judgement, shapes: Mapping[str, str], accepted: Iterable[Accepted]) -> frozenset[str]:
    """Return the paths of accepted findings that a new one may be under its old name or in its old place."""
    new = [accept(judged.finding, shapes.get(judged.finding.fingerprint, "")) for judged in judgement.judged if judged.delta is Delta.NEW]
    known = tuple(accepted) if new else ()
    return frozenset(known[position].path for position in origins(new, known))


def fails(judged: Iterable[Judged], fail_on: FailOn) -> tuple[Judged, ...]:
    """Return those that the gate does not let pass."""
    failing = _FAILING[fail_on]
    return tuple(each for each in judged if each.delta in failing)


def strictest(accepted: Iterable[Accepted]) -> dict[Key, Accepted]:
    """Return what was accepted by key; of two for one place, as a merge leaves them, the one that allows less."""
    by_key: dict[Key, Accepted] = {}
    for each in accepted:
        known = by_key.get(each.key)
        if known is None or direction(each.metric, compared(known, each)) is Direction.IMPROVING:
            by_key[each.key] = each
    return by_key


def _judged(finding: Finding, now: Accepted, before: Accepted | None) -> Judged:
    if before is None:
        return Judged(finding=finding, delta=Delta.NEW)
    return Judged(finding=finding, delta=_DELTAS[direction(finding.metric, compared(before, now))], before=before)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """An audit, judged."""

    report: AuditReport
    judgement: Judgement
    fail_on: FailOn
    #: Name of the repository, for headings.
    project: str = ""
    #: What it was compared with: ``audit-baseline.json``, ``origin/main (1f2e3d4)``; empty for nothing.
    against: str = ""
    #: What a person should know or do, a sentence each.
    notes: tuple[str, ...] = ()
    #: What decides the verdict and is another in the branch than at the base; the base's counted.
    changed: tuple[PolicyChange, ...] = ()
    #: The project's place below the root of the git repository, with a slash at its end; empty when they are the same.
    prefix: str = ""

    def in_repository(self, path: str) -> str:
        """Return a path of the project relative to the root of the git repository, as code hosts and scanners want it."""
        return self.prefix + path

    @property
    def failing(self) -> tuple[Judged, ...]:
        """The findings that the gate does not let pass, worst first."""
        return fails(self.judgement.judged, self.fail_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCheck:
    """Whether the finding that a task was written for is gone."""

    task_id: str
    gone: bool
    #: Before → now, and where; one sentence without a full stop.
    reason: str
