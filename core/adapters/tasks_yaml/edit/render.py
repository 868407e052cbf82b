"""Values → YAML text that a person likes to read and that every reader of YAML reads back as the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.schema.scalars import is_text, plain_value
from core.schema.yaml_errors import Stop
from core.schema.yaml_reader import YamlReader

#: Columns that lists in brackets and folded text of few lines stay within.
_WIDTH = 100
#: Lines of folded text. Where two branches append an entry each, git takes both as wholes only if no more than three lines in a row are
#: the same in both (longer runs count as common, and the rest is interleaved): so the text that two entries may share has few lines.
_FOLDED_LINES = 3
#: Maps that programs read: in braces on one line, which differs from that of any other entry.
_BRACED = ("origin",)
#: Begins and ends with a printable character that has no meaning of its own in YAML; no line end inside.
_PLAIN = re.compile(r"[^\W_]|[\w./~$(+=<][^\n\r\t]*[^\s:]|[^\W_][^\n\r\t]*[^\s:]")
_UNPRINTABLE = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def render_block(fields: Mapping[str, Any]) -> str:
    """Return an entry of a block list, its dash at column 0, lines ended by ``\\n``.

    The last lines are those that no other entry is likely to have: lines that end the entries of two branches alike would, to git,
    be one entry's.
    """
    last = next((key for key in ("origin", "description") if key in fields), None)
    ordered = {key: value for key, value in fields.items() if key != last} | ({} if last is None else {last: fields[last]})
    lines = _pairs(ordered, prose=("description",))
    return "".join(f"{'- ' if number == 0 else '  ' if line else ''}{line}\n" for number, line in enumerate(lines))


def render_flow(fields: Mapping[str, Any], *, as_json: bool) -> str:
    """Return an entry in braces, on one line."""
    return _json(fields) if as_json else _flow(fields)


def render_scalar(value: str | float | bool, quote: str, *, flow: bool) -> str:
    """Return a value in place of one that stands in these quotes (none: plain)."""
    if isinstance(value, str) and quote == '"':
        return _json(value)
    if isinstance(value, str) and quote == "'" and not _UNPRINTABLE.search(value) and "\n" not in value:
        return "'" + value.replace("'", "''") + "'"
    return _flow(value, inside=flow)


def render_text(value: str, indent: int) -> str:
    """Return text in place of a block of text: on one line, or folded with its lines at column ``indent``."""
    first, *rest = _block_text(value, fold=True)
    return "\n".join([first, *(f"{' ' * indent}{line}" if line else "" for line in rest)])


def foreign_values(fields: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each field with a value of a type that YAML does not have."""
    wrong = []
    for key, value in fields.items():
        try:
            json.dumps(normalised(value))
        except (TypeError, RecursionError):
            wrong.append(f"{key} must be something that YAML can hold, not a Python {type(value).__name__}")
    return wrong


def normalised(value: Any) -> Any:
    """Return ``value`` as reading its rendering gives it back: dicts, lists, text, numbers, truth values, None."""
    if isinstance(value, Mapping):
        return {str(key): normalised(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [normalised(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _pairs(fields: Mapping[str, Any], prose: tuple[str, ...] = ()) -> list[str]:
    lines: list[str] = []
    for key, value in fields.items():
        name = _text(key)
        if isinstance(value, Mapping) and value and key not in _BRACED:
            lines += [f"{name}:", *_indented(_pairs(value))]
        elif isinstance(value, (list, tuple)) and value and not _fits(name, value):
            lines += [f"{name}:", *(f"  - {_flow(item, inside=False)}" for item in value)]
        elif isinstance(value, str):
            first, *rest = _block_text(value, fold=key in prose)
            lines += [f"{name}: {first}", *_indented(rest)]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return lines


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]


def _fits(name: str, items: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list reads well in brackets: short, and no command among its items."""
    words = all(not isinstance(item, (Mapping, list, tuple)) and " " not in str(item) for item in items)
    return words and len(name) + len(_flow(items)) < _WIDTH


def _block_text(text: str, *, fold: bool) -> list[str]:
    """Return the lines of text as the value of a key: on one line, folded, or as it is."""
    single = _text(text)
    if "\n" in text and not _UNPRINTABLE.search(text):
        keep = "" if text.endswith("\n") and not text.endswith("\n\n") else "+" if text.endswith("\n") else "-"
        block = [f"|{keep}", *text.removesuffix("\n").split("\n")]
    elif fold and len(text) > _WIDTH and not _UNPRINTABLE.search(text):
        block = [">-", *_folded(text)]
    else:
        return [single]
    return block if _reads_back("\n".join(["k: " + block[0], *_indented(block[1:])]) + "\n", text) else [single]


def _folded(text: str) -> list[str]:
    width = max(_WIDTH - 10, len(text) // _FOLDED_LINES)
    while len(lines := _wrapped(text, width)) > _FOLDED_LINES:
        width += 10
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Return text in lines of at most ``width`` characters; longer words, and spaces beside another, have no line end near them."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width and word:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _text(text: str, *, inside: bool = False) -> str:
    """Return text on one line: plain where that is safe, else quoted. ``inside`` of brackets, less is safe."""
    if _UNPRINTABLE.search(text) or "\n" in text:
        return _json(text)
    if _is_safe(text, inside=inside):
        return text
    return f"'{text}'" if ("\\" in text or '"' in text) and "'" not in text else _json(text)


def _is_safe(text: str, *, inside: bool) -> bool:
    """Whether text of one line needs no quotes."""
    if not _PLAIN.fullmatch(text) or not is_text(text):
        return False
    return _reads_back(f"k: [{text}]\n", [text]) if inside else _reads_back(f"k: {text}\n", text)


def _reads_back(document: str, value: Any) -> bool:
    try:
        (node,) = YamlReader("- " + document.replace("\n", "\n  ").rstrip(" ")).entries()
    except Stop:
        return False
    return bool(plain_value(node) == {"k": value})


def _flow(value: Any, *, inside: bool = True) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(key), inside=True)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value, inside=inside)
    return _bare(value)


def _bare(value: Any) -> str:
    """Return a number, truth value or None; numbers in decimal digits, since readers disagree about ``1e22``."""
    if isinstance(value, float) and "e" in repr(value):
        digits = format(Decimal(repr(value)), "f")
        return digits if "." in digits else f"{digits}.0"
    return repr(value) if isinstance(value, float) else json.dumps(value)


def _json(value: Any) -> str:
    text = json.dumps(normalised(value), ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: json.dumps(found[0])[1:-1] if ord(found[0]) < 0x10000 else f"\\U{ord(found[0]):08x}", text)
