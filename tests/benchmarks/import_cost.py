"""What an import costs beside the specification's loop: requests, capacity units, CPU time, dollars.

    python -m tests.benchmarks.import_cost [--rows 100000] [--loop-rows 2000] [--profile create]

Imports a file of so many rows (5% with the e-mail of an earlier row, 2% invalid, which staging rejects) with the
functions' own use cases, adapters and clients; AWS is answered in this process, and the time for that is left out.
Measured are the steps after staging: every part applied, the import finished. The loop imports the first rows of the
same file on the same stand-in.

What "a row" divides by are the rows that staging lets through. Counts and ratios bind (DESIGN.md, section 6) and end
the run with 1 where one is missed; rates are this machine's, to be read beside the loop's.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys

from contacts.domain.import_job import DuplicateStrategy
from contacts.runtime.garbage_collection import collect_seldom
from tests.benchmarks.capacity import PRICE_REGION
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, Cost, Scenario, measure, measure_loop

BUDGET_ROWS = 100_000
SEGMENT = "Newcomers"
SCENARIOS = (
    Scenario("create", DuplicateStrategy.SKIP, SEGMENT, max_write_units=1.1, min_rate=7_500, min_ratio=50),
    Scenario("update", DuplicateStrategy.UPDATE, all_exist=True, max_write_units=1.1, min_rate=3_500),
    Scenario("skip", DuplicateStrategy.SKIP, all_exist=True, max_contact_units=0),
)


def report(scenario: Scenario, cost: Cost, loop: Cost) -> bool:
    """Print one scenario; False where something that binds is missed."""
    ratio = cost.rate / loop.rate
    print(f"\n{scenario.name}: {cost.rows:,} valid rows, {cost.contacts:,} contacts; loop: {loop.rows:,} rows")
    print(f"  {'':38}{'import':>10}{'loop':>10}{'budget':>12}")
    kept = [
        _line("AWS requests a row", cost.requests_a_row, loop.requests_a_row, maximum=scenario.max_requests),
        _line(
            "DynamoDB write units a contact",
            cost.write_units_a_contact,
            loop.write_units_a_contact,
            maximum=scenario.max_write_units,
        ),
        _line(
            "  in the contacts' table alone",
            cost.contact_units / cost.contacts,
            loop.contact_units / loop.contacts,
            maximum=scenario.max_contact_units,
        ),
        _line("DynamoDB read units a row", cost.read_units / cost.rows, loop.read_units / loop.rows),
        _line("times the loop's rows a CPU-second", ratio, 1, minimum=scenario.min_ratio),
    ]
    _line("rows a CPU-second (does not bind)", cost.rate, loop.rate, minimum=scenario.min_rate)
    dollars = [each.price / each.contacts * 1_000_000 for each in (cost, loop)]
    _line("dollars a million contacts", *dollars)
    return all(kept)


def _line(name: str, ours: float, loop: float, *, maximum: float | None = None, minimum: float | None = None) -> bool:
    bound, verdict, kept = "", "", True
    if maximum is not None:
        bound, kept = f"<= {_number(maximum)}", ours <= maximum
    if minimum is not None:
        bound, kept = f">= {_number(minimum)}", ours >= minimum
    if bound:
        verdict = "  pass" if kept else "  MISS"
    print(f"  {name:38}{_number(ours):>10}{_number(loop):>10}{bound:>12}{verdict}")
    return kept


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=BUDGET_ROWS, help="of the file; budgets bind from the default on")
    parser.add_argument("--loop-rows", type=int, default=2_000, help="rows that the loop imports of it")
    parser.add_argument("--profile", choices=[each.name for each in SCENARIOS], help="show where its time goes instead")
    arguments = parser.parse_args()
    os.environ.update(CLIENT_ENVIRONMENT)
    collect_seldom()  # as the functions do
    if arguments.profile:
        profile = cProfile.Profile()
        measure(next(each for each in SCENARIOS if each.name == arguments.profile), arguments.rows, profile)
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        return 0
    kept = []
    for scenario in SCENARIOS:
        loop = measure_loop(scenario, min(arguments.rows, arguments.loop_rows))
        kept.append(report(scenario, measure(scenario, arguments.rows), loop))
    print(f"\nDollars: DynamoDB, S3 and EventBridge requests ({PRICE_REGION}); no compute, transitions or storage.")
    return 0 if all(kept) or arguments.rows < BUDGET_ROWS else 1


if __name__ == "__main__":
    sys.exit(main())
