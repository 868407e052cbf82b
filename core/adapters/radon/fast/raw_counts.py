"""Raw counts, equal to ``radon.raw.analyze`` and linear where that is quadratic.

Radon strips every line and then, for each statement, tokenises one line, then two, then three … until the tokeniser
is content. Each statement is counted by itself, so counts add up: statements of a known shape are counted here by
pattern, and any other is handed to radon's own function, alone.
"""

from __future__ import annotations

import re
import tokenize
from contextlib import suppress
from dataclasses import dataclass, field

from core.adapters.radon.fast.by_radon import raw_counts_by_radon
from core.adapters.radon.fast.line_patterns import LinePatterns, line_patterns
from core.domain.quality.metric import RawCounts

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


__all__ = ["raw_counts"]
