"""audit-baseline.json: accepted findings that are none, too many, or nowhere."""

from __future__ import annotations

import json

from tests.security.repository import HOSTILE_LINES, HOSTILE_TEXT, Repository
from tests.security.trick import Tricks

BASELINE = Tricks()
_NAME = "audit-baseline.json"


def _baseline(*entries: str) -> str:
    return '{"version": 1, "findings": [' + ",".join(entries) + "]}"


@BASELINE.add
def baseline_has_a_great_many_bad_entries(repository: Repository) -> None:
    repository.write(_NAME, _baseline(*['{"path": 1, "block": 2, "metric": "x", "score": "y", "z": 0}'] * 300_000))
    repository.commit()


@BASELINE.add
def baseline_has_a_great_many_good_entries(repository: Repository) -> None:
    good = (f'{{"path": "p{n}.py", "block": "f", "metric": "complexity", "score": 12, "shape": "b3ac5dba5c88"}}' for n in range(150_000))
    repository.write(_NAME, _baseline(*good))


@BASELINE.add
def baseline_is_deep(repository: Repository) -> None:
    repository.write(_NAME, "[" * 500_000)
    repository.commit()


@BASELINE.add
def baseline_is_deep_in_an_entry(repository: Repository) -> None:
    repository.write(_NAME, _baseline('{"path": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}"))


@BASELINE.add
def baseline_has_hostile_numbers(repository: Repository) -> None:
    entry = '{"path": "package/b.py", "block": "many", "metric": "complexity", "score": %s}'
    repository.write(_NAME, _baseline(*(entry % score for score in ("9" * 4000, "1e999", "-1e999", "NaN", "Infinity", "1" + "0" * 400))))
    repository.commit()


@BASELINE.add
def baseline_has_a_number_of_many_digits(repository: Repository) -> None:
    repository.write(_NAME, '{"version": ' + "9" * 3_000_000 + ', "findings": []}')


@BASELINE.add
def baseline_leads_outside(repository: Repository) -> None:
    repository.link(_NAME, repository.outside / "victim")
    repository.commit()


@BASELINE.add
def baseline_leads_to_a_device(repository: Repository) -> None:
    repository.link(_NAME, "/dev/zero")
    repository.commit()


@BASELINE.add
def baseline_is_a_pipe(repository: Repository) -> None:
    repository.pipe(_NAME)


@BASELINE.add
def baseline_is_a_directory(repository: Repository) -> None:
    repository.directory(_NAME)


@BASELINE.add
def baseline_is_too_large(repository: Repository) -> None:
    repository.sparse(_NAME, 10 << 30)


@BASELINE.add
def baseline_is_no_utf_8_and_has_twice_the_same_key(repository: Repository) -> None:
    repository.write(_NAME, b'\xef\xbb\xbf{"version": 1, "version": 1, "findings": [{"path": "\xff\\ud800", "path": "a.py"}], "\x00": 1}')


@BASELINE.add
def baseline_says_hostile_things(repository: Repository) -> None:
    entries = [
        {"path": text, "block": text, "metric": "complexity", "score": 99, "shape": text, text: text}
        for text in (HOSTILE_TEXT, HOSTILE_LINES)
    ]
    repository.write(_NAME, _baseline(*map(json.dumps, entries)))
    repository.commit()


@BASELINE.add
def baseline_accepts_hostile_findings(repository: Repository) -> None:
    entries = [
        {"path": text, "block": text, "metric": "complexity", "score": 99} for text in (HOSTILE_TEXT, HOSTILE_LINES, "../../etc/passwd")
    ]
    repository.write(_NAME, _baseline(*map(json.dumps, entries)))
    repository.commit()
