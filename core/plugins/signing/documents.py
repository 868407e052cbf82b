"""Signed documents besides a plugin's own statement: certification reports, and lists of keys and digests no longer believed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any

from core.errors import UsageError
from core.files.reading import MIB
from core.plugins.rules.statement import Envelope, FileEntry, canonical, instant, open_envelope, seconds, tree_digest
from core.plugins.rules.trust import Role, TrustStore
from core.plugins.signing.keys import public_key_of, seal, signers
from core.schema.json_reader import parse_json

REPORT_TYPE = "application/vnd.orchestrator.certification+json"
#: Bytes of a list; 50,000 entries are 6 MB.
LARGEST_LIST = 8 * MIB
LIST_TYPE = "application/vnd.orchestrator.revocations+json"


def seal_report(report: dict[str, Any], private_key: Any) -> bytes:
    """Return the signed report."""
    return seal(REPORT_TYPE, canonical(report), private_key)


def certificate_objection(content: bytes | None, plugin: str, files: tuple[FileEntry, ...], trust: TrustStore, now: float) -> str:
    """Return why a plugin does not count as certified, or an empty string."""
    if content is None:
        return "not certified: it has no certification report"
    try:
        envelope = open_envelope(content)
        report = parse_json(envelope.payload)
        subject, verdict = report["tree"], report["verdict"]
    except (ValueError, KeyError, TypeError):
        return "not certified: its certification report is damaged"
    good = signers(envelope, trust.raw)
    if not good or envelope.payload_type != REPORT_TYPE:
        return "not certified: no certifier in the trust store signed its report"
    objections = [trust.objections(key, Role.CERTIFIER, plugin, now) for key in good]
    if all(objections):
        return f"not certified: {objections[0]}"
    if subject != tree_digest(files):
        return "not certified: the report is about other files"
    return "" if verdict == "passed" else f"not certified: the verdict is {verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """What a revoker publishes."""

    #: Increases with every list; an older one is never taken.
    number: int
    #: Unix time in seconds by which a newer list must have come.
    expires: int
    #: Key id or digest → reason.
    targets: dict[str, str]


def seal_list(revocations: RevocationList, private_key: Any) -> bytes:
    """Return the signed list."""
    document = {"number": revocations.number, "expires": instant(revocations.expires), "targets": revocations.targets}
    return seal(LIST_TYPE, canonical(document), private_key)


def extend_list(content: bytes | None, targets: dict[str, str], expires: float, private_key: Any) -> tuple[RevocationList, bytes]:
    """Return the next list after ``content`` (None: the first), with ``targets`` added, and its signed form.

    Raises UsageError when ``content`` is not a list that the same key signed.
    """
    number = 0
    known: dict[str, str] = {}
    if content is not None:
        public = public_key_of(private_key)
        envelope = _opened(content)
        if envelope.payload_type != LIST_TYPE or not signers(envelope, {public.id: base64.b64decode(public.public)}):
            raise UsageError("the present list is not one that this key signed", hint="sign with the key that signed it before")
        number, _, known = read_list(envelope)
    following = RevocationList(number=number + 1, expires=int(expires), targets={**known, **targets})
    return following, seal_list(following, private_key)


def take_list(store: TrustStore, content: bytes, now: float) -> TrustStore:
    """Return the store with a signed list taken in.

    Raises UsageError when no trusted revoker signed it, or it is older than one already seen.
    """
    envelope = _opened(content)
    good = [key for key in signers(envelope, store.raw) if not store.objections(key, Role.REVOKER, "", now)]
    if not good or envelope.payload_type != LIST_TYPE:
        raise UsageError("no trusted revoker signed this list", hint="trust one: orchestrator plugins trust KEY.pub --role revoker")
    number, expires, targets = read_list(envelope)
    if number < store.list_number:
        raise UsageError(f"list {number} is older than list {store.list_number}, which was already seen", hint="fetch the newest list")
    for target, reason in targets.items():
        store = store.with_revocation(target, reason, now, by=good[0])
    return replace(store, list_number=number, list_expires=expires)


def _opened(content: bytes) -> Envelope:
    try:
        return open_envelope(content)
    except ValueError as error:
        raise UsageError(f"not a revocation list: {error}") from error


def read_list(envelope: Envelope) -> tuple[int, int, dict[str, str]]:
    """Return number, end and targets of an opened list; the signature is not checked. Raises UsageError."""
    try:
        document = parse_json(envelope.payload)
        targets = {str(target): str(reason) for target, reason in document["targets"].items()}
        return int(document["number"]), seconds(document["expires"]), targets
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UsageError("the signed content is no revocation list") from error
