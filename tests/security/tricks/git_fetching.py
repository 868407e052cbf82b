""".git: objects that are elsewhere, and are to be fetched or borrowed."""

from __future__ import annotations

import shutil

from tests.security.git_settings import configure
from tests.security.repository import Repository
from tests.security.trick import Tricks

GIT_FETCHING = Tricks()


def _lose_blobs(repository: Repository, url: str, *, filter: str = "blob:none") -> None:
    """Turn the repository into a partial clone whose blobs of the past are to be had from ``url`` only."""
    origin = repository.top / "origin"
    shutil.copytree(repository.root, origin, symlinks=True)
    shutil.rmtree(repository.root / ".git")
    repository.git("-C", str(origin), "config", "uploadpack.allowFilter", "true")
    repository.git(
        "clone", "--quiet", "--no-local", f"--filter={filter}", "--no-checkout", f"file://{origin}", str(repository.top / "partial")
    )
    shutil.move(repository.top / "partial/.git", repository.root / ".git")
    repository.git("read-tree", "--empty")
    repository.git("config", "remote.origin.url", url)
    # It lies beside the repository and would be found by nobody else.
    shutil.rmtree(origin)


@GIT_FETCHING.add
def blobs_are_to_be_fetched_by_ssh(repository: Repository) -> None:
    program = repository.program()
    _lose_blobs(repository, "ssh://127.0.0.1:9/x")
    configure(
        repository,
        f'[core]\n\tsshCommand = {program}\n[remote "origin"]\n\tuploadpack = {program}\n\tvcs = evil\n\tproxy = http://127.0.0.1:9/\n',
    )


@GIT_FETCHING.add
def blobs_are_to_be_fetched_by_a_program(repository: Repository) -> None:
    program = repository.program()
    _lose_blobs(repository, f"ext::{program} %S")
    configure(repository, '[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always\n')


@GIT_FETCHING.add
def trees_are_to_be_fetched(repository: Repository) -> None:
    _lose_blobs(repository, "https://127.0.0.1:9/x", filter="tree:0")
    configure(
        repository,
        f"[http]\n\tproxy = http://127.0.0.1:9/\n\tsslVerify = false\n\tcookieFile = {repository.outside}/cookies\n\tsaveCookies = true\n",
    )


@GIT_FETCHING.add
def blobs_are_to_be_fetched_from_a_folder(repository: Repository) -> None:
    _lose_blobs(repository, f"file://{repository.outside}")
    configure(repository, f'[url "ext::{repository.program()} "]\n\tinsteadOf = file://\n[protocol]\n\tallow = always\n')


@GIT_FETCHING.add
def shallow_clone(repository: Repository) -> None:
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(repository.top / "shallow"))
    shutil.rmtree(repository.root / ".git")
    shutil.move(repository.top / "shallow/.git", repository.root / ".git")
    repository.git("config", "remote.origin.url", f"ext::{repository.program()}")


@GIT_FETCHING.add
def shallow_file_is_a_pipe(repository: Repository) -> None:
    repository.pipe(".git/shallow")


@GIT_FETCHING.add
def alternates(repository: Repository) -> None:
    repository.pipe(".git/pipe")
    repository.write(
        ".git/objects/info/alternates", f'{repository.outside}\n/proc/self/fd\n{repository.root}/.git/pipe\n../../../..\n# x\n"\\x\n'
    )
    repository.write(".git/objects/info/http-alternates", "http://127.0.0.1:9/\n")


@GIT_FETCHING.add
def alternates_are_a_pipe(repository: Repository) -> None:
    repository.directory(".git/objects/info")
    repository.pipe(".git/objects/info/alternates")
