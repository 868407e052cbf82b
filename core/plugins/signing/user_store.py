"""What this user believes and has accepted: the trust store and the versions accepted, in small files that only the user may change.

Read with suspicion, written whole or not at all.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from core.domain.plugins.plugin import order_of
from core.errors import StorageError
from core.files.ownership import check_way_to
from core.files.replacement import replace_file
from core.files.user_places import UserPlaces
from core.plugins.manifest import MANIFEST, bundled_root, is_installed_bundle
from core.plugins.rules.trust import PublicKey, Role, TrustStore, parse_trust, trust_document
from core.schema.json_reader import parse_json

TRUST_FILE = "trust.json"
#: Public key of a release, beside the plugins of a built wheel. In a checkout it means nothing.
RELEASE_KEY = "release_key.json"
_ACCEPTED = "accepted.json"
_LARGEST = 4 * 1024 * 1024


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


def load_trust(path: Path, repository: str | os.PathLike[str] | None = None) -> TrustStore:
    """Read the trust store; empty when there is none. ``repository`` is the one worked on: a store inside it is refused.

    Raises StorageError when it is damaged or others can write it.
    """
    real = os.path.realpath(path)
    if repository is not None and os.path.commonpath([real, os.path.realpath(repository)]) == os.path.realpath(repository):
        raise StorageError(
            f"{path}: a trust store inside the repository is not believed", hint="set XDG_CONFIG_HOME to a directory of your own"
        )
    value = read_private_json(path)
    if value is None:
        return TrustStore()
    try:
        return parse_trust(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"{path}: not a trust store: {error}", hint="repair it or restore it from a backup") from error


def save_trust(path: Path, store: TrustStore) -> None:
    """Write the trust store, mode 0600. Raises StorageError."""
    write_private_json(path, trust_document(store))


class Acceptance:
    """The highest version accepted, and the older states wanted nevertheless, by plugin id; kept in the user's data directory."""

    def __init__(self, data: Path) -> None:
        self._path = data / _ACCEPTED

    def objection(self, plugin: str, version: str, digest: str) -> str:
        """Return why this state of a plugin looks replayed, or an empty string. Raises StorageError."""
        entry = self._entries().get(plugin)
        if entry is None or digest in entry.get("older", ()) or order_of(version) >= order_of(entry["highest"]):
            return ""
        replayed = f"version {version} is older than {entry['highest']}, which this machine has accepted: a replayed old version"
        return f"{replayed} (if you do want it: orchestrator plugins trust {plugin} --older)"

    def accept(self, plugin: str, version: str, digest: str) -> None:
        """Remember that a person accepted this state of a plugin; with a newer version, no older state is wanted any more.

        Raises StorageError.
        """
        entries = self._entries()
        entry = entries.get(plugin)
        if entry is None or order_of(version) > order_of(entry["highest"]):
            entries[plugin] = {"highest": version, "older": []}
        elif order_of(version) < order_of(entry["highest"]):
            entries[plugin] = {"highest": entry["highest"], "older": sorted({*entry.get("older", ()), digest})}
        write_private_json(self._path, {"version": 1, "plugins": entries})

    def _entries(self) -> dict[str, Any]:
        value = read_private_json(self._path)
        if value is None:
            return {}
        try:
            entries: dict[str, Any] = value["plugins"]
            for entry in entries.values():
                order_of(entry["highest"])
                list(entry.get("older", ()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(f"{self._path}: damaged", hint="restore it; deleting it forgets which versions were accepted") from error
        return entries


def read_private_json(path: Path) -> Any:
    """Return the JSON in ``path``, None when there is no such file.

    Raises StorageError when it is damaged, a link, or others than its owner (this user or root) can write it, or could put
    another file in its place: StateRefused.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):  # a HOME that is none
        return None
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as stream:
        check_way_to(path)
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_uid not in (os.geteuid(), 0) or state.st_mode & 0o022:
            raise StorageError(f"{path}: others can write this file, so nothing in it is believed", hint=f"chmod 600 {path}")
        content = stream.read(_LARGEST)
    try:
        return parse_json(content)
    except ValueError as error:
        raise StorageError(f"{path}: damaged: {error}", hint="repair it or restore it from a backup") from error


def write_private_json(path: Path, value: Any) -> None:
    """Replace ``path`` by the JSON of ``value``, mode 0600. Raises StorageError; the old file is then intact."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_way_to(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    replace_file(path, json.dumps(value, indent=2, sort_keys=True).encode() + b"\n", 0o600)
