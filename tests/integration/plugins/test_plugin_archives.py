"""Hostile archives: nothing is written outside, nothing grows beyond a plugin, and whatever the bytes are there is a clear answer."""

from __future__ import annotations

import gzip
import io
import random
import resource
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import PluginRefused, UsageError
from core.plugins.host.install import unpack

MANIFEST = ("sample/manifest.json", b"{}")


def tar(*members: tuple[tarfile.TarInfo | str, bytes], packed: str = "gz") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{packed}") as archive:
        for name, content in (MANIFEST, *members):
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def special(kind: bytes, name: str = "sample/odd", target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (MANIFEST, *members):
            archive.writestr(name, content)
    return made.getvalue()


def zip_link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info, target.encode()


def huge_header() -> bytes:
    """A tar whose extended header alone would be 1 GiB; compressed it is a few hundred bytes to the reader of the first block."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))


def endless_zeros() -> bytes:
    info = tarfile.TarInfo("sample/a")
    info.size = 1 << 40
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))


def long_index() -> bytes:
    """A zip that says its list of members has 100 MiB."""
    content = bytearray(zipped())
    end = content.rfind(b"PK\5\6")
    content[end + 12 : end + 16] = (100 << 20).to_bytes(4, "little")
    return bytes(content)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "tar, absolute": (lambda: tar(("/tmp/evil", b"x")), "not a p"),
    "tar, climbing": (lambda: tar(("sample/../../evil", b"x")), "not a p"),
    "tar, symbolic link": (lambda: tar((special(tarfile.SYMTYPE, target="/etc/passwd"), b"")), "neither a plain file nor a folder"),
    "tar, hard link": (lambda: tar((special(tarfile.LNKTYPE, target="sample/manifest.json"), b"")), "neither a plain file nor a folder"),
    "tar, device": (lambda: tar((special(tarfile.CHRTYPE), b"")), "neither a plain file nor a folder"),
    "tar, pipe": (lambda: tar((special(tarfile.FIFOTYPE), b"")), "neither a plain file nor a folder"),
    "tar, file through a link": (
        lambda: tar((special(tarfile.SYMTYPE, "sample/d", "/tmp"), b""), ("sample/d/evil", b"x")),
        "neither a plain file nor a folder",
    ),
    "tar, twice": (lambda: tar(("sample/a", b"1"), ("sample/a", b"2")), "given twice"),
    "tar, by case": (lambda: tar(("sample/a.py", b"1"), ("sample/A.py", b"2")), "differ"),
    "tar, by form": (lambda: tar(("sample/\uff41.py", b"1"), ("sample/a.py", b"2")), "differ"),
    "tar, file and folder": (lambda: tar(("sample/a", b"1"), ("sample/a/b", b"2")), "not a readable archive"),
    "tar, hidden": (lambda: tar(("sample/.git/config", b"x")), "hidden names"),
    "tar, control bytes": (lambda: tar(("sample/a\x1b[2J", b"x")), "unprintable"),
    "tar, deep": (lambda: tar(("a/" * 2000 + "b", b"x")), "folders deep"),
    "tar, bomb": (lambda: tar(("sample/a", bytes(17 << 20))), "too large"),
    "tar, many bombs": (lambda: tar(*((f"sample/{n}", bytes(15 << 20)) for n in range(5))), "more than 67108864 bytes"),
    "tar, many folders": (lambda: tar(*((special(tarfile.DIRTYPE, f"d{n}"), b"") for n in range(6001))), "more than 6000 members"),
    "tar, huge header": (huge_header, "a header of more than"),
    "tar, endless": (endless_zeros, "too large"),
    "zip, absolute": (lambda: zipped(("/tmp/evil", b"x")), "not a p"),
    "zip, climbing": (lambda: zipped(("sample/../../evil", b"x")), "not a p"),
    "zip, backslash": (lambda: zipped(("sample\\..\\evil", b"x")), "not a plain name"),
    "zip, link": (lambda: zipped(zip_link("sample/l", "/etc/passwd")), "neither a plain file nor a folder"),
    "zip, bomb": (lambda: zipped(("sample/a", bytes(17 << 20))), "too large"),
    "zip, many bombs": (lambda: zipped(*((f"sample/{n}", bytes(15 << 20)) for n in range(5))), "more than 67108864 bytes"),
    "zip, many folders": (lambda: zipped(*((f"d{n}/", b"") for n in range(6001))), "more than 6000 members"),
    "zip, long index": (long_index, "more than 6000 members"),
    "zip, by case": (lambda: zipped(("sample/a.py", b"1"), ("sample/A.py", b"2")), "differ"),
    "no plugin": (lambda: zipped(("other/a", b"1")), "the archive holds no plugin"),
    "no archive": (lambda: b"PK\5\6 nothing", "or damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_with_its_reason_and_writes_nothing_outside(name: str, tmp_path: Path):
    make, reason = HOSTILE[name]
    archive = tmp_path / "archive"
    archive.write_bytes(make())
    tracemalloc.start()
    try:
        with pytest.raises((PluginRefused, UsageError), match=reason) as told:
            unpack(archive, tmp_path / "unpack" / "plugin")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(told.value).replace("\n", "").isprintable()
    assert peak < 128 << 20
    assert {path.name for path in tmp_path.iterdir()} <= {"archive", "unpack"}
    assert not Path("/tmp/evil").exists()


def test_a_duplicate_in_a_zip_is_refused(tmp_path: Path):
    archive = tmp_path / "archive"
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive.write_bytes(zipped(("sample/a", b"1"), ("sample/a", b"2")))
    with pytest.raises(PluginRefused, match="given twice"):
        unpack(archive, tmp_path / "plugin")


def test_an_archive_larger_than_any_plugin_is_not_even_opened(tmp_path: Path):
    with (tmp_path / "archive").open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    with pytest.raises(PluginRefused, match="the archive is larger than"):
        unpack(tmp_path / "archive", tmp_path / "plugin")


@pytest.mark.parametrize("packed", ["", "gz", "bz2", "xz"])
def test_an_honest_tar_is_unpacked_however_it_is_compressed(packed: str, tmp_path: Path):
    (tmp_path / "archive").write_bytes(tar(("sample/data/words.txt", b"one"), packed=packed))
    assert unpack(tmp_path / "archive", tmp_path / "plugin") == tmp_path / "plugin" / "sample"
    assert (tmp_path / "plugin" / "sample" / "data" / "words.txt").read_bytes() == b"one"


@pytest.mark.parametrize("count", [1_500, pytest.param(100_000, marks=pytest.mark.slow)])
def test_fuzz_damaged_archives_are_refused_or_unpacked_never_a_crash(count: int, tmp_path: Path):
    """Seeded. Bytes are changed, cut and doubled in archives of every kind."""
    chance = random.Random(13)
    whole = [tar(("sample/a.py", b"x = 1\n" * 50), packed=packed) for packed in ("", "gz", "bz2", "xz")]
    whole += [zipped(("sample/a.py", b"x = 1\n" * 50)), zipped(("sample/b/c.txt", bytes(5000)))]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    archive, refused = tmp_path / "archive", 0
    for number in range(count):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(content))
            content[at : at + chance.choice((1, 1, 1, 4, 50))] = chance.choice((chance.randbytes(1), b"\xff" * 4, b"", b"PK\1\2", b"0777"))
        archive.write_bytes(content[: chance.choice((None, None, chance.randrange(1, max(2, len(content))))) or len(content)])
        try:
            unpack(archive, tmp_path / str(number))
        except (PluginRefused, UsageError):
            refused += 1
    assert refused > count / 3
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_utime - before) / count < 0.02
