"""`make soak-faults FAULTS=10000`: faults on the wire over imports, rollbacks, bulk jobs and exports of several tenants
at once; then an independent checker reads the tables and the bucket."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.wire_faults.fault_report import write_report
from tests.soak.wire_faults.fault_soak import soak
from tests.soak.wire_faults.soak_stack import soak_stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.wire_faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=10_000, help="how many to fire at least")
    parser.add_argument("--rate", type=float, default=0.14, help="share of reads that meet one, half that of writes")
    parser.add_argument("--storm-rate", type=float, default=0.65, help="share of all, for 60 calls of 400")
    parser.add_argument("--doom-one-in", type=int, default=12, help="jobs there are to one that no worker can end")
    parser.add_argument("--tenants", type=int, default=4)
    parser.add_argument("--users", type=int, default=2, help="of each tenant")
    parser.add_argument("--size", type=int, default=400, help="rows of the larger files")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of faults and of what users do")
    parser.add_argument("--port", type=int, help="of the stack; the proxy has the next one; else free ones")
    parser.add_argument("--keep", type=Path, help="a folder for the stack's log and the ledger; else forgotten")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wire-faults-") as scratch:
        directory = (arguments.keep or Path(scratch)).resolve() / "stack"
        # Time-outs at a share of one in sixty: each takes a function ten seconds, or thirty.
        with soak_stack(directory, seed=arguments.seed, port=arguments.port, hold_weight=2.0) as stack:
            result = soak(
                stack,
                faults=arguments.faults,
                rate=arguments.rate,
                storm_rate=arguments.storm_rate,
                doom_one_in=arguments.doom_one_in,
                tenants=arguments.tenants,
                users=arguments.users,
                size=arguments.size,
                seed=arguments.seed,
            )
            write_report(result, sys.stdout, folder=arguments.keep)
    return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
