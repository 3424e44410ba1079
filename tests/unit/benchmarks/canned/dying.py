from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from tests.benchmarks.figures import Figure, run


def measured(_: argparse.Namespace) -> Iterator[Figure]:
    yield Figure(subject="bulk create", name="requests", value=1.0)
    raise RuntimeError("not everybody was created")


if __name__ == "__main__":
    sys.exit(run(None, measured))
