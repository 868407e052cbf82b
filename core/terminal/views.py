"""Which views a run gets, decided from the streams, the environment and the flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.events import Event
from core.reports.run.event_line import Volume
from core.terminal.console import Ci, ci_of
from core.terminal.live_view import LiveView
from core.terminal.output import Output
from core.terminal.plain_view import PlainView, dialect_of
from core.terminal.program_views import JsonView, ReportFile

#: Lines of a success's log that CI folds away; the file has the rest.
_FOLDED = 200


class View(Protocol):
    """An EventSink that shows a run to somebody."""

    def __call__(self, event: Event) -> None:
        """Take one event."""

    def tick(self) -> None:
        """Show what is pending; cheap, to be called at least ten times a second while the run waits."""

    def close(self, *, hurried: bool = False) -> str:
        """The run is over, well or not: write what is pending, leave the terminal as it was.

        Only a view that writes to a file of its own may wait, for whoever reads that, and not when ``hurried``. Returns why the file
        that somebody asked for is not there, one sentence; empty when it is. What is lost of an Output, the Output knows.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """What the command line asked for."""

    json: bool = False
    volume: Volume = Volume.NORMAL
    #: File for JUnit's XML; empty for none.
    junit: str = ""
    #: Lines of a failed task's log in the summary.
    tail: int = 20
    #: Whether the summary says how reflection is switched on: nobody has said yet whether it should be.
    offers_reflection: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What views ask for beside the events."""

    #: ``LogStore.tail``: the last lines of the log at a path.
    tail: Callable[[str, int], Sequence[str]]
    #: ``Orchestrator.upcoming``: the ids of what starts next.
    upcoming: Callable[[int], Sequence[str]] = lambda _count: ()


def pick_views(environ: Mapping[str, str], stdout: Output, stderr: Output, view_options: ViewOptions, sources: Sources) -> list[View]:
    """Return the views, none of which has written anything yet.

    Progress goes to stderr and the summary to stdout, both to stdout in CI; ``--json`` gives stdout to the events, and
    a person still gets the live view on a terminal that the events do not fill.
    """
    ci = ci_of(environ)
    views: list[View] = []
    if view_options.json:
        views.append(JsonView(stdout))
        if stderr.look.live and not stdout.look.terminal:
            views.append(_live(stderr, stderr, view_options, sources))
    elif stderr.look.live:
        views.append(_live(stderr, stdout, view_options, sources))
    else:
        views.append(_plain(stderr if ci is Ci.NONE else stdout, stdout, ci, view_options, sources))
    if ci is Ci.GITHUB and environ.get("GITHUB_STEP_SUMMARY"):
        from core.reports.run.run_summary import step_summary

        views.append(ReportFile(environ["GITHUB_STEP_SUMMARY"], step_summary, stderr, append=True, mask=stderr.mask))
    if view_options.junit:
        from core.reports.formats.junit import junit_xml

        views.append(
            ReportFile(view_options.junit, lambda progress: junit_xml(progress, tail=_tail(sources, view_options.tail)), mask=stdout.mask)
        )
    return views


def _live(terminal: Output, result: Output, view_options: ViewOptions, sources: Sources) -> LiveView:
    return LiveView(
        terminal,
        result,
        tail=_tail(sources, view_options.tail),
        upcoming=sources.upcoming,
        volume=view_options.volume,
        offers_reflection=view_options.offers_reflection,
    )


def _plain(lines: Output, result: Output, ci: Ci, view_options: ViewOptions, sources: Sources) -> PlainView:
    dialect = dialect_of(ci, _tail(sources, _FOLDED))
    offers = view_options.offers_reflection and ci is Ci.NONE
    return PlainView(
        lines, result, tail=_tail(sources, view_options.tail), volume=view_options.volume, dialect=dialect, offers_reflection=offers
    )


def _tail(sources: Sources, lines: int) -> Callable[[str], Sequence[str]]:
    return lambda path: sources.tail(path, lines)
