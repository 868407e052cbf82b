"""Finds plugins: the repository's, the installed ones, the bundled ones. Reads manifests, imports nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from core.domain.plugins.plugin import FoundPlugin, Origin
from core.errors import InvalidFile, Problem, StorageError, UsageError
from core.files.user_places import UserPlaces, user_places
from core.plugins.manifest import MANIFEST, bundled_root, load_manifest

#: Plugins in one place; each costs a look at its manifest, whichever of them is wanted.
_MOST = 100


def discover_plugins(
    root: str | os.PathLike[str], *, places: UserPlaces | None = None, bundled: str | os.PathLike[str] | None = None
) -> tuple[FoundPlugin, ...]:
    """Return every plugin that the repository at ``root`` sees, sorted by id, the nearest of one id first.

    A folder whose manifest is invalid is returned with its problems; one that a nearer folder of the same id hides says so.
    Raises InvalidFile where there are more than anybody has.
    """
    bundle = Path(bundled) if bundled is not None else bundled_root()
    installed = (places or user_places()).data / "plugins"
    found: list[FoundPlugin] = []
    holders: dict[str, str] = {}
    visited: set[str] = set()
    for nominal, top in ((Origin.REPOSITORY, Path(root) / "plugins"), (Origin.INSTALLED, installed), (Origin.BUNDLED, bundle)):
        origin = Origin.BUNDLED if os.path.realpath(top) == os.path.realpath(bundle) else nominal
        if os.path.realpath(top) in visited:
            continue
        visited.add(os.path.realpath(top))
        for folder in _folders(top):
            plugin = _look_at(folder, origin)
            if plugin.id in holders:
                hidden = f"hidden by the plugin of the same id in {holders[plugin.id]}"
                plugin = FoundPlugin(folder=plugin.folder, origin=origin, manifest=plugin.manifest, problems=(*plugin.problems, hidden))
            else:
                holders[plugin.id] = plugin.folder
            found.append(plugin)
    return tuple(sorted(found, key=lambda plugin: plugin.id))


def find_plugin(name: str, plugins: tuple[FoundPlugin, ...]) -> FoundPlugin:
    """Return the plugin that ``name`` means. Raises UsageError naming the known ones, InvalidFile when it cannot be used."""
    match = next((plugin for plugin in plugins if plugin.id == name), None)
    if match is None:
        known = ", ".join(sorted({plugin.id for plugin in plugins})) or "none"
        raise UsageError(f"there is no plugin {name}", hint=f"known plugins: {known}; look at them with: orchestrator plugins list")
    if match.manifest is None:
        load_manifest(match.folder)
        raise UsageError(f"{match.folder}: {'; '.join(match.problems)}")
    return match


def _folders(top: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(top))
    except OSError:
        return
    folders = [top / name for name in names if name.isprintable() and not name.startswith((".", "_"))]
    plugins = [folder for folder in folders if not folder.is_symlink() and (folder / MANIFEST).is_file()]
    if len(plugins) > _MOST:
        raise InvalidFile([Problem(file=str(top), message=f"{len(plugins):,} plugins, at most {_MOST} are looked at")])
    yield from plugins


def _look_at(folder: Path, origin: Origin) -> FoundPlugin:
    absolute = os.path.abspath(folder)
    try:
        manifest = load_manifest(folder)
    except (InvalidFile, StorageError) as error:
        problems = tuple(map(str, error.problems)) if isinstance(error, InvalidFile) else (str(error),)
        return FoundPlugin(folder=absolute, origin=origin, manifest=None, problems=problems)
    if manifest.id != folder.name:
        problem = f"{folder / MANIFEST}: id is {manifest.id}, the folder is {folder.name}: they must be the same"
        return FoundPlugin(folder=absolute, origin=origin, manifest=None, problems=(problem,))
    return FoundPlugin(folder=absolute, origin=origin, manifest=manifest)
