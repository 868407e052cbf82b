"""What is packed comes out equal, and what was damaged is noticed."""

from __future__ import annotations

import pickle
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.radon.agreement import SPECIMEN
from core.adapters.radon.file_measure import measure_source
from core.adapters.radon.packing import Damaged, pack, unpack
from core.domain.quality.metric import AcceptComment, Block, BlockKind, FileMeasure, Halstead, RawCounts, Window

NUMBER = st.integers(0, 2**32 - 1)
FLOAT = st.floats(allow_nan=False)
NAME = st.from_regex(r"[^\W\d]\w*(\.\w+)?", fullmatch=True)
BLOCK = st.builds(
    Block,
    kind=st.sampled_from(BlockKind),
    name=NAME,
    line=NUMBER,
    end_line=NUMBER,
    column=NUMBER,
    complexity=NUMBER,
    cognitive=NUMBER,
    length=NUMBER,
    nesting=NUMBER,
    parameters=NUMBER,
    asserts=NUMBER,
    shape=st.sampled_from(["", "0123456789ab"]),
)
COUNTS = ("h1", "h2", "N1", "N2", "vocabulary", "length")
HALSTEAD = st.builds(Halstead, **{name: NUMBER if name in COUNTS else FLOAT for name in Halstead.__dataclass_fields__})
MEASURE = st.builds(
    FileMeasure,
    blocks=st.lists(BLOCK, max_size=4).map(tuple),
    maintainability=FLOAT,
    unclamped=FLOAT,
    raw=st.none() | st.builds(RawCounts, **dict.fromkeys(RawCounts.__dataclass_fields__, NUMBER)),
    halstead=st.none() | HALSTEAD,
    problem=st.text(),
    problem_line=NUMBER,
    accepts=st.lists(
        st.builds(AcceptComment, NUMBER, NUMBER, NUMBER, st.booleans(), st.text(st.characters(exclude_characters="\n"))), max_size=3
    ).map(tuple),
    windows=st.lists(st.builds(Window, st.integers(0, 2**64 - 1), *[NUMBER] * 6), max_size=3).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(MEASURE)
def test_a_measure_survives_packing(measure):
    assert unpack(pack(measure)) == measure
    assert measure == unpack(pack(measure))
    assert hash(unpack(pack(measure))) == hash(measure)


@settings(max_examples=40, deadline=None)
@given(MEASURE)
def test_what_a_packed_measure_has_at_hand_is_what_is_in_it(measure):
    packed = unpack(pack(measure))
    assert (packed.tally, packed.lines, packed.has_raw) == (measure.tally, measure.lines, measure.has_raw)
    assert (packed.maintainability, packed.problem, packed.accepts) == (measure.maintainability, measure.problem, measure.accepts)


def test_a_packed_measure_can_be_copied_and_shown_like_any_other():
    measure = measure_source(SPECIMEN.encode())
    assert repr(replace(unpack(PACKED), problem="x")) == repr(replace(measure, problem="x"))
    assert pickle.loads(pickle.dumps(unpack(PACKED))) == deepcopy(unpack(PACKED)) == measure
    assert unpack(PACKED) != replace(measure, problem="x")
    assert unpack(PACKED) != 1
    with pytest.raises(AttributeError):
        _ = unpack(PACKED).nothing


@pytest.mark.parametrize("place", [0, len(pack(measure_source(SPECIMEN.encode()))) // 2, -1])
def test_a_flipped_bit_is_noticed(place):
    data = bytearray(PACKED)
    data[place] ^= 1
    with pytest.raises(Damaged):
        unpack(bytes(data))


PACKED = pack(measure_source(SPECIMEN.encode()))


@pytest.mark.parametrize("data", [b"", b"{}", PACKED[:-1], PACKED + b"x", PACKED[: len(PACKED) // 2], b"\xff" * len(PACKED)])
def test_damage_is_noticed(data):
    with pytest.raises(Damaged):
        unpack(data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_measure_or_damaged(data):
    with suppress(Damaged):
        assert isinstance(unpack(data), FileMeasure)
