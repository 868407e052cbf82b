""".git: branches and an index that mislead, hang, or never end."""

from __future__ import annotations

import hashlib

from tests.security.repository import Repository
from tests.security.trick import Tricks

GIT_REFERENCES = Tricks()


@GIT_REFERENCES.add(since="refs/heads/::planted::x")
def references_have_hostile_names(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD")
    first = repository.git("rev-parse", "HEAD~1")
    names = [
        b"--upload-pack=evil",
        b"-rf",
        b"::planted::x",
        b"\x1b[31mred",
        b"a\xff\xfe",
        "\u202etxt".encode(),
        b"%0A::planted::",
        b"##[planted]",
        b"HEAD",
    ]
    packed = b"# pack-refs with: peeled fully-peeled sorted \n" + b"".join(
        first.encode() + b" refs/heads/" + name + b"\n" for name in sorted(names)
    )
    repository.write(".git/packed-refs", packed)
    for name in names[1:5]:
        repository.write(b".git/refs/heads/" + name, head + "\n")
    repository.write(".git/HEAD", b"ref: refs/heads/\x1b[31mred\n")


@GIT_REFERENCES.add(since="--upload-pack=evil")
def revision_looks_like_an_option(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD~1") + "\n"
    for name in ("--upload-pack=evil", "--output=evil"):
        repository.write(f".git/refs/heads/{name}", first)
    repository.write(".git/HEAD", "ref: refs/heads/--upload-pack=evil\n")


@GIT_REFERENCES.add
def reference_is_a_pipe(repository: Repository) -> None:
    repository.pipe(".git/refs/heads/main")
    repository.pipe(".git/refs/heads/other")


@GIT_REFERENCES.add
def head_is_a_pipe(repository: Repository) -> None:
    repository.pipe(".git/HEAD")


@GIT_REFERENCES.add
def references_are_a_loop(repository: Repository) -> None:
    repository.write(".git/refs/heads/main", "ref: refs/heads/other\n")
    repository.write(".git/refs/heads/other", "ref: refs/heads/main\n")


@GIT_REFERENCES.add
def references_are_a_great_many(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD")
    lines = "".join(f"{head} refs/heads/b{n:06}\n" for n in range(200_000))
    repository.write(".git/packed-refs", f"# pack-refs with: peeled fully-peeled sorted \n{lines}")


@GIT_REFERENCES.add
def index_is_garbage(repository: Repository) -> None:
    repository.write(".git/index", b"DIRC\x00\x00\x00\x02\xff\xff\xff\xff" + b"\xff" * 10_000)


@GIT_REFERENCES.add
def index_is_a_pipe(repository: Repository) -> None:
    repository.pipe(".git/index")


@GIT_REFERENCES.add
def index_names_places_outside(repository: Repository) -> None:
    """Entries whose paths git itself would not make: written into the index by hand, with a right sum."""
    index = repository.root / ".git/index"
    content = index.read_bytes()[:-20].replace(b"package/b.py", b"../outside/x")
    index.write_bytes(content + hashlib.sha1(content).digest())
