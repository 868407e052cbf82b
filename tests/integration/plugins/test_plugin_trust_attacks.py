"""Keys in the wrong role or at the wrong time, signatures given twice, old lists and old versions: none of it is believed."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace

import pytest

from core.domain.plugins.plugin import Permissions, ProvisionKind
from core.errors import OrchestratorError, PluginRefused, StorageError, UsageError
from core.plugins.host.lock_file import write_lock
from core.plugins.manifest import load_manifest
from core.plugins.rules.permissions import Locked
from core.plugins.rules.statement import STATEMENT_TYPE, canonical, encode_statement, instant, make_statement, tree_digest
from core.plugins.rules.trust import Role, TrustStore
from core.plugins.sandbox.layers import Tier
from core.plugins.signing.documents import LIST_TYPE, RevocationList, certificate_objection, seal_list, seal_report, take_list
from core.plugins.signing.keys import public_key_of, seal
from core.plugins.signing.plugin_files import list_files
from core.plugins.signing.user_store import Acceptance, load_trust, save_trust

SOURCE = "def run(context):\n    return {'message': 'signed'}\n"
TASK = {"task": {"id": "1", "description": "test"}}
DAY = 86400


@pytest.fixture
def signed(world):
    world.write_plugin(SOURCE)
    world.sign()
    return world


@pytest.fixture
def keys(signed):
    return {role: signed.new_key(f"key of a {role}") for role in Role}


@pytest.fixture
def trusting(keys):
    """A store that believes each of three keys in one role, everywhere."""
    store = TrustStore()
    for role, key in keys.items():
        store = store.with_key(public_key_of(key, role), [role], ["*"], None)
    return store


@pytest.mark.parametrize("role", [Role.CERTIFIER, Role.REVOKER])
def test_only_an_author_signs_a_plugin(signed, keys, trusting, role: Role):
    signed.sign(keys[role])
    assert f"is not trusted as {Role.AUTHOR}" in signed.verify(trust=trusting).reasons[0]
    signed.sign(keys[Role.AUTHOR])
    assert signed.verify(trust=trusting).reasons == ()


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.REVOKER])
def test_only_a_certifier_certifies(signed, keys, trusting, role: Role):
    files = list_files(signed.folder).files
    report = {"tree": tree_digest(files), "verdict": "passed"}
    told = certificate_objection(seal_report(report, keys[role]), "sample", files, trusting, 0)
    assert told.startswith("not certified: ")
    assert f"is not trusted as {Role.CERTIFIER}" in told
    assert certificate_objection(seal_report(report, keys[Role.CERTIFIER]), "sample", files, trusting, 0) == ""


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.CERTIFIER])
def test_only_a_revoker_revokes(keys, trusting, role: Role):
    revocations = RevocationList(number=1, expires=2_000_000_000, targets={"f" * 64: "bad"})
    with pytest.raises(UsageError, match="no trusted revoker signed this list"):
        take_list(trusting, seal_list(revocations, keys[role]), 0)
    assert take_list(trusting, seal_list(revocations, keys[Role.REVOKER]), 0).list_number == 1


def test_a_signature_says_what_it_is_about_and_means_nothing_else(signed, keys, trusting):
    """A list of a revoker, and a report, in the place of a statement; a statement in the place of these."""
    everything = TrustStore().with_key(public_key_of(keys[Role.AUTHOR]), list(Role), ["*"], None)
    statement = encode_statement(make_statement(load_manifest(signed.folder), list_files(signed.folder).files, 0, 10 * DAY))
    for kind in (LIST_TYPE, "application/vnd.orchestrator.certification+json"):
        (signed.folder / "signature.json").write_bytes(seal(kind, statement, keys[Role.AUTHOR]))
        assert signed.verify(trust=everything, now=0).reasons == (f"what is signed is {kind}, not a plugin statement",)
    document = canonical({"number": 1, "expires": instant(0), "targets": {}})
    with pytest.raises(UsageError, match="no trusted revoker"):
        take_list(everything, seal(STATEMENT_TYPE, document, keys[Role.AUTHOR]), 0)


def test_a_key_is_believed_neither_before_nor_after_its_time(signed):
    public = public_key_of(signed.key, "author")
    believed = TrustStore().with_key(public, ["author"], ["sample"], None)
    now = 2_000_000_000
    signed.sign(now=now)
    early = replace(believed, keys=(replace(believed.keys[0], not_before=now + DAY),))
    late = replace(believed, keys=(replace(believed.keys[0], not_after=now - 1),))
    assert "is valid only from 2033-05-19" in signed.verify(trust=early, now=now).reasons[0]
    assert "expired on 2033-05-18" in signed.verify(trust=late, now=now).reasons[0]
    assert signed.verify(trust=early, now=now + 2 * DAY).reasons == ()


def test_a_signature_given_many_times_is_one_and_a_wrong_name_is_none(signed, keys, trusting):
    signed.sign(keys[Role.AUTHOR])
    path = signed.folder / "signature.json"
    document = json.loads(path.read_text())
    author = document["signatures"][0]
    certifier = public_key_of(keys[Role.CERTIFIER]).id
    for signatures, believed in (
        ([author] * 16, True),
        ([author] * 17, False),
        ([{**author, "keyid": certifier}], False),
        ([{**author, "keyid": certifier}, author], True),
        ([], False),
        ([{**author, "sig": ""}], False),
    ):
        path.write_text(json.dumps({**document, "signatures": signatures}))
        assert bool(signed.verify(trust=trusting).copy) is believed


def test_the_name_of_an_unknown_key_is_told_without_its_control_characters(signed):
    path = signed.folder / "signature.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "signatures": [{"keyid": "\x1b[2J\n::error::" + "x" * 9000, "sig": "AA=="}]}))
    (reason,) = signed.verify().reasons
    assert reason.isprintable()
    assert len(reason) < 300


@pytest.mark.parametrize("version", ["abc", "", "1", "1.0.0.0", "1.0.0-\u0662", "9" * 5000 + ".0.0", 1, None, ["1"]])
@pytest.mark.parametrize("key", ["version", "id", "minimum_host_version"])
def test_a_signed_statement_of_odd_types_is_refused_not_a_crash(signed, keys, trusting, key: str, version: object):
    statement = make_statement(load_manifest(signed.folder), list_files(signed.folder).files, 0, 10 * DAY)
    odd = encode_statement(replace(statement, **{key: version}))
    (signed.folder / "signature.json").write_bytes(seal(STATEMENT_TYPE, odd, keys[Role.AUTHOR]))
    Acceptance(signed.places.data).accept("sample", "1.0.0", "d")
    assert signed.verify(trust=trusting, now=0).reasons


# -- replays ---------------------------------------------------------------------------------------------------------


def test_an_older_revocation_list_is_refused_after_a_newer_one_however_the_store_was_handled(signed, keys, trusting, tmp_path):
    """The number lies with the keys: who takes it away takes them away, and then nothing is believed."""
    path = tmp_path / "config" / "trust.json"
    signed.sign(keys[Role.AUTHOR])
    digest = signed.verify(trust=trusting).digest
    older = seal_list(RevocationList(number=1, expires=2_000_000_000, targets={}), keys[Role.REVOKER])
    newer = seal_list(RevocationList(number=2, expires=2_000_000_000, targets={digest: "it leaks"}), keys[Role.REVOKER])
    save_trust(path, take_list(trusting, newer, 0))
    with pytest.raises(UsageError, match="list 1 is older than list 2"):
        take_list(load_trust(path), older, 0)
    assert "it leaks" in signed.verify(trust=load_trust(path)).reasons[0]

    aside = path.with_name("aside.json")
    os.rename(path, aside)
    assert "not in the trust store" in signed.verify(trust=load_trust(path)).reasons[0]
    with pytest.raises(UsageError, match="no trusted revoker"):
        take_list(load_trust(path), older, 0)
    for target in (aside, tmp_path / "nowhere"):
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        with pytest.raises(StorageError):
            load_trust(path)


def test_an_older_version_is_refused_after_a_newer_one_and_a_link_for_the_record_is_no_record(signed):
    Acceptance(signed.places.data).accept("sample", "2.0.0", "d" * 64)
    assert "version 1.0.0 is older than 2.0.0" in signed.verify().reasons[0]
    record = signed.places.data / "accepted.json"
    os.rename(record, record.with_name("aside.json"))
    for target in ("aside.json", "nowhere"):
        record.unlink(missing_ok=True)
        record.symlink_to(target)
        with pytest.raises(StorageError):
            signed.verify()


def test_a_lock_that_pins_the_older_version_does_not_bring_it_back(signed):
    digest = signed.verify().digest
    entry = Locked(id="sample", version="1.0.0", digest=digest, signer=public_key_of(signed.key).id, permissions=Permissions())
    write_lock(signed.repository, {"sample": entry})
    Acceptance(signed.places.data).accept("sample", "2.0.0", "d" * 64)
    with pytest.raises(PluginRefused, match=r"version 1\.0\.0 is older than 2\.0\.0"):
        signed.host().call("sample", ProvisionKind.TASK, TASK, {})


# -- check to use ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", [Tier.BASIC, Tier.STRONG])
@pytest.mark.parametrize("rounds", [15, pytest.param(1000, marks=pytest.mark.slow)])
def test_of_files_that_are_exchanged_all_the_time_only_signed_bytes_are_ever_executed(world, tier, rounds: int):
    host = world.ready(SOURCE, tier)
    stop = threading.Event()
    marker = "def run(context):\n    return {'message': 'EVIL'}\n"
    target = world.folder / "sample.py"
    link = world.folder.with_name("sample.real")

    def swap() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            for content in (marker, SOURCE):
                aside = world.top / "aside.py"
                aside.write_text(content)
                os.replace(aside, target)
            if turn % 10 == 0:  # the whole folder, by a link to itself
                os.rename(world.folder, link)
                world.folder.symlink_to(link)
                world.folder.unlink()
                os.rename(link, world.folder)

    thread = threading.Thread(target=swap)
    thread.start()
    told = []
    try:
        for _ in range(rounds):
            try:
                told.append(host.call("sample", ProvisionKind.TASK, TASK, {}).result)
            except OrchestratorError:
                told.append(None)  # refused: it was just the other content, or no folder
            # Made anew each time: the copy is what is attacked.
            for copy in (world.places.cache / "plugins").glob("[0-9a-f]*"):
                os.rename(copy, world.top / f"used-{len(told)}")
    finally:
        stop.set()
        thread.join()
    assert {result["message"] for result in told if result is not None} <= {"signed"}
    assert host.call("sample", ProvisionKind.TASK, TASK, {}).result == {"message": "signed"}
