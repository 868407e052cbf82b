"""The accepted findings: how they are written anew, and how they shrink by themselves. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Accepted
from core.domain.quality.verdict import Delta, Judgement, accept, strictest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """What a baseline loses because the code got better. Nothing in it is ever accepted anew or at a worse score."""

    #: The baseline as it should be; sorted.
    accepted: tuple[Accepted, ...]
    gone: int = 0
    lowered: int = 0
    #: Entries whose block or file has another place now.
    moved: int = 0
    #: Entries whose block does something else now, at the score that was accepted.
    edited: int = 0

    @property
    def changed(self) -> bool:
        return bool(self.gone or self.lowered or self.moved)


def accept_all(report: AuditReport, known: Iterable[Accepted], in_scope: Callable[[str], bool]) -> tuple[Accepted, ...]:
    """Return a baseline that accepts every finding of the report; what was known outside of the scope, or is unknown now, stays."""
    kept = [each for each in known if not in_scope(each.path) or not report.knows(each.metric, each.block)]
    return in_order([*kept, *(accept(finding, report.shapes.get(finding.fingerprint, "")) for finding in report.findings)])


def ratchet(judgement: Judgement, known: Iterable[Accepted], shapes: Mapping[str, str]) -> Ratchet:
    """Return ``known`` without what is gone, with the scores that got better, and the places and shapes that changed.

    A shape follows its block's edits, so that a later rename is known.
    """
    entries = strictest(known)
    for gone in judgement.gone:
        entries.pop(gone.key, None)
    lowered = moved = edited = 0
    for judged in judgement.judged:
        if judged.before is None:
            continue
        now = accept(judged.finding, shapes.get(judged.finding.fingerprint, ""))
        better = judged.delta is Delta.BETTER
        other = judged.delta is Delta.SAME and not judged.moved and now.shape not in ("", judged.before.shape)
        if better or other or judged.moved:
            lowered, moved, edited = lowered + better, moved + judged.moved, edited + other
            entries.pop(judged.before.key, None)
            entries[now.key] = now if better else replace(now, score=judged.before.score)
    return Ratchet(accepted=in_order(entries.values()), gone=len(judgement.gone), lowered=lowered, moved=moved, edited=edited)


def in_order(accepted: Iterable[Accepted]) -> tuple[Accepted, ...]:
    """Return entries as the file has them: by path, block, metric."""
    return tuple(sorted(accepted, key=lambda each: (each.path, each.block, each.metric.value)))
