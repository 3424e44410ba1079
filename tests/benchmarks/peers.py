"""The same file through django-import-export on SQLite, and through ours.

    python -m tests.benchmarks.peers [--rows 100000]

Each is named for what it is, because they do different work: django-import-export writes a table in a file beside it,
without undo; ours is measured end to end over HTTP on the local stack (upload, start, poll until it has ended; for an
export also the download), where DynamoDB, S3 and Step Functions are emulated on the same processors, and as CPU time
with AWS answered at no cost, staging included. Rates are this machine's, and nothing binds.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from contacts.domain.import_job import DuplicateStrategy
from local.ephemeral import ephemeral_stack
from local.settings import ROOT, Settings
from local.stack import down
from tests.benchmarks.disk_bench import DiskBench
from tests.benchmarks.figures import Figure, LeftOut, run
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, EARLIER, WARM_UP_ROWS, Bench, Scenario, upload_key
from tests.benchmarks.import_sample import MAPPING, Sample, sample
from tests.benchmarks.own_process import in_own_process
from tests.e2e import exports
from tests.e2e.http_client import Api

STEPS = ("create", "update", "export")
STRATEGIES = {"create": DuplicateStrategy.SKIP, "update": DuplicateStrategy.UPDATE}
#: Editions of the file: the second one changes what the first one wrote.
EDITIONS = {"create": "1", "update": "2"}
#: What is measured, and how it is shown: of times, rows a second.
KINDS = {
    "wallSeconds": "rows/s on the clock",
    "cpuSeconds": "rows a CPU-second",
    "megabytes": "peak resident MB",
}
_POLL_SECONDS = 0.2
_NEEDED = ("django", "import_export", "tablib")

Measured = dict[str, dict[str, float]]


def django(mode: str, files: dict[str, Sample], folder: Path) -> Measured:
    """By step: what `django_peer` measures, checked. Its bulk mode takes no e-mail twice, and is given none."""
    found: Measured = {}
    for step in STEPS:
        path = folder / f"{mode}-{step}.csv"
        if step in files:
            path.write_bytes((without_repeats(files[step]) if mode == "bulk" else files[step]).to_csv())
        each = in_own_process("tests.benchmarks.django_peer", step, mode, str(folder / f"{mode}.sqlite"), str(path))
        check_django(step, each, files["create"])
        found[step] = each
    return found


def without_repeats(file: Sample) -> Sample:
    """The rows whose e-mail no earlier row has, and those without one."""
    seen: set[str] = set()
    rows = []
    for row in file.rows:
        email = row["E-mail"]
        if "@" not in email or email not in seen:
            seen.add(email)
            rows.append(row)
    return Sample(rows, file.people, file.people)


def check_django(step: str, found: dict[str, float], file: Sample) -> None:
    """A peer that does not do the work shows nothing.

    Raises:
        RuntimeError: it has other contacts, or refused other rows, than the file tells.
    """
    refused = 0 if step == "export" else len(file.rows) - file.valid
    if (found["contacts"], found["refused"]) != (file.people, refused):
        raise RuntimeError(f"django-import-export, {step}, went wrong: {found}; the file: {file.contents}")


def on_local_stack(files: dict[str, Sample]) -> Measured:
    """By step: rows, seconds on the clock, the largest peak of a function's process so far."""
    found: Measured = {}
    with tempfile.TemporaryDirectory() as folder:
        stack = ephemeral_stack(Path(folder), os.getpid())
        try:
            api = Api.of(stack, "a-admin")
            _import(api, sample(100, "0", first=10**7), "create")  # every function has a process
            for step in STEPS:
                wall = time.perf_counter()
                if step in files:
                    _import(api, files[step], step)
                else:
                    _export(api, files["create"].people)
                wall = time.perf_counter() - wall
                found[step] = {
                    "rows": rows_of(step, files),
                    "wallSeconds": wall,
                    "megabytes": _largest_function(Path(folder)),
                }
        finally:
            down(Settings(port=0, directory=Path(folder), template=ROOT / "template.yaml"))
    return found


def on_stub(files: dict[str, Sample]) -> Measured:
    """By step: rows, and CPU seconds with AWS answered at no cost."""
    os.environ.update(CLIENT_ENVIRONMENT)
    rows = len(files["create"].rows)
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        DiskBench(Path(folder) / "warm-up").import_file("warm-up", sample(min(rows, WARM_UP_ROWS), "0"), EARLIER)
        found = _imported(DiskBench(Path(folder) / "aws"), files)
    exported = in_own_process("tests.benchmarks.export_runs", "export", "csv", str(rows))
    found["export"] = {"rows": rows, "cpuSeconds": exported["cpuSeconds"]}
    return found


def _imported(bench: Bench, files: dict[str, Sample]) -> Measured:
    """Of each file's import, staging and all."""
    found: Measured = {}
    for step, file in files.items():
        scenario = Scenario(step, STRATEGIES[step], all_exist=step == "update")
        bench.aws.s3.objects[upload_key(step)] = file.to_csv()
        bench.create_job(step, scenario)
        bench.aws.reset()
        bench.stage(step)
        bench.apply_and_finish(step)
        found[step] = {"rows": rows_of(step, files), "cpuSeconds": bench.aws.cpu_seconds()}
        bench.check(step, file.contents, scenario)
    return found


def rows_of(step: str, files: dict[str, Sample]) -> int:
    """How many rows a step of ours reads or writes."""
    return len(files[step].rows) if step in files else files["create"].people


def figures_of(step: str, rows: int, measured: dict[str, Measured]) -> Iterator[Figure]:
    """All beside the first of them, which is django-import-export as it comes."""
    first = next(iter(measured))
    for key, name in KINDS.items():
        values = {who: _value(found[step], key) for who, found in measured.items() if key in found[step]}
        for who, value in values.items():
            is_first = who == first
            yield Figure(
                subject=f"{step}, {rows:,} rows: {name}",
                name=who,
                value=value,
                baseline=None if is_first else values[first],
                against="" if is_first else first,
            )


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise LeftOut(f"{', '.join(missing)} are not installed: pip install -e '.[peers]'")
    files = {step: sample(arguments.rows, edition) for step, edition in EDITIONS.items()}
    with tempfile.TemporaryDirectory() as folder:
        measured = {
            "django-import-export, SQLite": django("default", files, Path(folder)),
            "the same, use_bulk, no e-mail twice": django("bulk", files, Path(folder)),
        }
    measured["ours, local stack, HTTP to the end; largest function"] = on_local_stack(files)
    measured["ours, AWS answered at no cost"] = on_stub(files)
    for step in STEPS:
        yield from figures_of(step, arguments.rows, measured)


def _value(found: dict[str, float], key: str) -> float:
    return found[key] if key == "megabytes" else found["rows"] / found[key]


def _import(api: Api, file: Sample, step: str) -> None:
    started = api.start_import("people.csv", file.to_csv(), MAPPING, {"duplicateStrategy": STRATEGIES[step].value})
    started.raise_for_status()
    job_id = started.json()["jobId"]
    while (job := api.job(job_id))["status"] in {"pending", "processing"}:
        time.sleep(_POLL_SECONDS)
    found = (job["status"], job["createdCount"], job["updatedCount"])
    expected = ("completed", *((file.people, 0) if step == "create" else (0, file.valid)))
    if found != expected:
        raise RuntimeError(f"the import went wrong: {found}, not {expected}")


def _export(api: Api, people: int) -> None:
    job_id = exports.start(api, format="csv")
    while (job := exports.show(api, job_id))["status"] in exports.OPEN:
        time.sleep(_POLL_SECONDS)
    if job["status"] != "completed":
        raise RuntimeError(f"the export went wrong: {job}")
    rows = len(exports.csv_rows(exports.download(api, job).content)) - 1
    if rows < people:
        raise RuntimeError(f"{rows} of {people} contacts were exported")


def _largest_function(folder: Path) -> float:
    """The highest peak of resident memory, in MB, among the stack's function processes that are there (Linux)."""
    peaks = [0.0]
    for process in Path("/proc").glob("[0-9]*"):
        text = _text(process / "cmdline") + _text(process / "environ")
        if "function_bootstrap" in text and str(folder) in text:
            found = re.search(r"^VmHWM:\s+(\d+) kB$", _text(process / "status"), re.MULTILINE)
            peaks.append(int(found[1]) / 1_024 if found else 0.0)
    return max(peaks)


def _text(path: Path) -> str:
    """Empty where the process has ended meanwhile, or is somebody else's."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=100_000)


if __name__ == "__main__":
    sys.exit(run(__doc__, measure, _add_arguments))
