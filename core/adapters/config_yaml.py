"""config.yaml on the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.errors import InvalidFile, StorageError, UsageError
from core.files.reading import decode_text, read_regular
from core.schema.document import Document, unreadable
from core.schema.yaml_reader import read_yaml

#: Bytes: what the most characters that are read may take in UTF-8, with a byte order mark.
_MOST_BYTES = 4 * 1024 * 1024 + 3


def read_config_file(path: Path, shown: str, *, required: bool, inside: str | None = None) -> Document:
    """Return the document at ``path``, which problems call ``shown``; an absent file is empty unless ``required``.

    ``inside`` is the repository that brings the file, None where a person named it. What is wrong with its text is in
    ``Document.problems``. Raises UsageError when it is required and absent, StorageError when it is no regular file or the
    system refuses to read it.
    """
    try:
        return read_config_bytes(read_regular(path, shown, limit=_MOST_BYTES, inside=inside), shown)
    except FileNotFoundError as error:
        if not required:
            return read_yaml("", shown)
        raise UsageError(f"no such file: {shown}", hint="orchestrator init writes one") from error
    except InvalidFile as error:
        return unreadable(shown, error)


def read_own_config_file(path: Path, shown: str, repository: str | os.PathLike[str] | None) -> Document:
    """Return the document of the user's own file; an absent one is empty.

    Raises StorageError when it cannot be read, when somebody else owns it or everybody can write it, or when it lies in ``repository``.
    """
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return read_yaml("", shown)
    except OSError as error:
        raise StorageError(f"cannot read {shown}: {error.strerror}") from error
    if repository is not None and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(repository)):
        hint = "set XDG_CONFIG_HOME to a directory of your own"
        raise StorageError(f"{shown}: a user's settings inside the repository are not believed", hint=hint)
    if state.st_uid not in (os.geteuid(), 0) or state.st_mode & stat.S_IWOTH:
        raise StorageError(f"{shown}: others can write this file, so nothing in it is believed", hint=f"chmod 600 {shown}")
    return read_config_file(path, shown, required=True)


def read_config_bytes(data: bytes, shown: str) -> Document:
    """Return the document in the bytes of a file, which problems call ``shown``."""
    try:
        return read_yaml(decode_text(data, shown), shown)
    except InvalidFile as error:
        return unreadable(shown, error)
