"""A lock counts as far as the user agreed, and no further."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.plugins.plugin import Permissions
from core.domain.plugins.policy import ANYWHERE, Agreement, agreement_objection, with_agreement

DIGEST = "a" * 64
READS = Permissions(read=("src/**",))


def agreement(permissions: Permissions = READS, repository: str = "/here", digest: str = DIGEST) -> Agreement:
    return Agreement(plugin="sample", digest=digest, repository=repository, permissions=permissions)


def objection(*agreements: Agreement, asked: Permissions = READS, repository: str = "/here", digest: str = DIGEST) -> str:
    return agreement_objection(agreements, "sample", digest, repository, asked)


def test_what_was_agreed_to_here_or_anywhere_counts() -> None:
    assert objection(agreement()) == ""
    assert objection(agreement(repository=ANYWHERE)) == ""
    assert objection(agreement(Permissions(read=("**",), net=("a:1",)))) == ""


def test_a_lock_alone_grants_nothing() -> None:
    assert objection() == "you have not agreed to it: plugins.lock is the repository's word, not yours"
    assert "you have not agreed to it" in objection(agreement(repository="/elsewhere"))
    assert "you have not agreed to it" in agreement_objection([agreement()], "other", DIGEST, "/here", READS)


def test_another_state_of_it_is_not_what_was_agreed_to() -> None:
    assert objection(agreement(), digest="b" * 64) == "plugins.lock pins another state of it than the one that you agreed to"


def test_a_lock_that_grants_more_is_reported_with_the_difference() -> None:
    more = Permissions(read=("src/**",), net=("evil.example:443",), env=("TOKEN",), time=60.0)
    assert objection(agreement(), asked=more) == "plugins.lock asks for more than you granted: net evil.example:443, env TOKEN, time 1m"
    wider = agreement(Permissions(read=("src/**",), net=("*:443",), time=60.0), repository=ANYWHERE)
    assert objection(agreement(), wider, asked=more) == "plugins.lock asks for more than you granted: env TOKEN"


def test_a_new_decision_takes_the_place_of_the_old_one_in_its_repository() -> None:
    other = agreement(repository="/elsewhere")
    new = agreement(Permissions())
    assert with_agreement([agreement(), other], new) == (other, new)


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), max_size=3).map(tuple)
PERMISSIONS = st.builds(Permissions, env=NAMES, exec=NAMES, net=st.lists(st.sampled_from(["a:1", "*:1"])).map(tuple))


@given(PERMISSIONS, PERMISSIONS, PERMISSIONS)
def test_nothing_passes_that_no_single_agreement_covers(one: Permissions, other: Permissions, asked: Permissions) -> None:
    passes = objection(agreement(one), agreement(other, repository=ANYWHERE), asked=asked) == ""
    assert passes == (not asked.within(one) or not asked.within(other))
