"""Coverage reports as files: what is read from each format, and where one that is broken is broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.adapters.coverage_report import read_coverage
from core.errors import InvalidFile, OrchestratorError, StorageError, UsageError

#: As coverage.py writes it, and as tools for other languages do: methods, two classes of one file, Windows.
COBERTURA = r"""<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'>
<coverage version="7.6" timestamp="1700000000000" lines-valid="3" lines-covered="1" line-rate="0.3333">
  <sources><source>/home/me/shop/src</source><source></source></sources>
  <packages><package name="." line-rate="1"><classes>
    <class name="a.py" filename="pkg/a.py"><methods/><lines>
      <line number="1" hits="1"/><line number="4" hits="0" branch="true" condition-coverage="50% (1/2)"/>
    </lines></class>
    <class name="a.py" filename="pkg/a.py"><methods><method name="f"><lines>
      <line number="4" hits="2"/></lines></method></methods><lines/></class>
    <class name="b" filename="pkg\b.py"><lines><line number="7" hits="0"/></lines></class>
  </classes></package></packages>
</coverage>
"""
LCOV = """TN:
SF:src/pkg/a.py
DA:1,1,yQfw1hqp8GgmYbYhzmTvQQ
DA:4,0
FN:1,4,f
FNDA:0,f
FNF:1
BRDA:4,0,0,-
LF:2
LH:1
end_of_record
# a comment
SF:C:\\work\\b.py
DA:2,-1
DA:3,7
end_of_record
"""


def read(tmp_path: Path, content: str | bytes):
    path = tmp_path / "report"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_coverage(path, "report")


def lines_by_name(files):
    return {file.names[-1]: (sorted(file.lines.run), sorted(file.lines.missed)) for file in files}


def test_cobertura(tmp_path):
    files = read(tmp_path, COBERTURA)
    assert lines_by_name(files) == {"pkg/a.py": ([1, 4], []), "pkg/b.py": ([], [7])}
    assert files[0].names == ("/home/me/shop/src/pkg/a.py", "pkg/a.py")


def test_lcov(tmp_path):
    assert lines_by_name(read(tmp_path, LCOV)) == {"src/pkg/a.py": ([1], [4]), "C:/work/b.py": ([3], [2])}
    assert read(tmp_path, "") == ()


BOMB = (
    '<!DOCTYPE coverage [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n<coverage><sources><source>&b;</source></sources></coverage>'
)
BROKEN = {
    "xml that ends early": (COBERTURA[:600], "report:9:", "no Cobertura report: "),
    "another kind of xml": ("<?xml version='1.0'?>\n<report/>", "report:2:1: ", "its outermost element is <report>, not <coverage>"),
    "no line number": (COBERTURA.replace('number="7"', 'number="x"'), "report:11:", "<line> has no number for number"),
    "no hits": (COBERTURA.replace('number="7" hits="0"', 'number="7"'), "report:11:", "<line> has no number for hits"),
    "no file": (COBERTURA.replace(' filename="pkg\\b.py"', ""), "report:11:", "<class> has no filename"),
    "entities": (BOMB, "report:1:", "a report declares no entities and attributes"),
    "default attributes": ("<!DOCTYPE coverage [<!ATTLIST line hits CDATA '1'>]>\n<coverage/>", "report:1:", "declares no entities and"),
    "a strange encoding": ("<?xml version='1.0' encoding='x-none'?><coverage/>", "report:1:", "no Cobertura report: "),
    "an enormous number": (COBERTURA.replace('number="7"', f'number="{"9" * 5000}"'), "report:11:", "<line> has no number"),
    "no lcov": ("SF:a.py\nDA:1,1\nend_of_record\nhello\n", "report:4:1: ", "neither Cobertura XML nor a record of lcov"),
    "lcov that ends early": ("SF:a.py\nDA:1,1\n", "report:3:1: ", "the report ends before end_of_record of a.py"),
    "two files at once": ("SF:a.py\nSF:b.py\n", "report:2:1: ", "a file begins before end_of_record of a.py"),
    "a line of no file": ("DA:1,1\n", "report:1:1: ", "DA: wants a line and how often it ran, after SF:"),
    "words for numbers": ("SF:a.py\nDA:one,1\n", "report:2:1: ", "DA: wants a line"),
    "coverage's database": (b"SQLite format 3\0" + bytes(100), "report: ", "this is the database of coverage.py, not a report"),
}


@pytest.mark.parametrize(("content", "place", "message"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_report_is_refused_with_the_line(tmp_path, content, place, message):
    with pytest.raises(InvalidFile) as refused:
        read(tmp_path, content)
    assert str(refused.value).startswith(place)
    assert message in str(refused.value)


def test_a_report_that_is_missing_too_large_or_no_file_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no coverage report: report") as refused:
        read_coverage(tmp_path / "report", "report")
    assert "coverage xml" in refused.value.hint
    with pytest.raises(StorageError, match="is not a regular file"):
        read_coverage(tmp_path, "report")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(InvalidFile, match="too large"):
        read_coverage(tmp_path / "large", "large")
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/link").symlink_to(tmp_path / "large")
    with pytest.raises(StorageError, match="leads out of the repository"):
        read_coverage(tmp_path / "repository/link", "link", inside=tmp_path / "repository")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_done_to_a_report_it_is_read_or_refused(tmp_path, data):
    content = bytearray(data.draw(st.sampled_from([COBERTURA, LCOV])).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=10))
    try:
        read(tmp_path, bytes(content))
    except OrchestratorError as refused:
        assert str(refused).startswith("report:")
