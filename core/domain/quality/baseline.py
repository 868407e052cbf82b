"""The accepted findings: how they are written anew, and how they shrink by themselves. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Accepted
from core.domain.quality.verdict import Delta, Judged, Judgement, accept, strictest


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


def accept_all(
    report: AuditReport, known: Iterable[Accepted], in_scope: Callable[[str], bool], otherwise: Container[str] = frozenset()
) -> tuple[Accepted, ...]:
    """Return a baseline that accepts every finding of the report; what was known outside of the scope, or is unknown now, stays.

    Findings whose fingerprint is in ``otherwise`` are accepted by a comment, and left out.
    """
    findings = (finding for finding in report.findings if finding.fingerprint not in otherwise)
    kept = [each for each in known if not in_scope(each.path) or not report.knows(each.metric, each.block)]
    return in_order([*kept, *(accept(finding, report.shapes.get(finding.fingerprint, "")) for finding in findings)])


def ratchet(judgement: Judgement, known: Iterable[Accepted], shapes: Mapping[str, str]) -> Ratchet:
    """Return ``known`` without what is gone, with the scores that got better, and the places and shapes that changed.

    A shape follows its block's edits, so that a later rename is known.
    """
    entries = strictest(known)
    for gone in judgement.gone:
        entries.pop(gone.key, None)
    turned = [(judged, before, now) for judged, before, now in _matched(judgement, shapes) if _turns(judged, before, now)]
    # All old places go before a new one comes: two blocks may have exchanged theirs.
    for _, before, _ in turned:
        entries.pop(before.key, None)
    entries.update((now.key, now if judged.delta is Delta.BETTER else _at_old_score(now, before)) for judged, before, now in turned)
    counts = Counter(kind for judged, _, _ in turned for kind in _kinds(judged))
    return Ratchet(accepted=in_order(entries.values()), gone=len(judgement.gone), **counts)


def _kinds(judged: Judged) -> tuple[str, ...]:
    """Return what is counted of an entry that changes: fields of ``Ratchet``."""
    kinds = ("lowered",) if judged.delta is Delta.BETTER else ()
    return (*kinds, "moved") if judged.moved else kinds or ("edited",)


def _matched(judgement: Judgement, shapes: Mapping[str, str]) -> Iterator[tuple[Judged, Accepted, Accepted]]:
    """Yield each finding that is an accepted one, with that and with the entry that it would have now."""
    for judged in judgement.judged:
        if judged.before is not None:
            yield judged, judged.before, accept(judged.finding, shapes.get(judged.finding.fingerprint, ""))


def _turns(judged: Judged, before: Accepted, now: Accepted) -> bool:
    """Return whether an entry changes."""
    return judged.delta is Delta.BETTER or judged.moved or (judged.delta is Delta.SAME and _is_outdated(before, now))


def _is_outdated(before: Accepted, now: Accepted) -> bool:
    """Return whether an entry should say more of what is there at the score that was accepted.

    A block's shape follows its edits. A file's does not, or its line would change with every edit of a poor file: its shape
    tells much of it for a long time.
    """
    if now.block:
        return now.shape not in ("", before.shape)
    return bool(now.shape and not before.shape) or (now.unclamped is not None and _floor(now, before) != before.unclamped)


def _at_old_score(now: Accepted, before: Accepted) -> Accepted:
    return replace(now, score=before.score, unclamped=_floor(now, before))


def _floor(now: Accepted, before: Accepted) -> float | None:
    """Return the unlimited score that was accepted; that of now where only the limited one was written."""
    return now.unclamped if before.unclamped is None and before.score == now.score else before.unclamped


def in_order(accepted: Iterable[Accepted]) -> tuple[Accepted, ...]:
    """Return entries as the file has them: by path, block, metric."""
    return tuple(sorted(accepted, key=lambda each: (each.path, each.block, each.metric.value)))
