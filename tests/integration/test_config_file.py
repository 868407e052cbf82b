"""config.yaml on the disk, and the process's environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.config import load_config
from core.errors import InvalidFile, StorageError, UsageError


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("ORCHESTRATOR_"):
            monkeypatch.delenv(name)


def test_without_a_file_everything_is_a_default(tmp_path: Path) -> None:
    assert load_config(root=tmp_path).sources == {}


def test_the_file_of_the_repository_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("jobs: 7\n")

    assert load_config(root=tmp_path).jobs == 7


def test_the_current_directory_is_the_default_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text("jobs: 7\n")
    monkeypatch.chdir(tmp_path)

    assert load_config().jobs == 7


def test_the_process_environment_is_the_default_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_JOBS", "5")

    assert load_config(root=tmp_path).jobs == 5
    assert load_config(root=tmp_path, environ={}).jobs == 0


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file: other\.yaml"):
        load_config("other.yaml", root=tmp_path)


def test_a_directory_in_its_place_is_an_error_of_storage(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()

    with pytest.raises(StorageError, match=r"config\.yaml is not a regular file"):
        load_config(root=tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbfjobs: 7\r\nfail_fast: true\r\n")
    loaded = load_config(root=tmp_path)

    assert (loaded.jobs, loaded.fail_fast, loaded.sources["fail_fast"].place) == (7, True, "config.yaml:2:1")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"jobs: 3\n# caf\xe9\n", "config.yaml:2:6: not text in UTF-8 (save it as UTF-8)"),
        ("jobs: 3\n".encode("utf-16"), "config.yaml:1:1: not text in UTF-8 (save it as UTF-8)"),
        (
            b"jobs: 3\0\n",
            "config.yaml:1:8: the character U+0000 is not allowed in YAML (remove it, or write it as \\x00 inside double quotes)",
        ),
        (b"#" * (2**20 + 1), "config.yaml: too large: 1,048,577 characters, at most 1,048,576 are read"),
    ],
)
def test_bytes_that_are_no_config_say_where(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "config.yaml").write_bytes(data)

    with pytest.raises(InvalidFile) as caught:
        load_config(root=tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [expected]


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "config.yaml").open("wb") as stream:
        stream.truncate(10**10)

    with pytest.raises(InvalidFile):
        load_config(root=tmp_path)


@pytest.fixture
def users_file(tmp_path: Path) -> Path:
    path = tmp_path / "home" / ".config" / "orchestrator" / "config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("jobs: 3\naudit: {wily_python: /opt/wily/bin/python}\n")
    path.chmod(0o644)
    return path


def test_the_users_own_file_is_read_and_the_repositorys_is_nearer(tmp_path: Path, users_file: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    environ = {"HOME": str(tmp_path / "home")}
    loaded = load_config(root=root, environ=environ)
    assert (loaded.jobs, loaded.audit.wily_python) == (3, "/opt/wily/bin/python")
    assert loaded.sources["jobs"].place == f"{users_file}:1:1"
    (root / "config.yaml").write_text("jobs: 7\n")
    assert load_config(root=root, environ=environ).jobs == 7


def test_a_users_file_inside_the_repository_is_the_repositorys_and_not_believed(tmp_path: Path, users_file: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "part").mkdir()
    for root in (tmp_path, tmp_path / "part"):
        with pytest.raises(StorageError, match="a user's settings inside the repository are not believed"):
            load_config(root=root, environ={"HOME": str(tmp_path / "home")})


def test_a_home_directory_that_is_no_repository_may_hold_the_users_file(tmp_path: Path, users_file: Path) -> None:
    assert load_config(root=tmp_path / "home", environ={"HOME": str(tmp_path / "home")}).jobs == 3


def test_a_users_file_that_everybody_can_write_is_not_believed(tmp_path: Path, users_file: Path) -> None:
    users_file.chmod(0o666)
    with pytest.raises(StorageError, match="others can write this file") as caught:
        load_config(root=tmp_path, environ={"HOME": str(tmp_path / "home")})
    assert caught.value.hint == f"chmod 600 {users_file}"
