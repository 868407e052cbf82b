"""What whoever started the command left in this process, and which would make it, or what it starts, work differently: made ours.

Called for every command, ``--help`` included: it imports nothing that Python has not loaded already.
"""

import _signal  # type: ignore[import-not-found]  # the half of ``signal`` that is part of the interpreter
import os
import sys

#: ``nohup`` goes on to commands; the other two are ignored by Python itself.
_LEFT_IGNORED = (_signal.SIGHUP, _signal.SIGPIPE, _signal.SIGXFSZ)
_OWNER = 0o700


def make_state_ours() -> None:
    """Restore the default answers to signals, a umask under which our own files can be used, and UTF-8 for names and texts.

    Stop signals are to be blocked while this runs: it may start Python anew, in the same process.
    """
    _use_utf8()
    for number in _signal.valid_signals().difference(_LEFT_IGNORED):
        # A handler, or None for one that is not Python's, is nobody's inheritance.
        if _signal.getsignal(number) == _signal.SIG_IGN:
            _signal.signal(number, _signal.SIG_DFL)
    umask = os.umask(0o077)
    os.umask(umask & ~_OWNER)


def _use_utf8() -> None:
    """Start Python anew in its UTF-8 mode where it took another encoding from the locale.

    The tool's files are UTF-8. In any other encoding their texts would reach commands and the file system as other bytes, or not at
    all. The variables stay as they are: the mode is ours, not our children's.
    """
    if sys.getfilesystemencoding() == "utf-8" or sys.flags.utf8_mode or not sys.executable:
        return
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
