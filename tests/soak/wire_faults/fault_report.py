"""What a soak prints."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TextIO

from tests.soak.wire_faults.fault_choice import Fault
from tests.soak.wire_faults.fault_soak import SoakResult
from tests.soak.wire_faults.findings import Invariant

_MOST_LINES = 30


def write_report(result: SoakResult, out: TextIO, folder: Path | None) -> None:
    """Faults by kind and service, jobs by how they ended, checks, violations; the ledger into `folder`, if any."""
    _faults(result, out)
    print("\njobs and how they ended", file=out)
    for (kind, status), number in sorted(result.jobs.items()):
        print(f"  {kind:<18}{status:<14}{number:>7,}", file=out)
    print(
        "\nscenes " + ", ".join(f"{name}: {number}" for name, number in sorted(result.tenants.played.items())), file=out
    )
    failures = ", ".join(f"{name}: {number}" for name, number in result.failures.most_common())
    print(f"functions that failed and were tried again: {failures or 'none'}", file=out)
    doomed = ", ".join(f"{why}: {number}" for why, number in sorted(result.doomed.items()))
    print(f"jobs that no worker could end: {doomed or 'none'}", file=out)
    print(f"parts and slices closed from their plans: {result.reconciled}", file=out)
    print("sweeps {}, of which {} met faults".format(*result.sweeps), file=out)
    broken = Counter(invariant for invariant, _ in result.findings.violations)
    print("\ninvariant" + " " * 29 + "checks  violations", file=out)
    for invariant in Invariant:
        name = f"{invariant.value} {invariant.name.lower().replace('_', ' ')}"
        print(f"  {name:<34}{result.findings.checks[invariant]:>8,}{broken[invariant]:>12}", file=out)
    for invariant, violation in result.findings.violations[:_MOST_LINES]:
        print(f"VIOLATION of {invariant.value}: {violation}", file=out)
    for left in result.open_[:_MOST_LINES]:
        print(f"STILL OPEN: {left}", file=out)
    for surprise in result.tenants.surprises[:5]:
        print(f"SURPRISE in {surprise}", file=out)
    for gave_up in result.tenants.ledger.unanswered[:_MOST_LINES]:
        print(f"given up: {gave_up}", file=out)
    fired = result.faults.total()
    verdict = "good" if result.is_good else "NOT GOOD"
    sums = f"{fired:,} faults in {sum(result.calls.values()):,} calls, {result.findings.checks.total():,} checks"
    found = f"{len(result.findings.violations)} violations, {result.seconds:,.0f} s, seed {result.seed}"
    print(f"\n{verdict}: {sums}, {found}", file=out, flush=True)
    if folder is not None:
        ledger = json.dumps(result.tenants.ledger.as_json(), indent=1)
        (folder / "ledger.json").write_text(ledger, "utf-8")


def _faults(result: SoakResult, out: TextIO) -> None:
    services = sorted(result.calls)
    table = Counter[tuple[str, str]]()
    for (service, _, fault), number in result.faults.items():
        table[fault, service] += number
    print("faults" + " " * 18 + "".join(f"{service:>10}" for service in services) + f"{'all':>10}", file=out)
    for fault in Fault:
        row = [table[fault.value, service] for service in services]
        print(f"  {fault.value:<22}" + "".join(f"{number:>10,}" for number in [*row, sum(row)]), file=out)
    calls = [result.calls[service] for service in services]
    print(f"  {'of calls':<22}" + "".join(f"{number:>10,}" for number in [*calls, sum(calls)]), file=out)
