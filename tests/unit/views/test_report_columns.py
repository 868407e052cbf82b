"""Text in columns."""

import re

from hypothesis import given
from hypothesis import strategies as st

from core.reports.text.columns import Cell, Column, cells, fit, fit_end, one_line, pad, table, wrap
from core.reports.text.style import Style

TEXTS = st.text(alphabet=st.sampled_from("ab c全é́…🎉"), max_size=30)


@given(TEXTS, st.integers(0, 40))
def test_fitted_text_is_never_wider_and_is_whole_when_it_fits(text, width):
    assert cells(fit(text, width)) <= width
    if cells(text) <= width:
        assert fit(text, width) == text


@given(TEXTS, st.integers(0, 40))
def test_text_that_is_cut_at_its_start_keeps_its_end(text, width):
    cut = fit_end(text, width)
    assert cells(cut) <= width
    assert text.endswith(cut.removeprefix("…"))


@given(st.text(max_size=40))
def test_one_line_holds_no_control_characters_and_no_breaks(text):
    assert one_line(text).isprintable()
    assert "\n" not in one_line(text)


def test_one_line_shows_what_was_hidden():
    assert one_line("a\x1b[31mb\u202ec\n  d") == "a\\x1b[31mb\\u202ec d"


@given(TEXTS, st.integers(0, 40), st.booleans())
def test_padded_text_is_as_wide_as_asked(text, width, right):
    assert cells(pad(text, width, right=right)) == max(width, cells(text))


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), st.integers(30, 80))
def test_a_table_with_an_elastic_column_fills_the_width_at_most(pairs, width):
    columns = (Column(title="id", most=10), Column(title="words", elastic=True))
    rows = [[Cell(text=one_line(a)), Cell(text=one_line(b))] for a, b in pairs]
    for line in table(columns, rows, width=width, title=str).splitlines():
        assert cells(line) <= width


def test_columns_align_and_empty_ones_are_left_out():
    columns = (Column(title="n", right=True), Column(title="none"), Column(title="word"))
    rows = [[Cell(text="1"), Cell(text=""), Cell(text="全角")], [Cell(text="100"), Cell(text=""), Cell(text="x")]]
    assert table(columns, rows, width=None, title=str) == "  n  word\n  1  全角\n100  x\n"


def test_optional_columns_are_left_out_one_after_another_before_one_is_cut_to_little():
    columns = (Column(title="a", optional=True), Column(title="b", optional=True), Column(title="words", elastic=True))
    rows = [[Cell(text="aaaa"), Cell(text="bbbb"), Cell(text="word " * 6 + "end", keep_end=True)]]
    assert table(columns, rows, width=45, title=None) == "aaaa  bbbb  word word word word word word end\n"
    assert table(columns, rows, width=44, title=None) == "bbbb  word word word word word word end\n"
    wide = [[Cell(text="aaaa"), Cell(text="bbbb"), Cell(text="x" * 99)]]
    assert table(columns, wide, width=60, title=None) == f"aaaa  bbbb  {'x' * 47}…\n"
    assert table(columns, wide, width=59, title=None) == f"bbbb  {'x' * 52}…\n"
    assert table(columns, rows, width=33, title=None) == "word word word word word word end\n"
    assert table(columns, rows, width=20, title=None) == "… word word word end\n"


def test_of_two_elastic_columns_the_wider_one_is_cut_first():
    columns = (Column(title="a", elastic=True), Column(title="b", elastic=True))
    rows = [[Cell(text="a" * 14), Cell(text="b" * 40)]]
    assert table(columns, rows, width=40, title=None) == f"{'a' * 14}  {'b' * 23}…\n"
    assert table(columns, rows, width=28, title=None) == f"{'a' * 12}…  {'b' * 12}…\n"


def test_colour_surrounds_the_text_and_not_the_space_around_it():
    style = Style(colour=True)
    text = table(
        (Column(title="a"), Column(title="b")),
        [[Cell(text="x", paint=style.bad), Cell(text="y")], [Cell(text="long"), Cell(text="z")]],
        width=None,
        title=None,
    )
    assert text == "\x1b[31mx\x1b[0m     y\nlong  z\n"


@given(st.text(alphabet="ab ", max_size=60), st.integers(5, 30))
def test_wrapped_words_keep_their_order(text, width):
    words = one_line(text)
    assert " ".join(wrap(words, width, 2).split()) == words
    longest = max((len(word) for word in words.split()), default=0)
    assert all(len(line) <= max(width, longest + 2) for line in wrap(words, width, 2).split("\n"))


def test_styles_without_colour_change_nothing():
    plain = Style()
    assert [paint("x") for paint in (plain.good, plain.bad, plain.warn, plain.busy, plain.bold, plain.dim)] == ["x"] * 6
    assert re.fullmatch(r"\x1b\[32mx\x1b\[0m", Style(colour=True).good("x"))
