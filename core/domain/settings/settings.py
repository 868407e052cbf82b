"""Every setting: its type, default and meaning, in one table that the reader, the schema, the docs and the environment are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from core.domain.quality.asserts import AssertRule
from core.domain.quality.files_of_tests import TESTS
from core.domain.quality.metric import RANK_LIMITS, Metric
from core.domain.quality.metric_spec import CHOICES, DEFAULT, LIMITED, SPECS
from core.schema.containers import AnyMap, JoinedList, JoinedMap, ListOf, MapOf, Nullable, Record
from core.schema.field_types import Boolean, Choice, FieldType, Text
from core.schema.quantities import Duration, Integer, Number, NumberOrRank, Size


class Owner(StrEnum):
    """Somebody who sets values."""

    #: Whoever can change the repository's files: also the author of a pull request.
    REPOSITORY = "repository"
    #: The person who runs the tool, by a file of their own or a flag.
    USER = "user"
    #: Whoever starts the tool, by a variable: a person, or the owner of a CI's configuration. Counts as the user.
    ENVIRONMENT = "environment"


ANYONE = (Owner.REPOSITORY, Owner.USER, Owner.ENVIRONMENT)
#: What starts a program, or decides where something secret goes.
USER_ONLY = (Owner.USER, Owner.ENVIRONMENT)


def owner_words(owners: tuple[Owner, ...]) -> str:
    """Return who may set it, for a person; a variable or a flag is the user's."""
    return "repository or user" if Owner.REPOSITORY in owners else "user only"


#: Items of a list.
_MOST = 500
#: A path that stays inside the repository: relative, without ``..``, ``~`` or control characters; not in git's directory nor in ours.
INSIDE = Text(
    pattern=r"^(?![/~])(?!(?:[^\x00]*/)?(?:\.\.|\.[gG][iI][tT]|\.orchestrator)(?:/|(?![\s\S])))[^\x00-\x1f\x7f]+(?![\s\S])",
    wanted="a path inside the repository",
)
_GLOB = Text(pattern=r"^[^\x00-\x1f\x7f]+(?![\s\S])", wanted="a glob", longest=1000)
_ANY_PATH = Text(pattern=r"^[^\x00-\x1f\x7f]*(?![\s\S])", wanted="a path")
_COMMAND = Text(pattern=r"^(?=[^\x00]*[^\x00-\x20])[^\x00]+(?![\s\S])", wanted="a command")

#: Ids, globs, addresses and names as manifests write them: no spaces around, no control characters.
_NAME = Text(pattern=r"^[^\x00-\x20\x7f]+(?![\s\S])", wanted="a name without spaces")
_NAMES = ListOf(items=_NAME, most=_MOST)
#: Not every variable: three characters of its name at least.
_VARIABLE = Text(
    pattern=r"^[^\x00-\x20\x7f=]*[A-Za-z0-9_]{3}[^\x00-\x20\x7f=]*(?![\s\S])",
    wanted="a variable's name, or a glob with three characters of it",
    longest=200,
)
#: Permissions, in the form in which a manifest asks for them.
_PERMISSIONS = Record(
    fields={
        "fs": Record(fields={"read": ListOf(items=_GLOB, most=_MOST), "write": ListOf(items=_GLOB, most=_MOST)}),
        "net": _NAMES,
        "exec": _NAMES,
        "env": _NAMES,
        "time": Duration(),
        "memory": Size(),
        "pids": Integer(minimum=1),
    }
)

#: What each threshold may be.
_LIMITS: Mapping[str, FieldType] = MappingProxyType(
    {
        **{metric.value: Integer(minimum=1) for metric in LIMITED},
        "maintainability": NumberOrRank(maximum=100, ranks=RANK_LIMITS),
        "coverage": Number(maximum=100),
    }
)


class Source(StrEnum):
    """Where a value came from, weakest first."""

    DEFAULT = "default"
    #: The user's own config.yaml.
    USER_FILE = "user file"
    #: The repository's config.yaml.
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one value came from."""

    source: Source
    #: ``config.yaml:3:7``, the name of the variable, or the flag; empty for a default.
    place: str = ""


def option(
    default: Any, help: str, value_type: FieldType, *, flag: str = "", owners: tuple[Owner, ...] = ANYONE, decides_verdict: bool = False
) -> Any:
    """Declare one setting: its default, one sentence for the docs, what it may hold, the flag of ``run`` that sets it, and who may.

    With ``decides_verdict``, an audit's verdict depends on it: a comparison with a revision takes the repository's value from there.
    """
    metadata = {"help": help, "value_type": value_type, "flag": flag, "owners": owners, "decides_verdict": decides_verdict}
    if isinstance(default, dict):
        return field(default_factory=lambda: MappingProxyType(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSettings:
    """What a run may spend."""

    cost: float | None = option(None, "Units of cost a run may spend; null: unlimited.", Nullable(of=Number()), flag="--budget")
    time: float | None = option(
        None, "Wall time after which a run starts nothing more; null: unlimited.", Nullable(of=Duration()), flag="--time-budget"
    )
    on_exceed: str = option(
        "pass", "What to do when the next task does not fit: pass over it for one that fits, or stop.", Choice(words=("pass", "stop"))
    )
    warn_at: float = option(0.8, "Share of the budget at which a run warns.", Number(maximum=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is kept of the output of tasks."""

    directory: str = option("logs", "Directory of the log files.", INSIDE)
    limit: int = option(64 * 1024 * 1024, "Size a task's log may grow to; its middle is left out beyond that.", Size())
    keep: int = option(
        500,
        "How many logs of attempts, and how many of runs, stay when a run ends; the oldest go first, its own never.",
        Integer(minimum=1),
    )
    tail: int = option(20, "Lines of a failed task's log shown at the end of a run.", Integer())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectSettings:
    """How a run measures the code and adds tasks."""

    enabled: bool = option(
        False, "Measure the code and append refactor tasks during a run; init asks.", Boolean(), flag="--reflect, --no-reflect"
    )
    every: int = option(1, "Measure again after this many execution cycles that changed code.", Integer(minimum=1))
    max_open_tasks: int = option(10, "The Reflector appends while fewer than this many of its own tasks are open or failed.", Integer())


def _limit(metric: Metric) -> Any:
    """Declare the threshold of a metric as its line of the table says."""
    spec = SPECS[metric]
    return option(spec.threshold, spec.limit, _LIMITS[metric.value], decides_verdict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSettings:
    """When a number is a finding."""

    complexity: int = _limit(Metric.COMPLEXITY)
    maintainability: float = _limit(Metric.MAINTAINABILITY)
    cognitive: int = _limit(Metric.COGNITIVE)
    length: int = _limit(Metric.LENGTH)
    nesting: int = _limit(Metric.NESTING)
    parameters: int = _limit(Metric.PARAMETERS)
    duplication: int = _limit(Metric.DUPLICATION)
    coverage: float = _limit(Metric.COVERAGE)

    def of(self, metric: Metric) -> float:
        """Return the threshold of a metric that has one."""
        return float(getattr(self, metric._value_))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """What is measured and judged."""

    include: tuple[str, ...] = option(("**/*.py",), "Globs of files to measure.", ListOf(items=_GLOB, most=_MOST), decides_verdict=True)
    exclude: tuple[str, ...] = option(
        TESTS,
        "Globs of files to leave out; by default tests: long lists of cases are no complexity.",
        ListOf(items=_GLOB, most=_MOST),
        decides_verdict=True,
    )
    metrics: tuple[str, ...] = option(
        tuple(metric.value for metric in DEFAULT),
        "What is measured and judged; `all` for every metric. `cognitive` needs the extra `maintain`.",
        ListOf(items=Choice(words=("all", *(metric.value for metric in CHOICES))), least=1, most=_MOST),
        decides_verdict=True,
    )
    asserts: str = option(
        AssertRule.IGNORE_IN_TESTS.value,
        "Whether `assert` adds to the complexity of a function: in files of tests it does not, it always counts, or it never does.",
        Choice(words=tuple(rule.value for rule in AssertRule)),
        decides_verdict=True,
    )
    thresholds: ThresholdSettings = field(default_factory=ThresholdSettings)
    overrides: Mapping[str, Mapping[str, float]] = option(
        {},
        "Thresholds for the files that match a glob; the last match wins.",
        MapOf(values=Record(fields=_LIMITS)),
        decides_verdict=True,
    )
    baseline: str = option("audit-baseline.json", "File of accepted findings.", INSIDE, decides_verdict=True)
    coverage: str | None = option(
        None,
        "Report of what tests run (Cobertura XML or lcov), by which audit --since judges changed lines; null: it does not.",
        Nullable(of=INSIDE),
        decides_verdict=True,
    )
    silence: str = option(
        "finding",
        "What is silenced in a comparison with a revision (a new noqa, exclude, looser threshold, …): a finding, or a note.",
        Choice(words=("finding", "note")),
        decides_verdict=True,
    )
    use_wily: bool = option(False, "Take trends from wily instead of from git's objects.", Boolean(), owners=USER_ONLY)
    wily_python: str = option("", "Python interpreter that has wily; empty: an environment is made for it.", _ANY_PATH, owners=USER_ONLY)
    revisions: int = option(50, "Revisions of history that a trend looks at.", Integer())
    jobs: int = option(0, "Processes that measure; 0: one a core.", Integer())

    @property
    def measured(self) -> frozenset[str]:
        """The metrics that ``metrics`` names."""
        return frozenset(metric.value for metric in CHOICES) if "all" in self.metrics else frozenset(self.metrics)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginPolicySettings:
    """What plugins are allowed at most; a user's own file may be stricter."""

    require: str = option(
        "signed",
        "What a plugin must be: signed by a key that the user trusts, or also certified by a key trusted as certifier.",
        Choice(words=("signed", "certified")),
        decides_verdict=True,
    )
    blocked: tuple[str, ...] = option((), "Plugins that never run, by id.", _NAMES, decides_verdict=True)
    ceiling: Mapping[str, Any] | None = option(
        None,
        "The most that any plugin may be granted, as a manifest writes permissions; null: what it asks for.",
        Nullable(of=_PERMISSIONS),
        decides_verdict=True,
    )
    sandbox: str = option("basic", "Weakest sandbox in which plugins run.", Choice(words=("basic", "strong")), decides_verdict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a run can be told, frozen, with the source of each value."""

    tasks_file: str = option("tasks.yml", "The backlog.", INSIDE, flag="--file")
    jobs: int = option(0, "Tasks that run at once; 0: one a core.", Integer(), flag="--jobs")
    fail_fast: bool = option(False, "Start nothing more after the first failure.", Boolean(), flag="--fail-fast")
    timeout: float | None = option(None, "Time limit of a task that sets none; null: none.", Nullable(of=Duration()))
    grace: float = option(5.0, "Time between TERM and KILL.", Duration(zero=True))
    handlers: Mapping[str, str] = option(
        {}, "Command, by kind, that works on tasks of that kind without a command of their own.", MapOf(values=_COMMAND)
    )
    plugins: Mapping[str, Mapping[str, Any]] = option(
        {},
        "Configuration of plugins that listen, audit or report, by plugin; each plugin's schema judges its own, and says which keys only "
        "the user may set.",
        JoinedMap(values=AnyMap()),
        decides_verdict=True,
    )
    redact: tuple[str, ...] = option(
        (),
        "Variables whose values are masked beside those named like secrets, by name or glob; each source adds to the others'.",
        JoinedList(items=_VARIABLE, most=_MOST),
    )
    plugin_policy: PluginPolicySettings = field(default_factory=PluginPolicySettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    log: LogSettings = field(default_factory=LogSettings)
    reflect: ReflectSettings = field(default_factory=ReflectSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    #: Where each value that is not a default came from, by dotted key.
    sources: Mapping[str, Provenance] = field(default_factory=lambda: MappingProxyType({}))
    #: Where each key of a plugin's configuration came from, by plugin and key.
    plugin_sources: Mapping[tuple[str, str], Provenance] = field(default_factory=lambda: MappingProxyType({}))
