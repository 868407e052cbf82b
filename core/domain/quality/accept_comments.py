"""Comments that accept a finding where it stands: ``# orchestrator: accept complexity – reason``. Pure.

Finding the comments of a file depends on nothing but its bytes, so that it can be cached with its measure; what they mean depends on
the metrics that there are.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from core.domain.quality.metric import AcceptComment
from core.schema.wording import nearest

#: What to type.
FORM = "# orchestrator: accept METRIC – reason"
#: Characters of a comment that are kept.
_LONGEST = 500
#: A comment that is meant for us; prose that begins with our name is none.
_COMMENT = re.compile(r"#\s*orchestrator\s*:\s*(?P<verb>[a-z]+)\b(?P<rest>.*)", re.IGNORECASE)
_ANYWHERE = re.compile(rb"#[ \t]*orchestrator[ \t]*:", re.IGNORECASE)
_VERB = "accept"
#: Metrics, and the reason after a dash or a colon.
_REST = re.compile(r"\s*(?P<names>[\w-]*\w(?:\s*,\s*[\w-]*\w)*)?\s*(?P<dash>[–—:]|-+)?\s*(?P<reason>.*)")
#: Where another comment begins on the same line.
_NEXT_COMMENT = re.compile(r"\s#(?=\s*[a-z])", re.IGNORECASE)
#: Tokens that are no part of a logical line.
_LAYOUT = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What one comment says."""

    metrics: tuple[str, ...] = ()
    reason: str = ""
    #: What is wrong with it, and what to type; empty for a sound comment. One with a mistake accepts nothing.
    mistake: str = ""


def read_comment(comment: AcceptComment, metrics: Collection[str]) -> Acceptance:
    """Return what a comment accepts, of the ``metrics`` that can be accepted so, and why; or what is wrong with it."""
    found = _COMMENT.match(comment.text)
    if not found or found["verb"].lower() != _VERB:
        return Acceptance(mistake=f"unknown word '{found['verb'] if found else ''}': did you mean '{_VERB}'?")
    names, dash, reason = _parts(_NEXT_COMMENT.split(found["rest"], maxsplit=1)[0])
    mistake = _mistake(names, dash, reason, metrics)
    return Acceptance(mistake=mistake) if mistake else Acceptance(metrics=tuple(dict.fromkeys(names)), reason=reason)


def is_accepting(text: str) -> bool:
    """Return whether the text of one comment, from ``#`` on, is meant to accept a finding, however its blanks and letters are written."""
    found = _COMMENT.search(text)
    return found is not None and found["verb"].lower() == _VERB


def _parts(rest: str) -> tuple[list[str], str, str]:
    """Return metrics, dash and reason; each may be empty."""
    parts = _REST.match(rest)
    if not parts:
        return [""], "", ""
    names = [name.strip().lower() for name in (parts["names"] or "").split(",")]
    return names, parts["dash"] or "", " ".join(parts["reason"].split())


def _mistake(names: Sequence[str], dash: str, reason: str, metrics: Collection[str]) -> str:
    unknown = next((name for name in names if name not in metrics), None)
    if unknown is not None:
        return _unknown(unknown, metrics)
    form = f"# orchestrator: accept {', '.join(names)} – "
    if not any(letter.isalnum() for letter in reason):
        return f"the reason is missing: write {form}reason"
    return "" if dash else f"a dash is missing before the reason: write {form}{reason}"


def _unknown(name: str, metrics: Collection[str]) -> str:
    if not name:
        return f"the metric is missing: write {FORM}"
    near = nearest(name, metrics)
    return f"'{name}' is no metric that can be accepted: " + (f"did you mean '{near}'?" if near else f"it is one of {', '.join(metrics)}")


def find_comments(source: bytes) -> tuple[AcceptComment, ...]:
    """Return the comments for us in a file's bytes, in its order; of a file that Python cannot read to the end, those before that place."""
    if not _ANYWHERE.search(source):
        return ()
    walk = _Walk()
    try:
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            walk.add(token)
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # a file that cannot be read is a finding of its own
    return tuple(sorted(walk.end()))


@dataclass(slots=True)
class _Walk:
    """The tokens of a file so far."""

    found: list[AcceptComment] = field(default_factory=list)
    #: Comments whose statement has not begun: those directly above it, and those of its decorators.
    above: list[AcceptComment] = field(default_factory=list)
    decorating: list[AcceptComment] = field(default_factory=list)
    #: Comments of the present statement, its first line, 0 between statements, and whether it is a decorator.
    inside: list[AcceptComment] = field(default_factory=list)
    start: int = 0
    is_decorator: bool = False
    at_top: bool = True
    #: Line of the last comment that stands alone.
    alone: int = 0

    def add(self, token: tokenize.TokenInfo) -> None:
        if token.type == tokenize.COMMENT:
            self._add_comment(token)
        elif token.type == tokenize.NEWLINE:
            self._end_statement()
        elif token.type == tokenize.NL:
            if not self.start and self.alone != token.start[0]:
                self._leave(self.above)
        elif token.type not in _LAYOUT and not self.start:
            self.start, self.at_top, self.is_decorator = token.start[0], False, token.string == "@"
            self.inside = [*self.decorating, *self.above]
            self.decorating, self.above = [], []

    def end(self) -> list[AcceptComment]:
        """Return the comments found; those that are left stand at nothing."""
        for left in (self.above, self.decorating, self.inside):
            self._leave(left)
        return self.found

    def _add_comment(self, token: tokenize.TokenInfo) -> None:
        if not self.start:
            self.alone = token.start[0]
        for comment in _for_us(token):
            (self.inside if self.start else self.above).append(comment._replace(at_top=self.at_top))

    def _end_statement(self) -> None:
        if self.is_decorator:
            self.decorating = self.inside
        else:
            self.found += (comment._replace(target=self.start) for comment in self.inside)
        self.inside, self.start = [], 0

    def _leave(self, comments: list[AcceptComment]) -> None:
        self.found += comments
        comments.clear()


def _for_us(token: tokenize.TokenInfo) -> Iterator[AcceptComment]:
    """Yield what of a comment is for us; it may follow another on its line."""
    line, column = token.start
    found = _COMMENT.search(token.string)
    if found and (found["verb"].lower() == _VERB or nearest(found["verb"].lower(), [_VERB])):
        begin = found.start()
        text = token.string[begin : begin + _LONGEST]
        yield AcceptComment(line=line, column=column + begin + 1, target=0, at_top=False, text=text)
