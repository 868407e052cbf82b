"""Do the files that an audit ranks worst get bug fixes? Asked of public repositories whose commits say ``fix:``.

    python tests/benchmarks/hotspots_find_bugs.py DIRECTORY [--half tuning|held-back] [--keep FILE]

DIRECTORY holds a bare clone with full history for each of ``REPOSITORIES``, as OWNER+NAME or OWNER+NAME/repo. At the first of January
and of July of each year, the installed command audits the code as it was then; a file counts as fixed when a commit of the
next six months whose subject begins with ``fix:`` or ``fix(…):`` touches it, under whatever name it has by then. ``--keep`` stores what
was measured, so that another order can be judged in seconds. Prints Markdown.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from core.domain.quality.finding import heat
from core.domain.quality.trend import Direction
from tests.benchmarks.figures import write_figures
from tests.benchmarks.hotspots_samples import LISTED, File, Sample, gathered, stored

REPOSITORIES = (
    "aws/aws-sam-cli", "aws/sagemaker-python-sdk", "aws-powertools/powertools-lambda-python", "bentoml/BentoML",
    "bridgecrewio/checkov", "commitizen-tools/commitizen", "copier-org/copier", "deepset-ai/haystack",
    "googleapis/python-bigquery", "ibis-project/ibis", "langchain-ai/langgraph", "litestar-org/litestar", "meltano/sdk",
    "narwhals-dev/narwhals", "pdm-project/pdm", "python-poetry/poetry",
    "python-semantic-release/python-semantic-release", "snakemake/snakemake", "strawberry-graphql/strawberry", "tobymao/sqlglot",
)  # fmt: skip
Order = Callable[[File], float]


def now(file: File) -> float:
    """The product's order: a file is as urgent as the most urgent of its findings, and without any as its heat."""
    return max((finding.urgency for finding in file.findings), default=heat(file.complexity, file.churn))


def before(file: File) -> float:
    """The order until now: doublings over the threshold, up to twice as much by churn, by a quarter more or less by the trend."""
    leans = {Direction.WORSENING: 1.25, Direction.IMPROVING: 0.75, Direction.FLAT: 1.0}
    churn = 1.0 + min(file.touched["50"], 20) / 20.0
    return max((finding.excess * churn * leans[finding.direction] for finding in file.findings), default=0.0)


def worst_excess(file: File) -> float:
    return max((finding.excess for finding in file.findings), default=0.0)


def doublings(size: str, window: str, churn: float = 1.0, excess: float = 0.0) -> Order:
    """Return an order that adds doublings: of a field of the file, of its commits among the last ``window``, of its worst excess."""
    return lambda file: math.log2(1 + getattr(file, size)) + churn * math.log2(1 + file.touched[window]) + excess * worst_excess(file)


ORDERS: dict[str, Order] = {
    "audit, now": now,
    "audit, before": before,
    "size alone": lambda file: file.lines,
    "complexity alone": lambda file: file.complexity,
    "churn alone": lambda file: file.churn,
}
TRIED: dict[str, Order] = {
    "**now: heat + excess + trend**": now,
    "before: excess × churn × trend": before,
    "excess alone": worst_excess,
    "heat: complexity × churn of 200 commits": doublings("complexity", "200"),
    "complexity × churn of 50 commits": doublings("complexity", "50"),
    "complexity × churn of 1,000 commits": doublings("complexity", "1000"),
    "complexity × √ churn of 200": doublings("complexity", "200", 0.5),
    "complexity × churn² of 200": doublings("complexity", "200", 2.0),
    "lines × churn of 200": doublings("lines", "200"),
    "complexity × churn of 200 × excess": doublings("complexity", "200", 1.0, 1.0),
    "complexity × churn of 200 × excess²": doublings("complexity", "200", 1.0, 2.0),
    "lines alone": lambda file: file.lines,
    "complexity of the file alone": lambda file: file.complexity,
    "complexity of the worst block alone": lambda file: file.worst,
    "churn of 200 alone": lambda file: file.touched["200"],
}


def tuning_half() -> frozenset[str]:
    """Return every other name in the order of their SHA-256: chosen before anything was measured."""
    return frozenset(sorted(REPOSITORIES, key=lambda name: hashlib.sha256(name.encode()).digest())[::2])


def precision(files: Sequence[File], order: Order, listed: int = LISTED) -> float:
    """Return the share of fixed files among the first ``listed``; of equals at the end of the list, the expected share."""
    ranked = sorted(files, key=order, reverse=True)
    last = order(ranked[listed - 1])
    before = [file.fixed for file in ranked if order(file) > last]
    equal = [file.fixed for file in ranked if order(file) == last]
    return (sum(before) + (listed - len(before)) * sum(equal) / len(equal)) / listed


def auc(files: Sequence[File], order: Order) -> float:
    """Return the chance that a fixed file is ranked before one that is not; equals count half."""
    fixed, rest = Counter(order(file) for file in files if file.fixed), Counter(order(file) for file in files if not file.fixed)
    won, below = 0.0, 0
    for value in sorted(fixed.keys() | rest.keys()):
        won += fixed[value] * (below + rest[value] / 2)
        below += rest[value]
    return won / (fixed.total() * rest.total())


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def row(some: Sequence[Sample], orders: Mapping[str, Order]) -> list[tuple[float, float]]:
    """Return the base rate, then the precision of each order, each with its AUC: means over the dates of one repository."""
    base = mean([mean([file.fixed for file in sample.files]) for sample in some])
    return [(base, 0.5)] + [
        (mean([precision(sample.files, order) for sample in some]), mean([auc(sample.files, order) for sample in some]))
        for order in orders.values()
    ]


def by_repository(every: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Return the samples that count, by repository."""
    return {
        name: [sample for sample in every if sample.repository == name and not sample.withheld]
        for name in dict.fromkeys(sample.repository for sample in every)
    }


def table(every: Sequence[Sample], orders: Mapping[str, Order] = ORDERS) -> Iterator[str]:
    """Yield the lines of a table: a row for each repository, and their mean."""
    yield f"| repository | dates | files | fix commits | base rate | {' | '.join(orders)} |"
    yield f"| --- |{' ---: |' * (4 + len(orders))}"
    rows = []
    for name, some in by_repository(every).items():
        if not some:
            reasons = [sample.withheld for sample in every if sample.repository == name]
            yield f"| {name} | withheld: {reasons[-1]} |{' |' * (3 + len(orders))}"
            continue
        rows.append(row(some, orders))
        files, fixes = mean([len(sample.files) for sample in some]), mean([sample.fixes for sample in some])
        yield f"| {name} | {len(some)} | {files:.0f} | {fixes:.0f} | {_cells(rows[-1])}"
    if rows:
        yield f"| **mean of {len(rows)}** | | | | {_cells(_means(rows))}"


def tried(every: Sequence[Sample]) -> Iterator[str]:
    """Yield the lines of a table of what was tried: means over repositories of precision and AUC."""
    yield "| order | all files | files with a finding |"
    yield "| --- | ---: | ---: |"
    whole = [some for some in by_repository(every).values() if some]
    flagged = [found for some in whole if (found := [only for sample in some if (only := _flagged(sample))])]
    means = [_means([row(some, TRIED) for some in kind])[1:] for kind in (whole, flagged)]
    for name, one, other in zip(TRIED, *means, strict=True):
        yield f"| {name} | {_cell(*one)} | {_cell(*other)} |"


def _flagged(sample: Sample) -> Sample | None:
    """Return the sample of only the files with a finding; None where they are too few to choose from."""
    files = tuple(file for file in sample.files if file.findings)
    enough = len(files) >= 1.5 * LISTED and 0 < sum(file.fixed for file in files) < len(files)
    return dataclasses.replace(sample, files=files) if enough else None


def _means(rows: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    return [(mean([share for share, _ in column]), mean([area for _, area in column])) for column in zip(*rows, strict=True)]


def _cells(pairs: Sequence[tuple[float, float]]) -> str:
    (base, _), *rest = pairs
    return f"{base:.0%} | {' | '.join(_cell(*pair) for pair in rest)} |"


def _cell(share: float, area: float) -> str:
    return f"{share:.0%} · {area:.2f}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("directory", type=Path)
    options.add_argument("--half", choices=("tuning", "held-back"))
    options.add_argument("--keep", type=Path)
    told = options.parse_args()
    tuning = tuning_half()
    names = [name for name in REPOSITORIES if not told.half or (name in tuning) == (told.half == "tuning")]
    if told.keep and told.keep.exists():
        every = [sample for sample in stored(told.keep) if sample.repository in names]
    else:
        every = gathered(told.directory, names)
        if told.keep:
            told.keep.write_text(json.dumps([dataclasses.asdict(sample) for sample in every]))
    for half, chosen in (("tuning", True), ("held-back", False)):
        some = [sample for sample in every if (sample.repository in tuning) == chosen]
        if some:
            lines = [*table(some), *(["", *tried(some)] if chosen else [])]
            print(f"\n{half}:\n", *lines, sep="\n")
            write_figures(f"hotspots-{half}", "\n".join(lines), command="python tests/benchmarks/hotspots_find_bugs.py DIRECTORY")


if __name__ == "__main__":
    main()
