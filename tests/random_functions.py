"""Random functions with everything that makes a part of a function hard to move, and what they do when they are called.

They end: loops go over short lists and count their steps, and values stay small. Names are few, so that they meet often.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
from collections.abc import Callable
from random import Random

_NAMES = ("a", "b", "c", "d")
_ERRORS = ("ValueError", "KeyError", "(ValueError, TypeError)", "UnboundLocalError", "StopIteration")
_FUEL = 400
#: Writes a block one level deeper.
_Block = Callable[..., list[str]]

_PRELUDE = """
class Out(Exception):
    pass

steps = 0
seen = []

def tick(*values):
    global steps
    steps += 1
    if steps > FUEL:
        raise Out
    seen.append(tuple(value if isinstance(value, (int, str, bool, type(None))) else type(value).__name__ for value in values))
    return steps % 3

def fail(value):
    tick("fail", value)
    if value in (1, 4):
        raise ValueError(value)
    if value == 2:
        raise KeyError(value)
    return value

class Swallow:
    def __enter__(self):
        return tick("enter")
    def __exit__(self, kind, *rest):
        tick("exit", kind is None)
        return kind is not None and issubclass(kind, (ValueError, UnboundLocalError))

class Pass:
    def __enter__(self):
        return tick("enter")
    def __exit__(self, *rest):
        tick("exit")

async def later(value):
    tick("later", value)
    return value

keep = []
g = 5
""".replace("FUEL", str(_FUEL))


class _Writer:
    """Writes one module."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._inner_functions = 0

    def module(self) -> str:
        random = self._random
        kind = random.choice(["function", "function", "function", "method", "closure", "generator", "async"])
        head, indent = {"method": ("class K:\n", 1), "closure": ("def outer(a, d):\n    c = 1\n", 1)}.get(kind, ("", 0))
        self._yields, self._waits = kind == "generator", kind == "async"
        self._declared = random.choice(["", "", "", "", "global g\n", "nonlocal c\n" if kind == "closure" else ""])
        pad = "    " * indent
        definition = "async def" if self._waits else "def"
        takes = "self, a, b" if kind == "method" else random.choice(["a, b", "a, b", "a, *b", "a, b=2, **d"])
        lines = [f"{pad}{definition} f({takes}):"]
        if self._declared:
            lines.append(f"{pad}    {self._declared.rstrip()}")
        if random.random() < 0.7:
            lines.append(f"{pad}    c = {'' if kind == 'closure' else 'd = '}tick(a)")
        lines += self._block(indent + 1, 3, False, random.randint(3, 7))
        lines.append(f"{pad}    return {self._value()}" if random.random() < 0.6 else f"{pad}    tick('end')")
        if kind == "generator":
            lines.insert(1, f"{pad}    yield 0")
        source = head + "\n".join(lines) + "\n"
        if kind == "closure":
            source += "    return f\n"
        return _PRELUDE + source + f"KIND = {kind!r}\n"

    def _name(self) -> str:
        return self._random.choice(_NAMES) if not (self._declared.startswith("global") and self._random.random() < 0.2) else "g"

    def _value(self, depth: int = 2) -> str:
        random, name = self._random, self._name()
        options = [name, name, name, str(random.randint(0, 5))]
        if depth:
            inner = self._value(depth - 1)
            other = self._value(depth - 1)
            options += [
                f"tick({inner}, {other})",
                f"fail({inner})",
                f"({inner} or {other})",
                f"({inner} and {other})",
                f"({name} := {inner})",
                f"({inner} if {other} else {name})",
                f"len([{name} for {name} in ({inner}, {other})])",
                f"{inner} == {other}",
                f"sum({name} for {name} in (1, 2))",
                f"len([({name} := x) for x in (1, 2)])",
                f"any(x == {name} for x in (1, {inner}))",
                f"({inner} and {other} and {name} and {self._name()} or {self._value(0)})",
                f"len(f'{{{inner}}}')",
                f"keep.append(lambda: {name})",
                f"keep.append(({name} for x in (1, 2)))",
                f"[y() for y in [lambda: {name}]][0]",
            ]
            if self._waits:
                options += [f"await later({inner})", f"len([await later(x) for x in ({inner}, 1)])"]
        return random.choice(options)

    def _block(self, indent: int, depth: int, loop: bool, count: int | None = None) -> list[str]:
        lines: list[str] = []
        for _ in range(count or self._random.randint(1, 3)):
            lines += self._statement(indent, depth, loop)
        return lines

    def _statement(self, indent: int, depth: int, loop: bool) -> list[str]:
        random, pad, name = self._random, "    " * indent, self._name()
        simple = [
            lambda: [f"{pad}{name} = {self._value()}"],
            lambda: [f"{pad}{name} = {self._value()}"],
            lambda: [f"{pad}{name} = {self._value()}"],
            lambda: [f"{pad}{name} += tick({self._value(1)})"],
            lambda: [f"{pad}tick({self._value()}, {self._value()})"],
            lambda: [f"{pad}tick({self._value()}, {self._value()})"],
            lambda: [f"{pad}{name}, {self._name()} = {self._value()}, {self._value()}"],
            lambda: [f"{pad}del {name}"] if name != "g" else [f"{pad}pass"],
            lambda: [f"{pad}return {self._value()}"],
            lambda: (
                [f"{pad}raise {random.choice(['ValueError', 'KeyError'])}({self._value(1)})"] if random.random() < 0.5 else [f"{pad}pass"]
            ),
            lambda: [f"{pad}{random.choice(['break', 'continue'])}"] if loop else [f"{pad}pass"],
            lambda: [f"{pad}yield {self._value()}"] if self._yields else [f"{pad}import os as {name}"],
            lambda: [f"{pad}assert {self._value()}, {self._value(1)}"],
            lambda: [f"{pad}if a == {number}:\n{pad}    {name} = {number + 1}" for number in range(4)],
        ]
        if not depth or random.random() < 0.35:
            return random.choice(simple)()
        return random.choice(self._compound(indent, depth, loop))()

    def _compound(self, indent: int, depth: int, loop: bool) -> list[Callable[[], list[str]]]:
        pad = "    " * indent

        def block(in_loop: bool = loop, deeper: int = 1) -> list[str]:
            return self._block(indent + deeper, depth - 1, in_loop)

        forms = [self._branch, self._branch, self._branch, self._attempt, self._attempt, self._for, self._for, self._while, self._with]
        return [lambda form=form: form(pad, block) for form in (*forms, self._inner, self._match)]  # type: ignore[misc]

    def _branch(self, pad: str, block: _Block) -> list[str]:
        lines = [f"{pad}if {self._value()}:", *block()]
        if self._random.random() < 0.3:
            lines += [f"{pad}elif {self._value()}:", *block()]
        return [*lines, f"{pad}else:", *block()] if self._random.random() < 0.4 else lines

    def _attempt(self, pad: str, block: _Block) -> list[str]:
        random = self._random
        lines = [f"{pad}try:", *block()]
        handlers = random.randint(0, 2)
        for _ in range(handlers):
            name = random.choice(_NAMES)
            named = f" as {name}" if random.random() < 0.5 else ""
            lines += [f"{pad}except {random.choice(_ERRORS)}{named}:", *block()]
            if random.random() < 0.2:
                lines.append(f"{pad}    raise")
        if handlers and random.random() < 0.3:
            lines += [f"{pad}else:", *block()]
        if not handlers or random.random() < 0.3:
            # A jump out of it would swallow the end of the steps.
            lines += [f"{pad}finally:", *block(False)]
        return lines

    def _for(self, pad: str, block: _Block) -> list[str]:
        lines = [f"{pad}for {self._name()} in ({self._value(1)}, {self._value(1)}):", *block(True)]
        return [*lines, f"{pad}else:", *block()] if self._random.random() < 0.2 else lines

    def _while(self, pad: str, block: _Block) -> list[str]:
        return [f"{pad}while tick({self._value()}):", f"{pad}    tick('again')", *block(True)]

    def _with(self, pad: str, block: _Block) -> list[str]:
        named = f" as {self._name()}" if self._random.random() < 0.5 else ""
        return [f"{pad}with {self._random.choice(['Swallow()', 'Pass()', 'open(__file__)'])}{named}:", *block()]

    def _inner(self, pad: str, _: _Block) -> list[str]:
        self._inner_functions += 1
        called, other = f"h{self._inner_functions}", self._random.choice("ab")
        body = [f"{pad}    nonlocal {other}", f"{pad}    {other} = {self._name()}"] if self._random.random() < 0.3 else []
        lines = [f"{pad}def {called}(x=1):", *body, f"{pad}    return tick({self._name()}, x)"]
        return [*lines, f"{pad}{self._random.choice([f'{called}()', f'keep.append({called})', 'pass'])}"]

    def _match(self, pad: str, block: _Block) -> list[str]:
        last = self._random.choice(["_", self._name()])
        return [
            f"{pad}match {self._value()}:",
            *(f"{pad}    case int({self._name()}) if {self._value(1)}:", *block(deeper=2)),
            *(f"{pad}    case [{self._name()}, *_]:", *block(deeper=2)),
            *(f"{pad}    case {last}:", *block(deeper=2)),
        ]


def random_module(random: Random) -> str:
    """Return the source of a module with a function ``f`` that Python compiles."""
    while True:
        source = _Writer(random).module()
        try:
            compile(source, "random", "exec", dont_inherit=True)
        except SyntaxError:
            continue
        return source


def behaviour(source: str) -> list[object]:
    """Return what calls of the module's function do: results, errors, calls of others in order, and what the functions left behind see."""
    found: list[object] = []
    code = compile(source, "random", "exec", dont_inherit=True)
    for one, two in ((0, 0), (1, 0), (2, 3), (0, 1), ("x", 4), (3, 2)):
        space: dict[str, object] = {"__name__": "random", "__file__": __file__}
        exec(code, space)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            found.append((_outcome(lambda space=space, one=one, two=two: _call(space, one, two)), _plain(space["g"])))
            found.append([_outcome(lambda kept=kept: list(kept) if inspect.isgenerator(kept) else kept()) for kept in space["keep"][:20]])  # type: ignore[index]
        found.append(list(space["seen"]))  # type: ignore[call-overload]
    return found


def _call(space: dict, one: object, two: object) -> object:  # type: ignore[type-arg]
    match space["KIND"]:
        case "method":
            return space["K"]().f(one, two)
        case "closure":
            return space["outer"](two, one)(one, two)
        case "generator":
            return list(space["f"](one, two))
        case "async":
            return asyncio.run(space["f"](one, two))
    return space["f"](one, two)


def _outcome(call: Callable[[], object]) -> object:
    try:
        return _plain(call())
    except Exception as error:  # noqa: BLE001 what is raised is the result
        return type(error).__name__, _plain(error.args), type(error.__context__).__name__, type(error.__cause__).__name__


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (int, str, bool, type(None), dict)) else type(value).__name__
