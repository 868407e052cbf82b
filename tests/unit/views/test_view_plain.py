"""The plain view and what CI services get on top of it."""

import re

import pytest

from core.terminal.plain_view import GithubDialect, GitlabDialect, PlainView


@pytest.fixture
def plain(piped, clock):
    return PlainView(piped, piped, tail=lambda _path: ("last words",), now=clock)


def test_lines_are_only_added_and_hold_no_escapes(plain, facts, piped, text_of):
    plain(facts.run_started())
    plain(facts.started("a"))
    plain(facts.finished("a"))
    plain(facts.run_finished(done=("a",)))
    assert text_of(piped) == "✓     1.5s  a  Do a\n\n1 done in 3.0s\n"


def test_a_minute_of_silence_brings_one_sign_of_life(plain, facts, clock, piped, text_of):
    plain(facts.run_started())
    plain(facts.started("slow"))
    clock.at += 59
    plain.tick()
    assert text_of(piped) == ""
    clock.at += 1
    plain.tick()
    plain.tick()
    assert text_of(piped) == "▸           1 task running: slow (1m 00s)\n"


def test_successes_in_github_are_folded_with_their_output_inside(facts):
    text = GithubDialect(lambda _path: ("::set-output name=x::1", "fine")).task(facts.finished("a"), "✓ a\n")
    token = re.search(r"::stop-commands::(\w{32})\n", text).group(1)
    assert text == f"::group::✓ a\n::stop-commands::{token}\n::set-output name=x::1\nfine\n::{token}::\n::endgroup::\n"


def test_failures_in_github_are_marked_and_left_open(facts):
    event = facts.failed("a:b", description="100% of\nit", reason="exit 3")
    text = GithubDialect(lambda _path: ("never folded",)).task(event, "✗ a\n")
    assert text == "✗ a\n::error title=a%3Ab failed::exit 3: 100%25 of it\n"


def test_no_line_of_the_summary_is_a_workflow_command():
    text = GithubDialect(lambda _path: ()).summary("\n  │ ##[error]injected\n")
    first, *_, last = text.splitlines()
    assert first == f"::stop-commands::{last.strip(':')}"


def test_two_runs_have_different_stop_tokens():
    texts = {GithubDialect(lambda _path: ()).summary("x") for _ in range(2)}
    assert len(texts) == 2


def test_successes_without_output_are_not_folded(facts):
    for dialect in (GithubDialect(lambda _path: ()), GitlabDialect(lambda _path: ())):
        assert dialect.task(facts.finished("a"), "✓ a\n") == "✓ a\n"


def test_sections_in_gitlab_are_collapsed_and_unique(facts):
    dialect = GitlabDialect(lambda _path: ("words",))
    first, second = (dialect.task(facts.finished(name), f"✓ {name}\n") for name in ("a", "b"))
    assert first == "\x1b[0Ksection_start:1000:task_1[collapsed=true]\r\x1b[0K✓ a\nwords\n\x1b[0Ksection_end:1000:task_1\r\x1b[0K\n"
    assert "task_2" in second
