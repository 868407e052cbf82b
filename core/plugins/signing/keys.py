"""Ed25519 keys: made, read, signed with and checked with. A private key is never in a repository."""

from __future__ import annotations

import base64
import binascii
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import InvalidFile, StateRefused, StorageError, UsageError
from core.files.ownership import check_way_to
from core.files.reading import read_regular, read_text
from core.plugins.rules.statement import Envelope, authenticated_bytes
from core.plugins.rules.trust import PublicKey

#: Environment variable with the path of the private key that ``plugins sign`` uses.
SIGNING_KEY = "PLUGIN_SIGNING_KEY"
_LARGEST = 64 * 1024
_PUBLIC = "orchestrator-plugin-key"


def generate_key(path: Path, name: str) -> PublicKey:
    """Make a key pair: the private key at ``path`` (mode 0600), the public one at ``path`` + ``.pub``.

    Raises UsageError when either exists, StorageError when they cannot be written, or others could put other keys there.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    public = PublicKey(public=base64.b64encode(key.public_key().public_bytes_raw()).decode(), name=name)
    companion = path.with_name(path.name + ".pub")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_way_to(path)
        _create(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        _create(companion, f"{_PUBLIC} {public.public} {name}\n".encode(), 0o644)
    except FileExistsError as error:
        raise UsageError(f"{error.filename} exists: a key is never overwritten", hint="choose another name") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    return public


def read_public_key(path: Path) -> PublicKey:
    """Return the public key in the file ``path``. Raises UsageError when it is none."""
    try:
        words = read_text(path, str(path), limit=_LARGEST).split(maxsplit=2)
    except (FileNotFoundError, StorageError, InvalidFile) as error:
        raise UsageError(f"{path}: not a readable public key: {error}", hint="it is the file that ends in .pub") from error
    if len(words) < 2 or words[0] != _PUBLIC or len(_decoded(words[1])) != 32:
        raise UsageError(f"{path}: not a public key of a plugin's author", hint="it is the file that ends in .pub")
    return PublicKey(public=words[1], name=words[2].strip() if len(words) > 2 else "")


def load_private_key(path: str | None, environment: Mapping[str, str]) -> Any:
    """Return the private key at ``path``, by default the one that PLUGIN_SIGNING_KEY names.

    Raises UsageError when there is none, it is no Ed25519 key, or others than its owner can read it; StateRefused when others
    could put another one there.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    file = path or environment.get(SIGNING_KEY, "")
    if not file:
        raise UsageError("no signing key", hint=f"make one: orchestrator plugins keygen FILE, then pass --key FILE or set {SIGNING_KEY}")
    try:
        if stat.S_IMODE(os.stat(file).st_mode) & 0o077:
            raise UsageError(f"{file}: others can read this private key", hint=f"chmod 600 {file}")
        check_way_to(file)
        key = load_pem_private_key(read_regular(file, file, limit=_LARGEST), password=None)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", hint="name the private key's file with --key") from error
    except StateRefused:
        raise
    except (StorageError, InvalidFile) as error:
        raise UsageError(str(error), hint="name the private key's file with --key") from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{file}: not an unencrypted private key in PEM", hint="make one: orchestrator plugins keygen FILE") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{file}: not an Ed25519 key", hint="make one: orchestrator plugins keygen FILE")
    return key


def public_key_of(private: Any, name: str = "") -> PublicKey:
    """Return the public half of a private key."""
    return PublicKey(public=base64.b64encode(private.public_key().public_bytes_raw()).decode(), name=name)


def seal(payload_type: str, payload: bytes, *private_keys: Any) -> bytes:
    """Return the JSON of an envelope signed by every one of ``private_keys``."""
    signed = authenticated_bytes(payload_type, payload)
    signatures = [{"keyid": public_key_of(key).id, "sig": base64.b64encode(key.sign(signed)).decode()} for key in private_keys]
    document = {"payloadType": payload_type, "payload": base64.b64encode(payload).decode(), "signatures": signatures}
    return json.dumps(document, indent=1).encode() + b"\n"


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


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _create(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
