"""Simulated pull requests: what each changes in one repository, and which findings it is to be blamed for.

A repository is its files, a file is its parts in order: path → label → text. A change edits that; what it is to be blamed for follows from
how it was made, never from what the gate says: code that is neither new nor worse blames nobody, wherever it is by now.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import NamedTuple

Code = dict[str, dict[str, str]]


class PullRequest(NamedTuple):
    """One change."""

    kind: str
    what: str
    change: Callable[[Code], object]
    #: Failing findings, as ``path::block`` or, about a file, its path.
    blamed: tuple[str, ...] = ()


def function(name: str, word: str, complexity: int, *, parameters: str = "", first: int = 0) -> str:
    """Return a function of a cyclomatic complexity; another ``word`` gives other code on every line."""
    branches = "".join(
        f"    if {word}.limit_{number} > {number}:\n        total += {word}.rate_{number} * {number + 2}\n"
        for number in range(first, first + complexity - 1)
    )
    return f"def {name}({parameters or f'{word}, total=0'}):\n{branches}    return total\n"


def method(name: str, word: str, complexity: int, *, decorator: str = "", first: int = 0) -> str:
    text = function(name, word, complexity, parameters=f"self, {word}, total=0", first=first)
    return textwrap.indent(f"{decorator}\n{text}" if decorator else text, "    ")


def registered(type_: str, word: str, complexity: int, *, first: int = 0) -> str:
    return f"@show.register({type_})\n{function('_', word, complexity, first=first)}"


def poor(word: str, functions: int, statements: int = 12) -> dict[str, str]:
    """Return the parts of a file that is hard to maintain: many long functions without a decision."""
    return {
        f"{word}_{number}": f"def {word}_{number}(x, y):\n"
        + "".join(f"    {word}_v{each} = x * {each + number} + y / {each + 2} - {word}_w{each}\n" for each in range(statements))
        + "    return x\n"
        for number in range(functions)
    }


PYTHON_2 = "".join(f"print 'row {number}', {number}\n" for number in range(20))


def base() -> Code:
    """Return the repository that every pull request starts from; ``audit-baseline.json`` accepts all that is found in it."""
    return {
        "shop/orders.py": {
            "head": "import os\n\nRATES = {1: 2}\n",
            "settle": function("settle", "order", 20),
            "reserve": function("reserve", "place", 14),
            "fine": function("fine", "small", 3),
        },
        "shop/stock.py": {
            "class": "class Stock:\n    size = 0\n",
            "load": method("load", "crate", 13),
            "level": method("level", "gauge", 12, decorator="@property"),
            "level=": method("level", "wanted", 15, decorator="@level.setter"),
        },
        "shop/show.py": {
            "show": "from functools import singledispatch\n\n\n@singledispatch\ndef show(value, total=0):\n    return total\n",
            "int": registered("int", "whole", 14),
            "str": registered("str", "text", 12),
            "list": registered("list", "items", 3),
        },
        "shop/voucher.py": {"redeem": function("redeem", "voucher", 4)},
        "shop/twice.py": {"if": "import sys\n\nif sys.platform == 'win32':\n", "one": _indented("opened", "door", 13), "else": "else:\n"}
        | {"two": _indented("opened", "gate", 16)},
        "tables/rows.py": poor("row", 16),
        "tables/floor.py": poor("deep", 40, statements=25),
        "tables/old.py": {"text": PYTHON_2},
    }


def _indented(name: str, word: str, complexity: int) -> str:
    return textwrap.indent(function(name, word, complexity), "    ")


def _set(path: str, label: str, text: str) -> Callable[[Code], object]:
    return lambda code: code.setdefault(path, {}).update({label: text})


def _take(path: str, *labels: str) -> Callable[[Code], object]:
    return lambda code: [code[path].pop(label) for label in labels]


def _all(*changes: Callable[[Code], object]) -> Callable[[Code], object]:
    return lambda code: [change(code) for change in changes]


def _move_file(old: str, new: str) -> Callable[[Code], object]:
    return lambda code: code.update({new: code.pop(old)})


def _replace(path: str, label: str, old: str, new: str) -> Callable[[Code], object]:
    def change(code: Code) -> None:
        assert old in code[path][label]
        code[path][label] = code[path][label].replace(old, new)

    return change


def _order(path: str, *labels: str) -> Callable[[Code], object]:
    return lambda code: code.update({path: {label: code[path][label] for label in labels}})


def _above(path: str, label: str, text: str, after: str) -> Callable[[Code], object]:
    """Put a part behind the one labelled ``after``, above all others."""

    def change(code: Code) -> None:
        parts = list(code[path].items())
        position = list(code[path]).index(after) + 1
        code[path] = dict([*parts[:position], (label, text), *parts[position:]])

    return change


ORDERS, STOCK, SHOW, VOUCHER, TWICE, ROWS, FLOOR, OLD = base()
_SMALL_EDIT = _replace(ORDERS, "settle", "rate_3 * 5", "rate_3 * 6")

PULL_REQUESTS = (
    # Better, or as it was.
    PullRequest("better", "a block loses a branch", _set(ORDERS, "settle", function("settle", "order", 19))),
    PullRequest("better", "a block is fixed", _set(ORDERS, "settle", function("settle", "order", 6))),
    PullRequest("better", "a block is deleted", _take(ORDERS, "reserve")),
    PullRequest("better", "a poor file is halved", lambda code: code.update({ROWS: poor("row", 8)})),
    PullRequest("better", "a poor file is deleted", lambda code: code.pop(ROWS)),
    PullRequest("better", "a file at the floor shrinks", lambda code: code.update({FLOOR: poor("deep", 36, statements=25)})),
    PullRequest("better", "a file at the floor is edited", _replace(FLOOR, "deep_3", "x * 4", "x * 44")),
    PullRequest("better", "an unreadable file is mended", lambda code: code.update({OLD: {"text": "print('row')\n"}})),
    PullRequest("better", "a block is written anew at the same score", _set(ORDERS, "settle", function("settle", "other", 20))),
    PullRequest("better", "comments and blank lines come in", _replace(ORDERS, "settle", "    return", "\n    # The sum.\n    return")),
    PullRequest("better", "small blocks and files come in", _set("shop/new.py", "tiny", function("tiny", "thing", 5))),
    # Worse.
    PullRequest("worse", "a block gets a branch", _set(ORDERS, "settle", function("settle", "order", 21)), (f"{ORDERS}::settle",)),
    PullRequest("worse", "a small block grows", _set(ORDERS, "fine", function("fine", "small", 11)), (f"{ORDERS}::fine",)),
    PullRequest("worse", "a new block", _set(ORDERS, "more", function("more", "fresh", 12)), (f"{ORDERS}::more",)),
    PullRequest("worse", "a new block in a new file", _set("shop/new.py", "more", function("more", "fresh", 12)), ("shop/new.py::more",)),
    PullRequest("worse", "a new poor file", lambda code: code.update({"tables/bills.py": poor("bill", 16)}), ("tables/bills.py",)),
    PullRequest("worse", "a poor file grows", lambda code: code.update({ROWS: poor("row", 22)}), (ROWS,)),
    PullRequest("worse", "a file at the floor grows", lambda code: code[FLOOR].update(poor("more", 12, statements=25)), (FLOOR,)),
    PullRequest(
        "worse",
        "one file at the floor goes, another comes",
        _all(lambda code: code.pop(FLOOR), lambda code: code.update({"tables/bills.py": poor("bill", 44, statements=25)})),
        ("tables/bills.py",),
    ),
    PullRequest("worse", "a new unreadable file", _set("shop/broken.py", "text", "def f(:\n"), ("shop/broken.py",)),
    PullRequest("worse", "a file becomes unreadable", _set(VOUCHER, "more", "def f(:\n"), (VOUCHER,)),
    PullRequest(
        "worse",
        "one unreadable file goes, another comes",
        _all(lambda code: code.pop(OLD), _set("tables/other.py", "text", "exec 'code' in {}\n" * 20)),
        ("tables/other.py",),
    ),
    PullRequest(
        "worse",
        "one poor file goes, another with its score comes",
        _all(lambda code: code.pop(ROWS), lambda code: code.update({"tables/bills.py": poor("bill", 16)})),
        ("tables/bills.py",),
    ),
    PullRequest(
        "worse",
        "a block goes, another with its score comes",
        _all(_take(ORDERS, "reserve"), _set(VOUCHER, "more", function("more", "fresh", 14))),
        (f"{VOUCHER}::more",),
    ),
    PullRequest(
        "worse",
        "one block gets better, another one worse",
        _all(_set(ORDERS, "settle", function("settle", "order", 12)), _set(ORDERS, "reserve", function("reserve", "place", 15))),
        (f"{ORDERS}::reserve",),
    ),
    # Namesakes.
    PullRequest(
        "namesakes",
        "a registration comes in above the others",
        _above(SHOW, "dict", registered("dict", "pairs", 13), "show"),
        (f"{SHOW}::_ @show.register(dict)",),
    ),
    PullRequest("namesakes", "registrations change their order", _order(SHOW, "show", "list", "str", "int")),
    PullRequest(
        "namesakes", "the smaller one gets worse", _set(SHOW, "str", registered("str", "text", 13)), (f"{SHOW}::_ @show.register(str)",)
    ),
    PullRequest("namesakes", "a registration is deleted", _take(SHOW, "int")),
    PullRequest("namesakes", "a small one is over the threshold now", _set(SHOW, "list", registered("list", "items", 11)))._replace(
        blamed=(f"{SHOW}::_ @show.register(list)",)
    ),
    PullRequest(
        "namesakes",
        "a setter gets worse, its getter better",
        _all(
            _set(STOCK, "level", method("level", "gauge", 11, decorator="@property")),
            _set(STOCK, "level=", method("level", "wanted", 16, decorator="@level.setter")),
        ),
        (f"{STOCK}::Stock.level @level.setter",),
    ),
    PullRequest(
        "namesakes",
        "a deleter comes in",
        _set(STOCK, "level-", method("level", "rest", 12, decorator="@level.deleter")),
        (f"{STOCK}::Stock.level @level.deleter",),
    ),
    PullRequest("namesakes", "two definitions change their branches", _order(TWICE, "if", "two", "else", "one")),
    PullRequest("namesakes", "one of two definitions gets worse", _set(TWICE, "one", _indented("opened", "door", 14)))._replace(
        blamed=(f"{TWICE}::opened",)
    ),
    PullRequest(
        "namesakes", "one of two definitions is deleted", lambda code: code.update({TWICE: {"two": function("opened", "gate", 16)}})
    ),
    PullRequest("namesakes", "overloads come in above", _above(ORDERS, "stub", "@overload\ndef settle(order: int): ...\n", "head")),
    # Moved.
    PullRequest("moved", "a block, within its file", _order(ORDERS, "head", "reserve", "fine", "settle")),
    PullRequest("moved", "a block, into another file", lambda code: code[VOUCHER].update(settle=code[ORDERS].pop("settle"))),
    PullRequest(
        "moved", "a block, into a new file", lambda code: code.update({"shop/settling.py": {"settle": code[ORDERS].pop("settle")}})
    ),
    PullRequest(
        "moved",
        "a block, and it gets worse",
        _all(_take(ORDERS, "settle"), _set(VOUCHER, "settle", function("settle", "order", 22))),
        (f"{VOUCHER}::settle",),
    ),
    PullRequest(
        "moved",
        "a block, with a small edit",
        _all(_SMALL_EDIT, lambda code: code[VOUCHER].update(settle=code[ORDERS].pop("settle"))),
    ),
    PullRequest(
        "moved",
        "a block, into a class",
        _all(_take(ORDERS, "reserve"), _set(ORDERS, "class", "class Order:\n" + method("reserve", "place", 14))),
    ),
    PullRequest("moved", "a block, out of its class", _all(_take(STOCK, "load"), _set(STOCK, "free", function("load", "crate", 13)))),
    PullRequest("moved", "a file", _move_file(ORDERS, "shop/selling/orders.py")),
    PullRequest(
        "moved",
        "a file, with other imports and an edit",
        _all(
            _SMALL_EDIT, _replace(ORDERS, "head", "import os", "import sys\nfrom os import path"), _move_file(ORDERS, "selling/orders.py")
        ),
    ),
    PullRequest(
        "moved",
        "a file, and a block of it gets worse",
        _all(_set(ORDERS, "settle", function("settle", "order", 22)), _move_file(ORDERS, "selling/orders.py")),
        ("selling/orders.py::settle",),
    ),
    PullRequest("moved", "a poor file", _move_file(ROWS, "data/rows.py")),
    PullRequest(
        "moved",
        "a poor file, with an edit",
        _all(_replace(ROWS, "row_3", "x * 4", "x * 44"), _move_file(ROWS, "data/all_rows.py")),
    ),
    PullRequest("moved", "a file at the floor", _move_file(FLOOR, "data/floor.py")),
    PullRequest(
        "moved",
        "a file at the floor, and it grows",
        _all(lambda code: code[FLOOR].update(poor("more", 12, statements=25)), _move_file(FLOOR, "data/floor.py")),
        ("data/floor.py",),
    ),
    PullRequest("moved", "an unreadable file", _move_file(OLD, "data/old.py")),
    PullRequest(
        "moved",
        "blocks, between two files",
        lambda code: (
            code[VOUCHER].update(settle=code[ORDERS].pop("settle")),
            code[ORDERS].update(redeem=code[VOUCHER].pop("redeem")),
        ),
    ),
    PullRequest("copied", "a block, into another file", _set(VOUCHER, "settle", function("settle", "order", 20)), (f"{VOUCHER}::settle",)),
    PullRequest("copied", "a block, under another name", _set(ORDERS, "copy", function("copy", "order", 20)), (f"{ORDERS}::copy",)),
    PullRequest(
        "copied",
        "a block, and the original is edited",
        _all(_SMALL_EDIT, _set(VOUCHER, "settle", function("settle", "order", 20))),
        (f"{VOUCHER}::settle",),
    ),
    PullRequest("copied", "a poor file", lambda code: code.update({"data/rows.py": poor("row", 16)}), ("data/rows.py",)),
    PullRequest(
        "copied",
        "two go, and two of one come",
        _all(
            _take(ORDERS, "settle", "reserve"),
            _set(VOUCHER, "a", function("a", "order", 20)),
            _set(VOUCHER, "b", function("b", "order", 20)),
        ),
        (f"{VOUCHER}::b",),
    ),
    # Renamed.
    PullRequest("renamed", "a block", _replace(ORDERS, "settle", "def settle", "def pay")),
    PullRequest("renamed", "a block, with a small edit", _all(_SMALL_EDIT, _replace(ORDERS, "settle", "def settle", "def pay"))),
    PullRequest("renamed", "a block, and it gets worse", _set(ORDERS, "settle", function("pay", "order", 22)), (f"{ORDERS}::pay",)),
    PullRequest("renamed", "a class", _replace(STOCK, "class", "class Stock", "class Store")),
    PullRequest(
        "renamed",
        "two blocks exchange their names",
        _all(_set(ORDERS, "settle", function("reserve", "order", 20)), _set(ORDERS, "reserve", function("settle", "place", 14))),
    ),
    PullRequest(
        "renamed",
        "each of two takes the next one's name",
        _all(_replace(ORDERS, "reserve", "def reserve", "def hold"), _replace(ORDERS, "settle", "def settle", "def reserve")),
    ),
    PullRequest("renamed", "a file, by case", _move_file(ORDERS, "shop/Orders.py")),
    PullRequest("renamed", "a directory", lambda code: [_move_file(path, path.replace("shop/", "store/"))(code) for path in [*code]]),
    # Split.
    PullRequest(
        "split",
        "a block, into two small ones",
        _all(_set(ORDERS, "settle", function("settle", "order", 10)), _set(ORDERS, "rest", function("rest", "order", 10, first=9))),
    ),
    PullRequest(
        "split",
        "a block, and it stays over the threshold",
        _all(_set(ORDERS, "settle", function("settle", "order", 13)), _set(ORDERS, "rest", function("rest", "order", 8, first=12))),
    ),
    PullRequest(
        "split",
        "a block, into two over the threshold",
        _all(_set(ORDERS, "settle", function("settle", "order", 12)), _set(ORDERS, "rest", function("rest", "order", 12, first=11))),
        (f"{ORDERS}::rest",),
    ),
    PullRequest(
        "split",
        "a file, with its blocks",
        lambda code: code.update({"shop/settling.py": {"settle": code[ORDERS].pop("settle"), "fine": code[ORDERS].pop("fine")}}),
    ),
    PullRequest(
        "split",
        "a poor file, in four",
        lambda code: code.update(
            {
                f"tables/rows_{part}.py": {f"row_{n}": code[ROWS].pop(f"row_{n}") for n in range(4 * part, 4 * part + 4)}
                for part in (1, 2, 3)
            }
        ),
    ),
    # Merged.
    PullRequest("merged", "two files", lambda code: code[VOUCHER].update(code.pop(ORDERS))),
    PullRequest(
        "merged",
        "two blocks",
        _all(_take(ORDERS, "reserve"), _set(ORDERS, "settle", function("settle", "order", 26))),
        (f"{ORDERS}::settle",),
    ),
    PullRequest(
        "merged",
        "two files, and a block of them gets worse",
        _all(_set(ORDERS, "reserve", function("reserve", "place", 17)), lambda code: code[VOUCHER].update(code.pop(ORDERS))),
        (f"{VOUCHER}::reserve",),
    ),
)
