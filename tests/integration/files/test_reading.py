"""Whatever lies at the path of a file that is handed to us: its bytes, or a clear refusal, at once."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from core.errors import InvalidFile, StorageError
from core.files.reading import decode_text, open_regular, read_descriptor, read_regular, read_text


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("secret")
    (tmp_path / "root" / "sub").mkdir(parents=True)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.mkdir(), "f is not a regular file"),
        (os.mkfifo, "f is not a regular file"),
        (make_socket, "f is not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "f is not a regular file"),
        (lambda path: path.symlink_to(path), "cannot read f: Too many levels of symbolic links"),
    ],
)
def test_what_is_no_regular_file_is_refused_at_once(root: Path, make, told: str) -> None:
    make(root / "f")
    with pytest.raises(StorageError) as caught:
        read_regular(root / "f", "f", limit=100)
    assert str(caught.value) == told
    assert caught.value.hint


def test_what_is_absent_is_for_the_caller_to_judge(root: Path) -> None:
    for path in (root / "f", root / "nowhere" / "f"):
        with pytest.raises(FileNotFoundError):
            read_regular(path, "f", limit=100, inside=root)
    (root / "f").symlink_to("gone")
    with pytest.raises(FileNotFoundError):
        read_regular(root / "f", "f", limit=100, inside=root)


@pytest.mark.parametrize("link", ["f", "sub"])
def test_a_link_is_followed_in_the_repository_and_elsewhere_only_where_a_person_named_it(root: Path, link: str) -> None:
    (root / "real").write_text("ours")
    (root / "f").symlink_to("sub/../real")
    assert read_regular(root / "f", "f", limit=100, inside=root) == b"ours"
    (root / link).unlink() if link == "f" else (root / link).rmdir()
    (root / link).symlink_to("../outside" if link == "f" else "..")
    path = root / "f" if link == "f" else root / "sub" / "outside"
    with pytest.raises(StorageError, match=r"f leads out of the repository, to /.*outside$"):
        read_regular(path, "f", limit=100, inside=root)
    assert read_regular(path, "f", limit=100) == b"secret"


def test_a_repository_that_is_itself_behind_a_link_is_one(root: Path) -> None:
    (root / "f").write_text("ours")
    (root.parent / "way").symlink_to(root)
    assert read_regular(root.parent / "way" / "f", "f", limit=100, inside=root.parent / "way") == b"ours"


def test_a_file_beyond_the_limit_is_refused_with_both_sizes(root: Path) -> None:
    (root / "f").write_bytes(b"x" * 101)
    with pytest.raises(InvalidFile) as caught:
        read_regular(root / "f", "f", limit=100)
    assert str(caught.value) == "f: too large: 101 bytes, at most 100 are read"
    os.truncate(root / "f", 1 << 40)
    with pytest.raises(InvalidFile):
        read_regular(root / "f", "f", limit=100)


def test_a_file_that_grows_while_it_is_read_is_cut_by_the_limit(root: Path) -> None:
    path = root / "f"
    path.write_bytes(b"x")
    descriptor = open_regular(path, "f")
    ended = threading.Event()

    def grow() -> None:
        with open(path, "ab") as file:
            while not ended.is_set():
                file.write(b"x" * 65536)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(InvalidFile):
            while read_descriptor(descriptor, "f", 4 << 20):
                pass
    finally:
        ended.set()
        writer.join()
        os.close(descriptor)


def test_a_file_of_proc_that_says_it_is_empty_is_read_to_its_end() -> None:
    assert read_regular("/proc/self/status", "f", limit=65536).startswith(b"Name:")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"ab\n c\xff", "f:2:3"),
        (b"\xff", "f:1:1"),
        (b"\xef\xbb\xbfa\xff", "f:1:2"),
        ("é".encode() + b"\xc3", "f:1:2"),
        (b"\xef\xbb\xbf\n\xff", "f:2:1"),
    ],
)
def test_the_place_of_what_is_not_utf_8(root: Path, data: bytes, place: str) -> None:
    (root / "f").write_bytes(data)
    with pytest.raises(InvalidFile) as caught:
        read_text(root / "f", "f", limit=100)
    assert str(caught.value) == f"{place}: not text in UTF-8 (save it as UTF-8)"


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    assert decode_text(b"\xef\xbb\xbfa", "f") == "a"
