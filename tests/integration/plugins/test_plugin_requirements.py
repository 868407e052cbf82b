"""Requirements of a plugin: pins and nothing else, read by one reader, and what their wheels hold never runs outside of the sandbox."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from core.domain.plugins.plugin import ProvisionKind
from core.errors import PluginRefused
from core.plugins.host.requirements import install_requirements, read_pins
from core.plugins.sandbox.layers import Tier

HASH = "--hash=sha256:" + "0" * 64
TASK = {"task": {"id": "1", "description": "test"}}


@pytest.mark.parametrize(
    "line",
    [
        "-r other.txt",
        "--requirement other.txt",
        "-c constraints.txt",
        "--index-url https://evil.example/simple",
        "-i https://evil.example/simple",
        "--extra-index-url https://evil.example/simple",
        "--find-links /tmp",
        "--trusted-host evil.example",
        "--no-binary :all:",
        "-e .",
        "-e git+https://evil.example/x.git#egg=x",
        "git+https://evil.example/x.git",
        "x @ file:///tmp/x",
        "x @ https://evil.example/x.whl",
        "file:///tmp/x",
        "./x",
        "/tmp/x.whl",
        "https://evil.example/x.whl",
        "x",
        "x>=1.0 " + HASH,
        "x==1.*  " + HASH,
        "x===1.0 " + HASH,
        "x==1.0",
        "x==1.0 --hash=md5:" + "0" * 32,
        "x==1.0 --hash=sha256:short",
        f"x==1.0 {HASH} --index-url https://evil.example/simple",
        f"x==1.0 --index-url https://evil.example/simple {HASH}",
        f"x==1.0 ; python_version > '3' --index-url https://evil.example/simple {HASH}",
        f"x==1.0 ; --config-settings=a=b {HASH}",
        f"x==1.0 --global-option=a {HASH}",
        "x==${VERSION} " + HASH,
        f"x==1.0 ; python_version > '${{VERSION}}' {HASH}",
        "x[extra]==1.0 " + HASH,
        f"x==1.0 {HASH}\u2028--index-url https://evil.example",
    ],
)
def test_what_is_not_a_hashed_pin_is_refused_with_its_line(line: str, tmp_path: Path):
    with pytest.raises(PluginRefused, match=r"requirements\.txt:[23]: "):
        install_requirements(tmp_path, f"ok==1.0 {HASH}\n{line}\n".encode(), "requirements.txt", {})
    assert not (tmp_path / "requirements").exists()


def test_a_pin_has_one_way_to_be_written():
    text = f"Some.Name == 1\nsome==1.0+a ; python_version<'3.12' and (sys_platform == \"linux\") \\\n  {HASH} \\\n  {HASH}  # why\n"
    pins, problems = read_pins(text, "r.txt")
    assert problems == ("r.txt:1: not a pin: write name==version --hash=sha256:…",)
    assert [pin.text for pin in pins] == [f"some==1.0+a ; python_version<'3.12' and (sys_platform == \"linux\") {HASH} {HASH}\n"]


def wheel(folder: Path, name: str, files: dict[str, str]) -> str:
    """Write a wheel and return its pin."""
    info = f"{name}-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}"
        for path, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


def offline(wheels: Path) -> dict[str, str]:
    """Where pip finds the wheels of a test, and nothing else."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(wheels),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": "/dev/null",
    }


def test_an_encoding_that_only_pip_would_believe_changes_nothing(wheels: Path, tmp_path: Path):
    """In UTF-7 the comment has a second line, with an option; pip would decode the file so, for its first line says it."""
    pin = wheel(wheels, "harmless", {"harmless.py": "X = 1\n"})
    content = f"# coding: utf-7\n# a comment +AAo--r /nowhere.txt\n{pin}".encode()
    assert "-r /nowhere.txt" in content.decode("utf-7").splitlines()
    folder = install_requirements(tmp_path, content, "requirements.txt", offline(wheels))
    assert (folder / "harmless.py").exists()


@pytest.mark.parametrize("tier", [Tier.BASIC, Tier.STRONG])
def test_start_up_files_of_a_wheel_run_neither_in_the_host_nor_before_the_sandbox_stands(world, wheels: Path, tier):
    marker = world.top / "ran"
    code = f"import os; open({str(marker)!r}, 'w'); raise SystemExit(9)\n"
    evil = {"evil.pth": code, "sitecustomize.py": code, "usercustomize.py": code, "harmless.py": "X = 'imported'\n"}
    # Names of the standard library that are imported while the sandbox is put up.
    evil |= {f"{name}.py": code for name in ("marshal", "resource", "_ctypes", "encodings", "codecs", "os", "site")}
    pin = wheel(wheels, "evil", evil)
    source = "import harmless\n\n\ndef run(context):\n    return {'message': harmless.X}\n"
    world.write_plugin(source, requirements="requirements.txt")
    (world.folder / "requirements.txt").write_text(pin)
    world.sign()
    world.lock()
    folder = install_requirements(world.places.cache, pin.encode(), "requirements.txt", offline(wheels))
    assert (folder / "evil.pth").exists()
    assert (folder / "sitecustomize.py").exists()
    answer = world.host(tier).call("sample", ProvisionKind.TASK, TASK, {})
    assert answer.result == {"message": "imported"}, (answer.problem, answer.log)
    assert not marker.exists()
    assert not any(str(folder) in path for path in sys.path)
