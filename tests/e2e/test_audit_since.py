"""``audit --since``: only what changed is measured, at both ends, also in a clone that has little of the past."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy, last_lines


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    repository.write("src/a.py", branchy("old", 14), branchy("fine", 3, "other"))
    repository.write("src/b.py", branchy("bad", 12, "item"))
    repository.write("src/untouched.py", branchy("worst", 40, "x"))
    repository.commit("base")
    repository.git("branch", "base")
    return repository


def standings(repository: CodeRepository, *arguments: str) -> dict[str, str]:
    document = json.loads(repository.audit("--since", "base", "--format", "json", *arguments).stdout)
    return {finding["block"]: finding["standing"] for finding in document["findings"]}


def test_nothing_changed_passes_and_measures_nothing(repository):
    done = repository.audit("--since", "base")

    assert done.returncode == 0
    assert done.stdout.startswith("no findings in 0 files")


def test_only_changed_files_count_committed_or_not(repository):
    repository.write("src/a.py", branchy("old", 15), branchy("fine", 11, "other"))
    repository.commit()
    repository.write("src/b.py", branchy("bad", 11, "item"))
    repository.write("src/new.py", branchy("fresh", 13, "thing"))

    assert standings(repository) == {"old": "worse", "fine": "new", "bad": "better", "fresh": "new"}


def test_json_says_what_to_do_about_what_is_new_or_worse(repository):
    repository.write("src/a.py", branchy("old", 15), branchy("fine", 11, "other"))
    repository.write("src/b.py", branchy("bad", 12, "item"), "# touched\n")
    document = json.loads(repository.audit("--since", "base", "--json").stdout)

    assert {finding["block"]: "ine" in finding["suggestion"] for finding in document["findings"]} == {
        "old": True,
        "fine": True,
        "bad": False,
    }


def test_new_and_worse_findings_fail_by_default(repository):
    repository.write("src/a.py", branchy("old", 13))
    assert repository.audit("--since", "base").returncode == 0
    repository.write("src/a.py", branchy("old", 15))
    done = repository.audit("--since", "base")
    assert done.returncode == 1
    base = repository.git("rev-parse", "base")[:7]
    assert last_lines(done) == [f"gate failed: 1 finding new or worse against base ({base}) (--fail-on worse)"]
    assert repository.audit("--since", "base", "--fail-on", "new").returncode == 0


def test_a_renamed_file_and_a_renamed_block_are_not_new(repository):
    repository.git("mv", "src/b.py", "src/c.py")
    repository.write("src/a.py", branchy("another", 14), branchy("fine", 3, "other"))
    repository.git("add", "-A")

    assert standings(repository) == {"bad": "same", "another": "same"}


def test_the_same_thresholds_hold_at_both_ends(repository):
    (repository.root / "config.yaml").write_text("audit: {thresholds: {complexity: 12}}\n")
    repository.write("src/b.py", branchy("bad", 13, "item"))

    assert standings(repository, "--judge-by", ".") == {"bad": "new"}  # 12 was within the threshold
    # By the base's it was not, and that they are looser now is told.
    assert standings(repository) == {"bad": "worse", "audit.thresholds.complexity 10 → 12": "new"}


def test_paths_limit_what_is_compared_with_the_base(repository):
    repository.write("src/a.py", branchy("old", 15))
    repository.write("lib/b.py", branchy("fresh", 15, "item"))

    assert standings(repository, "lib") == {"fresh": "new"}


def test_what_moved_into_these_paths_is_not_new(repository):
    repository.write("src/b.py", branchy("fine", 2))
    repository.write("lib/new.py", branchy("bad", 12, "item"), branchy("fresh", 15, "thing"))

    assert standings(repository, "lib") == {"fresh": "new", "bad": "same"}


def test_the_baseline_has_no_part_in_it(repository):
    repository.audit("--update-baseline")
    repository.commit("accept")
    repository.git("branch", "-f", "base")
    before = (repository.root / "audit-baseline.json").read_bytes()
    repository.write("src/a.py", branchy("old", 11))
    done = repository.audit("--since", "base")

    assert (done.returncode, done.stderr) == (0, "")
    assert (repository.root / "audit-baseline.json").read_bytes() == before
    assert repository.audit("--since", "base", "--update-baseline").returncode == 2


def shallow(repository: CodeRepository, place: Path) -> CodeRepository:
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repository.root}", str(place)], check=True, capture_output=True)
    clone = CodeRepository.__new__(CodeRepository)
    clone.root, clone._time = place, 1_800_000_000
    return clone


def test_a_shallow_clone_says_what_to_fetch_and_works_with_it(repository, tmp_path):
    repository.write("src/a.py", branchy("old", 15))
    repository.commit()
    clone = shallow(repository, tmp_path / "clone")
    refused = clone.audit("--since", "origin/base")

    assert (refused.returncode, refused.stdout) == (2, "")
    error, hint = refused.stderr.splitlines()
    assert error == "error: cannot compare with origin/base: there is no such commit in this shallow clone"
    command = hint.removeprefix("  hint: ")
    assert command == "git fetch --unshallow origin base:refs/remotes/origin/base"

    clone.git(*command.split()[1:])
    done = clone.audit("--since", "origin/base")
    assert done.returncode == 1
    assert ("worse, was 14" in done.stdout, done.stderr) == (True, "")


def test_a_branch_is_not_blamed_for_what_its_base_branch_did_since(repository, tmp_path):
    repository.write("src/b.py", branchy("bad", 5, "item"))
    repository.commit("better")
    repository.git("checkout", "-q", "-B", "side", "base")
    repository.write("src/a.py", branchy("old", 13), branchy("fine", 3, "other"))
    repository.commit()
    clone = shallow(repository, tmp_path / "clone")
    clone.git("fetch", "-q", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    for flag in ("--since", "--judge-by"):
        refused = clone.audit(flag, "origin/main")
        error, hint = refused.stderr.splitlines()
        assert (refused.returncode, refused.stdout) == (2, "")
        assert error == (
            "error: cannot compare with origin/main: this shallow clone does not hold the commits that tell where it parted from HEAD"
        )
    clone.git(*hint.removeprefix("  hint: ").split()[1:])
    done = clone.audit("--since", "origin/main")
    assert (done.returncode, done.stderr, "src/b.py" in done.stdout) == (0, "", False)


def test_the_work_tree_the_index_and_head_stay_as_they_are(repository):
    repository.write("src/a.py", branchy("old", 15))
    repository.git("add", "src/a.py")
    repository.write("src/a.py", branchy("old", 16))

    def state():
        return repository.git("status", "--porcelain=v2", "--branch", "--untracked-files=all"), (
            repository.root / ".git/index"
        ).read_bytes()

    repository.audit()  # makes its own directory, which git does not see
    before = state()
    repository.audit("--since", "base")
    assert state() == before


def test_without_git_it_says_so(repository, tmp_path):
    (repository.root / ".git").rename(tmp_path / "git")
    done = repository.audit("--since", "base")

    assert done.returncode == 2
    assert "error: cannot compare with base" in done.stderr


@pytest.mark.parametrize("option", ["--since", "--judge-by"])
def test_an_empty_revision_is_refused_and_not_taken_for_none(repository, option):
    done = repository.audit(option, "")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {option} is empty: it wants a revision of git"), done.stderr
