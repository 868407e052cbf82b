"""Generated files in every style people write: an edit changes exactly its own characters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.adapters.tasks_yaml.edit.edits import apply_edits
from core.adapters.tasks_yaml.parse.document import Document, decode, encode
from core.adapters.tasks_yaml.parse.parse import parse_document
from core.domain.tasks.entry import AppendTask, SetField
from core.domain.tasks.task import Place, Status
from core.errors import EditRefused

FILE = "tasks.yml"
WORDS = [status.value for status in Status]


@dataclass(frozen=True)
class Hole:
    """Where a status stands, or would be written."""

    task: int
    before: str
    word: str | None


@dataclass(frozen=True)
class Template:
    """A text with holes, so that what an edit must give is known without the code under test."""

    parts: tuple[str | Hole, ...]
    newline: str
    ids: tuple[str, ...]

    def fill(self, words: dict[int, str]) -> str:
        text = ""
        for part in self.parts:
            if isinstance(part, str):
                text += part
            elif part.task in words:
                text += part.before + words[part.task]
            elif part.word is not None:
                text += part.before + part.word
        return text.replace("\n", self.newline)

    @property
    def statuses(self) -> list[str]:
        return [part.word or "pending" for part in self.parts if isinstance(part, Hole)]


prose = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters="\ufeff"), max_size=20)


def single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def descriptions(draw: st.DrawFn, pad: str) -> str:
    """The value of ``description`` in one of the ways people write text."""
    style = draw(st.sampled_from(["plain", "single", "double", "literal", "folded", "multi-line", "anchored"]))
    words = draw(prose).replace("\u2028", "").strip() or "x"
    if style == "single":
        return single_quoted(words)
    if style == "double":
        return '"\\t' + words.replace("\\", "\\\\").replace('"', '\\"') + ' \\u00e9"'
    if style == "literal":
        return f"|\n{pad}  a{words}\n\n{pad}  # not a comment: status: done\n{pad}  \ttab"
    if style == "folded":
        return f">-\n{pad}  a{words}\n{pad}  and on"
    if style == "multi-line":
        return f"word\n{pad}  status and more words"
    if style == "anchored":
        return f"&text{draw(st.integers(0, 9))} same"
    return "plain\ttext [with] {braces}, #hash and é"


comments = st.sampled_from(["", "", "  # why: not", " # status: done", "\t# tab"])
status_words = st.sampled_from([None, *WORDS])


@st.composite
def block_entry(draw: st.DrawFn, number: int, task_id: str, pad: str) -> list[str | Hole]:
    key_pad = pad + "  "
    dash_gap = draw(st.sampled_from([" ", " ", "   "]))
    key_pad = pad + " " + dash_gap
    key_quote = draw(st.sampled_from(["", "", "", '"', "'"]))
    id_value = draw(st.sampled_from([task_id, single_quoted(task_id), f'"{task_id}"', f"\n{key_pad}  {task_id}"]))
    word = draw(status_words)
    id_lines: list[str | Hole] = [f"{key_quote}id{key_quote}: {id_value}{draw(comments)}"]
    if word is None:
        id_lines.append(Hole(number, f"\n{key_pad}{key_quote}status{key_quote}: ", None))
    fields: list[list[str | Hole]] = [id_lines, ["description: " + draw(descriptions(key_pad))]]
    if word is not None:
        quote = draw(st.sampled_from(["", "", '"', "'"]))
        gap = draw(st.sampled_from([" ", "   ", "\t", f"\n{key_pad}   ", f"  # c\n{key_pad}  "]))
        fields.append([f"status:{gap}{quote}", Hole(number, "", word), f"{quote}{draw(comments)}"])
    if draw(st.booleans()):
        fields.append(
            [draw(st.sampled_from(["x-any: [1, {a: b}]", "x-any:\n" + key_pad + "- 1\n" + key_pad + "- {status: done}", "cost: 1.5"]))]
        )
    fields = draw(st.permutations(fields))
    parts: list[str | Hole] = [f"{pad}-{dash_gap}"]
    for position, field in enumerate(fields):
        if position:
            parts.append("\n" + draw(st.sampled_from(["", "", "\n", f"{key_pad}# between\n"])) + key_pad)
        parts += field
    return parts


@st.composite
def flow_entry(draw: st.DrawFn, number: int, task_id: str) -> list[str | Hole]:
    quote = draw(st.sampled_from(["", '"', "'"]))
    word = draw(status_words)
    parts: list[str | Hole] = [f"{{{quote}id{quote}: {single_quoted(task_id)}"]
    if word is None:
        parts.append(Hole(number, f", {quote}status{quote}: ", None))
    parts.append(f", description: {single_quoted('d, {e}')}")
    if word is not None:
        own = draw(st.sampled_from(["", '"', "'"]))
        parts += [f", status: {own}", Hole(number, "", word), own]
    parts.append(draw(st.sampled_from(["}", " }", ",}", ", x-a: [1]}"])))
    return parts


ids = st.lists(st.from_regex(r"[A-Za-z]{2}[A-Za-z0-9._/-]{0,6}", fullmatch=True), min_size=1, max_size=5, unique=True)
TRAPS = {"on", "no", "yes", "off", "true", "false", "null"}


@st.composite
def templates(draw: st.DrawFn) -> Template:
    task_ids = [f"t{number}" if word.lower() in TRAPS else word for number, word in enumerate(draw(ids))]
    style = draw(st.sampled_from(["block", "block", "block", "flow", "mixed"]))
    head = draw(
        st.sampled_from(
            ["", "", "# tasks\n", "---\n", "%YAML 1.1\n---\n", "\n\n# é 😀\n", "# yaml-language-server: $schema=x\n---  # go\n"]
        )
    )
    parts: list[str | Hole] = [head]
    pad = draw(st.sampled_from(["", "", "  ", "    "]))
    if style == "flow":
        parts.append("[")
    for number, task_id in enumerate(task_ids):
        if style == "flow":
            parts += [draw(st.sampled_from(["", "\n  ", "\n"])) if number == 0 else draw(st.sampled_from([", ", ",\n  ", " ,\n# c\n"]))]
            parts += draw(flow_entry(number, task_id))
            continue
        if number:
            parts.append("\n" + draw(st.sampled_from(["", "\n", "\n\n", f"{pad}# next\n", "\n# far left\n"])))
        if style == "mixed" and draw(st.booleans()):
            parts += [f"{pad}- ", *draw(flow_entry(number, task_id))]
        else:
            parts += draw(block_entry(number, task_id, pad))
    if style == "flow":
        parts.append(draw(st.sampled_from(["]", "\n]", ",\n]", " # end\n]"])))
    parts.append(draw(st.sampled_from(["\n", "\n", "", "\n\n", "\n# the end", "\n...\n", "\n...\n# behind\n"])))
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    return Template(tuple(parts), newline, tuple(task_ids))


generated = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def without_places(document: Document) -> list[object]:
    return [replace(task, place=Place(line=0, column=0)) for task in document.tasks]


@given(templates())
@generated
def test_a_generated_file_is_read_as_written(template: Template):
    document = parse_document(template.fill({}), FILE)
    assert [task.id for task in document.tasks] == list(template.ids)
    assert [task.status.value for task in document.tasks] == template.statuses
    for task in document.tasks:
        line = document.text.split("\n")[task.place.line - 1]
        assert line[task.place.column - 1 :].lstrip("{").lstrip(" \"'").startswith(("id", "description", "status", "x-any", "cost"))


@given(templates(), st.data())
@generated
def test_statuses_change_their_own_characters_only(template: Template, data: st.DataObject):
    document = parse_document(template.fill({}), FILE)
    words: dict[int, str] = {}
    for _ in range(data.draw(st.integers(1, 3))):
        batch = data.draw(st.dictionaries(st.integers(0, len(template.ids) - 1), st.sampled_from(WORDS), max_size=5))
        edits = [SetField(task_id=template.ids[number], path=("status",), value=word) for number, word in batch.items()]
        document = apply_edits(document, edits, FILE)
        words |= batch
        assert document.text == template.fill(words)
    again = parse_document(document.text, FILE)
    assert without_places(again) == without_places(document)
    known = document.as_read()
    if known is not None:
        assert known.tasks == again.tasks
        assert list(known.slots) == list(again.slots)


@given(templates(), st.data())
@generated
def test_an_appended_task_leaves_every_character_that_was_there(template: Template, data: st.DataObject):
    text = template.fill({})
    document = parse_document(text, FILE)
    fields = {"id": "new/one", "description": data.draw(prose).strip() or "x", "dependencies": [template.ids[0]], "status": "pending"}
    try:
        appended = apply_edits(document, [AppendTask(fields=fields)], FILE)
    except EditRefused:
        # A block of text that ends with the file, without a line end, would get one.
        assert not text.endswith("\n")
        return
    assert is_subsequence_by_insertion(text, appended.text)
    assert without_places(appended)[:-1] == without_places(document)
    assert (appended.tasks[-1].id, appended.tasks[-1].description) == ("new/one", fields["description"])
    second = apply_edits(appended, [AppendTask(fields={**fields, "id": "new/two"})], FILE)
    assert [task.id for task in second.tasks] == [*template.ids, "new/one", "new/two"]


@given(templates(), st.integers(-5, 500))
@generated
def test_another_field_is_set_or_added_without_touching_the_rest(template: Template, priority: int):
    text = template.fill({})
    document = parse_document(text, FILE)
    once = apply_edits(document, [SetField(task_id=template.ids[-1], path=("priority",), value=priority)], FILE)
    assert is_subsequence_by_insertion(text, once.text)
    assert once.tasks[-1].priority == priority
    twice = apply_edits(once, [SetField(task_id=template.ids[-1], path=("priority",), value=1234567)], FILE)
    assert twice.text.replace("1234567", str(priority)) == once.text


@given(templates(), st.booleans())
@generated
def test_bytes_survive_decoding_and_encoding(template: Template, marked: bool):
    data = (b"\xef\xbb\xbf" if marked else b"") + template.fill({}).encode()
    text, was_marked = decode(data, FILE)
    assert (was_marked, encode(text, marked=was_marked)) == (marked, data)


def is_subsequence_by_insertion(old: str, new: str) -> bool:
    """Whether ``new`` is ``old`` with characters put in, none taken away or changed."""
    position = 0
    for character in old:
        position = new.find(character, position) + 1
        if position == 0:
            return False
    return True
