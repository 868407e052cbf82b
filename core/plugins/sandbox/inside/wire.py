"""JSON lines inside the sandbox. The standard json package would double the time that Python takes to start."""

from __future__ import annotations

from _json import encode_basestring_ascii, make_scanner


class _Scanning:
    """What the C scanner asks its caller for."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012 – the scanner wants a plain attribute


_WORDS = {None: "null", True: "true", False: "false"}
_INFINITY = float("inf")

_scan = make_scanner(_Scanning)  # type: ignore[arg-type]  # its stub has no signature


def decode(text: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 – anything that JSON holds; importing Any costs 2 ms
    """Return the value of a JSON text without space around it."""
    return _scan(text, 0)[0]


def encode(value: object, depth: int = 0) -> str:
    """Return the JSON text of ``value``. Raises TypeError for what JSON cannot hold, ValueError beyond 64 levels."""
    if depth > 64:
        raise ValueError("nested deeper than 64 levels")
    if isinstance(value, bool | None):
        return _WORDS[value]
    if isinstance(value, str):
        return str(encode_basestring_ascii(value))
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_key(key)}:{encode(item, depth + 1)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encode(item, depth + 1) for item in value) + "]"
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")


def _number(value: float) -> str:
    if isinstance(value, int):
        return int.__repr__(value)
    if not -_INFINITY < value < _INFINITY:
        raise ValueError("JSON has no infinity and no NaN")
    return float.__repr__(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key in JSON is text, not {type(key).__name__}")
    return str(encode_basestring_ascii(key))
