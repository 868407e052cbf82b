"""Comments accept a finding with a reason; against a base whatever a change silences is a finding of its own, and passes no gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy

ACCEPT = "# orchestrator: accept complexity – a table of cases"
TESTS = "def test_a():\n    assert 1 == 1 + 0\n"


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    repository = CodeRepository(tmp_path / "project")
    repository.write("src/app.py", branchy("hard", 12))
    repository.write("tests/test_app.py", TESTS)
    repository.write("pyproject.toml", '[tool.ruff.lint]\nignore = ["E1"]\n')
    repository.write("config.yaml", "jobs: 1\n")
    repository.commit("base")
    repository.git("branch", "base")
    return repository


def report(repository: CodeRepository, *arguments: str) -> dict[str, Any]:
    done = repository.audit("--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def silenced(repository: CodeRepository, *arguments: str) -> list[tuple[str, int, str]]:
    findings = report(repository, "--since", "base", *arguments)["findings"]
    return [(each["path"], each["line"], each["block"]) for each in findings if each["metric"] == "silenced"]


@pytest.mark.parametrize(
    "code",
    [
        f"{ACCEPT}\n{branchy('hard', 12)}",
        branchy("hard", 12).replace(":\n", f":  {ACCEPT}\n", 1),
        f"import functools\n\n\n{ACCEPT}\n@functools.cache\n{branchy('hard', 12)}",
    ],
)
def test_a_comment_at_the_definition_accepts_its_finding_and_is_shown_with_its_reason(repository: CodeRepository, code: str) -> None:
    repository.write("src/app.py", code)
    done = repository.audit()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "accepted: a table of cases" in done.stdout
    assert "1 finding in 1 file: 1 accepted by a comment" in done.stdout
    assert "gate passed: nothing over a threshold that is not accepted" in done.stdout
    (finding,) = report(repository)["findings"]
    assert (finding["standing"], finding["reason"]) == ("accepted", "a table of cases")


def test_an_accepted_finding_makes_no_task_and_cancels_the_one_it_had(repository: CodeRepository) -> None:
    repository.write("tasks.yml", "[]\n")
    appended = repository.audit("--append")
    assert "appended" in appended.stderr, appended.stderr
    repository.write("src/app.py", f"{ACCEPT}\n{branchy('hard', 12)}")
    cancelled = repository.audit("--append")

    assert "accepted in src/app.py: a table of cases" in cancelled.stderr
    assert list(repository.states().values()) == ["cancelled"]


def test_a_file_is_accepted_at_its_top(repository: CodeRepository) -> None:
    repository.write("config.yaml", "audit: {thresholds: {complexity: 50, maintainability: 100}}\n")
    top = "# orchestrator: accept maintainability – generated\n"
    repository.write("src/app.py", f"{top}{branchy('hard', 12)}")

    assert repository.audit("src").returncode == 0
    repository.write("src/app.py", f"x = 1\n{top}{branchy('hard', 12)}")
    done = repository.audit("src")
    assert done.returncode == 1
    assert "src/app.py:2:1: unused: maintainability is of the whole file; move it above the first statement" in done.stderr


@pytest.mark.parametrize(
    ("code", "note"),
    [
        (f"{ACCEPT}\n{branchy('easy', 3)}", "1:1: unused: complexity of `easy` is 3, within its threshold; remove it"),
        (f"{ACCEPT}\n\n{branchy('easy', 3)}", "1:1: unused: no function begins here; put it on the line of `def` or directly above"),
        (
            f"# orchestrator: accept complexity\n{branchy('easy', 3)}",
            "1:1: the reason is missing: write # orchestrator: accept complexity – reason",
        ),
        (
            f"{ACCEPT.replace('complexity', 'complexty')}\n",
            "1:1: 'complexty' is no metric that can be accepted: did you mean 'complexity'?",
        ),
    ],
)
def test_a_comment_that_accepts_nothing_is_told_with_its_place(repository: CodeRepository, code: str, note: str) -> None:
    repository.write("src/app.py", code)
    done = repository.audit()

    assert done.returncode == 0, done.stdout
    assert f"note: src/app.py:{note}\n" in done.stderr


def test_a_comment_without_a_reason_accepts_nothing(repository: CodeRepository) -> None:
    repository.write("src/app.py", f"# orchestrator: accept complexity\n{branchy('hard', 12)}")
    assert repository.audit().returncode == 1


def test_of_two_namesakes_a_comment_accepts_its_own(repository: CodeRepository) -> None:
    repository.write("src/app.py", f"{ACCEPT}\n{branchy('hard', 14)}", branchy("hard", 12, "item"))
    findings = report(repository)["findings"]
    assert [(each["line"] == 2, each["standing"]) for each in findings] == [(True, "accepted"), (False, "new")]


def test_a_copy_is_accepted_where_it_begins(repository: CodeRepository) -> None:
    repository.write("config.yaml", "audit: {metrics: [duplication]}\n")
    passage = "".join(f"    total = total + items[{number}] * prices[{number}]\n    print(total, items)\n" for number in range(6))
    repository.write("src/app.py", f"def one(total, items, prices):\n{passage}", f"def two(total, items, prices):\n{passage}")
    findings = report(repository)["findings"]
    assert {each["metric"] for each in findings} == {"duplication"}
    lines = (repository.root / "src/app.py").read_text().splitlines()
    for line in sorted((each["line"] for each in findings), reverse=True):
        lines.insert(
            line - 1,
            "    # orchestrator: accept duplication – generated"
            if lines[line - 1].startswith(" ")
            else ACCEPT.replace("complexity", "duplication"),
        )
    (repository.root / "src/app.py").write_text("\n".join(lines) + "\n")
    done = repository.audit()
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_comment_is_remembered_with_the_measure_of_its_file(repository: CodeRepository) -> None:
    repository.write("src/app.py", f"{ACCEPT}\n{branchy('hard', 12)}")
    assert [repository.audit().returncode for _ in range(2)] == [0, 0]


def test_an_accept_comment_of_the_change_is_a_finding_and_accepts_nothing(repository: CodeRepository) -> None:
    repository.write("src/app.py", branchy("hard", 12), f"{ACCEPT}\n{branchy('harder', 20, 'item')}")
    done = repository.audit("--since", "base")

    assert done.returncode == 1, done.stdout
    assert "gate failed: 2 findings new or worse" in done.stdout
    assert silenced(repository) == [("src/app.py", 27, ACCEPT)]
    assert repository.audit("--judge-by", "base").returncode == 1
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.write("src/app.py", branchy("hard", 12), f"{ACCEPT}\n{branchy('harder', 25, 'item')}")
    later = repository.audit("--since", "base")
    assert later.returncode == 0, later.stdout
    assert "accepted: a table of cases" in later.stdout


def test_a_comment_in_the_base_accepts_what_grows_over_the_threshold_later(repository: CodeRepository) -> None:
    repository.write("src/app.py", f"{ACCEPT}\n{branchy('grows', 5)}")
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.write("src/app.py", f"{ACCEPT}\n{branchy('grows', 15)}")
    assert repository.audit("--since", "base").returncode == 0


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        ("src/app.py", branchy("hard", 12) + "x = 1  # noqa: E501\n", [("src/app.py", 25, "# noqa: E501")]),
        (
            "src/new.py",
            "x = 1  # type: ignore\ny = 2  # type: ignore\n",
            [("src/new.py", 1, "# type: ignore"), ("src/new.py", 2, "# type: ignore #2")],
        ),
        ("src/new.py", "def f():  # pragma: no cover\n    pass\n", [("src/new.py", 1, "# pragma: no cover")]),
        ("tests/test_app.py", f"import pytest\n\n\n@pytest.mark.skip\n{TESTS}", [("tests/test_app.py", 4, "skip")]),
        ("tests/test_app.py", f"{TESTS}    assert x  # nosec\n", [("tests/test_app.py", 3, "# nosec")]),
        ("pyproject.toml", '[tool.ruff.lint]\nignore = ["E1", "F401"]\n', [("pyproject.toml", 2, "lint.ignore: F401")]),
        ("config.yaml", "audit:\n  thresholds: {complexity: 50}\n", [("config.yaml", 2, "audit.thresholds.complexity 10 → 50")]),
        ("config.yaml", "audit:\n  exclude: [src/]\n", [("config.yaml", 2, "audit.exclude: src/")]),
        ("config.yaml", "audit:\n  include: [lib/]\n", [("config.yaml", 2, "audit.include without **/*.py")]),
        ("config.yaml", "audit:\n  metrics: [complexity]\n", [("config.yaml", 2, "audit.metrics without maintainability")]),
        ("config.yaml", "audit:\n  overrides: {src/: {complexity: 20}}\n", [("config.yaml", 2, "audit.overrides src/: complexity 20")]),
        ("config.yaml", "audit:\n  silence: note\n", [("config.yaml", 2, "audit.silence finding → note")]),
    ],
)
def test_each_thing_that_a_change_silences_is_a_finding_at_its_place(
    repository: CodeRepository, path: str, content: str, found: list[tuple[str, int, str]]
) -> None:
    repository.write(path, content)
    done = repository.audit("--since", "base")

    assert silenced(repository) == found
    assert done.returncode == 1, done.stdout
    assert repository.audit("--since", "base", "--fail-on", "new").returncode == 1
    assert repository.audit("--since", "base", "--fail-on", "never").returncode == 0
    plain = report(repository, "--fail-on", "never")
    assert [each for each in plain["findings"] if each["metric"] == "silenced"] == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("config.yaml", "audit:\n  thresholds: {complexity: 5}\n"),
        ("config.yaml", "audit:\n  metrics: [complexity, maintainability, length]\n"),
        ("config.yaml", "audit:\n  exclude: []\n  overrides: {src/: {complexity: 10}}\n"),
        ("pyproject.toml", "[tool.ruff.lint]\nignore = []\n"),
        ("Makefile", "lint:\n\truff check\n"),
        ("src/vendored.py", "x = 1\n"),
    ],
)
def test_what_is_stricter_or_silences_nothing_is_no_finding(repository: CodeRepository, path: str, content: str) -> None:
    repository.write(path, content)
    assert silenced(repository) == []


def test_a_silence_that_moved_with_its_code_or_is_gone_is_none(repository: CodeRepository) -> None:
    code = "import os  # noqa: F401\n\n\ndef f():  # pragma: no cover\n    return 1\n"
    repository.write("src/a.py", code)
    repository.write("src/b.py", f"x = 1  # noqa\n{code}")
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.git("mv", "src/a.py", "src/moved.py")
    repository.write("src/b.py", "x = 1\n")
    repository.write("src/c.py", code.partition("\n")[2])
    assert silenced(repository) == []
    assert repository.audit("--since", "base").returncode == 0


def test_code_of_others_that_is_left_out_silences_what_it_wants(repository: CodeRepository) -> None:
    repository.write("config.yaml", "audit:\n  exclude: [vendored/, '**/tests/**']\n")
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.write("vendored/a.py", "x = 1  # noqa\n")
    assert silenced(repository) == []


def test_a_baseline_line_that_is_new_or_accepts_more_is_a_finding_and_one_that_moved_is_none(repository: CodeRepository) -> None:
    repository.audit("--update-baseline")
    assert silenced(repository) == [("audit-baseline.json", 1, "1 accepted in a new baseline")]
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.write("src/app.py", branchy("hard", 13), branchy("other", 14, "item"))
    repository.audit("--update-baseline")
    found = sorted(silenced(repository), key=lambda each: each[2])
    assert [(path, what) for path, _, what in found] == [
        ("audit-baseline.json", "complexity of `hard` in src/app.py: 12 → 13"),
        ("audit-baseline.json", "complexity of `other` in src/app.py: 14"),
    ]
    lines = (repository.root / "audit-baseline.json").read_text().splitlines()
    assert ['"hard"' in lines[found[0][1] - 1], '"other"' in lines[found[1][1] - 1]] == [True, True]
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.git("mv", "src/app.py", "src/moved.py")
    repository.audit()
    assert "src/moved.py" in (repository.root / "audit-baseline.json").read_text()
    assert silenced(repository) == []


def test_the_base_may_want_notes_instead_of_findings(repository: CodeRepository) -> None:
    repository.write("config.yaml", "audit: {silence: note}\n")
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.write("src/new.py", "x = 1  # noqa\n")
    repository.write("config.yaml", "audit: {silence: finding}\n")
    done = repository.audit("--since", "base")

    assert done.returncode == 0, done.stdout
    assert "note: silenced in this branch: src/new.py:1: # noqa\n" in done.stderr


def test_paths_limit_what_is_silenced_in_code_but_not_in_settings(repository: CodeRepository) -> None:
    repository.write("src/new.py", "x = 1  # noqa\n")
    repository.write("config.yaml", "audit: {thresholds: {complexity: 50}}\n")
    assert [path for path, _, _ in silenced(repository, "tests")] == ["config.yaml"]
    assert {path for path, _, _ in silenced(repository, "src")} == {"config.yaml", "src/new.py"}


def test_every_format_tells_silences_and_reasons(repository: CodeRepository) -> None:
    repository.write("src/app.py", f"{ACCEPT}\n{branchy('hard', 12)}")
    repository.commit()
    repository.git("branch", "-f", "base")
    repository.write("src/app.py", f"{ACCEPT}\n{branchy('hard', 13)}x = 1  # noqa\n")

    def written(name: str) -> str:
        done = repository.audit("--since", "base", "--format", name)
        assert done.returncode == 1, done.stderr
        return done.stdout

    results = json.loads(written("sarif"))["runs"][0]["results"]
    by_rule = {result["ruleId"]: result for result in results}
    assert by_rule["complexity"]["suppressions"] == [{"kind": "inSource", "justification": "a table of cases"}]
    assert (by_rule["silenced"]["level"], by_rule["complexity"]["level"]) == ("error", "note")
    assert "::error file=src/app.py,line=28,endLine=28,title=Silenced check::# noqa: new in this change" in written("github")
    assert "a table of cases" in written("markdown")
    assert "a table of cases" in written("html")
    assert "silenced of # noqa" in written("junit")
    issues = {issue["check_name"]: issue for issue in json.loads(written("gitlab"))}
    assert issues["silenced"]["location"] == {"path": "src/app.py", "lines": {"begin": 28, "end": 28}}


def test_a_silence_keeps_its_fingerprint_when_lines_above_it_change(repository: CodeRepository) -> None:
    def fingerprint() -> str:
        findings = report(repository, "--since", "base")["findings"]
        return next(each["fingerprint"] for each in findings if each["metric"] == "silenced")

    repository.write("src/new.py", "x = 1  # noqa\n")
    first = fingerprint()
    repository.write("src/new.py", "y = 2\n\nx = 1  # noqa\n")
    assert fingerprint() == first
    explained = repository.audit("--since", "base", "--explain", first)
    assert explained.returncode == 0, explained.stderr
    assert "mend what it hides" in explained.stdout


def test_in_a_measured_file_of_any_name_a_new_comment_accepts_nothing_yet(tmp_path: Path) -> None:
    repository = CodeRepository(tmp_path / "project")
    repository.write("bin/tool", "x = 1\n")
    (repository.root / "config.yaml").write_text('audit: {include: ["bin/*"]}\n')
    repository.commit()
    repository.write("bin/tool", "# orchestrator: accept complexity - so it is\n" + branchy("big", 14))
    done = repository.audit("--since", "HEAD")
    assert (done.returncode, "accepts nothing yet" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "1 accepted" not in done.stdout
