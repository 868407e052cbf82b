"""An audit in every format: valid by the format's own schema, stable, and safe whatever names the code has."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from core.domain.quality.audit import AuditedFile, AuditReport
from core.domain.quality.finding import Accepted, Finding, fingerprint
from core.domain.quality.metric import Block, BlockKind, FileMeasure, Metric, RawCounts
from core.domain.quality.metric_spec import SPECS
from core.domain.quality.trend import FileTrend
from core.domain.quality.verdict import FailOn, GateReport, PolicyChange, judge
from core.reports.audit.fields import audit_json
from core.reports.audit.html import audit_html
from core.reports.audit.markdown import audit_markdown
from core.reports.audit.terminal import audit_text
from core.reports.formats.code_hosts import audit_github, audit_gitlab
from core.reports.formats.junit import audit_junit
from core.reports.formats.sarif import audit_sarif
from core.reports.text.style import PLAIN, Style

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
NASTY = 'src/a&b <c>/"d" % é,\u2028:::`|`\udcff]]>.py'


def block(path, name, score, **more):
    return Finding(
        fingerprint=fingerprint(Metric.COMPLEXITY, path, name),
        metric=Metric.COMPLEXITY,
        path=path,
        block=name,
        line=3,
        end_line=40,
        score=score,
        threshold=10,
        rank="D",
        **more,
    )


def whole(path, metric, score=11.5, **more):
    return Finding(
        fingerprint=fingerprint(metric, path, ""),
        metric=metric,
        path=path,
        block="",
        line=1,
        end_line=90,
        score=score,
        threshold=20,
        rank="B",
        **more,
    )


def file(path, churn=0):
    measure = FileMeasure(
        blocks=(Block(kind=BlockKind.FUNCTION, name="f", line=3, end_line=40, column=0, complexity=23),),
        maintainability=11.5,
        raw=RawCounts(loc=90, lloc=60, sloc=70, comments=5, multi=0, blank=10, single_comments=5),
    )
    return AuditedFile(
        path=path, measure=measure, trend=FileTrend(path=path, churn=churn, maintainability=(), blocks={}) if churn else None
    )


FINDINGS = (
    block("src/deep/a.py", "C.f", 23, trend=(12, 15, 23), churn=7),
    block(NASTY, "g<h>", 21),
    whole("src/b.py", Metric.MAINTAINABILITY, trend=(9.0, 11.5)),
    whole("src/broken.py", Metric.UNREADABLE, 1, problem="line 3: </script> & <!-- invalid -->"),
    block("src/b.py", "same", 12),
)
KNOWN = (
    Accepted(path="src/deep/a.py", block="C.f", metric=Metric.COMPLEXITY, score=20),
    Accepted(path="src/b.py", block="", metric=Metric.MAINTAINABILITY, score=9),
    Accepted(path="src/b.py", block="same", metric=Metric.COMPLEXITY, score=12),
    Accepted(path="src/b.py", block="gone|_x_", metric=Metric.COMPLEXITY, score=30),
)


def gate(findings=FINDINGS, known=KNOWN, fail_on=FailOn.WORSE, against="audit-baseline.json", **more):
    paths = sorted({finding.path for finding in findings} | {"top.py"})
    report = AuditReport(files=tuple(file(path, churn=3) for path in paths), findings=tuple(findings), seconds=0.25)
    return GateReport(report=report, judgement=judge(findings, {}, known), fail_on=fail_on, against=against, project="demo", **more)


EMPTY = gate(findings=(), known=(), against="", fail_on=FailOn.ANY)
GATES = pytest.mark.parametrize("audited", [gate(), gate(known=(), against="", fail_on=FailOn.ANY), gate(fail_on=FailOn.NEVER), EMPTY])


# -- SARIF ---------------------------------------------------------------------------------------------------------------


@GATES
def test_sarif_is_valid_by_its_schema(audited):
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    log = json.loads(audit_sarif(audited, audited.judgement.judged).encode())

    jsonschema.Draft4Validator(schema).validate(log)


def test_the_sarif_schema_rejects_an_unknown_level():
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    log = json.loads(audit_sarif(gate(), gate().judgement.judged))
    log["runs"][0]["results"][0]["level"] = "fatal"

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(schema).validate(log)


def test_sarif_says_level_state_place_and_a_fingerprint_that_lasts():
    run = json.loads(audit_sarif(gate(), gate().judgement.judged))["runs"][0]
    results = run["results"]

    assert [result["level"] for result in results] == ["error", "error", "note", "error", "note"]
    assert [result["baselineState"] for result in results] == ["updated", "new", "updated", "new", "unchanged"]
    assert [run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] for result in results] == [result["ruleId"] for result in results]
    physical = results[0]["locations"][0]["physicalLocation"]
    assert (physical["artifactLocation"]["uri"], physical["region"]) == ("src/deep/a.py", {"startLine": 3, "endLine": 40})
    assert results[0]["partialFingerprints"] == {"orchestratorFinding/v1": FINDINGS[0].fingerprint}
    assert re.fullmatch(r"[A-Za-z0-9/._%~-]+", results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def test_sarif_has_no_baseline_state_without_anything_to_compare_with():
    audited = gate(known=(), against="")
    assert all("baselineState" not in result for result in json.loads(audit_sarif(audited, audited.judgement.judged))["runs"][0]["results"])


def test_each_rule_of_sarif_says_what_to_do_and_which_threshold_decides():
    rules = json.loads(audit_sarif(gate(), ()))["runs"][0]["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [metric.value for metric in Metric]
    for rule in rules:
        spec = SPECS[Metric(rule["id"])]
        assert spec.help in rule["help"]["text"]
        assert f"**What to do:** {spec.help}" in rule["help"]["markdown"]
        assert (f"`audit.thresholds.{rule['id']}`, by default" in rule["help"]["text"]) == (spec.threshold is not None)


@pytest.mark.parametrize(("results", "warns"), [(25_000, False), (25_001, True)])
def test_sarif_warns_of_more_results_than_github_takes(results, warns):
    found = gate(findings=FINDINGS[:1]).judgement.judged * results
    (invocation,) = json.loads(audit_sarif(gate(), found))["runs"][0]["invocations"]
    text = "the SARIF log has 25,001 results and GitHub takes at most 25,000: shorten it with --min-rank or --top 25000"

    assert [text in each["message"]["text"] for each in invocation.get("toolExecutionNotifications", ())] == [True] * warns
    assert invocation["executionSuccessful"]


# -- A project below the root of its repository --------------------------------------------------------------------------

BELOW = gate(prefix="services/ä b/", changed=(PolicyChange(subject="settings", what="a 1 → 2", file="config.yaml", line=3),))


def test_sarif_of_a_project_below_the_root_has_the_repositorys_paths_and_an_id_of_its_own():
    log = json.loads(audit_sarif(BELOW, BELOW.judgement.judged).encode())
    jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())).validate(log)
    (run,) = log["runs"]
    (notice,) = run["invocations"][0]["toolConfigurationNotifications"]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in (run["results"][0], notice)]

    assert [place["uri"] for place in places] == ["services/%C3%A4%20b/src/deep/a.py", "services/%C3%A4%20b/config.yaml"]
    assert {place["uriBaseId"] for place in places} == set(run["originalUriBaseIds"])
    assert all("uri" not in base for base in run["originalUriBaseIds"].values()), "an absolute path says where it lay on that machine"
    assert run["automationDetails"]["id"] == "orchestrator/audit/services/%C3%A4%20b/"


def test_code_hosts_junit_and_plugins_get_the_repositorys_paths_too():
    lines = audit_github(BELOW, BELOW.judgement.judged).splitlines()
    issues = json.loads(audit_gitlab(BELOW, BELOW.judgement.judged))
    case = ET.fromstring(audit_junit(BELOW, BELOW.judgement.judged[:1])).find("testsuite/testcase")

    assert lines[0].startswith("::error file=services/ä b/src/deep/a.py,line=3")
    assert any(line.startswith("::warning file=services/ä b/config.yaml,line=3,") for line in lines)
    assert [issue["location"]["path"] for issue in issues[:2]] == ["services/ä b/config.yaml", "services/ä b/src/deep/a.py"]
    assert (case.get("classname"), case.find("failure").text.splitlines()[0]) == (
        "services/ä b/src/deep/a.py",
        "services/ä b/src/deep/a.py:3 C.f",
    )
    document = json.loads(audit_json(BELOW, BELOW.judgement.judged))
    assert (document["prefix"], document["findings"][0]["path"]) == ("services/ä b/", "src/deep/a.py")


def test_two_projects_of_one_repository_have_no_fingerprint_in_common():
    of = [{issue["fingerprint"] for issue in json.loads(audit_gitlab(each, each.judgement.judged))} for each in (gate(), BELOW)]
    assert not of[0] & of[1]


# -- JUnit ---------------------------------------------------------------------------------------------------------------

_XS = "{http://www.w3.org/2001/XMLSchema}"


class JunitSchema:
    """As much of XSD as the common schema of JUnit's XML uses: which elements hold which, and which attributes."""

    def __init__(self, text):
        self.elements = {element.get("name"): element for element in ET.fromstring(text).findall(f"{_XS}element")}
        self.time = re.compile(ET.fromstring(text).find(f".//{_XS}pattern").get("value"))

    def mistakes(self, element):
        declared = self.elements.get(element.tag)
        if declared is None:
            return [f"no element {element.tag}"]
        attributes = {attribute.get("name"): attribute for attribute in declared.iter(f"{_XS}attribute")}
        children = {child.get("ref") for child in declared.iter(f"{_XS}element")} - {None}
        found = [f"{element.tag} may not have {name}" for name in element.attrib.keys() - attributes.keys()]
        found += [
            f"{element.tag} needs {name}" for name, is_ in attributes.items() if is_.get("use") == "required" and name not in element.attrib
        ]
        found += [f"{element.tag} may not hold {child.tag}" for child in element if child.tag not in children]
        if (
            attributes.get("time") is not None
            and attributes["time"].get("type") == "SUREFIRE_TIME"
            and not self.time.fullmatch(element.get("time", "0"))
        ):
            found.append(f"{element.get('time')} is no time")
        return found + [mistake for child in element for mistake in self.mistakes(child)]


@GATES
def test_junit_is_valid_by_the_common_schema(audited):
    schema = JunitSchema((SCHEMAS / "junit-10.xsd").read_text())
    root = ET.fromstring(audit_junit(audited, audited.judgement.judged).encode("utf-8", "replace"))

    assert schema.mistakes(root) == []
    suite = root.find("testsuite")
    assert int(suite.get("tests")) == len(suite.findall("testcase"))
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) == int(root.get("failures"))


def test_junit_fails_what_does_not_pass_and_nothing_else():
    root = ET.fromstring(audit_junit(gate(), gate().judgement.judged).encode("utf-8", "replace"))
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]

    assert failed == ["complexity of C.f", "complexity of g<h>", "unreadable"]


def test_junit_fails_the_gate_itself_when_the_findings_were_left_out():
    root = ET.fromstring(audit_junit(gate(), ()))
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == ["gate"]


# -- GitHub, GitLab ------------------------------------------------------------------------------------------------------


def test_github_annotates_what_does_not_pass_at_its_lines():
    lines = audit_github(gate(), gate().judgement.judged).splitlines()

    assert lines[0] == (
        "::error file=src/deep/a.py,line=3,endLine=40,title=High cyclomatic complexity::"
        "C.f has a cyclomatic complexity of 23 (D), at most 10 is wanted (worse, was 20)"
    )
    assert [line.partition(" ")[0] for line in lines if line.startswith("::")] == ["::error"] * 3
    assert lines[-1] == "gate failed: 3 findings new or worse against audit-baseline.json (--fail-on worse)"


def test_github_warns_of_what_is_new_when_it_passes():
    lines = audit_github(gate(fail_on=FailOn.NEVER), gate().judgement.judged).splitlines()
    assert [line.partition(" ")[0] for line in lines if line.startswith("::")] == ["::warning"] * 3


def test_no_name_can_end_an_annotation_or_add_one():
    for line in audit_github(gate(), gate().judgement.judged).split("\n"):
        assert line.count("::error") <= 1
        assert "\r" not in line
    assert "%2C\\u2028%3A%3A%3A" in audit_github(gate(), gate().judgement.judged)


def test_gitlab_gets_the_fields_it_wants():
    issues = json.loads(audit_gitlab(gate(), gate().judgement.judged))

    assert issues[0] == {
        "description": "C.f has a cyclomatic complexity of 23 (D), at most 10 is wanted.",
        "check_name": "complexity",
        "fingerprint": FINDINGS[0].fingerprint,
        "severity": "major",
        "location": {"path": "src/deep/a.py", "lines": {"begin": 3, "end": 40}},
    }
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}


# -- JSON ----------------------------------------------------------------------------------------------------------------


def test_json_is_versioned_complete_and_the_same_twice():
    text = audit_json(gate(notes=("compared with main itself",)), gate().judgement.judged)
    document = json.loads(text)

    assert text == audit_json(gate(notes=("compared with main itself",)), gate().judgement.judged)
    assert document["version"] == 1
    assert document["gate"] == {"passed": False, "fail_on": "worse", "against": "audit-baseline.json", "failing": 3}
    assert document["counts"] == {"files": 5, "findings": 5, "new": 2, "worse": 1, "same": 1, "better": 1, "accepted": 0, "gone": 1}
    expected = {
        "fingerprint": FINDINGS[0].fingerprint,
        "metric": "complexity",
        "path": "src/deep/a.py",
        "block": "C.f",
        "line": 3,
        "end_line": 40,
        "score": 23,
        "threshold": 10,
        "rank": "D",
        "standing": "worse",
        "before": {"path": "src/deep/a.py", "block": "C.f", "score": 20},
        "trend": [12, 15, 23],
        "direction": "worsening",
        "churn": 7,
        "problem": "",
    }
    assert expected.items() <= document["findings"][0].items()  # keys are only ever added
    assert document["gone"] == [{"path": "src/b.py", "block": "gone|_x_", "metric": "complexity", "score": 30}]
    assert document["notes"] == ["compared with main itself"]
    assert {
        "path": "top.py",
        "lines": 90,
        "blocks": 1,
        "complexity": 23,
        "worst": 23,
        "maintainability": 11.5,
        "rank": "B",
        "churn": 3,
        "problem": "",
        "raw": {"loc": 90, "lloc": 60, "sloc": 70, "comments": 5, "multi": 0, "blank": 10, "single_comments": 5},
        "halstead": None,
    } in document["files"]


# -- Markdown ------------------------------------------------------------------------------------------------------------


def test_markdown_shows_what_changed_first_and_folds_the_rest():
    text = audit_markdown(gate(), gate().judgement.judged)
    head, _, folded = text.partition("<details>")

    assert head.startswith("### ❌ Audit failed&#58; 3 findings new or worse against audit-baseline.json")
    assert "| 🔺 | D | complexity | 23 &#62; 10 | src/deep/a.py&#58;3 C.f | ▁▃█ ↑ | 7 | worse, was 20 |" in head
    assert "same" not in head
    assert "Better: 1, gone: 1" in folded
    assert "Accepted: 1" in folded
    assert "- src/b.py gone&#124;\\_x\\_ \\(complexity 30\\)" in folded
    assert all(line.count("|") == 9 for line in text.splitlines() if line.startswith(("| 🔺", "| 🆕", "| ✅", "| ▫️")))


def test_markdown_of_sound_code_is_short():
    assert audit_markdown(EMPTY, ()) == "### ✅ Audit passed&#58; nothing over a threshold\n\nno findings in 1 file\n\n"


# -- HTML ----------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page is made of, and whether its elements are closed."""

    VOID = frozenset({"meta", "br", "input", "link", "img"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.texts, self.references = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.references += [attributes[name] for name in ("src", "href", "action", "data", "srcset") if attributes.get(name)]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))


@GATES
def test_the_page_is_well_formed_and_loads_nothing(audited):
    text = audit_html(audited, audited.judgement.judged)
    page = Page(text)

    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert all(reference.startswith("#") for reference in page.references)
    assert not re.search(r"@import|url\(|https?://(?!www\.w3\.org/2000/svg)", text)
    assert not re.search(r"@\w+@", text)


def test_every_number_for_sorting_is_in_the_row():
    page = Page(audit_html(gate(), gate().judgement.judged))
    rows = [attributes for tag, attributes in page.tags if tag == "tr" and "data-score" in attributes]

    assert [row["data-score"] for row in rows] == ["23", "21", "11.5", "", "12"]
    assert [row["data-change"] for row in rows] == ["11", "0", "-2.5", "0", "0"]  # higher is worse, whatever the metric
    assert [row["data-standing"] for row in rows] == ["worse", "new", "better", "new", "same"]


def test_no_name_or_message_becomes_markup():
    page = Page(audit_html(gate(), gate().judgement.judged))

    assert [tag for tag, _ in page.tags].count("script") == 2
    assert not any(tag in ("c", "h") for tag, _ in page.tags)
    data = next(text for tag, text in page.texts if tag == "script")
    assert "<" not in data
    assert NASTY in [row["path"] for row in json.loads(data)["files"]]


def test_unreadable_files_are_marked_on_the_map():
    broken = AuditedFile(path="broken.py", measure=FileMeasure(problem="line 1: invalid syntax"))
    audited = gate()
    audited = replace(audited, report=replace(audited.report, files=(broken, *audited.report.files)))
    page = Page(audit_html(audited, ()))
    files = json.loads(next(text for tag, text in page.texts if tag == "script"))["files"]

    assert [each["path"] for each in files if each["problem"]] == ["broken.py"]
    script, style = (next(text for tag, text in page.texts[::-1] if tag == name) for name in ("script", "style"))
    assert 'file.problem ? "cell unknown"' in script
    assert "#map .cell.unknown {" in style


def test_every_control_has_an_accessible_name():
    page = Page(audit_html(gate(), gate().judgement.judged))
    for tag, attributes in page.tags:
        if tag in ("input", "select") or attributes.get("role") in ("img", "listbox", "radiogroup"):
            assert attributes.get("aria-label"), (tag, attributes)


def test_changed_files_are_plotted_the_worst_change_first():
    page = Page(audit_html(gate(), gate().judgement.judged))
    plots = [attributes["class"] for tag, attributes in page.tags if tag == "svg" and attributes.get("preserveaspectratio")]

    assert plots == ["worsening", "improving"]


def luminance(colour):
    digits = colour.removeprefix("#")
    digits = "".join(each * 2 for each in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "paper"),
        ("ink", "card"),
        ("soft", "paper"),
        ("soft", "card"),
        ("accent", "card"),
        ("good", "good-bg"),
        ("bad", "bad-bg"),
        ("ink", "bad-bg"),
        ("soft", "bad-bg"),
        ("soft", "good-bg"),
        ("bad", "card"),
        ("good", "card"),
    ],
)
def test_text_has_the_contrast_that_readers_need(theme, ink, paper):
    css = (Path(__file__).resolve().parents[3] / "core/reports/audit/page/style.css").read_text()
    colours = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", css)}
    light, dark = sorted((luminance(colours[ink][theme]), luminance(colours[paper][theme])), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


# -- text ----------------------------------------------------------------------------------------------------------------


def test_the_table_is_worst_first_and_ends_with_the_verdict():
    text = audit_text(gate(), PLAIN, shown=gate().judgement.judged[:2])
    lines = text.splitlines()

    assert lines[1].split() == ["D", "23", ">", "10", "complexity", "▁▃█", "↑", "7", "src/deep/a.py:3", "C.f", "worse,", "was", "20"]
    assert lines[3] == "… 3 more"
    assert "gone  src/b.py gone|_x_ (complexity 30)" in lines
    assert lines[-2:] == [
        "5 findings in 5 files: 2 new, 1 worse, 1 accepted, 1 better, 1 gone (0.2s)",
        "gate failed: 3 findings new or worse against audit-baseline.json (--fail-on worse)",
    ]
    assert "\x1b" not in text


def test_no_line_is_wider_than_the_terminal():
    text = audit_text(gate(), Style(width=72), shown=gate().judgement.judged)
    table = text.partition("5 findings in")[0]
    assert max(map(len, table.splitlines())) <= 72  # the summary lines are sentences and wrap


@pytest.mark.parametrize(
    ("audited", "verdict"),
    [
        (EMPTY, "gate passed: nothing over a threshold"),
        (gate(known=(), against="", fail_on=FailOn.ANY), "gate failed: 5 findings (--fail-on any)"),
        (gate(fail_on=FailOn.NEVER), "gate passed (--fail-on never)"),
        (gate(fail_on=FailOn.NEW), "gate failed: 2 findings new against audit-baseline.json (--fail-on new)"),
        (gate(findings=FINDINGS[2:3]), "gate passed: nothing new or worse against audit-baseline.json"),
        (gate(findings=FINDINGS[2:3], fail_on=FailOn.ANY), "gate failed: 1 finding against audit-baseline.json (--fail-on any)"),
    ],
)
def test_the_verdict_says_why(audited, verdict):
    assert audit_text(audited, PLAIN, shown=()).splitlines()[-1] == verdict
