from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from tests.benchmarks.figures import Figure, LeftOut, run


def measured(_: argparse.Namespace) -> Iterable[Figure]:
    raise LeftOut("there is no Java")


if __name__ == "__main__":
    sys.exit(run(None, measured))
