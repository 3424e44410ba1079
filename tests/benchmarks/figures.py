"""A figure of a benchmark: what was measured, what it is held against, and whether that is good enough.

A benchmark is a module with a function that measures and yields figures; `run` makes a command of it. `all_figures`
runs them all, each in a process of its own, and makes one table of theirs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

#: As wide as the README shows it.
_WIDTH = 132


#: What a benchmark ends with that cannot measure here; the last line that it prints says why.
LEFT_OUT_CODE = 3


class LeftOut(Exception):
    """Raised by a benchmark that cannot measure on this machine, e.g. `LeftOut("there is no Java")`."""


class Verdict(StrEnum):
    PASS = "pass"
    MISS = "MISS"
    #: Of a figure that does not bind, such as a rate of this machine: its budget is there to be read beside it.
    BESIDE = "(miss)"
    NONE = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table.

    `subject` is what was measured, e.g. "import, create"; `name` what of it, with its unit, e.g. "AWS requests a row".
    `baseline` was measured in the same run, of what `against` says. A budget bounds the value, or with `of_ratio` how
    many times the baseline it is. Counts and ratios bind; rates and times of this machine do not (`binds=False`).
    """

    subject: str
    name: str
    value: float
    baseline: float | None = None
    against: str = ""
    at_most: float | None = None
    at_least: float | None = None
    of_ratio: bool = False
    binds: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times the baseline; None without one."""
        return self.value / self.baseline if self.baseline else None

    @property
    def verdict(self) -> Verdict:
        if self.at_most is None and self.at_least is None:
            return Verdict.NONE
        held = self.ratio if self.of_ratio else self.value
        if held is None:
            raise ValueError(f"{self.subject}, {self.name}: a budget of a ratio, and no baseline")
        kept = (self.at_most is None or held <= self.at_most) and (self.at_least is None or held >= self.at_least)
        return Verdict.PASS if kept else Verdict.MISS if self.binds else Verdict.BESIDE

    @property
    def budget(self) -> str:
        bounds = [f"<= {number(self.at_most)}"] if self.at_most is not None else []
        bounds += [f">= {number(self.at_least)}"] if self.at_least is not None else []
        return " ".join(bounds) + (" x" if bounds and self.of_ratio else "")

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict.value}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Figure:
        return cls(**{name: value for name, value in found.items() if name not in {"ratio", "verdict"}})


def number(value: float | None) -> str:
    """With as many digits as can be read."""
    if value is None:
        return ""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or value == 0 else f"{value:.3f}" if size < 10 else f"{value:.1f}"


def show(figures: Sequence[Figure]) -> None:
    """Print them as a table, each below the subject that it shares with others."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading in ("value", "baseline", "ratio", "budget"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("baseline is")
    for subject, of_subject in groupby(figures, key=lambda each: each.subject):
        table.add_row(subject)
        for each in of_subject:
            ratio = f"{number(each.ratio)} x" if each.ratio is not None else ""
            table.add_row(
                f"  {each.name}",
                number(each.value),
                number(each.baseline),
                ratio,
                each.budget,
                each.verdict.value,
                each.against,
            )
    Console(width=_WIDTH, highlight=False).print(table)


def run(
    description: str | None,
    measure: Callable[[argparse.Namespace], Iterable[Figure]],
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None,
) -> int:
    """A benchmark as a command: prints its figures, with `--json FILE` also stores them.

    Returns:
        1 where a figure that binds is missed, 3 where `measure` says `LeftOut`, else 0.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="store the figures there, too")
    add_arguments(parser)
    arguments = parser.parse_args()
    try:
        figures = list(measure(arguments))
    except LeftOut as reason:
        print(reason)
        return LEFT_OUT_CODE
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps([each.to_json() for each in figures], indent=1))
    return 1 if any(each.verdict is Verdict.MISS for each in figures) else 0
