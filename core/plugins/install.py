"""Installs a verified plugin for this user, from a folder or an archive, and removes it again."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from core.domain.plugins.plugin import Manifest
from core.errors import PluginRefused, StorageError, UsageError
from core.files.temporary import remove_tree, temporary_directory
from core.files.user_places import UserPlaces
from core.plugins.archive import unpack
from core.plugins.rules.file_list import SIGNATURE
from core.plugins.rules.trust import TrustStore
from core.plugins.signing.verification import verify_plugin
from core.sudden_stop import held


def install_plugin(source: Path, trust: TrustStore, places: UserPlaces, now: float, *, require: str = "signed") -> Manifest:
    """Put a copy of the plugin at ``source`` (folder or archive) among the user's plugins, replacing another version.

    Raises UsageError when there is no plugin, PluginRefused with every reason against it, StorageError.
    """
    with opened_source(source) as folder:
        verified = verify_plugin(folder, trust, places, now, require=require)
        manifest, copy = verified.manifest, verified.copy
        if manifest is None or copy is None:
            raise PluginRefused([f"{source}: {reason}" for reason in verified.reasons])
        signature = (folder / SIGNATURE).read_bytes()
        _place(copy, signature, places.data / "plugins" / manifest.id)
    return manifest


def remove_plugin(name: str, places: UserPlaces) -> None:
    """Remove an installed plugin. Raises UsageError when it is not installed, StorageError."""
    folder = places.data / "plugins" / name
    if "/" in name or not folder.is_dir():
        raise UsageError(f"{name} is not installed", hint="only installed plugins can be removed: orchestrator plugins list")
    remove_tree(folder)
    if folder.exists():
        raise StorageError(f"{folder}: cannot be removed")


@contextlib.contextmanager
def opened_source(source: Path) -> Iterator[Path]:
    """Give the plugin's folder at ``source``, unpacked into a temporary place when it is an archive. Raises UsageError."""
    if source.is_dir():
        yield source
        return
    if not source.is_file():
        raise UsageError(f"{source}: there is no such folder or archive")
    with temporary_directory("orchestrator-unpack-") as temporary:
        yield unpack(source, Path(temporary) / "plugin")


@held()
def _place(copy: Path, signature: bytes, final: Path) -> None:
    try:
        final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary_directory(".new-", final.parent) as building:
            fresh = Path(building, final.name)
            shutil.copytree(copy, fresh, copy_function=_copy_file)
            (fresh / SIGNATURE).write_bytes(signature)
            if final.exists():
                os.rename(final, Path(building, "old"))
            os.rename(fresh, final)
    except OSError as error:
        raise StorageError(f"{final}: {error.strerror}") from error


def _copy_file(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    os.chmod(target, 0o755 if os.stat(source).st_mode & 0o111 else 0o644)
