"""The gate over simulated pull requests, by baseline and by ``--since``: it blames whom the change is to be blamed for, and nobody else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from core import api
from core.domain.quality.verdict import GateReport
from core.errors import UsageError
from tests.integration.audit.pull_requests import PULL_REQUESTS, Code, PullRequest, base, function

#: What is tried in a project below the repository's root, too.
BELOW = frozenset(
    {"a block gets a branch", "a new block in a new file", "a file", "a directory", "a block, into a new file", "a poor file grows"}
)
_WHO = {f"GIT_{role}_{what}": "audit@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture(autouse=True)
def on_no_service(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("ORCHESTRATOR_", "GITHUB_", "GITLAB_", "GIT_", "CI"))]:
        monkeypatch.delenv(name)


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-c", "maintenance.auto=false", "-c", "gc.auto=0", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=root, env={**os.environ, **_WHO}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def write(root: Path, code: Code) -> None:
    """Make the repository's Python files those of ``code``."""
    for path in root.rglob("*.py"):
        path.unlink()
    for name, parts in code.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n\n".join(parts.values()))


def commit(root: Path, code: Code | None = None) -> str:
    if code is not None:
        write(root, code)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "change")
    return git(root, "rev-parse", "HEAD")


def accept_all(root: Path) -> None:
    from core.assembly.audit import open_audit
    from core.assembly.standard import open_repository

    with open_repository(directory=str(root), overrides={}) as container:
        open_audit(container, history=False)[1].accept_all()


def new_repository(root: Path, project: str = "") -> Path:
    """Make a repository with everything in it accepted, as branch and tag ``main``; return its project's directory."""
    (root / project).mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / ".gitignore").write_text(".orchestrator/\n")
    (root / project / "config.yaml").write_text("audit: {exclude: []}\n")
    write(root / project, base())
    accept_all(root / project)
    commit(root)
    git(root, "checkout", "-q", "-b", "topic")
    return root / project


@pytest.fixture(scope="module")
def accepted(tmp_path_factory) -> Path:
    return new_repository(tmp_path_factory.mktemp("accepted") / "project")


@pytest.fixture
def repository(accepted, tmp_path) -> Path:
    return Path(shutil.copytree(accepted, tmp_path / "project", symlinks=True))


def blamed(gate: GateReport) -> list[str]:
    findings = (judged.finding for judged in gate.failing)
    return sorted(f"{finding.path}::{finding.block}" if finding.block else finding.path for finding in findings)


def by_baseline(root: Path) -> list[str]:
    gate = api.audit(directory=root, history=False)
    assert gate.against == "audit-baseline.json"
    return blamed(gate)


def by_revision(root: Path, revision: str = "main") -> list[str]:
    return blamed(api.audit(directory=root, since=revision))


def changed(request: PullRequest) -> Code:
    code = base()
    request.change(code)
    return {path: parts for path, parts in code.items() if parts}


@pytest.mark.parametrize("request_", PULL_REQUESTS, ids=lambda request: f"{request.kind}: {request.what}")
def test_a_pull_request_is_blamed_for_what_it_makes_new_or_worse(repository, request_):
    commit(repository, changed(request_))

    assert by_baseline(repository) == sorted(request_.blamed)
    assert by_revision(repository) == sorted(request_.blamed)


#: What one side of these repositories does; each adds a finding, or makes one worse, in a file of its own.
OWN, THEIRS = "shop/own.py::own", "shop/theirs.py::theirs"


def own(code: Code) -> Code:
    return {**code, "shop/own.py": {"own": function("own", "mine", 12)}}


def theirs(code: Code) -> Code:
    return {**code, "shop/theirs.py": {"theirs": function("theirs", "yours", 13)}}


def main_goes_on(root: Path, *, accept: bool = False) -> None:
    """Commit a finding of others to ``main``, perhaps accepted there, and come back."""
    git(root, "checkout", "-q", "main")
    write(root, theirs(base()))
    if accept:
        accept_all(root)
    commit(root)
    git(root, "checkout", "-q", "topic")


def test_what_main_did_since_the_fork_is_not_the_branchs(repository):
    main_goes_on(repository)
    commit(repository, own(base()))

    assert (by_baseline(repository), by_revision(repository)) == ([OWN], [OWN])


@pytest.mark.parametrize("with_own", [False, True])
def test_what_a_branch_merges_from_main_is_not_its_own(repository, with_own):
    commit(repository, own(base()) if with_own else base())
    main_goes_on(repository, accept=True)
    git(repository, "merge", "-q", "--no-edit", "main")
    expected = [OWN] if with_own else []

    assert (by_baseline(repository), by_revision(repository)) == (expected, expected)


def test_a_branch_that_was_rebased_is_judged_by_what_it_adds(repository):
    commit(repository, own(base()))
    main_goes_on(repository, accept=True)
    git(repository, "rebase", "-q", "main")

    assert (by_baseline(repository), by_revision(repository)) == ([OWN], [OWN])


def test_the_merge_commit_of_a_service_is_judged_by_what_the_branch_adds(repository):
    commit(repository, own(base()))
    main_goes_on(repository, accept=True)
    git(repository, "checkout", "-q", "--detach", "main")
    git(repository, "merge", "-q", "--no-ff", "--no-edit", "topic")

    assert (by_baseline(repository), by_revision(repository), by_revision(repository, "HEAD^1")) == ([OWN], [OWN], [OWN])


def test_taking_a_fix_back_is_worse(repository):
    fixed = base()
    fixed["shop/orders.py"]["settle"] = function("settle", "order", 12)
    git(repository, "checkout", "-q", "main")
    write(repository, fixed)
    accept_all(repository)
    commit(repository)
    git(repository, "checkout", "-q", "-B", "topic")
    commit(repository, base())

    assert (by_baseline(repository), by_revision(repository)) == (["shop/orders.py::settle"], ["shop/orders.py::settle"])


def test_taking_back_what_was_worse_blames_nobody(repository):
    main_goes_on(repository, accept=True)
    git(repository, "checkout", "-q", "-B", "topic", "main")
    git(repository, "revert", "--no-edit", "HEAD")

    assert (by_baseline(repository), by_revision(repository)) == ([], [])


def test_what_a_branch_takes_back_itself_blames_nobody(repository):
    commit(repository, own(base()))
    git(repository, "revert", "--no-edit", "HEAD")

    assert (by_baseline(repository), by_revision(repository)) == ([], [])


@pytest.mark.parametrize("staged", [False, True])
def test_what_is_not_committed_counts(repository, staged):
    code = base()
    code["shop/voucher.py"]["settle"] = code["shop/orders.py"].pop("settle")
    write(repository, own(code))
    if staged:
        git(repository, "add", "-A")

    assert (by_baseline(repository), by_revision(repository, "HEAD")) == ([OWN], [OWN])


@pytest.mark.parametrize(
    "request_", [one for one in PULL_REQUESTS if not one.blamed], ids=lambda request: f"{request.kind}: {request.what}"
)
def test_a_baseline_that_follows_the_code_in_the_same_change_silences_nothing(repository, request_):
    from core.assembly.audit import open_audit
    from core.assembly.standard import open_repository

    write(repository, changed(request_))
    with open_repository(directory=str(repository), overrides={}) as container:
        open_audit(container, history=False)[1].audit(shrink=True)
    commit(repository)

    assert (by_baseline(repository), by_revision(repository)) == ([], [])


def cloned(repository: Path, place: Path, *arguments: str) -> Path:
    git(repository, "clone", "-q", *arguments, f"file://{repository}", str(place))
    return place


@pytest.mark.parametrize("moved", [False, True])
def test_a_shallow_clone_gives_the_right_verdict_or_none(repository, tmp_path, moved):
    if moved:
        main_goes_on(repository)
    commit(repository, own(base()))
    clone = cloned(repository, tmp_path / "clone", "--depth=1", "--branch=topic")
    git(clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")

    assert by_baseline(clone) == [OWN]
    try:
        verdict = by_revision(clone, "origin/main")
    except UsageError:
        return
    assert verdict == [OWN]


def test_a_clone_that_is_deep_enough_gives_the_verdict_of_a_whole_one(repository, tmp_path):
    main_goes_on(repository)
    commit(repository, own(base()))
    commit(repository)
    clone = cloned(repository, tmp_path / "clone", "--depth=4", "--no-single-branch", "--branch=topic")

    assert (by_baseline(clone), by_revision(clone, "origin/main")) == ([OWN], [OWN])


def test_a_move_in_a_shallow_clone_is_known_by_the_baseline(repository, tmp_path):
    code = base()
    code["selling/orders.py"] = {**code.pop("shop/orders.py"), "tiny": function("tiny", "small", 2)}
    code["data/floor.py"] = code.pop("tables/floor.py")
    commit(repository, code)
    clone = cloned(repository, tmp_path / "clone", "--depth=1", "--branch=topic")

    assert by_baseline(clone) == []


def test_a_fork_is_compared_with_the_repository_that_it_offers_its_change_to(repository, tmp_path):
    fork = cloned(repository, tmp_path / "fork", "--branch=main")
    git(fork, "checkout", "-q", "-b", "offer")
    commit(fork, own(base()))
    main_goes_on(repository, accept=True)
    git(fork, "remote", "add", "upstream", f"file://{repository}")
    git(fork, "fetch", "-q", "upstream")
    assert (by_baseline(fork), by_revision(fork, "upstream/main"), by_revision(fork, "origin/main")) == ([OWN], [OWN], [OWN])

    # As a service checks it out.
    git(repository, "fetch", "-q", str(fork), "offer:refs/pull/7/head")
    clone = cloned(repository, tmp_path / "clone", "--branch=main")
    git(clone, "fetch", "-q", "origin", "refs/pull/7/head:refs/remotes/origin/pr")
    git(clone, "checkout", "-q", "--detach", "origin/pr")
    assert (by_baseline(clone), by_revision(clone, "origin/main")) == ([OWN], [OWN])


@pytest.fixture(scope="module")
def accepted_below(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("below") / "repository"
    new_repository(place, "services/shop")
    return place


@pytest.fixture
def below(accepted_below, tmp_path) -> Path:
    return Path(shutil.copytree(accepted_below, tmp_path / "repository", symlinks=True)) / "services/shop"


@pytest.mark.parametrize("request_", [one for one in PULL_REQUESTS if one.what in BELOW], ids=lambda request: request.what)
def test_a_project_below_the_repositorys_root_is_judged_as_one_at_it(below, request_):
    commit(below, changed(request_))

    assert by_baseline(below) == by_revision(below) == sorted(request_.blamed)


def test_what_changes_beside_the_project_is_not_its_own(below):
    write(below.parent / "other", own({}))
    commit(below)

    assert (by_baseline(below), by_revision(below)) == ([], [])


def test_the_file_at_the_floor_is_at_it(repository):
    report = api.audit(directory=repository, history=False).report
    (floor,) = (file.measure for file in report.files if file.path == "tables/floor.py")
    assert floor.maintainability == 0.0 > floor.unclamped
