"""How git names the content of a file. Pure."""

from __future__ import annotations

from hashlib import sha1, sha256


def blob_digest(content: bytes, *, sha256_objects: bool = False) -> bytes:
    """Return git's object id of a blob with this content: 20 bytes, or 32 in a repository whose objects are named by SHA-256."""
    digest = (sha256 if sha256_objects else sha1)(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.digest()
