"""The plugins that come with the tool: signed on this machine in a checkout, by the release key in a built wheel."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain.untrusted.user_places import UserPlaces
from core.errors import StorageError
from core.plugins.manifest import MANIFEST, bundled_root, is_installed_bundle
from core.plugins.signing.keys import SIGNING_KEY, PublicKey, generate_key, load_private_key, public_key_of
from core.plugins.signing.signing import sign_plugin
from core.plugins.signing.trust import TRUST_FILE, Role, TrustStore, load_trust, save_trust
from core.plugins.signing.verification import verify_plugin

#: Public key of a release, beside the plugins of a built wheel. In a checkout it means nothing.
RELEASE_KEY = "release_key.json"
_LOCAL_KEY = "bundled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBundle:
    """What signing the bundled plugins came to."""

    key: PublicKey
    #: Ids, in order, and whether each was signed anew.
    plugins: tuple[tuple[str, bool], ...]


def user_trust(places: UserPlaces, repository: str | os.PathLike[str] | None = None) -> TrustStore:
    """Return the user's trust store, and with it, in an installed wheel, the release's key for the bundled plugins.

    Raises StorageError when the store is damaged, others can write it, or it lies in ``repository``.
    """
    store = load_trust(places.config / TRUST_FILE, repository)
    path = bundled_root() / RELEASE_KEY
    if not is_installed_bundle(path) or not path.is_file():
        return store
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        key = PublicKey(public=document["public"], name=document["name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{path}: damaged", hint="install orchestrator again") from error
    return store if store.revocation(key.id) else store.with_key(key, [Role.AUTHOR], bundled_ids(), None)


def bundled_ids() -> list[str]:
    """Return the ids of the bundled plugins."""
    try:
        return sorted(entry.name for entry in bundled_root().iterdir() if (entry / MANIFEST).is_file())
    except OSError:
        return []


def sign_bundle(places: UserPlaces, environment: Mapping[str, str], now: float, *, release: bool = False) -> SignedBundle:
    """Sign every bundled plugin that is not well signed already.

    In a checkout with a key made on this machine and trusted only here; for a ``release`` with the key that PLUGIN_SIGNING_KEY
    names, whose public half is put beside them. Raises UsageError, InvalidFile, StorageError.
    """
    private = load_private_key(None if release else _local_key(places, environment), environment if release else {})
    public = public_key_of(private, "release" if release else "bundled plugins, this machine")
    believing = TrustStore().with_key(public, [Role.AUTHOR], bundled_ids(), None)
    signed = []
    for name in bundled_ids():
        folder = bundled_root() / name
        stale = bool(verify_plugin(folder, believing, places, now).reasons)
        if stale:
            sign_plugin(folder, private, now)
        signed.append((name, stale))
    if release:
        _write_release_key(public)
    else:
        path = places.config / TRUST_FILE
        save_trust(path, load_trust(path).with_key(public, [Role.AUTHOR], bundled_ids(), None))
    return SignedBundle(key=public, plugins=tuple(signed))


def _local_key(places: UserPlaces, environment: Mapping[str, str]) -> str:
    if environment.get(SIGNING_KEY):
        return environment[SIGNING_KEY]
    path = places.config / "keys" / _LOCAL_KEY
    if not path.exists():
        generate_key(path, "bundled plugins, this machine")
    return str(path)


def _write_release_key(public: PublicKey) -> None:
    path: Path = bundled_root() / RELEASE_KEY
    content: dict[str, Any] = {"public": public.public, "name": public.name}
    try:
        path.write_text(json.dumps(content) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
