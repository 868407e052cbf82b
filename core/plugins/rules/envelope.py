"""DSSE envelopes: a payload, its type, and signatures that cover both."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from core.schema.json_reader import parse_json

#: Type of an in-toto statement.
STATEMENT_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed payload, not yet believed."""

    payload_type: str
    payload: bytes
    #: (key id, signature) as given.
    signatures: tuple[tuple[str, bytes], ...]


def authenticated_bytes(payload_type: str, payload: bytes) -> bytes:
    """Return what a DSSE signature signs (its pre-authentication encoding)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def open_envelope(content: bytes) -> Envelope:
    """Read an envelope; believe nothing in it yet. Raises ValueError with a reason when it is none."""
    try:
        document = parse_json(content)
        signatures = tuple((str(item["keyid"]), base64.b64decode(item["sig"], validate=True)) for item in document["signatures"])
        payload = base64.b64decode(document["payload"], validate=True)
        payload_type = document["payloadType"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the signature is no DSSE envelope") from error
    if not isinstance(payload_type, str) or not 0 < len(signatures) <= 16:
        raise ValueError("the signature is no DSSE envelope")
    return Envelope(payload_type=payload_type, payload=payload, signatures=signatures)
