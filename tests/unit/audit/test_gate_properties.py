"""What holds of every gate and every baseline, whatever the code."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.audit import AuditReport
from core.domain.quality.baseline import accept_all, ratchet
from core.domain.quality.finding import Accepted, Finding, fingerprint
from core.domain.quality.metric import Metric
from core.domain.quality.verdict import Delta, FailOn, fails, judge

_PATHS = st.sampled_from(["a.py", "b.py", "c/a.py"])
_NAMES = st.sampled_from(["f", "g", "C.m", "f #2", "f @x.setter"])
_SHAPES = st.sampled_from(["", "s1", "s2"])


@st.composite
def findings(draw):
    places = draw(st.sets(st.tuples(_PATHS, _NAMES)))
    found, shapes = [], {}
    for path, name in sorted(places):
        identity = fingerprint(Metric.COMPLEXITY, path, name)
        score = draw(st.integers(11, 40))
        found.append(
            Finding(
                fingerprint=identity,
                metric=Metric.COMPLEXITY,
                path=path,
                block=name,
                line=1,
                end_line=2,
                score=score,
                threshold=10,
                rank="C",
            )
        )
        shapes[identity] = draw(_SHAPES)
    return tuple(found), shapes


_ACCEPTED = st.lists(
    st.builds(Accepted, path=_PATHS, block=_NAMES, metric=st.just(Metric.COMPLEXITY), score=st.integers(11, 40), shape=_SHAPES)
)


@given(findings(), _ACCEPTED)
def test_every_finding_is_judged_once_and_no_accepted_one_is_used_twice(code, known):
    found, shapes = code
    judgement = judge(found, shapes, known)
    used = [judged.before.key for judged in judgement.judged if judged.before is not None]

    assert [judged.finding for judged in judgement.judged] == list(found)
    assert len(used) == len(set(used))
    assert {*used, *(gone.key for gone in judgement.gone)} == {each.key for each in known}


@given(findings(), _ACCEPTED)
def test_what_was_accepted_passes_and_unchanged_code_turns_no_ratchet(code, known):
    found, shapes = code
    report = AuditReport(files=(), findings=found, seconds=0, shapes=shapes)
    accepted = accept_all(report, known, lambda _: True)
    judgement = judge(found, shapes, accepted)

    assert {judged.delta for judged in judgement.judged} <= {Delta.SAME}
    assert fails(judgement.judged, FailOn.WORSE) == ()
    assert not ratchet(judgement, accepted, shapes).changed


@given(findings(), _ACCEPTED)
def test_a_ratchet_accepts_nothing_more_and_changes_no_verdict(code, known):
    found, shapes = code
    judgement = judge(found, shapes, known)
    turned = ratchet(judgement, known, shapes)
    again = judge(found, shapes, turned.accepted)

    assert len(turned.accepted) <= len(known)
    assert [judged.finding for judged in fails(again.judged, FailOn.WORSE)] == [
        judged.finding for judged in fails(judgement.judged, FailOn.WORSE)
    ]
    for judged in again.judged:
        assert judged.delta is not Delta.BETTER
    assert not ratchet(again, turned.accepted, shapes).changed
