"""Secrets kept out of what is written down or shown. Pure.

A secret is the value of a variable that is named like one, or that the setting ``redact`` names; the part before the ``@`` of a URL;
and what a command line assigns to a name like that (``API_TOKEN=…``, ``--password …``). Each becomes ``***``, also where it stands
escaped, as in JSON or XML, where it was broken into lines, and where its end was cut off and an ellipsis stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.untrusted.globs import any_of

MASK = "***"
_WORDS = (
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API[_-]?KEY|ACCESS[_-]?KEY|PRIVATE[_-]?KEY|SIGNING[_-]?KEY|ENCRYPTION[_-]?KEY"
    r"|CREDENTIAL|AUTHORIZATION)"
)
#: What stands for itself in a URL.
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
#: What is a secret's name at the end of one only. Keys of tables, caches and sorted lists are none, nor is the shell's OLDPWD.
_SECRET_NAME = re.compile(
    rf"{_WORDS}|(?:^|[_-])(?:PAT|PASS|AUTH|JWT|COOKIE|DSN)$|[A-Z0-9][_-]PWD$"
    r"|(?<!PUBLIC)(?<!CACHE)(?<!PRIMARY)(?<!FOREIGN)(?<!SORT)(?<!GROUP)(?<=[A-Z0-9])[_-]KEY$",
    re.IGNORECASE,
)
#: Characters from which on a value is one that nobody meets by chance; of a variable that ``redact`` names fewer will do.
_SHORTEST = 6
_SHORTEST_NAMED = 4
#: A number that counts something, or a switch.
_NO_VALUE = re.compile(r"\d{1,7}|true|false|null|none", re.IGNORECASE)
#: What stands where text was cut, also as JSON writes it.
_CUT = re.compile(r"…|\\u2026")
#: Characters of a secret's beginning that tell nothing.
_TELLING = 4
#: Characters of a line of a secret that has several, a key for instance.
_SHORTEST_LINE = 16

#: What may stand between ``//`` and the host. The last ``@`` before a slash ends it.
_USER_INFO = re.compile(r"(?<=://)[^\s/\\'\"<>]{1,1000}@")
#: A name like a secret's with what it is set to, in a command line.
_ASSIGNED = re.compile(
    rf"""(?<![\w$.-])(?P<name>-{{0,2}}[A-Z0-9_-]{{0,40}}{_WORDS}[A-Z0-9_-]{{0,40}})(?P<gap>=|[ ])"""
    r"""(?P<value>"[^"\n]{4,}"|'[^'\n]{4,}'|[^\s"'`$&;|<>(){}\[\],]{4,})""",
    re.IGNORECASE,
)


#: How paths, variables, options and what is masked already begin.
_NO_SECRETS = ("/", "./", "../", "~", "$", "-", MASK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redactor:
    """What has to be masked."""

    values: frozenset[str] = frozenset()
    #: The values in every way they are written, the longest first.
    forms: tuple[str, ...] = ()
    #: All forms in one text, to rule out quickly that something is a part of any.
    joined: str = ""
    #: Finds any of the forms; None where there are none.
    pattern: re.Pattern[str] | None = None

    def __call__(self, text: str) -> str:
        """Return ``text`` with MASK in place of every secret."""
        if self.pattern is not None:
            text = self._without_beginnings(self.pattern.sub(MASK, text))
        if "://" in text:
            text = _USER_INFO.sub(_masked_user, text)
        return _ASSIGNED.sub(_masked_value, text) if "=" in text or "--" in text else text

    def knowing(self, values: Iterable[str]) -> Redactor:
        """Return one that masks ``values``, too."""
        every = self.values.union(values)
        if every == self.values:
            return self
        forms = tuple(sorted({form for value in every for form in _forms(value)}, key=len, reverse=True))
        # Between its words there may be a line end, with an indent after it; one repetition for each gap, or matching takes for ever.
        patterns = (r"\s+".join(map(re.escape, re.split(r"\s+", form))) for form in forms)
        return Redactor(values=every, forms=forms, joined="\0".join(forms), pattern=re.compile("|".join(patterns)))

    def _without_beginnings(self, text: str) -> str:
        """Mask what is left of a secret before an ellipsis: text that did not fit was cut before it came here."""
        parts, done = [], 0
        for cut in _CUT.finditer(text):
            if text[max(done, cut.start() - _TELLING) : cut.start()] not in self.joined:
                continue
            start = min((self._begins(form, text, done, cut.start()) for form in self.forms), default=cut.start())
            if start < cut.start():
                parts += [text[done:start], MASK]
                done = cut.start()
        return "".join([*parts, text[done:]])

    @staticmethod
    def _begins(form: str, text: str, since: int, end: int) -> int:
        """Return where, in ``text[since:end]``, the beginning of ``form`` starts that goes on to the end; ``end`` where there is none."""
        found = text.find(form[:_TELLING], max(since, end - len(form)), end)
        while found >= 0:
            if form.startswith(text[found:end]):
                return found
            found = text.find(form[:_TELLING], found + 1, end)
        return end


def is_secret(name: str) -> bool:
    """Return whether a variable's or an option's name is that of a secret."""
    return _SECRET_NAME.search(name) is not None


def secret_values(variables: Mapping[str, str], named: Sequence[str] = ()) -> frozenset[str]:
    """Return the values to be masked of variables with a secret's name, or one that a glob of ``named`` matches."""
    matches = any_of(named) if named else lambda _name: False
    found = set()
    for name, written in variables.items():
        value = written.strip()
        least = _SHORTEST_NAMED if matches(name) else _SHORTEST
        if len(value) >= least and (least == _SHORTEST_NAMED or is_secret(name)) and not _NO_VALUE.fullmatch(value):
            found.add(value)
    return frozenset(found)


def without_secrets(value: Any) -> Any:
    """Return a plain value with MASK for each text under a key, or behind an option, that is named like a secret."""
    if isinstance(value, Mapping):
        return {key: MASK if is_secret(key) and isinstance(item, str) and item else without_secrets(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        behind = zip((None, *value), value, strict=False)
        return [MASK if _is_option(option) and isinstance(item, str) else without_secrets(item) for option, item in behind]
    return value


def _is_option(word: Any) -> bool:
    return isinstance(word, str) and word.startswith("--") and "=" not in word and is_secret(word)


def _forms(value: str) -> set[str]:
    """Return a value as it stands in plain text, on one line, and escaped for JSON, Python, XML, a URL and a CI's command."""
    from json import dumps

    lines = {line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE}
    forms = {value, " ".join(value.split()), *lines}
    for form in tuple(forms):
        forms |= {dumps(form)[1:-1], dumps(form, ensure_ascii=False)[1:-1], repr(form)[1:-1]}
        xml = form.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        forms |= {xml, xml.replace('"', "&quot;").replace("'", "&#x27;"), _percent_encoded(form), form.replace("%", "%25")}
    return forms


def _percent_encoded(text: str) -> str:
    """Escape as ``urllib.parse.quote`` does, which may not be loadable any more when a failure is reported."""
    encoded = text.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in encoded)


def _masked_user(found: re.Match[str]) -> str:
    """Mask the part before the host: a name with a password, and over HTTP also a name alone, which is a token there."""
    scheme = found.string[max(0, found.start() - 8) : found.start()].lower()
    return f"{MASK}@" if ":" in found[0] or scheme.endswith(("http://", "https://")) else found[0]


def _masked_value(found: re.Match[str]) -> str:
    """Mask what a variable or an option is set to; what may as well be code or prose has to look like a secret."""
    name, gap, value = found["name"], found["gap"], found["value"]
    quote = value[0] if value[0] in "\"'" else ""
    bare = value.strip(quote) if quote else value
    if bare.startswith(_NO_SECRETS) or not (_is_assigned(name, gap) or _looks_like_one(name, gap, bare)):
        return found[0]
    return f"{name}{gap}{quote}{MASK}{quote}"


def _is_assigned(name: str, gap: str) -> bool:
    return gap == "=" and (name.startswith("-") or name.isupper())


def _looks_like_one(name: str, gap: str, bare: str) -> bool:
    return len(bare) >= _SHORTEST and any(map(str.isdigit, bare)) and (gap == "=" or name.startswith("--"))
