"""Files of a repository, read without blocking and without leaving it: regular files only, links are not followed."""

from __future__ import annotations

import errno
import os
import stat

from core.domain.quality.history import blob_digest

#: Bytes of a file of git's own that is read whole.
_LARGEST_OWN = 16 * 1024 * 1024
#: Bytes of a file that is hashed; what is larger is no source and counts as changed.
_LARGEST_SOURCE = 64 * 1024 * 1024
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_regular(path: str) -> bytes:
    """Return the bytes of a regular file. Raises OSError for anything else, FileNotFoundError where there is nothing."""
    descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        content = file.read(_LARGEST_OWN + 1)
    if len(content) > _LARGEST_OWN:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return content


def blob_of(root: str, path: str, length: int) -> str | None:
    """Return git's id of the bytes of a file below ``root``; None where there is no regular file, or it lies behind a link.

    ``length`` of an id tells the repository's hash (64: SHA-256). A file too large for a source has the id of zeros.
    Raises OSError when it cannot be read.
    """
    if is_behind_a_link(root, path):
        return None
    try:
        descriptor = os.open(os.path.join(root, path), _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return None  # a link, a socket
        raise
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            return None
        if about.st_size > _LARGEST_SOURCE:
            return "0" * (length or 40)
        return blob_digest(file.read(_LARGEST_SOURCE), sha256_objects=length == 64).hex()


def is_behind_a_link(root: str, path: str) -> bool:
    place = root
    for part in path.split("/")[:-1]:
        place = f"{place}/{part}"
        try:
            if stat.S_ISLNK(os.lstat(place).st_mode):
                return True
        except OSError:
            return False  # opening it says what is wrong
    return False
