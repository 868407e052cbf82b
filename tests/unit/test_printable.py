"""Text that others chose gives no orders, to a terminal or to a CI service."""

from __future__ import annotations

import html
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.untrusted.printable import inert, inert_json, inert_markup, visible

NASTY = st.lists(
    st.sampled_from([*"ab:# \t\n\r%[]\x1b\x00\x7f\x85\x9b\u202e\u2066\u2028\ufeff\u200b", "::", "##[", "##vso[", "::error::", "\ud800"])
    | st.characters(),
    max_size=25,
).map("".join)


def begins_a_command(line):
    """What the services' own readers look for: GitHub trims the line, and finds its old mark anywhere; so does Azure."""
    return line.strip().strip("\ufeff\u200b").strip().startswith("::") or re.search(r"##(vso|teamcity)?\[", line, re.IGNORECASE)


@given(NASTY)
def test_no_line_of_inert_text_is_a_command(text):
    made = inert(visible(text))
    assert not [line for line in made.split("\n") if begins_a_command(line)]
    assert inert(made) == made


@given(NASTY)
def test_no_character_of_visible_text_is_obeyed(text):
    made = visible(text)
    left = {character for character in made if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")}
    assert left <= {"\n", "\t"}
    assert not set(made) & set("\u202a\u202e\u2066\u2069\u200f\u061c")
    assert made.count("\n") == text.count("\n")


def test_our_own_colours_stay_where_there_is_colour_and_no_other_sequence_does():
    assert visible("\x1b[31mred\x1b[0m", colour=True) == "\x1b[31mred\x1b[0m"
    assert visible("\x1b[31mred\x1b[0m") == "\\x1b[31mred\\x1b[0m"
    for order in ("\x1b[2J", "\x1b]0;title\x07", "\x1b[31;1m", "\x1b[8m", "\x1b[5n", "\x9b31m", "\x1bc"):
        assert "\x1b" not in visible(order, colour=True)


@pytest.mark.parametrize(
    "text", ["::error::x", "  ::error::x", "\t::set-env name=a::b", "\u00a0::x", "\ufeff::x", "##[error]x", "a ##[group]b", "##vso[task]"]
)
def test_commands_become_escapes_that_can_be_read(text):
    made = inert(text)
    assert not begins_a_command(made)
    assert made.encode().decode("unicode_escape").encode("latin-1").decode() == text


def test_harmless_text_is_unchanged():
    for text in ("a::b", "std::string x;", "# heading", "## [link]", "C:\\x", "", "é ✓ 漢", "\ta\n  b\n"):
        assert inert(visible(text)) == text


@given(st.recursive(NASTY | st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3)))
def test_inert_json_means_the_same(value):
    for ascii_only in (True, False):
        text = inert_json(json.dumps(value, ensure_ascii=ascii_only, indent=2))
        assert json.loads(text) == value
        assert not set(text) & set("\x1b\x7f\x85\x9b\u202e\u2028\ud800")
        assert not [line for line in text.split("\n") if begins_a_command(line)]


@given(NASTY)
def test_inert_markup_reads_back(text):
    made = inert_markup(html.escape(visible(text)))
    assert html.unescape(made) == visible(text)
    assert not [line for line in made.split("\n") if begins_a_command(line)]
