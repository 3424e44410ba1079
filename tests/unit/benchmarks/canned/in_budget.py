from __future__ import annotations

import sys

from tests.benchmarks.figures import Figure, run

if __name__ == "__main__":
    sys.exit(
        run(
            None,
            lambda asked: [Figure(subject="import", name="rows", value=asked.rows, baseline=5.0, at_least=2.0)],
            lambda parser: parser.add_argument("--rows", type=float, default=10.0),
        )
    )
