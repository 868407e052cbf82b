"""The generated advice in a description: found again wherever it stands, as long as nobody edited it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.task_advice import advice_mark, split_at_advice

texts = st.text(max_size=60)


@given(before=texts, advice=st.text(min_size=1, max_size=60), after=texts)
def test_it_is_found_at_the_start_of_a_word_whatever_is_around_it(before, advice, after):
    before = f"{before} " if before else ""
    found = split_at_advice(before + advice + after, advice_mark(advice))
    assert found is not None
    assert ("".join(found), found[1]) == (before + advice + after, advice)


@given(description=texts, advice=texts)
def test_it_is_found_only_where_it_is(description, advice):
    starts = [at for at in range(len(description)) if description.startswith(advice, at) and (at == 0 or description[at - 1].isspace())]
    assert (split_at_advice(description, advice_mark(advice)) is not None) == bool(advice and starts)


@given(mark=st.text(max_size=20) | st.from_regex(r"[0-9]{1,4}-[0-9a-f]{10}", fullmatch=True), description=texts)
def test_a_mark_that_somebody_wrote_finds_nothing(mark, description):
    assert split_at_advice(description, mark) is None


def test_long_texts_are_not_searched():
    advice = "a" * 5_000
    assert advice_mark(advice) == ""
    assert split_at_advice("b " * 10_000 + "advice", advice_mark("advice")) is None
