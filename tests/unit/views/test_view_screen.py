"""Rows at the bottom of a terminal."""

from core.terminal.screen import Screen


def rows(*texts):
    return [(text, f"\x1b[1m{text}\x1b[0m") for text in texts]


def test_lines_above_stay_and_rows_below_are_replaced(screened, terminal):
    screen = Screen(screened)
    screen.draw("first\n", rows("running a", "state"))
    screen.draw("second\nthird\n", rows("running b"))
    assert terminal.shown() == ["first", "second", "third", "running b"]


def test_a_shorter_row_leaves_nothing_of_a_longer_one(screened, terminal):
    screen = Screen(screened)
    screen.draw("", rows("a very long row", "another long row"))
    screen.draw("x\n", rows("short"))
    assert terminal.shown() == ["x", "short"]


def test_rows_that_a_narrower_window_wrapped_are_replaced_too(screened, terminal):
    screen = Screen(screened)
    screen.draw("stays\n", rows("r" * 70, "s" * 30))
    terminal.narrow(25)
    screen.draw("", rows("new"))
    assert terminal.shown() == ["stays", "new"]


def test_clear_takes_the_rows_away_and_leaves_the_lines(screened, terminal):
    screen = Screen(screened)
    screen.draw("stays\n", rows("one", "two"))
    screen.clear()
    assert terminal.shown() == ["stays"]


def test_nothing_is_written_when_nothing_changed(screened, terminal):
    screen = Screen(screened)
    screen.draw("", rows("same"))
    before = len(terminal.written)
    screen.draw("", rows("same"))
    assert len(terminal.written) == before


def test_a_drawing_is_one_write(screened, terminal):
    Screen(screened).draw("a\nb\n", rows("c", "d"))
    assert len(terminal.written) == 1
