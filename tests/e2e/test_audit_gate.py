"""The gate: what passes and what does not, with and without a baseline, and how the baseline shrinks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy, last_lines


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    repository.write("src/a.py", branchy("old", 14), branchy("older", 22, "number"), branchy("fine", 3))
    repository.write("lib/b.py", branchy("bad", 12, "item"))
    repository.commit()
    return repository


@pytest.fixture
def accepted(repository: CodeRepository) -> CodeRepository:
    assert repository.audit("--update-baseline").returncode == 0
    return repository


def entries(repository: CodeRepository) -> list[tuple[str, int]]:
    document = json.loads((repository.root / "audit-baseline.json").read_text())
    return sorted((entry["block"], entry["score"]) for entry in document["findings"] if entry)


def test_without_a_baseline_any_finding_fails(repository):
    done = repository.audit()

    assert done.returncode == 1
    assert last_lines(done) == ["gate failed: 3 findings (--fail-on any)"]
    assert [line.split()[-2:] for line in done.stdout.splitlines()[1:4]] == [
        ["src/a.py:31", "older"],
        ["src/a.py:1", "old"],
        ["lib/b.py:1", "bad"],
    ]


def test_never_passes_and_says_so(repository):
    done = repository.audit("--fail-on", "never")
    assert (done.returncode, last_lines(done)) == (0, ["gate passed (--fail-on never)"])


def test_what_was_accepted_passes_and_stays_in_the_report(accepted):
    done = accepted.audit()

    assert done.returncode == 0
    assert done.stdout.count("accepted") == 4  # three rows and the count
    assert last_lines(done) == ["gate passed: nothing new or worse against audit-baseline.json"]


@pytest.mark.parametrize(("fail_on", "code"), [("worse", 1), ("new", 1), ("any", 1), ("never", 0)])
def test_a_new_finding(accepted, fail_on, code):
    accepted.write("src/new.py", branchy("fresh", 11, "thing"))
    assert accepted.audit("--fail-on", fail_on).returncode == code


@pytest.mark.parametrize(("fail_on", "code"), [("worse", 1), ("new", 0), ("any", 1), ("never", 0)])
def test_a_worse_finding(accepted, fail_on, code):
    accepted.write("lib/b.py", branchy("bad", 13, "item"))
    done = accepted.audit("--fail-on", fail_on)

    assert done.returncode == code
    assert "worse, was 12" in done.stdout


def test_a_worse_finding_fails_by_default_and_a_renamed_one_does_not(accepted):
    accepted.write("lib/b.py", branchy("renamed", 12, "item"))
    assert accepted.audit(CI="1").returncode == 0
    accepted.write("lib/b.py", branchy("bad", 15, "item"))
    assert accepted.audit(CI="1").returncode == 1


def test_the_baseline_shrinks_by_itself_and_never_grows(accepted):
    accepted.write("lib/b.py", branchy("bad", 4, "item"))  # gone
    accepted.write("src/a.py", branchy("old", 30), branchy("older", 15, "number"), branchy("fine", 12, "more"))  # worse, better, new
    done = accepted.audit()

    assert done.returncode == 1
    assert done.stderr == "note: audit-baseline.json shrank (1 gone, 1 better): commit it\n"
    assert entries(accepted) == [("old", 14), ("older", 15)]
    assert accepted.audit().stderr == ""


def test_in_ci_the_baseline_is_left_alone_and_the_command_is_named(accepted):
    accepted.write("lib/b.py", branchy("bad", 4, "item"))
    before = (accepted.root / "audit-baseline.json").read_bytes()
    done = accepted.audit(CI="true")

    assert done.returncode == 0
    assert done.stderr == "note: audit-baseline.json can shrink (1 gone): run orchestrator audit on your machine and commit it\n"
    assert (accepted.root / "audit-baseline.json").read_bytes() == before


def test_a_block_that_was_edited_and_later_renamed_is_still_accepted(accepted):
    accepted.write("lib/b.py", branchy("bad", 12, "other"))
    ci = accepted.audit(CI="1")
    assert (ci.returncode, ci.stderr) == (0, "")
    assert accepted.audit().stderr == "note: audit-baseline.json was brought up to date (1 edited): commit it\n"
    assert accepted.audit().stderr == ""
    accepted.write("lib/b.py", branchy("renamed", 12, "other"))

    assert accepted.audit(CI="1").returncode == 0


def test_a_part_of_the_repository_says_nothing_about_the_rest(accepted):
    done = accepted.audit("src")

    assert (done.returncode, done.stderr) == (0, "")
    assert "gone" not in done.stdout
    assert len(entries(accepted)) == 3


def test_what_moved_into_the_part_is_no_newer_than_in_a_full_audit(accepted):
    accepted.git("mv", "src/a.py", "src/z.py")
    done = accepted.audit("src/z.py", CI="1")

    assert (done.returncode, done.stdout.count("was src/a.py")) == (0, 2)
    assert accepted.audit("src/z.py").stderr == "note: audit-baseline.json shrank (2 moved): commit it\n"
    assert accepted.audit(CI="1").stderr == ""


def test_what_was_copied_into_the_part_is_new(accepted):
    accepted.write("src/copy.py", branchy("bad", 12, "item"))
    assert accepted.audit("src/copy.py").returncode == 1
    accepted.write("lib/b.py", branchy("fine", 2))  # now it is a move
    assert accepted.audit("src/copy.py", CI="1").returncode == 0


def test_accepting_a_part_keeps_what_is_accepted_elsewhere(accepted):
    accepted.write("src/a.py", branchy("old", 30))
    done = accepted.audit("src", "--update-baseline")

    assert done.returncode == 0
    assert done.stderr == "note: audit-baseline.json: 2 accepted (1 worse, 1 gone)\n"
    assert entries(accepted) == [("bad", 12), ("old", 30)]


def test_two_baselines_of_the_same_code_are_the_same_file(accepted):
    first = (accepted.root / "audit-baseline.json").read_bytes()
    accepted.audit("--update-baseline", "--no-history")
    assert (accepted.root / "audit-baseline.json").read_bytes() == first


def test_a_damaged_baseline_is_told_with_its_place_and_can_be_written_anew(accepted):
    place = accepted.root / "audit-baseline.json"
    before, _, after = place.read_text().partition('"complexity"')
    place.write_text(f'{before}"size"{after}')
    line, column = before.count("\n") + 1, len(before) - before.rindex("\n")
    done = accepted.audit()

    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"audit-baseline.json:{line}:{column}: metric must be one of complexity, maintainability, ")
    assert lines[1:] == [
        "error: 1 problem",
        "  hint: orchestrator audit --update-baseline writes it anew, and accepts every finding there is",
    ]
    assert accepted.audit("--update-baseline").returncode == 0
    assert accepted.audit().returncode == 0


def test_thresholds_and_overrides_decide_what_is_a_finding(repository):
    (repository.root / "config.yaml").write_text("audit:\n  thresholds: {complexity: 13}\n  overrides:\n    src/: {complexity: 20}\n")
    done = repository.audit()

    assert [line.split()[-1] for line in done.stdout.splitlines() if " > " in line] == ["older"]


def test_the_report_may_be_cut_and_the_gate_still_sees_everything(repository):
    done = repository.audit("--top", "1", "--min-rank", "D")

    assert [line.split()[-1] for line in done.stdout.splitlines() if " > " in line] == ["older"]
    assert "… 2 more" in done.stdout
    assert last_lines(done) == ["gate failed: 3 findings (--fail-on any)"]


def test_a_file_that_cannot_be_read_is_a_finding(repository):
    repository.write("src/broken.py", "def f(:\n")
    done = repository.audit("src/broken.py")

    assert done.returncode == 1
    assert "src/broken.py:1: line 1: invalid syntax" in done.stdout


def test_paths_are_those_of_the_directory_one_is_in(repository):
    assert "lib/b.py:1 bad" in repository.audit("b.py", cwd="lib").stdout
    assert repository.audit("../src", cwd="lib").stdout.count("src/a.py:") == 2
    outside = repository.audit("../..", cwd="lib")
    assert (outside.returncode, outside.stdout) == (2, "")
    assert "is outside of the repository" in outside.stderr
    assert repository.audit("nowhere.py").returncode == 2


def test_an_audit_that_measured_no_file_cannot_judge_and_leaves_the_baseline(accepted):
    before = entries(accepted)
    (accepted.root / "config.yaml").write_text("audit: {include: [srcs/**/*.py]}\n")
    done = accepted.audit()
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing was measured, so nothing can be judged: audit.include and audit.exclude select no file\n" in done.stderr
    (accepted.root / "docs").mkdir()
    assert "select no file in docs\n" in accepted.audit("docs").stderr
    assert accepted.audit("--update-baseline").returncode == 2
    assert accepted.audit("--fail-on", "never").returncode == 0
    assert entries(accepted) == before


def test_a_repository_that_has_nothing_but_tests_passes_with_a_note(tmp_path):
    repository = CodeRepository(tmp_path / "project")
    repository.write("tests/test_a.py", branchy("test_f", 12))
    done = repository.audit()
    assert done.returncode == 0, done.stderr
    assert "note: nothing was measured: audit.include and audit.exclude select no file\n" in done.stderr
    (repository.root / "docs").mkdir()
    assert repository.audit("docs").returncode == 2
    (repository.root / "config.yaml").write_text("audit: {include: [srcs/**/*.py]}\n")
    assert repository.audit().returncode == 2


def test_quiet_says_nothing_when_it_passes(accepted):
    assert (accepted.audit("-q").stdout, accepted.audit("-q").stderr) == ("", "")


def test_quiet_says_only_what_fails(accepted):
    accepted.write("lib/b.py", branchy("bad", 13, "item"))
    lines = accepted.audit("-q").stdout.splitlines()

    assert [line.split()[-1] for line in lines if " > " in line] == ["12"]  # worse, was 12
    assert len(lines) == 5


def test_the_report_can_go_to_a_file(repository):
    done = repository.audit("--format", "json", "--output", "report.json")

    assert done.stdout.splitlines()[-1] == "gate failed: 3 findings (--fail-on any)"
    assert json.loads((repository.root / "report.json").read_text())["counts"]["findings"] == 3
    assert json.loads(repository.audit("--format", "json", "-o", "-").stdout)["counts"]["findings"] == 3
    assert not (repository.root / "-").exists()
    refused = repository.audit("--output", "no/such/report.txt")
    assert (refused.returncode, "cannot write no/such/report.txt" in refused.stderr) == (2, True)


def test_a_folder_without_git_is_audited_too(tmp_path):
    repository = CodeRepository(tmp_path / "plain")
    repository.write("a.py", branchy("f", 12))
    (repository.root / ".git").rename(tmp_path / "git")
    done = repository.audit()

    assert done.returncode == 1
    assert "a.py:1 f" in done.stdout
