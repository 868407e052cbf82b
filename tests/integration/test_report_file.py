"""Reports of a run on a real disk."""

import io

from core import events
from core.terminal.output import Look, Output
from core.terminal.program_views import ReportFile

END = events.RunFinished(
    at=1.0, run_id="r", exit_code=0, duration=1.0, done=(), failed=(), blocked={}, waiting={}, left={}, spent=0.0, reason=""
)


def test_a_report_that_cannot_be_written_is_told_and_no_error(tmp_path):
    complaints = io.StringIO()
    (tmp_path / "file").touch()
    sink = ReportFile(str(tmp_path / "file" / "r.xml"), lambda _progress: "text", Output(complaints, Look()))
    sink(END)
    sink.close()
    assert "r.xml: not written: Not a directory" in complaints.getvalue()


def test_a_report_that_somebody_asked_for_is_missed_by_name(tmp_path):
    (tmp_path / "file").touch()
    sink = ReportFile(str(tmp_path / "file" / "r.xml"), lambda _progress: "text")
    sink(END)
    assert sink.close().endswith("r.xml: not written: Not a directory")


def test_folders_of_a_report_are_made(tmp_path):
    path = tmp_path / "new" / "er" / "r.xml"
    sink = ReportFile(str(path), lambda _progress: "text", Output(io.StringIO(), Look()))
    sink(END)
    sink.close()
    assert path.read_text() == "text"


def test_a_report_is_appended_or_replaced_as_asked(tmp_path):
    for append, expected in ((True, "beforetext"), (False, "text")):
        path = tmp_path / f"{append}"
        path.write_text("before")
        sink = ReportFile(str(path), lambda _progress: "text", Output(io.StringIO(), Look()), append=append)
        sink(END)
        sink.close()
        assert path.read_text() == expected
