"""The tamper matrix: whatever is done to a signed plugin, none of it is believed, and the reason is named."""

from __future__ import annotations

import json
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.plugins.plugin import Permissions
from core.errors import StorageError, UsageError
from core.files.temporary import remove_tree
from core.plugins.rules.trust import TrustStore
from core.plugins.signing.documents import RevocationList, seal_list, take_list
from core.plugins.signing.keys import load_private_key, public_key_of
from core.plugins.signing.user_store import load_trust, save_trust
from core.security import verify_plugin_signature

NOW_STEP = 86400
SOURCE = "def run(context):\n    return {'message': 'fine'}\n"


@pytest.fixture
def signed(world):
    world.write_plugin(SOURCE)
    (world.folder / "data").mkdir()
    (world.folder / "data" / "words.txt").write_text("one\n")
    world.sign()
    return world


def test_an_untouched_plugin_is_verified_and_copied_read_only(signed):
    verification = signed.verify()
    assert verification.reasons == ()
    assert verification.manifest.id == "sample"
    copied = verification.copy / "sample.py"
    assert copied.read_text() == SOURCE
    assert copied.stat().st_mode & 0o777 == 0o400
    assert signed.places.cache in verification.copy.parents


def one_byte(folder: Path) -> None:
    (folder / "sample.py").write_text(SOURCE.replace("fine", "fins"))


def rename(folder: Path) -> None:
    (folder / "data" / "words.txt").rename(folder / "data" / "Words.txt")


def symlink(folder: Path) -> None:
    (folder / "sample.py").rename(folder.parent / "elsewhere.py")
    (folder / "sample.py").symlink_to("../elsewhere.py")


def hard_link(folder: Path) -> None:
    os.link(folder / "sample.py", folder.parent / "second.py")


def cache(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "sample.cpython-311.pyc").write_bytes(b"evil")


def permission(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["permissions"] = {"net": ["*:443"]}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))


def unix_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        directory = os.open(folder, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{directory}/s")
        os.close(directory)


def other_form(folder: Path) -> None:
    (folder / "e\u0301.txt").write_text("")


def payload_byte(folder: Path) -> None:
    envelope = json.loads((folder / "signature.json").read_text())
    payload = envelope["payload"]
    envelope["payload"] = payload[:40] + ("A" if payload[40] != "A" else "B") + payload[41:]
    (folder / "signature.json").write_text(json.dumps(envelope))


def payload_type(folder: Path) -> None:
    envelope = json.loads((folder / "signature.json").read_text())
    envelope["payloadType"] = "application/vnd.orchestrator.certification+json"
    (folder / "signature.json").write_text(json.dumps(envelope))


MATRIX = [
    (one_byte, "sample.py: content differs from what was signed"),
    (lambda folder: (folder / "extra.py").write_text(""), "extra.py: not in the signed list"),
    (lambda folder: (folder / "data" / "words.txt").unlink(), "data/words.txt: signed, but missing"),
    (rename, "data/Words.txt: not in the signed list"),
    (lambda folder: (folder / "sample.py").chmod(0o755), "sample.py: executable bit differs"),
    (lambda folder: (folder / "sample.py").chmod(0o4644), "sample.py: setuid or setgid"),
    (lambda folder: (folder / "SAMPLE.py").write_text(SOURCE), "differs from SAMPLE.py only by case or form"),
    (other_form, "the name is not in normal form NFC"),
    (symlink, "sample.py: a symbolic link"),
    (hard_link, "sample.py: has other hard links"),
    (lambda folder: os.mkfifo(folder / "pipe"), "pipe: neither a regular file nor a folder"),
    (unix_socket, "s: a device or socket"),
    (cache, "__pycache__: compiled code is never part of a plugin"),
    (lambda folder: (folder / ".hidden").write_text(""), ".hidden: hidden names are not allowed"),
    (permission, "manifest.json: content differs from what was signed"),
    (payload_byte, "it was changed after signing"),
    (payload_type, "it was changed after signing"),
    (lambda folder: (folder / "signature.json").unlink(), "not signed: there is no signature.json"),
    (lambda folder: (folder / "signature.json").write_text("{}"), "the signature is no DSSE envelope"),
]


@pytest.mark.parametrize(("tamper", "reason"), MATRIX, ids=[reason[:40] for _, reason in MATRIX])
def test_a_tampered_plugin_is_refused_with_the_reason(signed, tamper, reason):
    tamper(signed.folder)
    verification = signed.verify()
    assert any(reason in told for told in verification.reasons), verification.reasons
    assert verification.copy is None
    assert not any((signed.places.cache / "plugins").glob("*"))


def test_the_envelope_of_another_plugin_does_not_fit(signed):
    envelope = (signed.folder / "signature.json").read_bytes()
    signed.write_plugin(SOURCE + "# second\n")
    (signed.folder / "signature.json").write_bytes(envelope)
    assert "sample.py: content differs from what was signed" in signed.verify().reasons


def test_an_unknown_key_is_refused_by_its_id(signed):
    stranger = signed.new_key("stranger")
    signed.sign(stranger)
    assert signed.verify().reasons == (f"signed by {public_key_of(stranger).id}, which is not in the trust store",)


def test_without_any_trusted_key_everything_is_refused_never_skipped(signed):
    reasons = verify_plugin_signature(signed.verify().manifest, signed.folder, places=signed.places)
    assert "not in the trust store" in reasons[0]


def test_a_key_is_believed_only_in_its_scope_role_and_time(signed):
    public = public_key_of(signed.key, "author")
    elsewhere = TrustStore().with_key(public, ["author"], ["other_*"], None)
    assert "is not trusted for sample, only for: other_*" in signed.verify(trust=elsewhere).reasons[0]
    certifier = TrustStore().with_key(public, ["certifier"], ["*"], None)
    assert "is not trusted as author" in signed.verify(trust=certifier).reasons[0]
    short = TrustStore().with_key(public, ["author"], ["sample"], 1000)
    assert "expired on 1970-01-01T00:16:40Z" in signed.verify(trust=short).reasons[0]


def test_another_manifest_than_the_signed_one_is_refused(signed):
    manifest = signed.verify().manifest
    known = {"trust": signed.trust, "places": signed.places}
    assert verify_plugin_signature(manifest, signed.folder, **known) == ()
    wider = replace(manifest, permissions=Permissions(net=("*:443",)))
    assert verify_plugin_signature(wider, signed.folder, **known) == ("the manifest given is not the one that was signed",)


def test_expired_and_future_signatures_are_refused(signed):
    issued = 2_000_000_000.0
    signed.sign(now=issued, lifetime=10 * NOW_STEP)
    assert signed.verify(now=issued + NOW_STEP).reasons == ()
    assert "the signature expired on 2033-05-28" in signed.verify(now=issued + 11 * NOW_STEP).reasons[0]
    assert "dated in the future" in signed.verify(now=issued - 2 * NOW_STEP).reasons[0]


def test_a_revoked_key_or_digest_is_refused_with_its_reason(signed):
    digest = signed.verify().digest
    assert "was revoked on" in signed.verify(trust=signed.trust.with_revocation(public_key_of(signed.key).id, "stolen", 5)).reasons[0]
    told = signed.verify(trust=signed.trust.with_revocation(digest, "it leaks", 5)).reasons
    assert told == ("this state of sample was revoked on 1970-01-01T00:00:05Z: it leaks",)


def test_a_revoked_key_cannot_be_trusted_again(signed):
    public = public_key_of(signed.key)
    with pytest.raises(UsageError, match="is revoked"):
        signed.trust.with_revocation(public.id, "stolen", 5).with_key(public, ["author"], ["*"], None)


def test_an_older_revocation_list_is_refused_and_an_overdue_one_stops_everything_after_30_days(signed):
    revoker = signed.new_key("revoker")
    trust = signed.trust.with_key(public_key_of(revoker, "revoker"), ["revoker"], [], None)
    third = seal_list(RevocationList(number=3, expires=1000, targets={"f" * 64: "bad"}), revoker)
    second = seal_list(RevocationList(number=2, expires=1000, targets={}), revoker)
    taken = take_list(trust, third, 0)
    assert taken.revocation("f" * 64).reason == "bad"
    with pytest.raises(UsageError, match="list 2 is older than list 3"):
        take_list(taken, second, 0)
    with pytest.raises(UsageError, match="no trusted revoker"):
        take_list(trust, seal_list(RevocationList(number=4, expires=1000, targets={}), signed.key), 0)
    assert "should have been renewed" in signed.verify(trust=taken).reasons[0]


def test_a_permission_added_after_signing_is_refused_even_when_only_the_statement_knows(signed):
    permission(signed.folder)
    signed.sign()
    statement = (signed.folder / "signature.json").read_bytes()
    signed.write_plugin(SOURCE)
    (signed.folder / "signature.json").write_bytes(statement)
    assert "manifest.json: content differs from what was signed" in signed.verify().reasons


def test_a_newer_host_is_asked_for_by_version(signed):
    signed.write_plugin(SOURCE, minimum_host_version="99.0.0")
    signed.sign()
    assert "it needs orchestrator 99.0.0" in signed.verify().reasons[0]


def test_certified_is_demanded_only_where_the_policy_says_so(signed):
    assert signed.verify(require="certified").reasons == ("not certified: it has no certification report",)


def test_a_damaged_copy_is_made_anew(signed):
    copied = signed.verify().copy / "sample.py"
    copied.chmod(0o600)
    copied.write_text("evil")
    assert (signed.verify().copy / "sample.py").read_text() == SOURCE


def test_a_copy_that_several_hosts_make_at_once_is_made_by_one_and_never_taken_away_again(signed):
    start = threading.Barrier(6)
    inodes, missing = set(), []

    def make() -> None:
        start.wait()
        copied = signed.verify().copy
        inodes.add(copied.stat().st_ino)
        missing.extend(name for name in ("sample.py", "data/words.txt") if not (copied / name).exists())

    for _ in range(10):
        threads = [threading.Thread(target=make) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(inodes) == 1
        assert missing == []
        assert [path.name for path in (signed.places.cache / "plugins").iterdir()] == [signed.verify().digest]
        remove_tree(signed.verify().copy)
        inodes.clear()


@pytest.mark.parametrize("rounds", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_files_swapped_during_verification_never_reach_the_copy(signed, rounds):
    stop = threading.Event()
    target = signed.folder / "sample.py"
    evil = signed.top / "evil.py"

    def swap() -> None:
        while not stop.is_set():
            evil.write_text("EVIL")
            os.replace(evil, target)
            aside = signed.top / "good.py"
            aside.write_text(SOURCE)
            os.replace(aside, target)

    thread = threading.Thread(target=swap)
    thread.start()
    verified = refused = 0
    try:
        for _ in range(rounds):
            verification = signed.verify()
            refused += bool(verification.reasons)
            if verification.copy:
                verified += 1
                assert (verification.copy / "sample.py").read_text() == SOURCE
                remove_tree(verification.copy)
    finally:
        stop.set()
        thread.join()
    assert verified
    assert refused


def test_the_trust_store_must_be_private_and_outside_the_repository(signed, tmp_path):
    path = tmp_path / "config" / "trust.json"
    save_trust(path, signed.trust)
    assert load_trust(path, signed.repository) == signed.trust
    path.chmod(0o666)
    with pytest.raises(StorageError, match="others can write"):
        load_trust(path)
    inside = signed.repository / "trust.json"
    save_trust(inside, signed.trust)
    with pytest.raises(StorageError, match="inside the repository"):
        load_trust(inside, signed.repository)


def test_signing_refuses_what_verification_would(signed):
    cache(signed.folder)
    with pytest.raises(UsageError, match="__pycache__: compiled code"):
        signed.sign()


def test_a_private_key_that_others_can_read_is_refused(signed):
    path = signed.top / "keys" / "author"
    path.chmod(0o644)
    with pytest.raises(UsageError, match="others can read"):
        load_private_key(str(path), {})
    with pytest.raises(UsageError, match="no signing key"):
        load_private_key(None, {})
