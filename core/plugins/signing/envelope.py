"""DSSE envelopes: a payload, its type, and signatures that cover both."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.json_text import parse_json

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


def seal(payload_type: str, payload: bytes, *private_keys: Any) -> bytes:
    """Return the JSON of an envelope signed by every one of ``private_keys``."""
    from core.plugins.signing.keys import public_key_of

    signed = authenticated_bytes(payload_type, payload)
    signatures = [{"keyid": public_key_of(key).id, "sig": base64.b64encode(key.sign(signed)).decode()} for key in private_keys]
    document = {"payloadType": payload_type, "payload": base64.b64encode(payload).decode(), "signatures": signatures}
    return json.dumps(document, indent=1).encode() + b"\n"


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


def signers(envelope: Envelope, public_keys: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the ids of those of ``public_keys`` (id → 32 bytes) whose signature is good, in the envelope's order."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signed = authenticated_bytes(envelope.payload_type, envelope.payload)
    good: dict[str, None] = {}
    for name, signature in envelope.signatures:
        if name not in public_keys:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public_keys[name]).verify(signature, signed)
        except (InvalidSignature, ValueError):
            continue
        good[name] = None
    return tuple(good)
