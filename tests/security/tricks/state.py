""".orchestrator/ and logs/: state that is somebody else's, forged, or no file at all."""

from __future__ import annotations

from collections.abc import Callable

from tests.security.repository import HOSTILE_LINES, Repository
from tests.security.trick import Trick, Tricks

STATE = Tricks()
_DATABASES = ("state.db", "metrics.db")
#: Everything that the tool keeps in its directory, and what SQLite puts beside it.
_NAMES = (
    *(f"{name}{ending}" for name in _DATABASES for ending in ("", "-wal", "-shm", "-journal")),
    *("lock", "tasks.lock", "cache", "backups", "wily", "workspaces"),
)


def _each(kind: str, spoil: Callable[[Repository, str], None], *names: str) -> None:
    """Add one trick for each of the names: a name of its own says which file makes the trouble."""
    for name in names:

        def trick(repository: Repository, name: str = name) -> None:
            spoil(repository, f".orchestrator/{name}")

        STATE.append(Trick(name=f"own_{name.replace('.', '_').replace('-', '_')}_{kind}", spoil=trick))


def _lead_outside(repository: Repository, path: str) -> None:
    repository.link(path, repository.outside / "made-by-the-tool")
    repository.git("add", "--force", path)
    repository.git("commit", "--quiet", "-m", "Track it")


_each("leads_outside", _lead_outside, "state.db", "metrics.db", "lock")
_each(
    "leads_to_what_is_there",
    lambda repository, path: repository.link(path, repository.outside / "victim"),
    "state.db",
    "metrics.db-wal",
    "lock",
)
_each("is_a_pipe", lambda repository, path: repository.pipe(path), "state.db", "metrics.db", "state.db-wal", "lock")
_each("is_a_directory", lambda repository, path: repository.directory(path), "state.db", "metrics.db", "lock")
_each("is_garbage", lambda repository, path: repository.write(path, b"\x00\xffgarbage" * 9000), "state.db", "metrics.db", "state.db-wal")
_each("is_huge", lambda repository, path: repository.sparse(path, 10 << 30), "state.db", "metrics.db", "state.db-wal", "lock")
_each("leads_to_a_device", lambda repository, path: repository.link(path, "/dev/zero"), "state.db", "metrics.db", "lock")


@STATE.add
def everything_of_the_state_is_a_pipe(repository: Repository) -> None:
    for name in _NAMES:
        repository.pipe(f".orchestrator/{name}")


@STATE.add
def everything_of_the_state_leads_outside(repository: Repository) -> None:
    for name in _NAMES:
        repository.link(f".orchestrator/{name}", repository.outside / f"made-{name}")


@STATE.add
def state_is_a_link(repository: Repository) -> None:
    repository.link(".orchestrator", repository.outside)
    repository.commit()


@STATE.add
def state_is_a_link_inside(repository: Repository) -> None:
    repository.directory("package/state")
    repository.link(".orchestrator", "package/state")
    repository.commit()


@STATE.add
def state_is_a_dangling_link(repository: Repository) -> None:
    repository.link(".orchestrator", repository.outside / "not-there")


@STATE.add
def state_is_a_file(repository: Repository) -> None:
    repository.write(".orchestrator", "no directory\n")
    repository.commit()


@STATE.add
def state_is_a_pipe(repository: Repository) -> None:
    repository.pipe(".orchestrator")


@STATE.add
def state_is_tracked(repository: Repository) -> None:
    repository.commit("Track the state")


@STATE.add
def state_is_open_to_everybody(repository: Repository) -> None:
    (repository.root / ".orchestrator").chmod(0o777)
    for path in (repository.root / ".orchestrator").iterdir():
        path.chmod(0o777 if path.is_dir() else 0o666)


@STATE.add
def state_is_in_a_tree_of_links(repository: Repository) -> None:
    """The cache's folder and the tasks' backups lead away, one level below what is checked first."""
    for name in ("cache", "backups", "wily", "workspaces"):
        repository.link(f".orchestrator/{name}", repository.outside)
    repository.write("tasks.yml", "".join(f"- id: t{n}\n  description: long enough for the cache\n  command: 'true'\n" for n in range(500)))


@STATE.add
def cache_of_tasks_is_forged(repository: Repository) -> None:
    repository.write("tasks.yml", "".join(f"- id: t{n}\n  description: long enough for the cache\n  command: 'true'\n" for n in range(500)))
    import hashlib

    for path in ("tasks.yml", str(repository.root / "tasks.yml")):
        name = hashlib.sha256(path.encode()).hexdigest()[:12]
        repository.pipe(f".orchestrator/cache/tasks-{name}.json")


@STATE.add
def logs_lead_outside(repository: Repository) -> None:
    repository.link("logs", repository.outside)


@STATE.add
def logs_are_pipes(repository: Repository) -> None:
    for path in list((repository.root / "logs").iterdir()):
        repository.pipe(f"logs/{path.name}")


@STATE.add
def logs_lead_to_devices(repository: Repository) -> None:
    for path in list((repository.root / "logs").iterdir()):
        repository.link(f"logs/{path.name}", "/dev/zero")


@STATE.add
def logs_say_hostile_things(repository: Repository) -> None:
    for path in list((repository.root / "logs").iterdir()):
        repository.write(f"logs/{path.name}", HOSTILE_LINES.encode() + b"\x00\xff\n" + b"x" * 5_000_000 + HOSTILE_LINES.encode())


@STATE.add
def logs_are_huge(repository: Repository) -> None:
    for path in list((repository.root / "logs").iterdir()):
        repository.sparse(f"logs/{path.name}", 300 << 20)
