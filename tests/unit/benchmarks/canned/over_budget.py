from __future__ import annotations

import sys

from tests.benchmarks.figures import Figure, run

if __name__ == "__main__":
    sys.exit(run(None, lambda _: [Figure(subject="export", name="requests a row", value=3.0, at_most=2.0)]))
