"""Every benchmark, each in a process of its own, and one table of what they found.

    python -m tests.benchmarks.all_figures [--only import_cost growth] [--rows 100000] [--quick]

The result is also written to `.bench/latest.json`, or to `.bench/partial.json` with one of these options, and what each
benchmark printed to `.bench/<benchmark>.log`. Ends with 1 where a figure that binds is missed, or where a benchmark
died; the others still run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import LEFT_OUT_CODE, Figure, Verdict, show
from tests.benchmarks.this_machine import commit, describe_machine

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / ".bench"
#: Where the functions find what is in their layer, and the command line's package.
_PYTHONPATH = os.pathsep.join(str(ROOT / each) for each in ("layers/contacts/python", "cli", "."))


@dataclass(frozen=True)
class Benchmark:
    """A module to run; `quick` are the options with which it takes some seconds, None where it takes more anyway."""

    module: str
    quick: tuple[str, ...] | None = None
    takes_rows: bool = False

    @property
    def name(self) -> str:
        return self.module.rpartition(".")[2]

    def options(self, *, quick: bool, rows: int | None) -> tuple[str, ...]:
        if quick:
            return self.quick or ()
        return ("--rows", str(rows)) if rows is not None and self.takes_rows else ()


#: In the order of the table.
BENCHMARKS = (
    Benchmark(
        "tests.benchmarks.import_cost", ("--rows", "2000", "--loop-rows", "200", "--rounds", "1"), takes_rows=True
    ),
    Benchmark("tests.benchmarks.contact_store_cpu", ("--rounds", "1")),
    Benchmark("tests.benchmarks.stage_files", ("--rows", "2000", "4000", "--pandas-rows", "500")),
    Benchmark("tests.benchmarks.export_cost", ("--rows", "500", "1000", "--peer-rows", "500")),
    Benchmark("tests.benchmarks.bulk_create_cost", ("--contacts", "200", "400", "--sample", "20")),
    Benchmark("tests.benchmarks.bulk_on_local_stack"),
    Benchmark("tests.benchmarks.cold_imports"),
    Benchmark("tests.benchmarks.layer_sizes"),
    Benchmark("tests.benchmarks.growth", ("--rows", "1000", "2000")),
    Benchmark("tests.benchmarks.dynamodb_local"),
)


@dataclass(frozen=True)
class Outcome:
    """What became of a benchmark: its figures, or why it has none."""

    name: str
    seconds: float
    figures: tuple[Figure, ...] = ()
    left_out: str | None = None
    died: str | None = None

    @property
    def missed(self) -> list[Figure]:
        return [each for each in self.figures if each.verdict is Verdict.MISS]


def run_benchmark(benchmark: Benchmark, options: Sequence[str], logs: Path) -> Outcome:
    """Run it in a process of its own. Its output goes to a file in `logs`."""
    found, log = logs / f"{benchmark.name}.json", logs / f"{benchmark.name}.log"
    found.unlink(missing_ok=True)
    command = [sys.executable, "-m", benchmark.module, "--json", str(found), *options]
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([_PYTHONPATH, inherited]) if inherited else _PYTHONPATH
    began = time.monotonic()
    with log.open("w") as output:
        code = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdout=output,
            stderr=subprocess.STDOUT,
        ).returncode
    seconds = time.monotonic() - began
    said = log.read_text(errors="replace").strip().splitlines() or ["(nothing was printed)"]
    if code == LEFT_OUT_CODE:
        return Outcome(benchmark.name, seconds, left_out=said[-1])
    # One that misses a budget ends with 1, as one that dies does; but it has told its figures before.
    if code not in {0, 1} or not found.exists():
        return Outcome(benchmark.name, seconds, died=f"ended with {code}: {said[-1]}")
    figures = tuple(Figure.from_json(each) for each in json.loads(found.read_text()))
    found.unlink()
    return Outcome(benchmark.name, seconds, figures)


def collect(
    benchmarks: Iterable[Benchmark],
    logs: Path,
    *,
    quick: bool = False,
    rows: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Run them one after the other. With `quick`, no figure binds, because the sizes are not those of the budgets."""
    chosen = list(benchmarks)
    logs.mkdir(exist_ok=True)
    outcomes = []
    for number, each in enumerate(chosen, start=1):
        if quick and each.quick is None:
            outcomes.append(Outcome(each.name, 0, left_out="it takes more than some seconds"))
            continue
        tell(f"[{number}/{len(chosen)}] {each.name} ...")
        outcome = run_benchmark(each, each.options(quick=quick, rows=rows), logs)
        if quick:
            outcome = replace(outcome, figures=tuple(replace(figure, binds=False) for figure in outcome.figures))
        outcomes.append(outcome)
        tell(f"        {_in_words(outcome)}, {outcome.seconds:.0f} s")
    return outcomes


def report(outcomes: Sequence[Outcome]) -> int:
    """Print the table, and what is not in it. Returns 1 where a figure that binds is missed or a benchmark died."""
    show([figure for outcome in outcomes for figure in outcome.figures])
    for each in outcomes:
        if each.left_out is not None:
            print(f"left out: {each.name}: {each.left_out}")
    for each in outcomes:
        for figure in each.missed:
            print(f"MISSED: {each.name}: {figure.subject}, {figure.name}")
        if each.died is not None:
            print(f"DIED: {each.name} {each.died}")
    return 1 if any(each.missed or each.died is not None for each in outcomes) else 0


def to_json(outcomes: Sequence[Outcome], options: dict[str, Any]) -> dict[str, Any]:
    """All of it, as it is stored."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "commit": commit(ROOT),
        "options": options,
        "seconds": {each.name: round(each.seconds, 1) for each in outcomes},
        "leftOut": {each.name: each.left_out for each in outcomes if each.left_out is not None},
        "died": {each.name: each.died for each in outcomes if each.died is not None},
        "figures": [{"benchmark": each.name, **figure.to_json()} for each in outcomes for figure in each.figures],
    }


def main(arguments: Sequence[str] | None = None, benchmarks: Sequence[Benchmark] = BENCHMARKS) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [each.name for each in benchmarks]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--rows", type=int, help="of the import that import_cost measures")
    parser.add_argument("--quick", action="store_true", help="small sizes; no budget binds")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to (.bench)")
    options = parser.parse_args(arguments)
    chosen = [each for each in benchmarks if options.only is None or each.name in options.only]
    outcomes = collect(
        chosen, options.results, quick=options.quick, rows=options.rows, tell=lambda text: print(text, flush=True)
    )
    found = to_json(outcomes, {"only": options.only, "rows": options.rows, "quick": options.quick})
    is_whole = not (options.only or options.rows or options.quick)
    path = options.results / ("latest.json" if is_whole else "partial.json")
    path.write_text(json.dumps(found, indent=1) + "\n")
    machine = found["machine"]
    print(
        f"\n{found['date']}, commit {found['commit']}, {machine['cores']} cores of {machine['cpu']},"
        f" {machine['memoryGigabytes']} GB, Python {machine['python']}"
    )
    code = report(outcomes)
    print(f"written to {path}")
    return code


def _in_words(outcome: Outcome) -> str:
    if outcome.died is not None:
        return "died"
    if outcome.left_out is not None:
        return "left out"
    missed = len(outcome.missed)
    return f"{len(outcome.figures)} figures" + (f", {missed} MISSED" if missed else "")


if __name__ == "__main__":
    sys.exit(main())
