"""Entries that are appended, fields that are set, and edits that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.adapters.tasks_yaml.edit.edits import apply_edits
from core.adapters.tasks_yaml.edit.render import normalised, render_block, render_flow
from core.adapters.tasks_yaml.parse.parse import parse_document
from core.domain.tasks.entry import AppendTask, Edit, SetField
from core.errors import EditRefused
from core.schema.scalars import plain_value
from core.schema.yaml_reader import YamlReader

FILE = "tasks.yml"
NEW = {"id": "new", "description": "Do it"}


def edited(text: str, *edits: Edit) -> str:
    return apply_edits(parse_document(text, FILE), edits, FILE).text


def refusal(text: str, *edits: Edit) -> str:
    with pytest.raises(EditRefused) as caught:
        edited(text, *edits)
    return str(caught.value)


def set_field(path: str, value: Any, task_id: str = "a") -> SetField:
    return SetField(task_id=task_id, path=tuple(path.split(".")), value=value)


# -- appending ---------------------------------------------------------------------------------------------------------

A = "- {id: a, description: d}\n"
B = "- {id: b, description: d}\n"
ENTRY = "- id: new\n  description: Do it\n"
APPENDED = [
    # nothing there yet
    ("", ENTRY),
    ("# only a comment", f"# only a comment\n{ENTRY}"),
    ("---\n", f"---\n{ENTRY}"),
    ("---\n...\n# behind\n", f"---\n{ENTRY}...\n# behind\n"),
    # an empty list gives way to one of lines
    ("[]", ENTRY),
    ("[]\n", ENTRY),
    ("[ ]\n", ENTRY),
    ("  [\n  ]", ENTRY),
    ("[] # none yet\n", f"# none yet\n{ENTRY}"),
    ("# above\n[\n  # inside\n] # beside\n\n# below\n", f"# above\n# inside\n# beside\n# below\n{ENTRY}"),
    ("--- []\n", f"---\n{ENTRY}"),
    ("---\n[]\n...\n# behind\n", f"---\n{ENTRY}...\n# behind\n"),
    ("[]\r\n", ENTRY.replace("\n", "\r\n")),
    # one entry: a blank line between
    ("- {id: a, description: d}\n", f"- {{id: a, description: d}}\n\n{ENTRY}"),
    ("- {id: a, description: d}", f"- {{id: a, description: d}}\n\n{ENTRY}"),
    # as the entries before it are parted
    (f"{A}{B}", f"{A}{B}{ENTRY}"),
    (f"{A}\n# b\n{B}", f"{A}\n# b\n{B}\n{ENTRY}"),
    (f"{A}\n{B}\n", f"{A}\n{B}\n{ENTRY}"),
    # at the indentation of the list, in front of the document's end, behind comments
    ("  - id: a\n    description: d\n", "  - id: a\n    description: d\n\n  - id: new\n    description: Do it\n"),
    ("- {id: a, description: d}\n...\n", f"- {{id: a, description: d}}\n\n{ENTRY}...\n"),
    ("- {id: a, description: d}\n# the end\n", f"- {{id: a, description: d}}\n# the end\n\n{ENTRY}"),
    # with the file's own line ends
    ("- id: a\r\n  description: d\r\n", "- id: a\r\n  description: d\r\n\r\n- id: new\r\n  description: Do it\r\n"),
    # a list in brackets
    ("[{id: a, description: d}]", "[{id: a, description: d}, {id: new, description: Do it}]"),
    ("[{id: a, description: d},]", "[{id: a, description: d}, {id: new, description: Do it},]"),
    ("[\n  {id: a, description: d}\n]\n", "[\n  {id: a, description: d},\n  {id: new, description: Do it}\n]\n"),
    ("[\n  {id: a, description: d}, # why, a\n]\n", "[\n  {id: a, description: d}, # why, a\n  {id: new, description: Do it},\n]\n"),
    ("[\n  {id: a, description: d} # why, a\n]\n", "[\n  {id: a, description: d}, # why, a\n  {id: new, description: Do it}\n]\n"),
    ('[\n  {"id": "a", "description": "d"}\n]\n', '[\n  {"id": "a", "description": "d"},\n  {"id": "new", "description": "Do it"}\n]\n'),
    # behind a block whose blank lines count
    ("- id: a\n  description: |+\n    d\n\n", f"- id: a\n  description: |+\n    d\n\n{ENTRY}"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), APPENDED)
def test_a_new_task_is_written_as_the_others_are(before: str, after: str):
    assert edited(before, AppendTask(fields=NEW)) == after


def test_blank_lines_that_belong_to_a_text_stay_what_they_are():
    text = "- {id: a, description: d}\n\n- id: b\n  description: |+\n    d\n"
    assert edited(text, AppendTask(fields=NEW)) == text + ENTRY


def test_an_appended_task_is_pretty():
    fields = {
        "id": "refactor-3f2a",
        "description": "Simplify `load_config` in core/config.py: 14 branches are more than the 10 allowed; "
        "the loop over the sources can be a table",
        "command": "python -m tools.fix 'core/config.py' # once",
        "verify": ["orchestrator audit --fingerprint 3f2a", "make test"],
        "dependencies": ["setup", "lint/core"],
        "priority": 12,
        "cost": 2.0,
        "timeout": "90s",
        "retries": {"limit": 2, "delay": "5s"},
        "env": {"PYTHONHASHSEED": "0", "DEBUG": "no", "EMPTY": ""},
        "tags": ["refactor", "on"],
        "manual": True,
        "origin": {"by": "reflector", "fingerprint": "12e5", "path": "core/config.py", "score": 14, "trend": [9, 12.5, 14]},
        "x-note": "First line\n\n  indented: yes\n",
        "x-deep": {"list": [{"a": None}, [1, "two: three"]], "none": {}, "empty": []},
    }
    text = "- {id: setup, description: d}\n- {id: lint/core, description: d}\n"
    assert edited(text, AppendTask(fields=fields)).removeprefix(text) == """\
- id: refactor-3f2a
  description: >-
    Simplify `load_config` in core/config.py: 14 branches are more than the 10 allowed; the
    loop over the sources can be a table
  command: "python -m tools.fix 'core/config.py' # once"
  verify:
    - orchestrator audit --fingerprint 3f2a
    - make test
  dependencies: [setup, lint/core]
  priority: 12
  cost: 2.0
  timeout: 90s
  retries:
    limit: 2
    delay: 5s
  env:
    PYTHONHASHSEED: "0"
    DEBUG: "no"
    EMPTY: ""
  tags: [refactor, "on"]
  manual: true
  x-note: |
    First line

      indented: yes
  x-deep:
    list:
      - {a: null}
      - [1, "two: three"]
    none: {}
    empty: []
  origin: {by: reflector, fingerprint: "12e5", path: core/config.py, score: 14, trend: [9, 12.5, 14]}
"""  # fmt: skip


def test_several_tasks_are_appended_in_order_and_may_depend_on_each_other():
    text = edited(
        "- {id: a, description: d}\n", AppendTask(fields={**NEW, "dependencies": ["newer"]}), AppendTask(fields={**NEW, "id": "newer"})
    )
    assert text == (
        "- {id: a, description: d}\n\n- id: new\n  dependencies: [newer]\n  description: Do it\n\n- id: newer\n  description: Do it\n"
    )


def test_a_task_can_be_changed_in_the_write_that_appends_it():
    text = edited("", AppendTask(fields=NEW), set_field("status", "done", "new"), set_field("origin.path", "x.py", "new"))
    assert text == "- id: new\n  description: Do it\n  status: done\n  origin: {path: x.py}\n"


REFUSED_ENTRIES = [
    ({"id": "a", "description": "again"}, "tasks.yml: the id a is there already (choose another id)"),
    ({"id": "b"}, "tasks.yml: the task has no description (add 'description: …')"),
    ({"id": "b", "description": "d", "dependencies": ["c"]},
     "tasks.yml: there is no task c to depend on (add that task, or remove the dependency)"),
    ({"id": "b", "description": "d", "size": 3}, 'tasks.yml: a task has no field "size" (fields of your own begin with x-: x-size)'),
    ({"id": "b", "description": "d", "env": {"A": 1}}, 'tasks.yml: env.A must be text, but 1 is a number (quote it: "1")'),
    ({"id": "b", "description": "d", "x-a": float("inf")}, "tasks.yml: the task b would not read as meant"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "said"), REFUSED_ENTRIES)
def test_an_entry_that_would_not_be_a_task_is_refused(fields: dict[str, Any], said: str):
    assert refusal("- {id: a, description: d}\n", AppendTask(fields=fields)) == said


def test_appending_behind_a_block_that_ends_without_a_line_end_is_refused():
    assert refusal("- id: a\n  description: |\n    text", AppendTask(fields=NEW)) == (
        "tasks.yml: the edit would change the task a (end the file with a line end: the text of a block goes on until there)"
    )


# -- rendering ---------------------------------------------------------------------------------------------------------

odd = st.sampled_from(
    [
        "on", "1:30", "~", "", " ", "a: b", "a #b", "#", "- a", "? a", "a:", ": a", "[", "{a}", "a, b", "'", '"', "\\", "it's",
        'say "x"', "\t", "a\tb", "\n", "a\n", "a\n\n", "\na", " a\nb", "a\n b\n", "a \nb", "# a\nb", "\r", "a\r\nb", "\x85", "\u2028",
        "\ufeff", "\x00", "\x1b[31m", "é", "😀", "---", "...", "--- a", "%a", "@a", "`a", "!a", "&a", "*a", "|", ">", "=", "<<",
        "x" * 300, "word " * 60, "word  " * 60, " word" * 60, "1e5", "2024-01-01", "- a\n- b\n",
    ]
)  # fmt: skip
texts = st.one_of(odd, st.text(max_size=30), st.text(st.sampled_from("ab :#-,[]{}'\"\\\n\t"), max_size=12))
numbers = st.one_of(st.integers(-(10**17), 10**17), st.floats(allow_nan=False, allow_infinity=False))
scalars = st.one_of(texts, numbers, st.booleans(), st.none())
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)), max_leaves=5
)
entries = st.dictionaries(texts, values, min_size=1, max_size=4)


def same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)


@given(entries)
@example({"description": "word " * 30 + "end"})
@example({"description": "word  " * 30 + "end"})
@example({"description": "# word " * 30 + "end"})
@example({"a": 1e22, "b": 1e-7, "c": -0.0, "d": 5e-324})
@settings(max_examples=150, deadline=None)
def test_what_is_rendered_reads_back_the_same(fields: dict[str, Any]):
    for text in (render_block(fields), "- " + render_flow(fields, as_json=False), "- " + render_flow(fields, as_json=True)):
        (node,) = YamlReader(text).entries()
        assert same(plain_value(node), normalised(fields)), text


# -- other fields ------------------------------------------------------------------------------------------------------

LONG = "many words " * 7 + "and even more"
SET = [
    ("- {id: a, description: d, priority: 3}", "priority", 40, "- {id: a, description: d, priority: 40}"),
    ("- id: a\n  description: d\n  priority: high # why\n", "priority", -1, "- id: a\n  description: d\n  priority: -1 # why\n"),
    ("- id: a # first\n  description: d\n", "priority", 7, "- id: a # first\n  priority: 7\n  description: d\n"),
    ("- id: a\n  description: 'it''s'\n", "description", "that's", "- id: a\n  description: 'that''s'\n"),
    ('- id: a\n  description: "x"\n', "description", 'say "y"\n', '- id: a\n  description: "say \\"y\\"\\n"\n'),
    ("- id: a\n  description: x\n", "description", "on", '- id: a\n  description: "on"\n'),
    ("- id: a\n  description: x\n", "description", "a: b", '- id: a\n  description: "a: b"\n'),
    ("- {id: a, description: x}\n", "description", "a, b", '- {id: a, description: "a, b"}\n'),
    ("- id: a\n  description: d\n  origin: {path: a.py, score: 1}\n", "origin.path", "b.py",
     "- id: a\n  description: d\n  origin: {path: b.py, score: 1}\n"),
    ("- id: a\n  description: d\n  origin:\n    score: 1\n", "origin.score", 2.5, "- id: a\n  description: d\n  origin:\n    score: 2.5\n"),
    ("- id: a\n  description: d\n  origin: {by: x, trend: [1]}\n", "origin.closed", "a, b",
     '- id: a\n  description: d\n  origin: {by: x, closed: "a, b", trend: [1]}\n'),
    ("- id: a\n  description: d\n  origin:\n    by: x\n    path: p # why\n  cost: 1\n", "origin.closed", "p is gone",
     "- id: a\n  description: d\n  origin:\n    by: x\n    path: p # why\n    closed: p is gone\n  cost: 1\n"),
    ("- id: a\n  description: d\n  origin:\n    by: x", "origin.closed", "",
     '- id: a\n  description: d\n  origin:\n    by: x\n    closed: ""'),
    ("- id: a\n  description: d\n  manual: false\n", "manual", True, "- id: a\n  description: d\n  manual: true\n"),
    ("- ? id\n  : a\n  ? description\n  : d\n", "status", "done", "- ? id\n  : a\n  status: done\n  ? description\n  : d\n"),
    ("- &x\n  id: a\n  description: d\n", "status", "done", "- &x\n  id: a\n  status: done\n  description: d\n"),
    ("-\n  id: a\n  description: d", "status", "done", "-\n  id: a\n  status: done\n  description: d"),
    ("-  description: d\n   id: a", "status", "done", "-  description: d\n   id: a\n   status: done"),
    ('- {"id":"a","description":"d"}', "status", "done", '- {"id":"a", "status": done,"description":"d"}'),
    ("- id: &i a\n  description: *i\n", "status", "done", "- id: &i a\n  status: done\n  description: *i\n"),
    ("- id: a\n  description: |\n    d\n    e\n\n  # c\n  cost: 1\n", "description", "x",
     "- id: a\n  description: x\n\n  # c\n  cost: 1\n"),
    ("- id: a\n  description: >-\n    d\n\n\n- id: c\n  description: d\n", "description", f"{LONG} {LONG}",
     f"- id: a\n  description: >-\n    {LONG}\n    {LONG}\n\n\n- id: c\n  description: d\n"),
    ("- description: &i a\n  id: *i  # c\n", "status", "done", "- description: &i a\n  id: *i  # c\n  status: done\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "path", "value", "after"), SET)
def test_a_field_is_set_in_place(before: str, path: str, value: Any, after: str):
    assert edited(before, set_field(path, value)) == after


D = "- id: a\n  description: "
ODD = ": it cannot be changed without guessing"
REFUSED = [
    (D + "d\n  origin: {}\n", "origin.path", "b", f"3:11: the task has no origin.path{ODD}"),
    (D + "d\n", "origin.path", "b", f"1:3: the task has no origin.path{ODD}"),
    (D + "|  # why\n    d\n", "description", "x", f"2:16: description does not stand on one line{ODD}"),
    (D + "|\r\n    d\r\n", "description", "x", f"2:16: description does not stand on one line{ODD}"),
    (D + "d\n    e\n", "description", "x", f"2:16: description does not stand on one line{ODD}"),
    (D + "d\n  x-a: 1\n", "x-a.b", "x", f"3:8: x-a is not a map of this task alone{ODD}"),
    (D + "&x d\n", "description", "x", f"2:16: description has an anchor{ODD}"),
    (D + "d\n  x-o: &x o\n  kind: *x\n", "kind", "x", f"4:9: kind is an alias, not a value of its own{ODD}"),
    (D + "d\n  origin: &o {path: p}\n  x-o: *o\n", "origin.path", "x", f"3:11: origin is not a map of this task alone{ODD}"),
    (D + "d\n  tags: [x]\n", "tags", "x", f"3:9: tags is a list, not a value of its own{ODD}"),
    (D + "d\n  cost: 1\n", "cost", "much", '3:9: cost must be a number, not the text "much"'),
    (D + "d\n", "prioriti", 1, "2:3: a task has no field \"prioriti\" (did you mean 'priority'?)"),
    (D + "d\n- id: c\n  description: d\n", "id", "c", "3:7: the id c is here twice, first in line 1 (give each task an id of its own)"),
]


@pytest.mark.parametrize(("text", "path", "value", "said"), REFUSED)
def test_an_edit_that_needs_guessing_is_refused_with_its_place(text: str, path: str, value: Any, said: str):
    assert refusal(text, set_field(path, value)) == f"tasks.yml:{said}"


def test_an_edit_of_a_task_that_is_gone_is_refused():
    assert refusal("- {id: a, description: d}\n", set_field("status", "done", "b")) == "tasks.yml: there is no task b"


def test_a_refused_edit_leaves_the_document_as_it_was():
    document = parse_document("- {id: a, description: d}\n", FILE)
    with pytest.raises(EditRefused):
        apply_edits(document, [set_field("status", "done"), AppendTask(fields={"id": "b"})], FILE)
    assert document.text == "- {id: a, description: d}\n"
    assert document.tasks[0].status.value == "pending"


def test_statuses_fields_and_new_tasks_go_together():
    text = "- id: a\n  description: d\n  status: pending\n- id: b\n  description: d\n"
    edits = [set_field("status", "done"), set_field("priority", 3, "b"), AppendTask(fields=NEW), set_field("status", "failed", "b")]
    assert edited(text, *edits) == (
        "- id: a\n  description: d\n  status: done\n- id: b\n  priority: 3\n  status: failed\n  description: d\n" + ENTRY
    )
