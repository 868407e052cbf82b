"""The files of a plugin as signed and as found: what their names may be, and how two lists differ."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

#: The envelope lies beside the files it signs and cannot list itself.
SIGNATURE = "signature.json"
#: Bytes of one file, and levels of folders.
LARGEST_FILE = 16 * 1024 * 1024
DEEPEST = 16


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FileEntry:
    """One regular file of a plugin."""

    #: POSIX path relative to the plugin's folder.
    path: str
    sha256: str
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a folder, or the reasons why it cannot be trusted as a plugin."""

    files: tuple[FileEntry, ...]
    reasons: tuple[str, ...] = ()


def differences(expected: tuple[FileEntry, ...], actual: tuple[FileEntry, ...]) -> tuple[str, ...]:
    """Return what distinguishes two listings, one reason a file."""
    wanted = {entry.path: entry for entry in expected}
    present = {entry.path: entry for entry in actual}
    reasons = [f"{path}: not in the signed list" for path in sorted(set(present) - set(wanted))]
    reasons += [f"{path}: signed, but missing" for path in sorted(set(wanted) - set(present))]
    for path in sorted(set(wanted) & set(present)):
        if wanted[path].sha256 != present[path].sha256:
            reasons.append(f"{path}: content differs from what was signed")
        elif wanted[path].executable != present[path].executable:
            reasons.append(f"{path}: executable bit differs from what was signed")
    return tuple(reasons)


def name_flaw(name: str) -> str:
    """Return why a single name must not be in a plugin, or an empty string."""
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        return "not a plain name"
    if name == "__pycache__" or name.endswith((".pyc", ".pyo")):
        return "compiled code is never part of a plugin: delete it"
    if name.startswith("."):
        return "hidden names are not allowed"
    if not name.isprintable() or len(name.encode("utf-8", "surrogatepass")) > 200:
        return "unprintable or too long a name"
    if unicodedata.normalize("NFC", name) != name:
        return "the name is not in normal form NFC"
    return ""


def collisions(paths: tuple[str, ...] | Mapping[str, object]) -> tuple[str, ...]:
    """Return a reason for every two paths that some file system takes for one."""
    seen: dict[str, str] = {}
    reasons = []
    for path in sorted(paths):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())
        if folded in seen:
            reasons.append(f"{path}: differs from {seen[folded]} only by case or form")
        seen.setdefault(folded, path)
    return tuple(reasons)
