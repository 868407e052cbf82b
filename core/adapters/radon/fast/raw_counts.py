"""Raw counts, equal to ``radon.raw.analyze`` and linear where that is quadratic.

Radon strips every line and then, for each statement, tokenises one line, then two, then three … until the tokeniser
is content. Each statement is counted by itself, so counts add up: statements of a known shape are counted here by
pattern, and any other is handed to radon's own function, alone.

The patterns are over stripped lines and deliberately narrow: each stands for a piece that the tokeniser is known to accept.

They are linear on any text: single characters are repeated possessively, and the alternatives of every group begin differently, so a
group that has to give iterations back finds no second way through them. Groups themselves are not possessive: before 3.11.5
Python forgot to advance behind a possessive group that can backtrack inside (CPython issue 106052). Their number of
iterations is bounded, since Python remembers each of them.
"""

from __future__ import annotations

import re
import sys
import tokenize
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from core.adapters.radon.fast.by_radon import raw_counts_by_radon
from core.domain.quality.metric import RawCounts

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


#: How often the tokeniser may be wrong about an end; only text that is no Python needs more than two.
_TRIES = 20
#: Groups of ``LinePatterns.lines``.
_COMMENTS, _STRING, _COMMENTED, _COLON = 1, 2, 3, 4


def raw_counts(source: str) -> RawCounts:
    """Count a file's lines. ``source`` has ``\\n`` for every line end, as files opened as text have.

    Raises SyntaxError where radon does: a statement that does not end, or something that is no token.
    """
    lines = list(map(str.strip, source.splitlines()))
    tally = _Tally(lines=len(lines), blank=lines.count(""))
    lines.append("")
    text = "\n".join(lines)
    patterns = line_patterns()
    position = 0
    while position < len(text):
        before, match = position, patterns.lines.match(text, position)
        assert match is not None
        position = match.end()
        kind = match.lastindex
        if kind == _COMMENTS:
            tally.add_comments(text.count("\n", match.start(1), position))
        elif kind == _STRING:
            tally.add_string(text[match.start(2) : position])
        elif kind == _COMMENTED:
            tally.comments += 1
        elif kind == _COLON:
            tally.colons += 1
        elif position < len(text):
            position = _add_statement(tally, text, position, patterns)
        assert position > before, "a pattern matched and did not advance"
    return tally.counts()


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What is known of the whole file from the start, and what the statements that were looked at add."""

    lines: int
    blank: int
    comments: int = 0
    comment_lines: int = 0
    #: Strings of one line that are a statement.
    strings: int = 0
    #: Lines of strings over several lines that are a statement; blank ones do not count.
    multi: int = 0
    #: Lines that go on with the statement of the line before; blank ones do not count.
    continued: int = 0
    #: Statements with a colon that is not their last token: two logical lines each.
    colons: int = 0
    #: Radon's own counts of statements whose lines are not in ``lines`` and ``blank`` any more.
    by_radon: list[RawCounts] = field(default_factory=list)

    def add_comments(self, lines: int) -> None:
        self.comments += lines
        self.comment_lines += lines

    def add_string(self, text: str) -> None:
        filled = _filled(text)
        if text.count("\n") == 1:
            self.strings += 1
        else:
            self.multi += filled
            self.continued += filled - 1

    def add_by_radon(self, text: str, counts: RawCounts) -> None:
        lines = text.count("\n")
        self.lines -= lines
        self.blank -= lines - _filled(text)
        self.by_radon.append(counts)

    def counts(self) -> RawCounts:
        single = self.comment_lines + self.strings
        filled = self.lines - self.blank
        ours = {
            "loc": self.lines,
            "lloc": filled - self.comment_lines - self.continued + self.colons,
            "sloc": filled - single - self.multi,
            "comments": self.comments,
            "multi": self.multi,
            "blank": self.blank,
            "single_comments": single,
        }
        return RawCounts(**{name: count + sum(getattr(theirs, name) for theirs in self.by_radon) for name, count in ours.items()})


def _filled(text: str) -> int:
    """Return how many lines are not blank."""
    return len(list(filter(None, text.split("\n"))))


def _add_statement(tally: _Tally, text: str, start: int, patterns: LinePatterns) -> int:
    """Count the statement that starts here, whatever its shape; return where the next one starts."""
    position, depth, comments, code_end = start, 0, 0, 0
    while True:
        mark, position = _next_mark(text, position, patterns.inside if depth else patterns.outside)
        if mark in ("", ";"):
            end, counts = _by_radon(text, start)
            tally.add_by_radon(text[start:end], counts)
            return end
        if mark == "\n":
            break
        if mark[0] == "#":
            comments += 1
            code_end = code_end or (0 if depth else position - len(mark))
        else:
            depth += 1 if mark in "([{" else -1
    tally.comments += comments
    tally.continued += _filled(text[start:position]) - 1
    tally.colons += _has_colon(text[start : code_end or position], patterns)
    return position


def _next_mark(text: str, position: int, pattern: re.Pattern[str]) -> tuple[str, int]:
    """Return the next mark that ``pattern`` stops at and where it ends; no mark where nothing is matched."""
    while True:
        match = pattern.match(text, position)
        assert match is not None
        if match[1] or match.end() == position:
            return match[1] or "", match.end()
        position = match.end()


def _has_colon(statement: str, patterns: LinePatterns) -> bool:
    """Return whether a colon stands before the statement's end."""
    return not statement.rstrip().endswith(":") and ":" in statement and patterns.colon.match(statement) is not None


def _by_radon(text: str, start: int) -> tuple[int, RawCounts]:
    """Return where the statement ends that starts here, and radon's counts of it.

    Raises SyntaxError like radon, which finds out by adding line after line, when it does not end or when an error token
    stands in a complete line: no line behind it changes that.
    """
    lines = _Lines(text, start)
    # Behind a backslash there may be nothing: then the statement ends later than the tokeniser says, or is none.
    ends = {tokenize.NEWLINE, tokenize.NL} if text.startswith("\\", start) else {tokenize.NEWLINE}
    tries = _TRIES
    try:
        for token in tokenize.generate_tokens(lines.readline):
            if token.type == tokenize.ERRORTOKEN or not tries:
                break
            if token.type in ends:
                with suppress(SyntaxError):
                    return lines.position, raw_counts_by_radon(text[start : lines.position])
                ends.add(tokenize.NL)
                tries -= 1
    except (tokenize.TokenError, SyntaxError):
        pass
    raise SyntaxError(f"SyntaxError at line: {text.count(chr(10), 0, start) + 1}")


class _Lines:
    """Lines of a text from a place on; nothing behind the last one asked for is looked at."""

    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self.position = position

    def readline(self) -> str:
        start = self.position
        self.position = self._text.find("\n", start) + 1 or len(self._text)
        return self._text[start : self.position]
