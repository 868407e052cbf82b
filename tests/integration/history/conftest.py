"""Real git repositories in temporary directories, and proof that nobody touched them."""

from __future__ import annotations

import ast
import hashlib
import os
import random
import stat
import subprocess
from pathlib import Path

import pytest

from core.adapters.git import BlobHistory, Git, GitLog, GitRepository
from core.domain.quality.metric import FileMeasure


class Scratch:
    """One repository to write into."""

    def __init__(self, root: Path):
        self.root = root
        self._clock = 1_600_000_000

    def git(self, *arguments, check=True, **environment):
        self._clock += 60
        who = {f"GIT_{role}_{what}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        when = {f"GIT_{role}_DATE": f"@{self._clock} +0000" for role in ("AUTHOR", "COMMITTER")}
        env = {**os.environ, **who, **when, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **environment}
        settings = (
            "-c",
            "protocol.file.allow=always",
            "-c",
            "maintenance.auto=false",
            "-c",
            "gc.auto=0",
        )  # nothing goes on behind a command
        done = subprocess.run(["git", *settings, *arguments], cwd=self.root, env=env, capture_output=True, check=False)
        if check and done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode().strip()

    def write(self, path, content):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files=None, message="next"):
        for path, content in (files or {}).items():
            if content is None:
                (self.root / path).unlink()
            else:
                self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def clone(self, place, *options):
        self.git("clone", "-q", *options, f"file://{self.root}", str(place))
        return Scratch(place)

    def history(self, directory=".", executable="git"):
        git = Git(str(self.root / directory), executable=executable)
        return BlobHistory(git, GitLog(git), LineMeter())

    def repository(self, directory="."):
        return GitRepository(Git(str(self.root / directory)))


class LineMeter:
    """Counts lines, remembers what it measured, and which blobs it had to read."""

    def __init__(self):
        self.known = {}
        self.read = []

    def measure_blobs(self, ids, read):
        wanted = list(ids)
        new = [blob for blob in wanted if blob not in self.known]
        self.read = new
        for blob, source in read(new) if new else ():
            self.known[blob] = FileMeasure(maintainability=float(source.count(b"\n")))
        return {blob: self.known[blob] for blob in wanted if blob in self.known}


#: Modules of the standard library: real code that every Python has at hand.
MODULES = ("textwrap", "argparse", "shlex", "gettext", "copy", "bisect", "heapq", "csv", "calendar", "fnmatch")


def versions(name, count):
    """Return ``count`` versions of a module that parse: its first statements, more and more of them."""
    source = Path(os.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    ends = [node.end_lineno for node in ast.parse(source).body]
    lines = source.splitlines(keepends=True)
    return ["".join(lines[: ends[max(0, len(ends) * number // count - 1)]]) for number in range(1, count + 1)]


def grow_real_code(scratch, rounds, *, merges=True):
    """Commit edits, moves, deletions, files that do not parse and, if wanted, side branches: about eight revisions a round."""
    chance = random.Random(7)
    stock = {name: versions(name, 12) for name in MODULES}
    names = {name: f"{name}.py" for name in MODULES}

    def edit(*some):
        return {names[name]: chance.choice(stock[name]) + f"\nassert {chance.randrange(99)}\n" for name in some}

    scratch.commit(edit(*MODULES))
    for number in range(rounds):
        one, two, three, four = chance.sample(MODULES, 4)
        if merges:
            scratch.git("checkout", "-q", "-b", f"side{number}")
            scratch.commit(edit(one))
            scratch.git("checkout", "-q", "main")
            scratch.commit(edit(two))
            scratch.git("checkout", "-q", f"side{number}")
            scratch.commit(edit(three))
            scratch.git("checkout", "-q", "main")
        scratch.commit(edit(two, four))
        if merges:
            scratch.git("merge", "-q", "--no-ff", "--no-edit", f"side{number}")
        moved = f"part{number}/{four}.py"
        (scratch.root / moved).parent.mkdir()
        scratch.git("mv", names[four], moved)
        names[four] = moved
        scratch.commit()
        scratch.commit({"broken.py": "def f(:\n" if number % 2 else "def f():\n    return 1\n"})
        if number % 3 == 2:
            scratch.commit({names[one]: None})
            scratch.commit(edit(one))


def numbers(history):
    """What each revision changed, as plain numbers; None for a version with a problem."""
    return [
        {path: None if measure.problem else measure.maintainability for path, measure in revision.changed.items()}
        for revision in history.revisions
    ]


def fingerprint(root):
    """Return the hash of every byte, mode, link and modification time below ``root``, ``.git`` included."""
    state = hashlib.sha256()
    for directory, names, files in os.walk(root):
        names.sort()
        for name in [*sorted(names), *sorted(files)]:
            path = os.path.join(directory, name)
            about = os.lstat(path)
            state.update(f"{os.path.relpath(path, root)} {about.st_mode} {about.st_mtime_ns}".encode(errors="surrogateescape"))
            if stat.S_ISLNK(about.st_mode):
                state.update(os.fsencode(os.readlink(path)))
            elif stat.S_ISREG(about.st_mode):
                state.update(Path(path).read_bytes())
    return state.hexdigest()


@pytest.fixture
def scratch(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    made = Scratch(root)
    made.git("init", "-q", "-b", "main")
    return made


@pytest.fixture(scope="session")
def scratch_in():
    return Scratch


@pytest.fixture
def numbers_of():
    return numbers


@pytest.fixture
def hash_of():
    return fingerprint


def running(text):
    """Return the command lines of living processes, our own left out, that contain ``text``."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command and directory.name != str(os.getpid()):
            found.append(command)
    return found


@pytest.fixture
def processes_about():
    return running


@pytest.fixture
def real_code():
    return grow_real_code
