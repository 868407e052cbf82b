"""Signed, numbered lists of keys and digests that are no longer believed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any

from core.errors import UsageError
from core.files.reading import MIB
from core.json_text import parse_json
from core.plugins.signing.envelope import Envelope, open_envelope, seal, signers
from core.plugins.signing.statement import canonical, instant, seconds
from core.plugins.signing.trust import Role, TrustStore

#: Bytes of a list; 50,000 entries are 6 MB.
LARGEST_LIST = 8 * MIB
LIST_TYPE = "application/vnd.orchestrator.revocations+json"


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
    from core.plugins.signing.keys import public_key_of

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
    """Return number, end and targets of an opened list, whoever signed it. Raises UsageError."""
    try:
        document = parse_json(envelope.payload)
        targets = {str(target): str(reason) for target, reason in document["targets"].items()}
        return int(document["number"]), seconds(document["expires"]), targets
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UsageError("the signed content is no revocation list") from error
