""".git: a directory that is elsewhere, and settings and lists of paths that are no sane files."""

from __future__ import annotations

import shutil

from tests.security.git_settings import configure
from tests.security.repository import HOSTILE_LINES, Repository
from tests.security.trick import Tricks

GIT_PLACES = Tricks()


@GIT_PLACES.add
def git_directory_is_elsewhere(repository: Repository) -> None:
    shutil.move(repository.root / ".git", repository.root / "package/hidden")
    configure(repository, f"[core]\n\tfsmonitor = {repository.program()}\n\tworktree = {repository.outside}\n", "package/hidden/config")
    repository.write(".git", "gitdir: package/hidden\n")


@GIT_PLACES.add
def git_file_is_a_pipe(repository: Repository) -> None:
    shutil.rmtree(repository.root / ".git")
    repository.pipe(".git")


@GIT_PLACES.add
def git_file_is_garbage(repository: Repository) -> None:
    shutil.rmtree(repository.root / ".git")
    repository.write(".git", f"gitdir: {'../' * 2000}{HOSTILE_LINES}\n")


@GIT_PLACES.add
def git_directory_is_a_link(repository: Repository) -> None:
    shutil.move(repository.root / ".git", repository.outside / "git")
    repository.link(".git", repository.outside / "git")


@GIT_PLACES.add
def bare_repository_is_the_root(repository: Repository) -> None:
    """What a stranger can commit: HEAD, config, objects and refs as files of the work tree."""
    for name in ("HEAD", "config", "objects", "refs", "index"):
        shutil.move(repository.root / ".git" / name, repository.root / name)
    shutil.rmtree(repository.root / ".git")
    configure(repository, f"[core]\n\tfsmonitor = {repository.program()}\n\tbare = false\n\tworktree = .\n", "config")


@GIT_PLACES.add
def bare_repository_is_inside(repository: Repository) -> None:
    repository.git("clone", "--quiet", "--bare", ".", "package/bare")
    program = repository.program()
    configure(
        repository, f"[core]\n\tbare = false\n\tworktree = ..\n\tfsmonitor = {program}\n\thooksPath = {program}\n", "package/bare/config"
    )
    repository.commit()


@GIT_PLACES.add
def work_tree_is_elsewhere(repository: Repository) -> None:
    repository.git("config", "core.worktree", str(repository.outside))


@GIT_PLACES.add
def include_is_a_pipe(repository: Repository) -> None:
    repository.pipe("more")
    configure(repository, "[include]\n\tpath = ../more\n")


@GIT_PLACES.add
def include_is_a_device(repository: Repository) -> None:
    configure(repository, "[include]\n\tpath = /dev/zero\n")


@GIT_PLACES.add
def configuration_is_a_pipe(repository: Repository) -> None:
    repository.pipe(".git/config")


@GIT_PLACES.add
def configuration_is_huge(repository: Repository) -> None:
    configure(repository, "".join(f"[section{n}]\n\tkey = {'x' * 100}\n" for n in range(100_000)))


@GIT_PLACES.add
def configuration_is_garbage(repository: Repository) -> None:
    repository.write(".git/config", b"[core\x00\xff\n= = =\n[[[\n")


@GIT_PLACES.add
def ignore_files_are_pipes(repository: Repository) -> None:
    for path in (
        ".gitignore",
        "package/.gitignore",
        ".gitattributes",
        ".git/info/exclude",
        ".git/info/attributes",
        ".gitmodules",
        ".mailmap",
    ):
        repository.pipe(path)


@GIT_PLACES.add
def ignore_files_of_the_configuration_are_pipes(repository: Repository) -> None:
    repository.pipe("pipe")
    configure(
        repository, "[core]\n\texcludesFile = pipe\n\tattributesFile = pipe\n[mailmap]\n\tfile = pipe\n[blame]\n\tignoreRevsFile = pipe\n"
    )


@GIT_PLACES.add
def ignore_files_explode(repository: Repository) -> None:
    for length in (60, 120, 200):
        repository.write(f"{'a' * length}.py", "x = 1\n")
    repository.write(
        ".gitignore", "".join(f"{glob}\n" for glob in ("*" * 40 + "b", "*a" * 40 + "b", "**/" * 60 + "x", "[a-z]*" * 40 + "!")) * 20
    )
    repository.write(".gitattributes", "".join(f"{'*a' * 40}b x{n}\n[attr]y{n} x{n}\n" for n in range(50)))
