"""A Protocol for every outside thing. The docstring is the contract; ``tests/contract`` holds twin and adapter to it."""

from core.domain.history import History, Revision
from core.domain.outcome import Outcome
from core.ports.audience import EventSink, Listeners
from core.ports.clock import Clock
from core.ports.code import BaselineFile, CodeMeter, CommitLog, Measured, MetricHistory, PluginAuditors, Repository
from core.ports.journal import Journal, RunLock
from core.ports.processes import CommandNotStarted, Exit, Launch, Launcher, Log, LogStore, StopSignals
from core.ports.task_file import Busy, HandEdited, ProjectFolder, TaskFile, Written

__all__ = [
    "BaselineFile",
    "Busy",
    "Clock",
    "CodeMeter",
    "CommandNotStarted",
    "CommitLog",
    "EventSink",
    "Exit",
    "HandEdited",
    "History",
    "Journal",
    "Launch",
    "Launcher",
    "Listeners",
    "Log",
    "LogStore",
    "Measured",
    "MetricHistory",
    "Outcome",
    "PluginAuditors",
    "ProjectFolder",
    "Repository",
    "Revision",
    "RunLock",
    "StopSignals",
    "TaskFile",
    "Written",
]
