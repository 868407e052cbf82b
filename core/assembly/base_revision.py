"""What the base of a comparison says about how to judge: its config.yaml, plugins.lock and baseline, read from git."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.adapters.config_yaml import read_config_bytes
from core.config import CONFIG_FILE
from core.ports.code import Repository
from core.schema.document import Document
from core.schema.yaml_reader import read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRevision:
    """A commit by which is judged."""

    repository: Repository
    #: Id of the commit.
    commit: str
    config: Document
    #: ``plugins.lock`` there; None where it has none.
    lock: bytes | None

    def file(self, path: str) -> bytes | None:
        """Return a file of the project as it is there, None where there is none. Raises StorageError."""
        return self.repository.file_at(self.commit, path)

    def shown(self, path: str) -> str:
        """Return what problems call a file of it: ``config.yaml@1f2e3d4``."""
        return f"{path}@{self.commit[:7]}"


def base_revision(root: Path, revision: str, lock_file: str) -> BaseRevision | None:
    """Return what ``revision`` is compared by; None before the first commit, when nothing was ever decided.

    Raises UsageError with what to fetch when it is not here, StorageError when git's objects cannot be read.
    """
    from core.adapters.git import Git, GitRepository

    repository = GitRepository(Git(str(root)))
    commit = repository.base_of(revision)
    if not commit:
        return None
    content, shown = repository.file_at(commit, CONFIG_FILE), f"{CONFIG_FILE}@{commit[:7]}"
    document = read_yaml("", shown) if content is None else read_config_bytes(content, shown)
    return BaseRevision(
        repository=repository,
        commit=commit,
        config=document,
        lock=repository.file_at(commit, lock_file),
    )
