"""Signed, numbered lists of keys and digests that are no longer believed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from core.errors import UsageError
from core.plugins.envelope import open_envelope, seal, signers
from core.plugins.statement import canonical, instant, seconds
from core.plugins.trust import Role, TrustStore

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


def take_list(store: TrustStore, content: bytes, now: float) -> TrustStore:
    """Return the store with a signed list taken in.

    Raises UsageError when no trusted revoker signed it, or it is older than one already seen.
    """
    try:
        envelope = open_envelope(content)
    except ValueError as error:
        raise UsageError(f"not a revocation list: {error}") from error
    good = [key for key in signers(envelope, store.raw) if not store.objections(key, Role.REVOKER, "", now)]
    if not good or envelope.payload_type != LIST_TYPE:
        raise UsageError("no trusted revoker signed this list", hint="trust one: orchestrator plugins trust KEY.pub --role revoker")
    try:
        document = json.loads(envelope.payload)
        number, expires, targets = int(document["number"]), seconds(document["expires"]), dict(document["targets"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError("the signed content is no revocation list") from error
    if number < store.list_number:
        raise UsageError(f"list {number} is older than list {store.list_number}, which was already seen", hint="fetch the newest list")
    for target, reason in targets.items():
        store = store.with_revocation(str(target), str(reason), now, by=good[0])
    return replace(store, list_number=number, list_expires=expires)
