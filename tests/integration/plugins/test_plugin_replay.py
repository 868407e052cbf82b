"""A version older than one that this machine accepted is a replay, unless a person wants it."""

from __future__ import annotations

import pytest

from core.plugins.signing.user_store import Acceptance

REPLAYED = (
    (
        "version 1.0.0 is older than 2.0.0, which this machine has accepted: a replayed old version "
        "(if you do want it: orchestrator plugins trust sample --older)"
    ),
)


@pytest.fixture
def signed(world):
    world.write_plugin("def run(context):\n    return {'message': ''}\n")
    world.sign()
    return world


def test_a_replayed_old_version_is_refused_even_when_it_was_accepted_before_the_newer_one(signed):
    accepted = Acceptance(signed.places.data)
    accepted.accept("sample", "1.0.0", signed.verify().digest)
    assert signed.verify().reasons == ()
    accepted.accept("sample", "2.0.0", "0" * 64)
    assert signed.verify().reasons == REPLAYED


def test_an_old_version_that_was_wanted_is_believed_until_a_newer_one_is_accepted(signed):
    accepted = Acceptance(signed.places.data)
    accepted.accept("sample", "2.0.0", "0" * 64)
    wanted = signed.verify(older=True)
    assert wanted.reasons == ()
    accepted.accept("sample", "1.0.0", wanted.digest)
    assert signed.verify().reasons == ()
    accepted.accept("sample", "2.0.0", "0" * 64)
    assert signed.verify().reasons == ()
    accepted.accept("sample", "2.0.1", "1" * 64)
    assert signed.verify().reasons == (REPLAYED[0].replace("2.0.0", "2.0.1"),)


def test_another_state_of_a_wanted_old_version_is_a_replay(signed):
    accepted = Acceptance(signed.places.data)
    accepted.accept("sample", "2.0.0", "0" * 64)
    accepted.accept("sample", "1.0.0", signed.verify(older=True).digest)
    (signed.folder / "words.txt").write_text("two\n")
    signed.sign()
    assert signed.verify().reasons == REPLAYED
