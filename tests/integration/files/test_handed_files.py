"""Every reader of what is handed to us answers at once, whatever lies at the path."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.adapters.baseline_file import JsonBaseline
from core.adapters.repository_probe import RepositoryProbe
from core.adapters.tasks_yaml import YamlTaskFile
from core.assembly.plugin_tools import input_of
from core.config import load_config
from core.domain.plugins.plugin import ProvisionKind
from core.errors import InvalidFile, OrchestratorError, PluginRefused, StorageError, UsageError
from core.plugins.certification.external_checks import flaws_stage
from core.plugins.host.install import unpack
from core.plugins.host.lock_file import read_lock
from core.plugins.host.requirements import Pin
from core.plugins.manifest import load_manifest, load_permissions
from core.plugins.rules.stages import Verdict
from core.plugins.signing.keys import load_private_key, read_public_key

#: Name of the file, and what reads it below a directory.
READERS: dict[str, Callable[[Path], object]] = {
    "config.yaml": lambda root: load_config(root=root, environ={}),
    "tasks.yml": lambda root: YamlTaskFile(root / "tasks.yml", root).read(),
    "baseline.json": lambda root: JsonBaseline(root / "baseline.json", "baseline.json", root=root).read(),
    "plugins.lock": read_lock,
    "manifest.json": lambda root: load_manifest(root / "manifest.json"),
    "key.pub": lambda root: read_public_key(root / "key.pub"),
    "key": lambda root: load_private_key(str(root / "key"), {}),
    "narrow.json": lambda root: load_permissions(root / "narrow.json"),
    "event.json": lambda root: input_of(ProvisionKind.LISTENER, (str(root / "event.json"),), {}),
    "archive.tar": lambda root: unpack(root / "archive.tar", root / "target"),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)], ids=["pipe", "directory", "device"])
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    make(tmp_path / name)
    if not (tmp_path / name).is_symlink():
        (tmp_path / name).chmod(0o700)
    with pytest.raises(OrchestratorError) as caught:
        READERS[name](tmp_path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["config.yaml", "tasks.yml", "baseline.json", "plugins.lock", "manifest.json"])
def test_a_repositorys_link_out_of_it_is_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret: 1\n")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / name).symlink_to("../secret")
    with pytest.raises(StorageError, match="leads out of the repository") as caught:
        READERS[name](tmp_path / "root")
    assert "secret: 1" not in str(caught.value)


def test_a_baseline_is_not_written_through_a_link_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "b.json").symlink_to("../made")
    with pytest.raises(StorageError, match="leads out of the repository"):
        JsonBaseline(tmp_path / "root" / "b.json", "b.json", root=tmp_path / "root").write([])
    assert not (tmp_path / "made").exists()


def test_init_passes_over_what_it_should_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "pyproject.toml").symlink_to("../secret")
    os.mkfifo(root / "Makefile")
    (root / "setup.cfg").symlink_to("/dev/zero")
    names = ("pyproject.toml", "Makefile", "setup.cfg")
    assert RepositoryProbe(root, {}).look(names, ()).texts == {}


def test_a_baseline_of_300_000_bad_entries_is_refused_with_the_first_of_them(tmp_path: Path) -> None:
    entry = {"path": "a.py", "block": "f", "metric": "complexit", "score": 12}
    (tmp_path / "b.json").write_text(json.dumps({"version": 1, "findings": [entry] * 300_000}))
    begun = sum(os.times()[:2])
    with pytest.raises(InvalidFile) as caught:
        JsonBaseline(tmp_path / "b.json", "b.json").read()
    # Half a second, of which most is the parser's.
    assert sum(os.times()[:2]) - begun < 3
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].message == "… and at least 299,980 more problems"


PIN = (Pin(name="a", version="1.0", hashes=(), line=1),)


@pytest.mark.parametrize(
    "entry",
    [
        {"affected": 1},
        {"affected": [1, {"package": 1}, {"package": {"name": 1, "ecosystem": "PyPI"}}]},
        {"affected": [{"package": {"name": "a", "ecosystem": "PyPI"}, "versions": 1, "ranges": [1, {"type": "ECOSYSTEM", "events": 1}]}]},
        {"affected": [{"package": {"name": "a", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": [1]}, 2]}]}]},
        {
            "affected": [
                {"package": {"name": "a", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "9" * 5000}]}]}
            ]
        },
    ],
)
def test_an_entry_of_an_odd_shape_says_nothing_about_a_pin(tmp_path: Path, entry: object) -> None:
    with zipfile.ZipFile(tmp_path / "osv.zip", "w") as archive:
        archive.writestr("deep.json", "[" * 100_000)
        archive.writestr("a.json", json.dumps(entry))
    assert flaws_stage(PIN, tmp_path / "osv.zip").verdict is not Verdict.FAILED


def test_an_archive_of_flaws_that_cannot_be_read_fails_the_stage(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "osv.zip")
    assert flaws_stage(PIN, tmp_path / "osv.zip").verdict is Verdict.FAILED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps({"id": "x" * 1000}))
    damaged = bytearray(packed.getvalue())
    damaged[45:55] = b"\xff" * 10
    (tmp_path / "damaged.zip").write_bytes(damaged)
    assert flaws_stage(PIN, tmp_path / "damaged.zip").verdict is Verdict.FAILED


def test_a_header_that_unpacks_without_end_is_a_bomb(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 40
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as archive:
        assert archive.fileobj is not None
        archive.fileobj.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(200):
            archive.fileobj.write(bytes(1 << 20))
    with pytest.raises(PluginRefused, match=r"a header of more than|unpacks to more than"):
        unpack(tmp_path / "bomb.tar.gz", tmp_path / "target")


def test_a_damaged_archive_is_no_archive(tmp_path: Path) -> None:
    for number, content in enumerate((b"", b"\x1f\x8b\x08" + b"\xff" * 100, b"BZh9" + b"\xff" * 100, b"\xfd7zXZ\x00" + b"\xff" * 100)):
        (tmp_path / f"{number}.tar").write_bytes(content)
        with pytest.raises(UsageError, match=r"not a readable archive|holds no plugin"):
            unpack(tmp_path / f"{number}.tar", tmp_path / "target")
