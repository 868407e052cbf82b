"""The steps of the action and the recipe for GitLab in clones as the services make them: nobody is blamed for what the base branch did."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.audit_repository import CodeRepository, branchy
from tests.waiting import TIMEOUT

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hosted(tmp_path: Path) -> CodeRepository:
    """The repository at the service: ``main`` mended two files since ``side`` left it, ``side`` touched a third one in two commits."""
    repository = CodeRepository(tmp_path / "hosted")
    repository.write("mended.py", branchy("big", 15))
    repository.write("other.py", branchy("small", 5))
    repository.write("shrunk.py", branchy("huge", 30))
    repository.commit()
    repository.git("branch", "side")
    repository.write("mended.py", branchy("big", 5))
    repository.write("shrunk.py", branchy("huge", 20))
    repository.commit()
    return repository


def on_side(hosted: CodeRepository, *complexities: int) -> CodeRepository:
    """Commit to ``side``, and make the commit that merges it into ``main`` as a service does."""
    hosted.git("checkout", "-q", "side")
    for complexity in complexities:
        hosted.write("other.py", branchy("small", complexity))
        hosted.commit()
    hosted.git("checkout", "-q", "--detach", "main")
    hosted.git("merge", "-q", "--no-ff", "--no-edit", "side")
    hosted.git("update-ref", "refs/pull/1/merge", "HEAD")
    hosted.git("checkout", "-q", "main")
    return hosted


def checked_out(hosted: CodeRepository, ref: str, depth: int) -> CodeRepository:
    """Return a clone with one detached commit of a ref, and ``depth`` generations of it; 0 for all."""
    clone = CodeRepository(hosted.root.parent / "clone")
    clone.git("remote", "add", "origin", f"file://{hosted.root}")
    clone.git("fetch", "-q", "--no-tags", *([f"--depth={depth}"] if depth else []), "origin", f"+{ref}:refs/remotes/pull/1/merge")
    clone.git("checkout", "-q", "--force", "--detach", "refs/remotes/pull/1/merge")
    return clone


def commit_of(repository: CodeRepository, revision: str) -> str:
    return repository.git("rev-parse", revision).strip()


def in_shell(clone: CodeRepository, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    runner = clone.root.parent / "runner"
    (runner / "orchestrator").mkdir(parents=True, exist_ok=True)
    (runner / "orchestrator/bin").unlink(missing_ok=True)
    (runner / "orchestrator/bin").symlink_to(Path(sys.executable).parent)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    fixed = {"PATH": path, "HOME": str(runner), "CI": "true", "RUNNER_TEMP": str(runner), "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=clone.root,
        env={**fixed, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


def action(clone: CodeRepository, **event: str) -> subprocess.CompletedProcess[str]:
    """Run what the action's steps run after its installation, for a pull request against ``main``."""
    done = None
    for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][1:]:
        known = {"github.base_ref": "main", "github.event.pull_request.head.sha": event.get("head", "")}
        names = {name: re.sub(r"\$\{\{ *(.*?) *\}\}", r"\1", value) for name, value in step["env"].items()}
        environment = {name: known.get(expression, "") for name, expression in names.items()}
        service = {"GITHUB_REF": event.get("ref", ""), "GITHUB_SHA": event.get("sha", ""), "GITHUB_OUTPUT": os.devnull}
        done = in_shell(clone, step["run"], GITHUB_ACTIONS="true", **service, **environment)
        if done.returncode:
            break
    assert done is not None
    return done


DEPTHS = (0, 1, 2)


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_pull_request_is_compared_with_what_it_was_merged_with(hosted, depth):
    clone = checked_out(on_side(hosted, 6, 7), "refs/pull/1/merge", depth)
    done = action(clone, ref="refs/pull/1/merge", sha=commit_of(clone, "HEAD"))
    assert (done.returncode, done.stderr) == (0, "")
    assert commit_of(clone, "origin/main") == commit_of(hosted, "main")


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_pull_request_that_makes_something_worse_does_not_pass(hosted, depth):
    clone = checked_out(on_side(hosted, 6, 12), "refs/pull/1/merge", depth)
    hosted.write("other.py", branchy("small", 30))
    hosted.commit("main went on")
    done = action(clone, head=commit_of(hosted, "side"))
    assert (done.returncode, done.stderr) == (1, "")
    assert [line.partition(",")[0] for line in done.stdout.splitlines() if line.startswith("::error")] == ["::error file=other.py"]


@pytest.mark.parametrize("depth", DEPTHS)
def test_where_the_branch_itself_is_checked_out_it_is_compared_with_the_merge_base(hosted, depth):
    clone = checked_out(on_side(hosted, 6, 7), "side", depth)
    done = action(clone, head=commit_of(hosted, "side"))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_branch_that_merged_its_base_branch_is_no_merge_commit_of_a_pull_request(hosted):
    on_side(hosted, 6)
    hosted.git("checkout", "-q", "side")
    hosted.git("merge", "-q", "--no-edit", "main")
    hosted.write("other.py", branchy("small", 12))
    hosted.git("commit", "-q", "-a", "--amend", "-m", "worse in the merge")
    clone = checked_out(hosted, "side", 1)
    assert action(clone, head=commit_of(hosted, "side")).returncode == 1


def gitlab() -> str:
    """Return the script of the recipe in docs/audit.md."""
    (recipe,) = re.findall(r"### GitLab\n\n```yaml\n(.*?)```", (ROOT / "docs/audit.md").read_text(), re.DOTALL)
    return "\n".join(yaml.safe_load(recipe)["audit"]["script"])


@pytest.mark.parametrize("depth", [0, 1, 20])
@pytest.mark.parametrize(("complexity", "code"), [(7, 0), (12, 1)])
def test_gitlab_compares_a_merge_request_with_its_merge_base(hosted, depth, complexity, code):
    clone = checked_out(on_side(hosted, 6, complexity), "side", depth)
    base = hosted.git("merge-base", "main", "side").strip()
    done = in_shell(clone, gitlab(), CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout
    assert (clone.root / "gl-code-quality-report.json").exists()


@pytest.mark.parametrize("depth", [1, 20])
@pytest.mark.parametrize(("complexity", "code"), [(7, 0), (12, 1)])
def test_gitlab_compares_a_merged_result_with_the_target_branch(hosted, depth, complexity, code):
    clone = checked_out(on_side(hosted, complexity), "refs/pull/1/merge", depth)
    base = hosted.git("merge-base", "main", "side").strip()
    target = commit_of(hosted, "main")
    done = in_shell(clone, gitlab(), CI_MERGE_REQUEST_TARGET_BRANCH_SHA=target, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout


def test_gitlab_judges_the_default_branch_by_the_baseline(hosted):
    clone = checked_out(hosted, "main", 1)
    assert in_shell(clone, gitlab()).returncode == 1
    clone.audit("--update-baseline")
    assert in_shell(clone, gitlab()).returncode == 0
