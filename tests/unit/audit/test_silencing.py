"""What a change silences is found with its place; what only moved is not."""

from __future__ import annotations

import pytest

from core.domain.quality.check_files import files_named
from core.domain.quality.silencing import Silence, silenced

TESTS = b"import pytest\n\n\ndef test_a():\n    assert f(1) == 2\n\n\nclass TestB:\n    def test_b(self):\n        check(self)\n"


def sentences(change):
    return [each.sentence for each in silenced(change)]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# NOQA: E501",
        "# type: ignore[attr-defined]",
        "# pragma: no cover",
        "# nosec B101",
        "# pylint: disable=all",
        "# pyright: ignore",
        "# ruff: noqa",
        "# mypy: ignore-errors",
    ],
)
def test_a_new_comment_that_hides_something_is_found(comment):
    assert sentences({"a.py": (b"x = 1\n", f"x = 1\ny = 2  {comment}\n".encode())}) == [f"a.py:2: {comment}"]


def test_a_comment_that_moved_with_its_code_is_no_new_one():
    line = b"import os  # noqa: F401\n"

    assert sentences({"a.py": (line, b""), "b.py": (None, b"\n\n" + line)}) == []


def test_a_comment_that_hides_more_than_before_is_found():
    assert sentences({"a.py": (b"x = 1  # noqa: E501\n", b"x = 1  # noqa\n")}) == ["a.py:1: # noqa"]


def test_what_only_looks_like_a_comment_is_passed_over():
    assert sentences({"a.py": (b"", b"x = '# noqa'\n# a note on types: ignore it\n")}) == []


def test_a_file_that_python_cannot_read_is_searched_line_by_line():
    assert sentences({"a.py": (b"", b"def (\nx  # noqa\n")}) == ["a.py:2: # noqa"]


def test_a_test_that_is_gone_is_found():
    assert sentences({"tests/test_x.py": (TESTS, TESTS.replace(b"test_b", b"helper"))}) == [
        "tests/test_x.py: the test TestB.test_b is gone"
    ]
    assert sentences({"tests/test_x.py": (TESTS, None)}) == [
        "tests/test_x.py: the test TestB.test_b is gone",
        "tests/test_x.py: the test test_a is gone",
    ]


def test_a_test_that_moved_or_has_another_name_is_not_gone():
    assert sentences({"tests/test_x.py": (TESTS, None), "tests/test_y.py": (None, TESTS)}) == []
    assert sentences({"tests/test_x.py": (TESTS, TESTS.replace(b"test_a", b"test_named_better"))}) == []


@pytest.mark.parametrize("body", ["pass", "...", '"""Later."""', "assert True", "return\n    assert f(1) == 2"])
def test_a_test_that_checks_nothing_any_more_is_found(body):
    after = TESTS.replace(b"assert f(1) == 2", body.encode())

    assert sentences({"test_x.py": (TESTS, after)}) == ["test_x.py:4: the test test_a checks nothing any more"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (b"def test_a", b"@pytest.mark.skip\ndef test_a", "test_x.py:4: skip"),
        (b"def test_a", b"@pytest.mark.xfail(strict=False)\ndef test_a", "test_x.py:4: xfail"),
        (b"    assert", b"    pytest.skip('later')\n    assert", "test_x.py:5: skip"),
        (b"        check", b"        self.skipTest('later')\n        check", "test_x.py:10: skipTest"),
        (b"import pytest\n", b"import pytest\npytestmark = pytest.mark.skipif(True, reason='')\n", "test_x.py:2: skipif"),
        (b"import pytest\n", b"import pytest\n__test__ = False\n", "test_x.py:2: __test__"),
    ],
)
def test_a_test_that_is_skipped_now_is_found(before, after, found):
    assert found in sentences({"test_x.py": (TESTS, TESTS.replace(before, after, 1))})


def test_a_skip_that_was_there_before_is_passed_over():
    skipped = TESTS.replace(b"def test_a", b"@pytest.mark.skip\ndef test_a")

    assert sentences({"test_x.py": (skipped, b"\n" + skipped)}) == []
    assert sentences({"test_x.py": (skipped, TESTS)}) == []


def test_a_conftest_that_leaves_tests_out_is_found():
    assert sentences({"conftest.py": (None, b"collect_ignore = ['test_x.py']\n")}) == ["conftest.py:1: collect_ignore"]


def test_a_test_file_that_cannot_be_read_any_more_is_found():
    assert sentences({"test_x.py": (TESTS, b"def (\n")}) == ["test_x.py: its tests cannot be read"]


def test_code_that_is_no_test_may_lose_functions():
    assert sentences({"src/latest.py": (TESTS, b"")}) == []


@pytest.mark.parametrize("path", ["pytest.ini", "sub/setup.cfg", "Makefile", "ruff.toml"])
def test_a_file_that_says_what_is_checked_may_not_change(path):
    assert sentences({path: (b"a", b"b")}) == [f"{path}: it says what is checked, and changed"]


def test_of_pyproject_only_the_tables_of_checking_programs_count():
    before = b"[project]\nname = 'x'\n[tool.poetry]\na = 1\n[tool.pytest.ini_options]\naddopts = ''\n"

    assert sentences({"pyproject.toml": (before, before.replace(b"'x'", b"'y'").replace(b"a = 1", b"a = 2"))}) == []
    assert sentences({"pyproject.toml": (before, before.replace(b"''", b"'--deselect x'"))}) == ["pyproject.toml: tool.pytest changed"]
    assert sentences({"pyproject.toml": (before, b"broken [")}) == ["pyproject.toml: tool.pytest changed"]


def test_an_assertion_of_a_module_that_is_gone_is_found():
    before = b"from x import f\n\nassert f(1) == 2\nif f:\n    assert f(3) == 4\n"

    assert sentences({"tests/x.py": (before, before.replace(b"f(1) == 2", b"True"))}) == ["tests/x.py: the test assert f(1) == 2 is gone"]
    assert sentences({"tests/x.py": (before, before.replace(b"assert f(3) == 4", b"pass"))}) == [
        "tests/x.py: the test assert f(3) == 4 is gone"
    ]
    assert sentences({"tests/x.py": (before, before.replace(b"\n\n", b"\n\n\n"))}) == []


@pytest.mark.parametrize(
    ("line", "name"),
    [(b"os._exit(0)", "_exit"), (b"raise SystemExit", "SystemExit"), (b"sys.exit(0)", "exit"), (b"raise SystemExit(0)", "SystemExit")],
)
def test_a_module_of_tests_that_ends_the_program_is_found(line, name):
    assert sentences({"tests/__init__.py": (b"", b"import os, sys\n" + line + b"\n")}) == [f"tests/__init__.py:2: {name}"]
    assert sentences({"tests/test_x.py": (b"", b"def test_a():\n    " + line + b"\n")}) == []


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("./ci/check.sh --all", ["ci/check.sh"]),
        ("sh ci/check.sh", ["ci/check.sh"]),
        (("bash", "-c", "cd x && ./ci/check.sh"), ["ci/check.sh"]),
        ("python3 -B ci/check.py src/app.py", ["ci/check.py"]),
        (("./ci/check.py",), ["ci/check.py"]),
        ("ruff check --config=ci/rules.toml src/app.py", ["ci/rules.toml"]),
        ("ruff check src/app.py ci/check.py", []),
        ("python -m pytest tests/test_app.py", []),
        (None, []),
    ],
)
def test_files_that_a_check_is_made_of_are_found_in_its_commands(command, found):
    changed = ["ci/check.sh", "ci/check.py", "ci/rules.toml", "src/app.py", "tests/test_app.py"]

    assert list(files_named([command], None, changed)) == found


def test_files_that_a_check_is_made_of_are_named_from_where_it_starts():
    assert list(files_named(["./check.sh", "../top.sh"], "ci", ["ci/check.sh", "check.sh", "top.sh"])) == ["ci/check.sh", "top.sh"]


HOOK = b"def pytest_runtest_makereport(item, call):\n    call.excinfo = None\n"


def test_what_tells_pytest_what_tests_say_is_found_when_it_is_new_or_changed():
    found = "pytest_runtest_makereport tells pytest what tests say, and is new or changed"

    assert sentences({"conftest.py": (None, HOOK)}) == [f"conftest.py:1: {found}"]
    assert sentences({"tests/conftest.py": (HOOK.replace(b"call.excinfo = None", b"pass"), HOOK)}) == [f"tests/conftest.py:1: {found}"]
    assert sentences({"conftest.py": (HOOK, None), "tests/conftest.py": (None, b"import x\n\n\n" + HOOK)}) == []
    assert sentences({"conftest.py": (None, b"pytest_plugins = ['quiet']\n")}) == [
        "conftest.py:1: pytest_plugins tells pytest what tests say, and is new or changed"
    ]


def test_a_fixture_may_be_added():
    assert sentences({"conftest.py": (None, b"import pytest\n\n\n@pytest.fixture\ndef one():\n    return 1\n")}) == []


def test_what_hides_files_from_git_is_found():
    assert sentences({".gitignore": (b"# ours\nbuild/\n", b"build/\n# more\n!build/kept\nconftest.py\n")}) == [
        ".gitignore: it hides files from what is judged: conftest.py"
    ]


@pytest.mark.parametrize("name", ["sitecustomize.py", "src/usercustomize.py"])
def test_what_every_python_imports_is_found(name):
    assert sentences({name: (None, b"import sys\n")}) == [f"{name}: it says what is checked, and changed"]


@pytest.mark.parametrize(
    ("before", "after", "silent"),
    [
        (TESTS, TESTS.replace(b"def test_a", b"@pytest.mark.skip\ndef test_a"), True),
        (TESTS, TESTS.replace(b"class TestB", b"@unittest.skip('x')\nclass TestB"), True),
        (TESTS, TESTS.replace(b"import pytest\n", b"import pytest\npytestmark = pytest.mark.skip\n"), True),
        (TESTS, TESTS + b"\n@pytest.mark.xfail\ndef test_new():\n    assert f(2) == 3\n", False),
        (TESTS, TESTS.replace(b"    assert", b"    reader.skip(3)\n    assert"), False),
        (None, b"import pytest\npytest.importorskip('numpy')\n\n\ndef test_new():\n    assert f(1)\n", False),
    ],
)
def test_only_a_test_that_was_there_before_is_silenced_by_a_skip(before, after, silent):
    kinds = {each.kind for each in silenced({"test_x.py": (before, after)})}
    assert kinds == ({Silence.SKIPPED} if silent else {Silence.TESTS})
