"""Installs a verified plugin for this user, from a folder or an archive, and removes it again."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import os
import posixpath
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Self, cast

from core.domain.plugins.plugin import Manifest
from core.errors import PluginRefused, StorageError, UsageError
from core.files.reading import open_regular
from core.files.temporary import remove_tree, temporary_directory
from core.files.user_places import UserPlaces
from core.plugins.rules.statement import DEEPEST, LARGEST_FILE, SIGNATURE, collisions, name_problem
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


#: Of all kinds: folders and extended headers too.
_MOST_MEMBERS = 6000
_LARGEST = 64 * 1024 * 1024
#: Bytes of a tar with its headers.
_LARGEST_TAR = _LARGEST + _MOST_MEMBERS * 2048
#: Bytes of one extended header, and of a zip's list of members.
_LARGEST_HEADER = 64 * 1024
_LARGEST_INDEX = 4 * 1024 * 1024
#: What a zip begins with: a member, or the end of one without any.
_ZIP = (b"PK\3\4", b"PK\5\6")
_END_OF_ZIP, _ZIP64 = b"PK\5\6", b"PK\6\7"
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_COMPRESSED: tuple[tuple[bytes, Callable[..., Any]], ...] = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open))
#: What the standard library's readers raise for bytes that are no archive.
DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, IndexError, RuntimeError),
)

#: Path, whether it is executable, size that the archive claims, and the content's stream.
_Member = tuple[str, bool, int, IO[bytes]]


def unpack(archive: Path, target: Path) -> Path:
    """Unpack a ``.zip`` or ``.tar`` (plain, gz, bz2, xz) into the new folder ``target`` and return the plugin's folder in it.

    Raises UsageError when it is no archive, StorageError when it is no regular file, PluginRefused for links, devices, absolute or
    climbing names, bombs.
    """
    try:
        with os.fdopen(open_regular(archive, str(archive)), "rb") as stream:
            if os.fstat(stream.fileno()).st_size > _LARGEST:
                raise PluginRefused([f"{archive}: the archive is larger than {_LARGEST} bytes"])
            return _write(_members(stream), target)
    except DAMAGED as error:
        raise UsageError(f"{archive}: not a readable archive: {error}", hint="give a folder, a .zip or a .tar.gz") from error


def _members(stream: IO[bytes]) -> Iterator[_Member]:
    start = stream.read(8)
    if start.startswith(_ZIP):
        _check_index(stream)
        with zipfile.ZipFile(stream) as archive:
            yield from _zip_members(archive)
        return
    stream.seek(0)
    reader = next((reader for magic, reader in _COMPRESSED if start.startswith(magic)), None)
    plain = cast("IO[bytes]", _Limited(reader(stream) if reader else stream))
    with tarfile.open(fileobj=plain, mode="r|", tarinfo=_Header) as archive_tar:
        yield from _tar_members(archive_tar)


class _Limited:
    """A stream that gives no more than a plugin's tar can have, whatever it was compressed to."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = _LARGEST_TAR

    def read(self, size: int) -> bytes:
        content: bytes = self._stream.read(min(size, self._left + 1))
        self._left -= len(content)
        if self._left < 0:
            raise PluginRefused([f"the archive unpacks to more than {_LARGEST} bytes"])
        return content


class _Header(tarfile.TarInfo):
    """A tar's header, looked at before anything that it announces is read: CPython's place for that, whatever made it from bytes."""

    def _proc_member(self, tarfile: tarfile.TarFile) -> Self:
        if self.type in _EXTENDED and self.size > _LARGEST_HEADER:
            raise PluginRefused([f"the archive has a header of more than {_LARGEST_HEADER} bytes"])
        return cast("Self", super()._proc_member(tarfile))  # type: ignore[misc]


def _tar_members(archive: tarfile.TarFile) -> Iterator[_Member]:
    for number, member in enumerate(archive):
        _count(number)
        if member.isdir():
            continue
        stream = archive.extractfile(member) if member.isreg() and not member.issparse() else None
        if stream is None or member.mode & 0o6000:
            raise PluginRefused([f"{ascii(member.name)[1:-1]}: neither a plain file nor a folder"])
        yield member.name, bool(member.mode & 0o111), member.size, stream


def _check_index(stream: IO[bytes]) -> None:
    """Refuse a zip whose list of members is longer than a plugin's can be: reading it takes memory for every one."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - (1 << 16) - 22))
    tail = stream.read()
    end = tail.rfind(_END_OF_ZIP)
    record = tail[end : end + 22]
    if end < 0 or len(record) < 22 or tail[max(0, end - 20) : end].startswith(_ZIP64):
        raise PluginRefused(["the archive is a zip of more than 4 GiB, or damaged"])
    if int.from_bytes(record[12:16], "little") > _LARGEST_INDEX:
        raise PluginRefused([f"the archive has more than {_MOST_MEMBERS} members"])


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for number, member in enumerate(archive.infolist()):
        _count(number)
        kind = member.external_attr >> 28
        if member.is_dir():
            continue
        if kind not in (0, 8) or member.flag_bits & 1:
            raise PluginRefused([f"{ascii(member.filename)[1:-1]}: neither a plain file nor a folder"])
        with archive.open(member) as stream:
            yield member.filename, bool(member.external_attr >> 16 & 0o111), member.file_size, stream


def _count(number: int) -> None:
    if number >= _MOST_MEMBERS:
        raise PluginRefused([f"the archive has more than {_MOST_MEMBERS} members"])


def _write(members: Iterator[_Member], target: Path) -> Path:
    written: dict[str, int] = {}
    total = 0
    for name, executable, claimed, stream in members:
        path = _checked(name)
        if path in written or claimed > LARGEST_FILE:
            raise PluginRefused([f"{path}: given twice, or too large (more than {LARGEST_FILE} bytes)"])
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
    if path.count("/") > DEEPEST:
        raise PluginRefused([f"{ascii(name[:200])[1:-1]}: more than {DEEPEST} folders deep"])
    problems = [problem for part in path.split("/") if part != SIGNATURE and (problem := name_problem(part))]
    if problems or posixpath.isabs(path) or posixpath.normpath(path) != path:
        raise PluginRefused([f"{ascii(name)[1:-1]}: {problems[0] if problems else 'not a path inside the archive'}"])
    return path


def _plugin_folder(target: Path, written: dict[str, int]) -> Path:
    if "manifest.json" in written:
        return target
    tops = {path.split("/", 1)[0] for path in written}
    if len(tops) == 1 and f"{next(iter(tops))}/manifest.json" in written:
        return target / tops.pop()
    raise UsageError("the archive holds no plugin: manifest.json must be at its top, or in its only folder")
