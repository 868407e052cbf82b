"""A repository as a stranger would hand it over: a sound one to begin with, and the means to spoil it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ORCHESTRATOR = str(Path(sys.executable).with_name("orchestrator"))
#: What a text of the repository's tries to say to the machine that shows it: a workflow command, a colour, a line end in disguise.
HOSTILE_TEXT = "::planted::x ##[planted]y \x1b[31mred\x1b]0;title\x07 %0A::planted::z \u202egnp.exe \u009b2J"
#: The same after a line end, where text may have several lines.
HOSTILE_LINES = f"first\n::planted file=a.py::x\n##[planted]y\r::planted::z\n{HOSTILE_TEXT}"

_TASKS = """\
- id: a
  description: Says something
  command: echo said
- id: b
  description: Comes after it
  command: "true"
  dependencies: [a]
- id: c
  description: Fails
  command: "false"
"""
_COMPLEX = "def many(a):\n" + "".join(f"    if a == {number}:\n        return {number}\n" for number in range(15))
_IDENTITY = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "a"), ("EMAIL", "a@b.example"))}


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository in a place of its own; beside it lie a home, and what nobody may touch."""

    top: Path

    @property
    def root(self) -> Path:
        return self.top / "repository"

    @property
    def outside(self) -> Path:
        """A directory that belongs to the user and not to the repository; ``victim`` is a file in it."""
        return self.top / "outside"

    @property
    def home(self) -> Path:
        return self.top / "home"

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of a user whose home this is, without settings or CI services in it.

        Python is told to keep no compiled modules: it would write those of the tool itself beside them when it first runs.
        """
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **variables}

    # -- to spoil it -----------------------------------------------------------------------------------------------

    def write(self, path: str | bytes, content: str | bytes, *, mode: int = 0o644) -> None:
        """Write a file, whatever lay there before; its directories are made."""
        full = self._clear(path)
        with open(full, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        os.chmod(full, mode)

    def program(self, path: str = "evil.sh") -> str:
        """Write a program that leaves a trace when it runs, and return its absolute path."""
        self.write(path, f"#!/bin/sh\necho ran >> {self.outside}/RAN\nexit 0\n", mode=0o755)
        return str(self.root / path)

    def link(self, path: str | bytes, target: str | Path) -> None:
        os.symlink(os.fsencode(target), self._clear(path))

    def pipe(self, path: str | bytes) -> None:
        os.mkfifo(self._clear(path))

    def directory(self, path: str | bytes) -> None:
        os.mkdir(self._clear(path))

    def sparse(self, path: str | bytes, size: int) -> None:
        """Make a file of ``size`` bytes that takes no space."""
        with open(self._clear(path), "wb") as file:
            file.truncate(size)

    def git(self, *arguments: str, input: bytes = b"", directory: str = "") -> str:
        """Run git as the stranger did, without what the repository is set to run."""
        quiet = ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "protocol.file.allow=always"]
        quiet += ["-c", "maintenance.auto=false", "-c", "gc.auto=0"]  # nothing goes on behind a command
        ended = subprocess.run(
            ["git", *quiet, *arguments],
            cwd=self.root / directory,
            env=self.environment(**_IDENTITY),
            input=input,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr.decode(errors="replace")
        return ended.stdout.decode(errors="replace").strip()

    def commit(self, message: str = "Spoil it") -> None:
        """Commit everything that can be committed, ignored or not."""
        self.git("add", "--force", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)

    def _clear(self, path: str | bytes) -> bytes:
        full = os.path.join(os.fsencode(self.root), os.fsencode(path))
        if os.path.islink(full) or os.path.isfile(full):
            os.unlink(full)
        elif os.path.isdir(full):
            shutil.rmtree(full)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        return full


def make_sound(top: Path) -> Repository:
    """Make a repository with two commits, a worked-off backlog, and nothing wrong with it."""
    repository = Repository(top)
    for directory in (repository.root, repository.outside, repository.home):
        directory.mkdir(parents=True)
    (repository.outside / "victim").write_text("belongs to the user\n")
    repository.git("init", "--quiet", "--template=", "--initial-branch=main")
    repository.write(".gitignore", ".orchestrator/\nlogs/\n")
    repository.write("a.py", "def one():\n    return 1\n")
    repository.write("package/b.py", _COMPLEX)
    repository.write("tasks.yml", _TASKS)
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "Begin")
    repository.write("a.py", "def one():\n    return 1\n\n\ndef two():\n    return 2\n")
    repository.git("commit", "--quiet", "--all", "-m", "Go on")
    ended = subprocess.run(
        [ORCHESTRATOR, "run", "--no-reflect"],
        cwd=repository.root,
        env=repository.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    return repository


def copy_of(sound: Repository, top: Path, spoil: Callable[[Repository], None]) -> Repository:
    """Return a copy of a sound repository, with its neighbours, that was spoilt."""
    shutil.copytree(sound.top, top, symlinks=True)
    repository = Repository(top)
    spoil(repository)
    return repository


def remove(top: Path) -> None:
    """Remove a spoilt repository with its neighbours; its directories may lie deeper than Python can go."""
    subprocess.run(["chmod", "-R", "u+rwX", str(top)], stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["rm", "-rf", str(top)], check=True)


def snapshot(directory: Path) -> Mapping[str, tuple[int, int, bytes]]:
    """Return kind, size and content of everything below a directory, to be compared."""
    found = {}
    for at, directories, files in os.walk(directory):
        for name in [*directories, *files]:
            path = os.path.join(at, name)
            status = os.lstat(path)
            content = Path(path).read_bytes() if os.path.isfile(path) and not os.path.islink(path) and status.st_size < 1 << 20 else b""
            found[os.path.relpath(path, directory)] = (status.st_mode, status.st_size if content else 0, content)
    return found
