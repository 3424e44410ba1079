"""Random sequences over the whole surface against the model: `python -m tests.soak.whole_surface --steps 50000`.

Prints how many steps ran, of each kind, how many workers died, and at which calls; how often the world was checked, and
how many changes of contacts were explained. Ends with 1 where the model disagrees, and with a sequence cut short.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.support.whole_sequences import run_sequence, shortened, steps_of

LENGTH = 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--seed", default=str(time.time_ns()), help="names the sequences; by default a new one")
    given = parser.parse_args()
    tally: Counter[str] = Counter()
    sequences = steps = 0
    while steps < given.steps:
        seed = f"{given.seed}/{sequences}"
        try:
            tally += run_sequence(seed, LENGTH)
        except Exception:
            needed = shortened(seed, LENGTH)
            print(f"sequence {seed} fails; it takes the steps {steps_of(seed, LENGTH, needed)}", file=sys.stderr)
            raise
        sequences += 1
        steps = sum(count for name, count in tally.items() if name.startswith("step: "))
    _print(tally, steps, sequences, given.seed)
    return 0


def _print(tally: Counter[str], steps: int, sequences: int, seed: str) -> None:
    print(f"The whole surface against a model: {steps:,} steps in {sequences:,} sequences, seed {seed}")
    print(f"{tally['crashes']:>9,} workers died, at {_kinds(tally)} kinds of calls")
    print(f"{tally['lost answers']:>9,} answers to writes were lost")
    print(f"{tally['checks']:>9,} checks, {tally['changes explained']:,} changes of contacts explained")
    for name, count in sorted(tally.items()):
        if name not in {"crashes", "lost answers", "checks", "changes explained"}:
            print(f"{count:>9,} {name}")


def _kinds(tally: Counter[str]) -> int:
    return sum(name.startswith("crash at ") for name in tally)


if __name__ == "__main__":
    sys.exit(main())
