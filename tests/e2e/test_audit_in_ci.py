"""What other repositories use: the action's own script, the hook, and what the docs tell GitLab's users."""

from __future__ import annotations

import json
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
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    repository.write("src/a b/a.py", branchy("old", 14))
    repository.write("lib/b.py", branchy("bad", 12, "item"))
    repository.commit()
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return repository


def action(repository: CodeRepository, directory: str = ".", **inputs: str) -> tuple[int, str, dict[str, str]]:
    """Run the script of the action's last step as it is run in ``directory``; return its exit code, what it printed, and its outputs."""
    step = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][-1]
    runner = repository.root.parent / "runner"
    (runner / "orchestrator").mkdir(parents=True, exist_ok=True)
    (runner / "orchestrator/bin").unlink(missing_ok=True)
    (runner / "orchestrator/bin").symlink_to(Path(sys.executable).parent)
    names = {"PATHS": "paths", "SINCE": "since", "FAIL_ON": "fail-on", "COVERAGE": "coverage", "SARIF": "sarif", "HTML": "html"}
    assert {name: f"${{{{ inputs.{key} }}}}" for name, key in names.items()}.items() <= step["env"].items()
    environment = {name: inputs.get(name, "") for name in step["env"]}
    output, summary = runner / "output", runner / "summary"
    output.write_text("")
    summary.write_text("")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=repository.root / directory,
        env={
            "PATH": os.environ["PATH"], "HOME": str(runner), "CI": "true", "GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(runner),
            "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), **environment,
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )  # fmt: skip
    assert summary.read_text() or done.returncode > 1, done.stderr
    return done.returncode, done.stdout, dict(line.split("=", 1) for line in output.read_text().splitlines())


def test_a_pull_request_is_compared_with_its_base(repository):
    assert action(repository, BASE="main")[::2] == (0, {"passed": "true"})
    repository.write("lib/b.py", branchy("bad", 15, "item"))
    code, told, outputs = action(repository, BASE="main", SARIF="audit.sarif", HTML="page.html")

    assert (code, outputs) == (1, {"passed": "false"})
    assert told.startswith(
        "::error file=lib/b.py,line=1,endLine=30,title=High cyclomatic complexity::bad has a cyclomatic complexity of 15"
    )
    assert [result["ruleId"] for result in json.loads((repository.root / "audit.sarif").read_text())["runs"][0]["results"]] == [
        "complexity"
    ]
    assert (repository.root / "page.html").read_text().startswith("<!doctype html>")


def test_a_directory_of_the_repository_is_audited_alone_and_annotated_with_the_repositorys_paths(repository):
    repository.write("lib/b.py", branchy("bad", 15, "item"))
    repository.write("src/a b/a.py", branchy("old", 30))
    code, told, outputs = action(repository, "lib", BASE="main", SARIF="audit.sarif")

    assert (code, outputs) == (1, {"passed": "false"})
    assert [line.partition(",")[0] for line in told.splitlines() if line.startswith("::")] == ["::error file=lib/b.py"]
    (result,) = json.loads((repository.root / "lib/audit.sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "lib/b.py"


def test_a_push_is_judged_by_the_baseline_where_there_is_one(repository):
    assert action(repository)[0] == 1
    repository.audit("--update-baseline")
    assert action(repository)[0] == 0
    assert action(repository, BASE="main", SINCE="none")[0] == 0
    assert action(repository, FAIL_ON="any")[0] == 1


def test_a_coverage_report_judges_the_changed_lines_of_a_pull_request(repository):
    repository.write("lib/b.py", branchy("bad", 12, "item"), "def new(a):\n    return a\n")
    line = 1 + (repository.root / "lib/b.py").read_text().splitlines().index("    return a")
    (repository.root / "cover age.info").write_text(f"SF:lib/b.py\nDA:{line - 1},1\nDA:{line},0\nend_of_record\n")
    code, told, _ = action(repository, BASE="main", COVERAGE="cover age.info")

    assert code == 1
    assert told.startswith(f"::error file=lib/b.py,line={line},endLine={line},title=New code without tests::")
    assert action(repository, COVERAGE="cover age.info", FAIL_ON="never")[0] == 0, "a push has nothing to compare with"


def test_inputs_are_words_and_nothing_runs_them(repository):
    code, _, outputs = action(repository, PATHS="lib $(touch${IFS}pwned)", FAIL_ON="never; touch pwned")

    assert (code, outputs) == (2, {})
    assert not (repository.root / "pwned").exists()
    assert action(repository, PATHS="lib", FAIL_ON="never")[0] == 0


def test_every_input_that_a_script_uses_comes_through_the_environment():
    for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]:
        assert "${{" not in step["run"]


def commit_through_the_hook(repository: CodeRepository) -> subprocess.CompletedProcess[str]:
    """Run the hook as pre-commit does: the paths of what is staged, what is not staged put away, untracked files as they are."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split()[0] == "orchestrator"
    staged = repository.git("diff", "--staged", "--name-only", "-z", "--diff-filter=ACMRTUXB").split("\0")[:-1]
    names = [name for name in staged if name.endswith(".py")] if hook.get("pass_filenames", True) else []
    return repository.run(*hook["entry"].split()[1:], *names)


def test_the_hook_passes_what_is_no_worse_and_leaves_the_tree_alone(repository):
    repository.write("lib/b.py", branchy("bad", 11, "item"))
    repository.git("add", "lib")
    commit_through_the_hook(repository)
    before = repository.git("status", "--porcelain")

    assert commit_through_the_hook(repository).returncode == 0
    assert repository.git("status", "--porcelain") == before
    repository.write("lib/b.py", branchy("bad", 13, "item"))
    repository.git("add", "lib")
    done = commit_through_the_hook(repository)
    assert (done.returncode, "worse, was 12" in done.stdout) == (1, True)


def test_the_hook_judges_what_is_committed_and_no_file_beside_it(repository):
    repository.write("lib/c.py", branchy("fine", 3))
    repository.git("add", "lib/c.py")
    repository.write("scratch.py", branchy("draft", 30))

    assert commit_through_the_hook(repository).returncode == 0
    repository.git("add", "scratch.py")
    assert commit_through_the_hook(repository).returncode == 1


def test_the_hook_judges_the_first_commit(tmp_path):
    repository = CodeRepository(tmp_path / "fresh")
    repository.write("a.py", branchy("fine", 3))
    repository.git("add", "a.py")
    assert commit_through_the_hook(repository).returncode == 0
    repository.write("a.py", branchy("worst", 30))
    repository.git("add", "a.py")
    done = commit_through_the_hook(repository)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "gate failed: 1 finding new or worse against HEAD (--fail-on worse)")


def test_the_hook_knows_what_a_commit_moves(repository):
    repository.git("mv", "lib/b.py", "lib/z.py")
    assert commit_through_the_hook(repository).returncode == 0


def documented() -> list[str]:
    """Return the commands of the page's console blocks, without comments."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "docs/audit.md").read_text(), re.DOTALL)
    lines = "".join(blocks).splitlines()
    return [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines if "--explain" not in line]


@pytest.mark.parametrize("command", documented())
def test_the_commands_in_the_docs_are_commands(repository, command):
    (repository.root / "tasks.yml").write_text("[]\n")
    (repository.root / "src").mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command, shell=True, cwd=repository.root, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode in (0, 1), done.stderr
