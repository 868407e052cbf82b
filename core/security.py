"""Plugin permissions and signatures: whether a plugin may run, and if not, why."""

from __future__ import annotations

import os
import time

from core.domain.plugins.plugin import Manifest, Permissions
from core.domain.plugins.policy import PluginPolicy
from core.files.user_places import UserPlaces, user_places
from core.plugins.rules.permissions import permission_objections
from core.plugins.rules.trust import TrustStore
from core.plugins.signing.user_store import user_trust
from core.plugins.signing.verification import verify_plugin


def validate_plugin_permissions(
    manifest: Manifest, granted: Permissions | None = None, policy: PluginPolicy | None = None
) -> tuple[str, ...]:
    """Return why a plugin must not have the permissions that it asks for, one reason each; empty when it may.

    ``granted`` is what ``plugins.lock`` holds for it, None while nobody has been asked; ``policy`` is the user's limit.
    """
    return permission_objections(manifest, granted, policy)


def verify_plugin_signature(
    manifest: Manifest,
    path: str | os.PathLike[str],
    *,
    trust: TrustStore | None = None,
    places: UserPlaces | None = None,
    now: float | None = None,
    require: str = "signed",
) -> tuple[str, ...]:
    """Return why the plugin in the folder ``path`` must not be believed, one reason each; empty when it may.

    The keys come from the user's trust store: with none there, everything is refused, never skipped. ``manifest`` must be the
    verified one. Raises StorageError when the trust store is damaged or others can write it.
    """
    where = places or user_places()
    store = trust if trust is not None else user_trust(where)
    verification = verify_plugin(path, store, where, time.time() if now is None else now, require=require)
    if verification.reasons:
        return verification.reasons
    verified = verification.manifest
    if verified is None or (verified.id, verified.version, verified.permissions) != (manifest.id, manifest.version, manifest.permissions):
        return ("the manifest given is not the one that was signed",)
    return ()
