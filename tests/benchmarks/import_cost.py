"""What an import costs beside the specification's loop: requests, capacity units, CPU time, dollars.

    python -m tests.benchmarks.import_cost [--rows 100000] [--loop-rows 2000] [--rounds 8] [--only create]

Imports a file of so many rows (5% with the e-mail of an earlier row, 2% invalid, which staging rejects) with the
functions' own use cases, adapters and clients; AWS is answered in this process, what it holds is on disk, and the time
for that is left out.
Measured are the steps after staging: every part applied, the import finished. The loop imports the first rows of the
same file on the same stand-in, half of them before the import and half after it. Where the ratio of their speed
binds, both run `--rounds` times, and the fastest of each counts.

What "a row" divides by are the rows that staging lets through. Counts and ratios bind (DESIGN.md, section 6) from
100,000 rows on; rates are this machine's, to be read beside the loop's.

Dollars are for requests: DynamoDB units, S3, EventBridge. What Lambda would ask for the CPU time, at one processor,
stands on a line of its own; state transitions, storage and what workers wait for are in neither.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
from collections.abc import Iterator

from contacts.domain.import_job import DuplicateStrategy
from contacts.runtime.garbage_collection import collect_seldom
from tests.benchmarks.capacity import PRICE_REGION, PRICES
from tests.benchmarks.figures import Figure, run
from tests.benchmarks.import_beside_loop import measure, measure_beside_loop
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, Scenario

BUDGET_ROWS = 100_000
SEGMENT = "Newcomers"
SCENARIOS = (
    Scenario("create", DuplicateStrategy.SKIP, SEGMENT, max_write_units=1.1, min_rate=7_500, min_ratio=50),
    Scenario("update", DuplicateStrategy.UPDATE, all_exist=True, max_write_units=1.1, min_rate=3_500),
    Scenario("skip", DuplicateStrategy.SKIP, all_exist=True, max_contact_units=0),
    # A second contact of each e-mail: two writes in one transaction. No budget; this is to show its price.
    Scenario("create twins", DuplicateStrategy.CREATE, all_exist=True, has_loop=False, max_requests=None),
)


def import_figures(scenario: Scenario, rows: int, loop_rows: int, rounds: int) -> Iterator[Figure]:
    if scenario.has_loop:
        cost, loop = measure_beside_loop(scenario, rows, loop_rows, 1 if scenario.min_ratio is None else rounds)
    else:
        cost, loop = measure(scenario, rows), None
    subject = f"import of {rows:,}: {scenario.name}"
    binds = rows >= BUDGET_ROWS

    def figure(
        name: str,
        of: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        of_ratio: bool = False,
        binds: bool = binds,
    ) -> Figure:
        return Figure(
            subject=subject,
            name=name,
            value=getattr(cost, of),
            baseline=getattr(loop, of) if loop else None,
            against="specification's loop" if loop else "",
            at_most=at_most,
            at_least=at_least,
            of_ratio=of_ratio,
            binds=binds,
        )

    yield figure("AWS requests a row", "requests_a_row", at_most=scenario.max_requests)
    yield figure("write units a contact", "write_units_a_contact", at_most=scenario.max_write_units)
    yield figure("  in the contacts' table", "contact_units_a_contact", at_most=scenario.max_contact_units)
    yield figure("read units a row", "read_units_a_row")
    if scenario.min_ratio is not None:
        yield figure("rows a CPU-second to the loop's", "rate", at_least=scenario.min_ratio, of_ratio=True)
    yield figure("rows a CPU-second", "rate", at_least=scenario.min_rate, binds=False)
    yield figure("dollars a million contacts", "dollars_a_million")
    yield figure("  and Lambda for its CPU time", "compute_dollars_a_million")


def price_figures() -> Iterator[Figure]:
    """The prices that the dollars come from."""
    for name, price in PRICES.items():
        yield Figure(subject=f"dollars, {PRICE_REGION}", name=f"1M x {name}", value=price * 1_000_000)


def measured(arguments: argparse.Namespace) -> Iterator[Figure]:
    if arguments.profile:
        profile = cProfile.Profile()
        measure(next(each for each in SCENARIOS if each.name == arguments.profile), arguments.rows, profile)
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        return
    for scenario in SCENARIOS:
        if arguments.only is None or scenario.name in arguments.only:
            loop_rows = min(arguments.rows, arguments.loop_rows)
            yield from import_figures(scenario, arguments.rows, loop_rows, arguments.rounds)
    yield from price_figures()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = [each.name for each in SCENARIOS]
    parser.add_argument("--rows", type=int, default=BUDGET_ROWS, help="of the file; budgets bind from the default on")
    parser.add_argument("--loop-rows", type=int, default=2_000, help="rows that the loop imports of it")
    parser.add_argument("--rounds", type=int, default=8, help="where the ratio to the loop binds")
    parser.add_argument("--only", nargs="+", choices=names, help="these imports and no others")
    parser.add_argument("--profile", choices=names, help="show where its time goes instead")


if __name__ == "__main__":
    os.environ.update(CLIENT_ENVIRONMENT)
    collect_seldom()  # as the functions do
    sys.exit(run(__doc__, measured, add_arguments))
