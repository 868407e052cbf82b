"""What unquoted text means in YAML 1.1 and in YAML 1.2, and where the two disagree. Nothing that they disagree about is guessed."""

from __future__ import annotations

import math
import re
from functools import reduce
from typing import Any

from core.schema.nodes import ListNode, MapNode, Node, Scalar, resolve

#: Characters of the longest number that is looked at as one, and of it that a message shows.
_LONGEST = 400
_SHOWN = 60
#: Text that begins with anything else, or a letter, is text in every version of YAML but for a few words.
_SUSPICIOUS = frozenset("-+.0123456789~=<")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
#: Truth values of YAML 1.1.
_TRUTH_1_1 = frozenset(form for word in ("yes", "no", "true", "false", "on", "off") for form in (word, word.title(), word.upper()))
_FLOAT_1_1 = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_INT_1_1 = re.compile(r"[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+")
_DATE_1_1 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?"
)
#: Numbers of YAML 1.2 that YAML 1.1 takes for text.
_NUMBER_1_2 = re.compile(r"[-+]?(?:[0-9]+|0o[0-7]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")


def is_text(plain: str) -> bool:
    """Return whether an unquoted scalar is text to every reader of YAML."""
    first = plain[:1]
    if first not in _SUSPICIOUS:
        return plain not in _NULLS and plain not in _TRUTH_1_1
    return tag_of(plain) == "str" and _NUMBER_1_2.fullmatch(plain) is None


def tag_of(plain: str) -> str:
    """Return what YAML 1.1 takes an unquoted scalar for: str, int, float, bool, null, timestamp or special."""
    if plain in _NULLS or plain in _TRUTH_1_1:
        return "null" if plain in _NULLS else "bool"
    if plain in {"<<", "="}:
        return "special"
    patterns = (("float", _FLOAT_1_1), ("int", _INT_1_1), ("timestamp", _DATE_1_1))
    return next((tag for tag, pattern in patterns if pattern.fullmatch(plain)), "str")


def is_null_node(node: Node) -> bool:
    """Return whether a node means no value."""
    solid = resolve(node)
    return isinstance(solid, Scalar) and not solid.quote and solid.text in _NULLS


def as_boolean(plain: str) -> bool | None:
    """Return the truth value if every reader of YAML takes the text for one, else None."""
    return _WORDS.get(plain)


def as_integer(plain: str) -> int | None:
    """Return the whole number if every reader of YAML takes the text for it (``010``, ``1_000`` and ``1:30`` are not), else None."""
    return int(plain) if _INTEGER.fullmatch(plain) else None


def as_number(plain: str) -> int | float | None:
    """Return the decimal number that the text can only mean, else None; may be infinite."""
    if _INTEGER.fullmatch(plain):
        return int(plain)
    return float(plain) if len(plain) <= _LONGEST and _NUMBER.fullmatch(plain) else None


def is_ambiguous(plain: str) -> bool:
    """Return whether an unquoted scalar is a number or truth value to some readers of YAML and something else to others."""
    if is_text(plain) or plain in _NULLS or as_boolean(plain) is not None:
        return False
    number = as_number(plain)
    return not math.isfinite(number) if number is not None else tag_of(plain) in {"str", "int", "float", "bool"}


def plain_value(node: Node) -> Any:
    """Return what a node means, as JSON values; what readers of YAML disagree about stays text."""
    solid = resolve(node)
    if isinstance(solid, MapNode):
        return {key: plain_value(value) for key, (_, value) in solid.pairs.items()}
    if isinstance(solid, ListNode):
        return [plain_value(item) for item in solid.items]
    return solid.text if solid.quote else _plain_scalar(solid.text)


def _plain_scalar(text: str) -> Any:
    if text in _NULLS:
        return None
    for read in (as_boolean, as_integer):
        value = read(text)
        if value is not None:
            return value
    number = None if text.lstrip("+-").isdigit() else as_number(text)
    return number if number is not None and math.isfinite(number) else text


def reading(plain: str) -> str:
    """Return how YAML reads an unquoted scalar that is not text, to follow "but": ``YAML 1.1 reads on as true``."""
    if len(plain) > _SHOWN:
        return f"YAML reads {plain[:20]}… as a number"
    tag = tag_of(plain)
    if tag in {"int", "float", "bool"} and as_number(plain) is None and as_boolean(plain) is None:
        return f"YAML 1.1 reads {plain} as {_value_in_yaml_1_1(plain)}"
    return f"{plain} {_MEANINGS[tag]}" if tag in _MEANINGS else f"YAML {'1.2 ' if tag == 'str' else ''}reads {plain} as {_READ_AS[tag]}"


_MEANINGS = {
    "int": "is a number",
    "float": "is a number",
    "bool": "is a truth value",
    "null": "means no value at all",
    "special": "has a meaning of its own in YAML",
}
_READ_AS = {"str": "a number", "timestamp": "a date"}


_ZERO: float = 0


def _decimal(digits: str) -> float:
    return float(digits) if "." in digits else int(digits)


def _value_in_yaml_1_1(plain: str) -> str:
    """Return the number or truth value of YAML 1.1 that is spelled in a way of its own: ``yes``, ``0x1F``, ``010``, ``1:30``, ``.inf``."""
    word = plain.lower().replace("_", "")
    if word in {"yes", "no", "on", "off"}:
        return str(word in {"yes", "on"}).lower()
    sign, digits = ("-" if word[0] == "-" else ""), word.lstrip("+-")
    if digits in {".inf", ".nan"}:
        return sign + digits[1:]
    if ":" in digits or "." in digits:
        return f"{sign}{reduce(lambda total, part: 60 * total + _decimal(part), digits.split(':'), _ZERO)}"
    base = {"0b": 2, "0x": 16}.get(digits[:2], 8 if digits[0] == "0" else 10)
    return f"{sign}{int((digits[2:] if base in {2, 16} else digits) or '0', base)}"
