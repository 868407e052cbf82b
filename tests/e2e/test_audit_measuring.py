"""What the installed command measures: whatever Python reads, what radon does not see, asserts where they count."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path

import pytest

from tests.e2e.audit_repository import CodeRepository, branchy

BROKEN = "def f(a):\n    return a\n\n\ndef g(:\n    pass\n"
ASSERTS = "def test_fields(item):\n" + "".join(f"    assert item['k{number}'] == {number}\n" for number in range(11))


@pytest.fixture
def repository(tmp_path: Path) -> CodeRepository:
    return CodeRepository(tmp_path / "project")


def audited(repository: CodeRepository, *words: str) -> dict:
    done = repository.audit("--json", "--no-history", *words)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def found(repository: CodeRepository, *words: str) -> list[tuple[str, str, float]]:
    return [(finding["path"], finding["block"], finding["score"]) for finding in audited(repository, *words)["findings"]]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfdef f(a):\n    if a:\n        return 1\n",
        b"# -*- coding: latin-1 -*-\ndef f(a):\n    if a:\n        return '\xe9'\n",
        b"#!/usr/bin/env python\r\n# vim: set fileencoding=cp1252 :\r\ndef f(a):\r\n    if a:\r\n        return '\x80'\r\n",
        b"# coding: koi8-r\rdef f(a):\r    if a:\r        return '\xf1'\r",
    ],
)
def test_valid_python_is_measured_whatever_its_encoding(repository, content):
    (repository.root / "a.py").write_bytes(content)
    (file,) = audited(repository)["files"]
    assert (file["complexity"], file["problem"]) == (2, "")


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (BROKEN.encode(), 5, "invalid syntax"),
        (b"#\n# coding: rot13\nk = 1\n", 2, "'rot13' is not a text encoding"),
        (b"# coding: nonsense\n", 1, "unknown encoding: nonsense"),
        (b"x = 1\n\ny = '\xe9'\n", 3, "byte 0xe9 is not UTF-8"),
        (b"x = 1\ny = '\0'\n", 2, "NUL"),
    ],
)
def test_a_file_that_python_cannot_read_has_no_scores_and_points_at_the_line(repository, content, line, problem):
    (repository.root / "a.py").write_bytes(content)
    (repository.root / "b.py").write_text("def f(): pass\n")
    report = audited(repository)
    (finding,) = report["findings"]
    assert (finding["metric"], finding["line"], finding["end_line"], finding["score"], finding["threshold"]) == (
        "unreadable", line, line, None, None,
    )  # fmt: skip
    assert problem in finding["problem"]
    file = report["files"][0]
    assert [file[name] for name in ("blocks", "complexity", "worst", "maintainability", "rank", "halstead")] == [None] * 6
    assert (file["lines"] is None) == (file["raw"] is None)
    github = repository.audit("--no-history", "--format", "github").stdout
    assert f"file=a.py,line={line}," in github.replace("endLine", "end"), github
    (result,) = json.loads(repository.audit("--no-history", "--format", "sarif").stdout)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == line
    assert (result["properties"]["score"], result["properties"]["threshold"]) == (None, None)
    junit = ET.fromstring(repository.audit("--no-history", "--format", "junit").stdout)
    assert f"a.py:{line}" in ET.tostring(junit, encoding="unicode")
    markdown = unescape(repository.audit("--no-history", "--format", "markdown").stdout)
    assert f"| F | unreadable |  | a.py:{line} " in markdown, markdown
    html = repository.audit("--no-history", "--format", "html").stdout
    assert f'data-path="a.py:{line}"' in html
    assert 'data-score=""' in html
    assert '"path":"a.py","lines":null,"complexity":null,"worst":null,"maintainability":null' in html or file["lines"], html


def test_a_package_of_which_nothing_is_known_has_no_mean(repository):
    repository.write("p/a.py", BROKEN)
    assert [(each["complexity"], each["maintainability"]) for each in audited(repository)["packages"]] == [(None, None)]


def test_a_method_of_a_class_inside_a_function_is_a_finding(repository):
    method = branchy("run", 30).replace("\n", "\n        ")
    repository.write("a.py", f"def make():\n    class Svc:\n        {method}\n    return Svc()\n")
    assert found(repository) == [("a.py", "make.Svc.run", 30)]


def test_except_star_counts_like_except(repository):
    clauses = "".join(f"    except* E{number}:\n        pass\n" for number in range(11))
    repository.write("a.py", f"def f():\n    try:\n        pass\n{clauses}")
    assert found(repository) == [("a.py", "f", 12)]


@pytest.mark.parametrize("name", ["tests/test_a.py", "src/p/tests/deep/x.py", "test/x.py", "test_a.py", "a_test.py", "src/p/tests.py"])
def test_asserts_add_nothing_in_files_of_tests(repository, name):
    (repository.root / "config.yaml").write_text("audit: {exclude: []}\n")
    repository.write(name, ASSERTS)
    assert found(repository) == []
    assert audited(repository)["files"][0]["complexity"] == 1


def test_a_file_of_tests_that_is_named_is_judged_without_asserts(repository):
    repository.write("tests/test_a.py", ASSERTS)
    assert found(repository, "tests/test_a.py") == []


def test_branches_of_tests_count(repository):
    (repository.root / "config.yaml").write_text("audit: {exclude: []}\n")
    repository.write("tests/test_a.py", branchy("test_f", 13).replace("    return value", "    assert value"))
    assert found(repository) == [("tests/test_a.py", "test_f", 13)]


def test_the_cache_does_not_mix_what_asserts_count(repository):
    repository.write("a.py", ASSERTS)
    repository.write("tests/test_a.py", ASSERTS)
    expected = {"count": ["a.py", "tests/test_a.py"], "ignore-in-tests": ["a.py"], "ignore": []}
    for rule in (*expected, *reversed(expected)):
        (repository.root / "config.yaml").write_text(f"audit: {{exclude: [], asserts: {rule}}}\n")
        assert [path for path, _, score in found(repository) if score == 12] == expected[rule], rule


def test_a_branch_is_judged_by_what_asserts_count_at_its_base(repository):
    repository.write("a.py", "x = 1\n")
    repository.commit()
    repository.write("a.py", ASSERTS)
    (repository.root / "config.yaml").write_text("audit: {asserts: ignore}\n")
    done = repository.audit("--since", "HEAD")
    assert (done.returncode, "audit.asserts ignore-in-tests → ignore" in done.stdout + done.stderr) == (1, True), done.stdout + done.stderr


def test_the_trend_of_a_test_has_no_asserts_either(repository):
    (repository.root / "config.yaml").write_text("audit: {exclude: []}\n")
    for branches in (11, 12, 13):
        repository.write("tests/test_a.py", branchy("test_f", branches).replace("    return value", "    assert value\n" * branches))
        repository.commit()
    report = json.loads(repository.audit("--json").stdout)
    assert [finding["trend"] for finding in report["findings"]] == [[11, 12, 13]]
