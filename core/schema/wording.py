"""How messages speak of values and keys: short, and without characters that a terminal would obey."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from core.schema.nodes import Node, Scalar, resolve
from core.schema.scalars import is_null_node, is_text, reading

_LONGEST = 60
_LONGEST_TYPED = 1_000
_NAME = re.compile(r"[\w./*-]{1,60}")
#: Control characters beyond ASCII, and those that turn the direction of text.
_CONTROL = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


def quoted(text: str) -> str:
    """Return text between double quotes as YAML and JSON write it, cut where it is long."""
    shown = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text[:_LONGEST], ensure_ascii=False))
    return shown if len(text) <= _LONGEST else f'{shown[:-1]}…"'


def name_of(key: str) -> str:
    """Return a key as it is if it looks like one, else quoted."""
    return key if _NAME.fullmatch(key) else quoted(key)


def nearest(word: str, words: Iterable[str], *, typed: bool = False) -> str:
    """Return the one of ``words`` that ``word`` was probably meant to be, or nothing.

    A word that was ``typed`` on a command line may be longer and less alike than one in a file, where many may be wrong.
    """
    import difflib

    cutoff, longest = (0.5, _LONGEST_TYPED) if typed else (0.6, _LONGEST)
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=cutoff) if len(word) <= longest else []
    return close[0] if close else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return the question whether the nearest of ``words`` was meant, nothing when none is near."""
    near = nearest(word, words)
    return f"did you mean '{near}'?" if near else ""


def describe(node: Node) -> str:
    """Return what a node is, to follow "not": a list, a map, nothing, the text "x", 5."""
    solid = resolve(node)
    if not isinstance(solid, Scalar):
        return solid.what
    if solid.quote or is_text(solid.text) or len(solid.text) > _LONGEST:
        return f"the text {quoted(solid.text)}"
    return solid.text or "nothing"


def describe_setting(node: Node) -> str:
    """Return what ``describe`` does, in the words of messages about settings: a list, a map, null, 'x', 5."""
    solid = resolve(node)
    if not isinstance(solid, Scalar):
        return solid.what
    if is_null_node(solid):
        return "null"
    text = repr(solid.text) if solid.quote or is_text(solid.text) else solid.text
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def not_text(node: Scalar) -> tuple[str, str]:
    """Return why a plain scalar is not text, to follow "must be text,", and what to type."""
    if node.text == "":
        return "but there is nothing", 'type "" if empty text is meant'
    return f"but {reading(node.text)}", f"quote it: {quoted(node.text)}"
