"""Kill every handler before and after every call that it makes, and compare: `python -m tests.soak.crash_points`.

Prints the points by handler, and ends with 1 where a death shows in the end. `--every 20` tries each twentieth point.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.support.crash_points import try_points
from tests.support.crash_scenarios import all_scenarios


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try each so-many-th point only")
    given = parser.parse_args()
    scenarios = all_scenarios()
    started = time.monotonic()
    report = try_points(scenarios, every=given.every)
    differ = Counter(each.handler for each in report.differences)
    print(f"{'handler':<30}{'points':>8}{'tried':>8}{'differ':>8}")
    for handler, points in sorted(report.points.items()):
        print(f"{handler:<30}{points:>8,}{report.tried[handler]:>8,}{differ[handler]:>8,}")
    print(f"{'all':<30}{report.points.total():>8,}{report.tried.total():>8,}{differ.total():>8,}")
    print(f"{len(scenarios)} scenarios, {time.monotonic() - started:.0f} s; each death is followed by three deliveries")
    for each in report.differences:
        print(f"after a death {each.when.value} {each.call} in {each.handler} ({each.scenario})", file=sys.stderr)
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
