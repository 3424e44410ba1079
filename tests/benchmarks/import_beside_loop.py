"""An import and the specification's loop on the same file; see `import_cost`."""

from __future__ import annotations

import cProfile
import tempfile
from pathlib import Path

import boto3

from tests.benchmarks.disk_bench import DiskBench
from tests.benchmarks.import_runs import EARLIER, TAGS, WARM_UP_ROWS, Cost, Scenario
from tests.benchmarks.import_sample import MAPPING, Sample, sample
from tests.benchmarks.metered_aws import MeteredAws
from tests.benchmarks.metered_dynamodb import MeteredDynamoDB
from tests.benchmarks.metered_s3 import MeteredS3
from tests.benchmarks.specification_loop import SpecificationLoop, loop_tables

_WARM_UP_LOOP_ROWS = 100


class LoopBench:
    """The specification's loop on tables of its own, warmed up and, where all are to exist, with the contacts of so
    many rows."""

    def __init__(self, scenario: Scenario, rows: int) -> None:
        self._scenario = scenario
        self._aws = MeteredAws(MeteredDynamoDB(loop_tables()), MeteredS3())
        self._resource = boto3.resource("dynamodb")
        self._aws.attach(self._resource.meta.client)
        others = 10**7
        self._import(sample(rows, "1") if scenario.all_exist else sample(_WARM_UP_LOOP_ROWS, "1", others), EARLIER)

    def import_rows(self, first: int, count: int) -> Cost:
        return self._import(sample(count, "2", first), self._scenario)

    def _import(self, file: Sample, scenario: Scenario) -> Cost:
        loop = SpecificationLoop(self._resource, strategy=scenario.strategy, tags=TAGS, segment=scenario.segment)
        self._aws.reset()
        result = loop(file.rows, MAPPING)
        cost = Cost.metered(self._aws, self._aws.cpu_seconds(), file.contents, scenario)
        if result.created + result.updated + result.skipped != len(file.rows):
            raise RuntimeError(f"the loop went wrong: {result.created} created, {result.updated} updated")
        return cost


def measure(scenario: Scenario, rows: int, profile: cProfile.Profile | None = None) -> Cost:
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        # Fills caches of the SDK, and of ours, as the earlier parts of an import do.
        warm_up = DiskBench(Path(folder) / "warm-up")
        warm_up.import_file("warm-up", sample(min(rows, WARM_UP_ROWS), "0"), EARLIER)
        bench = DiskBench(Path(folder) / "aws")
        if scenario.all_exist:
            bench.import_file("earlier", sample(rows, "1"), EARLIER)
        return bench.import_file("job", sample(rows, "2"), scenario, profile)


def measure_beside_loop(scenario: Scenario, rows: int, loop_rows: int, rounds: int) -> tuple[Cost, Cost]:
    """The import's cost, and the loop's. Of several rounds the fastest counts, of either by itself: whatever else a
    machine does can only make one slower."""
    found = [_one_round(scenario, rows, loop_rows) for _ in range(rounds)]
    imports, loops = zip(*found, strict=True)
    return min(imports, key=_seconds_a_row), min(loops, key=_seconds_a_row)


def _seconds_a_row(cost: Cost) -> float:
    return 1 / cost.rate


def _one_round(scenario: Scenario, rows: int, loop_rows: int) -> tuple[Cost, Cost]:
    """Half of the loop's rows before the import and half after it, because a machine's speed drifts."""
    half = max(20, loop_rows // 40 * 20)  # no e-mail is in both
    loop = LoopBench(scenario, 2 * half)
    before = loop.import_rows(0, half)
    cost = measure(scenario, rows)
    return cost, before + loop.import_rows(half, half)
