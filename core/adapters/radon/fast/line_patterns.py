"""Patterns over stripped source lines, each of which stands for a piece that the tokeniser is known to accept.

They are deliberately narrow. What none of them matches is not guessed at: radon counts it (see raw_counts).

Linear on any text: single characters are repeated possessively, and the alternatives of every group begin differently, so a
group that has to give iterations back finds no second way through them. Groups themselves are not possessive: before 3.11.5
Python forgot to advance behind a possessive group that can backtrack inside (CPython issue 106052). Their number of
iterations is bounded, since Python remembers each of them.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache

#: Characters that mean nothing for counting: names, numbers, blanks and operators other than brackets, colons and ``;``.
_PLAIN = r"\w .,=+\-*/%@<>&|^~\t"
#: Bracket pairs inside one another that a pattern swallows whole; deeper ones are walked.
_DEPTH = 3
#: Iterations of a group in one match: what is left over is matched next, or counted by radon.
_ITERATIONS = 1000
#: From 3.12 the tokeniser takes f-strings apart, so a colon or a comment inside one counts.
_SPLITS_F_STRINGS = sys.version_info >= (3, 12)
_PREFIX = r"(?:[bB][rR]?|[rR][bB]?|[uU])?" if _SPLITS_F_STRINGS else r"(?:[bB][rR]?|[fF][rR]?|[rR][bBfF]?|[uU])?"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePatterns:
    """Compiled; made once, on first use."""

    #: Any number of one-line statements without a comment and with no colon but, perhaps, one at the end, then …
    #: group 1: lines that are only comments; 2: a statement that is only a string; 3: a one-line statement with a
    #: comment; 4: a one-line statement with a colon before its end; none of them: something else, or the end.
    lines: re.Pattern[str]
    #: Up to the next place that matters: outside brackets, and inside them, where line breaks do not.
    outside: re.Pattern[str]
    inside: re.Pattern[str]
    #: Up to and with the first colon token.
    colon: re.Pattern[str]


def _string(escape: str, *, triple: bool) -> str:
    quotes = []
    for quote in "'\"":
        single = rf"{quote}(?!{quote}{quote})[^{quote}\\\n]*+(?:\\{escape}[^{quote}\\\n]*+)*{quote}"
        three = rf"{quote * 3}[^{quote}\\]*+(?:(?:\\[\s\S]|{quote}(?!{quote}{quote}))[^{quote}\\]*+)*{quote * 3}"
        quotes += [three, single] if triple else [single]
    plain = f"(?:{'|'.join(quotes)})"
    if not _SPLITS_F_STRINGS:
        return plain
    return rf"(?:(?<![fFtT])(?<![fFtT][rR]){plain}|(?<=[fF]){_easy_f_string()})"


def _easy_f_string() -> str:
    """One line, and in its braces nothing but names, attributes and conversions."""
    field = r"\{[\w.]++(?:![rsa])?\}"
    return "(?:" + "|".join(rf"{q}(?!{q}{q})(?:[^{q}\\\n{{}}]++|\{{\{{|\}}\}}|{field})*{q}" for q in "'\"") + ")"


def _items(plain: str, string: str, depth: int, *more: str) -> str:
    """Anything made of plain characters, strings and brackets that close again."""
    pieces = [string, *more, "!=", ":="]
    if depth:
        pieces.insert(0, rf"[(\[{{]{_items(plain, string, depth - 1, *more)}[)\]}}]")
    return f"[{plain}]*+(?:(?:{'|'.join(pieces)})[{plain}]*+){{0,{_ITERATIONS}}}"


@cache
def line_patterns() -> LinePatterns:
    one_line, anywhere = _string(".", triple=False), _string(r"[\s\S]", triple=True)
    # A continuation before a blank line or a comment ends the statement or not, depending on what stands before it.
    continued = r"(?<=[^\n])\\\n(?=[^\s#\\])"
    flat = _items(_PLAIN, one_line, _DEPTH)
    colons = _items(_PLAIN + ":", one_line, _DEPTH)
    statement = r"(?!['\"])(?![bBfFrRuU]{1,2}['\"])"
    simple = rf"{statement}(?:{flat}:?+\n|{colons}(?<=:)\n)"
    return LinePatterns(
        lines=re.compile(
            rf"(?:{simple}){{0,{_ITERATIONS}}}(?:((?:#[^\n]*+\n)+)|({_PREFIX}{anywhere}\n)"
            rf"|(?!{simple}){statement}(?:{flat}:?+[ \t]*+(#)[^\n]*+\n|{colons}(\n))|)"
        ),
        outside=re.compile(rf"{_items(_PLAIN + ':', anywhere, 0, continued)}([(\[{{]|#[^\n]*+|[\n;])?"),
        inside=re.compile(rf"{_items(_PLAIN + ':' + chr(92) + 'n', anywhere, 1, continued)}([(\[{{)\]}}]|#[^\n]*+|;)?"),
        colon=re.compile(rf"(?:{anywhere}|#[^\n]*+|:=|[^'\"#:])*:(?!=)"),
    )
