"""Unpacks a plugin's archive: regular files only, below one folder, within limits. Whatever else it holds, nothing is written."""

from __future__ import annotations

import os
import posixpath
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.errors import PluginRefused, UsageError
from core.plugins.signatures.listing import LARGEST_FILE, SIGNATURE, collisions, name_flaw

_MOST_MEMBERS = 6000
_LARGEST = 64 * 1024 * 1024

#: Path, whether it is executable, size that the archive claims, and the content's stream.
_Member = tuple[str, bool, int, IO[bytes]]


def unpack(archive: Path, target: Path) -> Path:
    """Unpack a ``.zip`` or ``.tar`` (plain, gz, bz2, xz) into the new folder ``target`` and return the plugin's folder in it.

    Raises UsageError when it is no archive, PluginRefused for links, devices, absolute or climbing names, bombs.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return _write(_zip_members(opened), target)
        with tarfile.open(archive, "r:*") as opened_tar:
            return _write(_tar_members(opened_tar), target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise UsageError(f"{archive}: not a readable archive: {error}", hint="give a folder, a .zip or a .tar.gz") from error


def _tar_members(archive: tarfile.TarFile) -> Iterator[_Member]:
    for member in archive:
        if member.isdir():
            continue
        stream = archive.extractfile(member) if member.isreg() else None
        if stream is None or member.mode & 0o6000:
            raise PluginRefused([f"{ascii(member.name)[1:-1]}: neither a plain file nor a folder"])
        yield member.name, bool(member.mode & 0o111), member.size, stream


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for member in archive.infolist():
        kind = member.external_attr >> 28
        if member.is_dir():
            continue
        if kind not in (0, 8) or member.flag_bits & 1:
            raise PluginRefused([f"{ascii(member.filename)[1:-1]}: neither a plain file nor a folder"])
        with archive.open(member) as stream:
            yield member.filename, bool(member.external_attr >> 16 & 0o111), member.file_size, stream


def _write(members: Iterator[_Member], target: Path) -> Path:
    written: dict[str, int] = {}
    total = 0
    for name, executable, claimed, stream in members:
        path = _checked(name)
        if path in written or len(written) >= _MOST_MEMBERS or claimed > LARGEST_FILE:
            raise PluginRefused([f"{path}: given twice, too large, or one file too many"])
        content = stream.read(LARGEST_FILE + 1)
        total += len(content)
        if len(content) > LARGEST_FILE or total > _LARGEST:
            raise PluginRefused([f"{path}: the archive unpacks to more than {_LARGEST} bytes"])
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o755 if executable else 0o644)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        written[path] = len(content)
    same = collisions(tuple(written))
    if same:
        raise PluginRefused(same)
    return _plugin_folder(target, written)


def _checked(name: str) -> str:
    path = name.removeprefix("./")
    flaws = [flaw for part in path.split("/") if part != SIGNATURE and (flaw := name_flaw(part))]
    if flaws or posixpath.isabs(path) or posixpath.normpath(path) != path:
        raise PluginRefused([f"{ascii(name)[1:-1]}: {flaws[0] if flaws else 'not a path inside the archive'}"])
    return path


def _plugin_folder(target: Path, written: dict[str, int]) -> Path:
    if "manifest.json" in written:
        return target
    tops = {path.split("/", 1)[0] for path in written}
    if len(tops) == 1 and f"{next(iter(tops))}/manifest.json" in written:
        return target / tops.pop()
    raise UsageError("the archive holds no plugin: manifest.json must be at its top, or in its only folder")
