"""Damages valid files in every way and stages them: `python -m tests.soak.input_mutations --mutations 20000`.

Each has to end with an outcome for every row, or refused with a clear error; never with an exception, and within the
budgets of memory and time. Prints what became of them by format and by kind of damage. Ends with 1 where one did not,
and keeps that file. `--only 4711` tries one again, of the same seed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from tests.soak.input_mutants import Mutants
from tests.soak.input_samples import CORPUS, all_samples
from tests.soak.input_workers import Report, try_all, try_one

MAX_MEGABYTES = 256


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--seed", default=str(time.time_ns()), help="names the mutations; by default a new one")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="the number of one mutation, tried in this process")
    parser.add_argument("--keep-in", type=Path, default=Path(".bench/input-faults"), help="where faulty files are put")
    given = parser.parse_args()
    samples = all_samples()
    mutants = Mutants(samples, given.seed)
    if given.only is not None:
        report = try_one(mutants, given.only)
        print(report.fault or f"{report.format}, {report.kind}: {report.verdict}")
        return 1 if report.fault else 0

    if not CORPUS.is_dir():
        print(f"the third-party files are not there ({CORPUS}); CONTACTS_CORPUS can name their folder", file=sys.stderr)
    began = time.monotonic()
    reports, faults = [], []
    for report in try_all(samples, given.seed, given.mutations, workers=given.workers, max_bytes=MAX_MEGABYTES * 2**20):
        reports.append(report)
        if report.fault:
            faults.append(report)
            _keep(mutants, report, given.keep_in, given.seed)
    _print(reports)
    print(
        f"{len(reports):,} mutations of {len(samples)} files in {time.monotonic() - began:.0f} s, seed {given.seed}:"
        f" {len(faults)} faults; {max(report.peak_bytes for report in reports) / 2**20:.0f} MB resident at most"
        f" (budget {MAX_MEGABYTES})"
    )
    return 1 if faults else 0


def _keep(mutants: Mutants, report: Report, folder: Path, seed: str) -> None:
    """Keep the file that shows a fault, and say how to see it again."""
    upload = mutants.make(report.number).upload
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{seed}-{report.number}-{upload.name}"
    path.write_bytes(upload.content)
    print(
        f"{report.fault}\nmutation {report.number} of {upload.name} ({report.kind}), kept as {path};"
        f" again: --seed {seed} --only {report.number}",
        file=sys.stderr,
    )


def _print(reports: list[Report]) -> None:
    tallies: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    codes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        tally = tallies[report.format, report.kind]
        tally["files"] += 1
        if report.fault or report.verdict is None:
            tally["faults"] += 1
        elif report.verdict.code:
            tally["refused"] += 1
            codes[report.format][report.verdict.code] += 1
        else:
            tally["accepted"] += 1
            tally["rows"] += report.verdict.rows
            tally["in error"] += report.verdict.rejected
    columns = ("files", "accepted", "refused", "rows", "in error", "faults")
    print(f"{'format':<8}{'damage':<34}" + "".join(f"{column:>11}" for column in columns))
    for (format_, kind), tally in sorted(tallies.items()):
        print(f"{format_:<8}{kind:<34}" + "".join(f"{tally[column]:>11,}" for column in columns))
    for format_, of_it in sorted(codes.items()):
        print(f"{format_}, refused with {', '.join(f'{code} {count:,}' for code, count in of_it.most_common())}")


if __name__ == "__main__":
    sys.exit(main())
