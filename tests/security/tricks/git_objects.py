""".git: objects that are not what they are called, and a history that says hostile things."""

from __future__ import annotations

import hashlib
import zlib

from tests.security.repository import HOSTILE_LINES, Repository
from tests.security.trick import Tricks

GIT_OBJECTS = Tricks()


@GIT_OBJECTS.add
def replaced_objects_and_grafts(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD")
    blob = repository.git("hash-object", "-w", "--stdin", input=b"x = 'replaced'\n")
    repository.git("replace", "-f", repository.git("rev-parse", "HEAD:package/b.py"), blob)
    repository.write(".git/info/grafts", f"{head} {head}\n{head}\n" + f"{'0' * 40}\n")
    repository.write(".git/shallow", f"{head}\n{'z' * 40}\n")


@GIT_OBJECTS.add
def objects_are_damaged(repository: Repository) -> None:
    for name in ("HEAD:package/b.py", "HEAD~1:a.py"):
        path = repository.git("rev-parse", name)
        repository.write(f".git/objects/{path[:2]}/{path[2:]}", b"\x78\x9cgarbage" * 100)
    repository.write(".git/objects/pack/pack-1.idx", b"\xfftOc\x00\x00\x00\x02" + b"\xff" * 2000)
    repository.write(".git/objects/pack/pack-1.pack", b"PACK")
    repository.write(".git/objects/info/commit-graph", b"CGPH\x01\x01\xff\xff" + b"\xff" * 2000)


@GIT_OBJECTS.add
def object_is_a_pipe(repository: Repository) -> None:
    blob = repository.git("rev-parse", "HEAD~1:a.py")
    repository.pipe(f".git/objects/{blob[:2]}/{blob[2:]}")


@GIT_OBJECTS.add
def object_is_a_bomb(repository: Repository) -> None:
    """A few kilobytes in git that are a gigabyte of Python once they are unpacked."""
    size = 1 << 30
    head = f"blob {size}\0".encode()
    pack, digest = zlib.compressobj(9), hashlib.sha1(head)
    packed = pack.compress(head)
    for _ in range(64):
        digest.update(b"#" * (size // 64))
        packed += pack.compress(b"#" * (size // 64))
    packed += pack.flush()
    name = digest.hexdigest()
    repository.write(f".git/objects/{name[:2]}/{name[2:]}", packed)
    repository.git("update-index", "--add", "--cacheinfo", f"100644,{name},a.py")
    repository.git("commit", "--quiet", "-m", "Large")
    repository.git("update-index", "--add", "--cacheinfo", f"100644,{repository.git('rev-parse', 'HEAD~1:a.py')},a.py")
    repository.git("commit", "--quiet", "-m", "Small again")


@GIT_OBJECTS.add
def commits_say_hostile_things(repository: Repository) -> None:
    tree = repository.git("rev-parse", "HEAD^{tree}")
    person = "::planted::x \x1b[31m <a@b> 99999999999999999999 +9999"
    head = f"tree {tree}\nparent {repository.git('rev-parse', 'HEAD')}\nauthor {person}\ncommitter {person}\nencoding rot13\ngpgsig x\n"
    commit = f"{head}\n{HOSTILE_LINES}\n"
    made = repository.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=commit.encode("utf-8", "surrogateescape"))
    repository.write(".git/refs/heads/main", made + "\n")


@GIT_OBJECTS.add
def trees_name_hostile_things(repository: Repository) -> None:
    """Names that no work tree can hold: ``..``, ``.git``, slashes, twice the same."""
    blob = bytes.fromhex(repository.git("rev-parse", "HEAD:package/b.py"))
    names = (
        b"..",
        b".git",
        b".GIT\xe2\x80\x8c",
        b"a/b.py",
        b"::planted::.py",
        b"\n::planted::x.py",
        b"x.py",
        b"x.py",
        b"\x1b[31m.py",
        b"-rf.py",
        b"\xff.py",
    )
    content = b"".join(b"100644 " + name + b"\0" + blob for name in names)
    tree = repository.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input=content)
    made = repository.git("commit-tree", tree, "-p", "HEAD", "-m", "x")
    repository.write(".git/refs/heads/main", made + "\n")


@GIT_OBJECTS.add
def history_is_long(repository: Repository) -> None:
    """Ten thousand commits, each of which changes a name and a hundred files."""
    lines = ["feature done\n"]
    for number in range(3000):
        lines.append(f"commit refs/heads/main\ncommitter a <a@b.example> {1_700_000_000 + number} +0000\ndata 1\nx\n")
        lines.append("from refs/heads/main^0\n" if number == 0 else "")
        lines.extend(f"M 100644 inline wide/m{file}_{number % 7}.py\ndata {len(str(number)) + 5}\nx = {number}\n\n" for file in range(20))
    repository.git("fast-import", "--quiet", "--force", "--done", input=("".join(lines) + "done\n").encode())
    repository.git("read-tree", "HEAD")
