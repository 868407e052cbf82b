"""Reasons: the words for every code, how they are kept, and what is taken out of them."""

from __future__ import annotations

import json
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.runs.reasons import Code, Reason, decode, encode, masked, words

SECRET = "s3cret"
#: With bytes of a path that are no UTF-8.
texts = st.text(st.characters() | st.sampled_from("\udc80\udcff"), max_size=20)
numbers = st.integers(-(2**70), 2**70) | st.floats()
parts = st.builds(lambda code, values: code.of(*values), st.sampled_from(Code), st.lists(texts | numbers, max_size=4))


@st.composite
def reasons(draw) -> Reason:
    first, *following = draw(st.lists(parts, min_size=1, max_size=4))
    for part in following:
        first = first.followed_by(part)
    return first


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Code.TEXT.of("the key is gone"), "the key is gone"),
        (Code.EXIT.of(3), "exit 3"),
        (Code.KILLED.of(signal.SIGSEGV), "killed by SIGSEGV"),
        (Code.KILLED.of(250), "killed by signal 250"),
        (Code.STOPPED.of(signal.SIGTERM), "stopped by SIGTERM"),
        (Code.TIMED_OUT.of(5.0), "timed out after 5 s"),
        (Code.CHECKS_PASSED.of().followed_by(Code.LEFT_BEHIND.of(1)), "every check passed; 1 process left behind, terminated"),
        (Code.EXIT.of(0).followed_by(Code.LEFT_BEHIND.of(2)), "exit 0; 2 processes left behind, terminated"),
        (
            Code.CHECK_FAILED.of("make test").followed_by(Code.EXIT.of(2)).followed_by(Code.NEXT_ATTEMPT.of(0.5)),
            "check failed: make test: exit 2; next attempt in 0.5 s",
        ),
        (Code.ATTEMPT_STARTED.of(2), "attempt 2 started"),
        (Code.CANNOT_START_IN.of("make {0}", "/a", "not a directory"), "cannot start make {0} in /a: not a directory"),
        (Code.SCORE_CHANGED.of("complexity", "`f` in a.py", 23, 4.5), "complexity of `f` in a.py: 23 → 4.5"),
        (Code.FINDING_WORSE.of(23.0, 30.0), "cancelled at 23, its finding is worse now: 30"),
    ],
)
def test_a_code_and_its_values_make_the_words(reason, said):
    assert words(reason) == said
    assert str(decode(*encode(reason))) == said


@pytest.mark.parametrize("code", Code)
def test_a_code_with_values_that_it_never_has_is_still_shown(code):
    assert all(isinstance(words(code.of(*values)), str) for values in ((), ("a",), (1,), (1.5, "b", 2)))


@given(reasons())
def test_what_is_kept_has_the_same_words(reason):
    code, text = encode(reason)

    assert isinstance(json.loads(text), list)
    assert text.isascii()
    assert words(decode(code, text)) == words(reason)


@given(texts)
def test_a_reason_without_a_code_is_the_words_of_an_older_version(text):
    assert words(decode(None, text)) == text


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("moon_phase", "[]", "moon phase"),
        ("moon_phase", '["full", 3, ["next_attempt", 1]]', "moon phase: full, 3; next attempt in 1 s"),
        ("exit", '[1, ["tide_came", 2]]', "exit 1; tide came: 2"),
        ("exit", "[1, 2, 3]", "exit 1"),
    ],
)
def test_a_code_of_a_newer_version_is_shown_with_its_values(code, text, said):
    assert words(decode(code, text)) == said


@pytest.mark.parametrize("text", ["", "exit 3", "7", "{}x", '[{"a": 1}]', "[null]", "[[]]", "[[1]]", "[1", "[[" * 100_000])
def test_what_is_no_reason_is_refused(text):
    with pytest.raises((ValueError, TypeError, RecursionError)):
        decode("exit", text)


@given(reasons(), st.lists(st.sampled_from([SECRET, "a", "s3c", "ret"]), max_size=3))
def test_a_secret_is_neither_in_the_words_nor_in_the_values(reason, values):
    def mask(text: str) -> str:
        return text.replace(SECRET, "***")

    whole = Code.CANNOT_START_IN.of(*values).followed_by(reason)
    clean = masked(whole, mask)

    assert words(clean) == mask(words(whole))
    assert SECRET not in encode(clean)[1]


def test_a_reason_without_a_secret_is_left_as_it_is():
    reason = Code.CHECK_FAILED.of("make").followed_by(Code.EXIT.of(1))

    assert masked(reason, lambda text: text.replace(SECRET, "***")) is reason
    assert masked(Code.NO_SUCH_COMMAND.of(f"{SECRET}.sh"), lambda text: text.replace(SECRET, "***")) == Code.NO_SUCH_COMMAND.of("***.sh")
