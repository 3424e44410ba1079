"""One import in this process, from staging to the end, on tables and a bucket that are on disk; see `growth`.

    python -m tests.benchmarks.import_on_disk FOLDER CONTENTS

Imports FOLDER/upload, which holds what the JSON object CONTENTS says, and prints what it took as a JSON object.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from contacts.domain.import_job import DuplicateStrategy
from contacts.runtime.garbage_collection import collect_seldom
from tests.benchmarks.disk_backed_aws import path_of
from tests.benchmarks.disk_bench import DiskBench
from tests.benchmarks.import_runs import CLIENT_ENVIRONMENT, SETTINGS, WARM_UP_ROWS, Cost, Scenario, upload_key
from tests.benchmarks.import_sample import Contents, sample
from tests.benchmarks.own_process import peak_megabytes

UPLOAD = "upload"
SCENARIO = Scenario("create", DuplicateStrategy.SKIP, "Newcomers")


def import_on_disk(folder: Path, upload: Path, contents: Contents) -> Cost:
    """Import a file of these contents, from staging to the end; the file is moved."""
    warm_up = DiskBench(folder / "warm-up")
    warm_up.import_file("warm-up", sample(min(contents.rows, WARM_UP_ROWS), "0"), SCENARIO)
    bench = DiskBench(folder / "aws")
    upload.rename(path_of(bench.bucket, upload_key("job")))
    bench.create_job("job", SCENARIO)
    bench.aws.reset()
    bench.stage("job")
    bench.apply_and_finish("job")
    cost = Cost.metered(bench.aws, bench.aws.cpu_seconds(), contents, SCENARIO)
    bench.check("job", contents, SCENARIO)
    stored = len(bench.aws.dynamodb.tables[SETTINGS.contacts_table])
    settings_of_tenant = 1
    if stored != contents.people + settings_of_tenant:
        raise RuntimeError(f"{stored} items in the contacts' table, for {contents.people} contacts")
    return cost


def main(folder: str, contents: str) -> None:
    os.environ.update(CLIENT_ENVIRONMENT)
    collect_seldom()  # as the functions do
    cost = import_on_disk(Path(folder), Path(folder) / UPLOAD, Contents(**json.loads(contents)))
    print(
        json.dumps(
            {
                "requests": cost.requests,
                "write_units": cost.write_units,
                "read_units": cost.read_units,
                "cpu_seconds": cost.cpu_seconds,
                "megabytes": peak_megabytes(),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
