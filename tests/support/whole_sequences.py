"""Sequences of what can happen, each named by its seed; and how one that fails is cut short."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress

from contacts.domain.export_job import ExportJob
from tests.support.whole_actions import ACTIONS, next_action
from tests.support.whole_surface import Surface
from tests.support.whole_world import small_units


def run_sequence(
    seed: str, length: int, *, without: Collection[int] = (), on_step: Callable[[int, str], object] | None = None
) -> Counter[str]:
    """A sequence of so many steps and its end; returns what happened, by kind. Raises where the model disagrees.

    `on_step` is told of each step's number and name before it is taken.
    """
    surface = Surface()
    with small_units():
        for number in range(length):
            rng = random.Random(f"{seed}/{number}")
            if number in without:
                continue
            name = next_action(surface, rng)
            if on_step is not None:
                on_step(number, name)
            surface.tally[f"step: {name}"] += 1
            ACTIONS[name].act(surface, rng)
            surface.observe()
        surface.end()
        _let_exports_expire(surface, random.Random(f"{seed}/end"))
    return surface.tally


def _let_exports_expire(surface: Surface, rng: random.Random) -> None:
    """A week later the files go, once; what a clean-up that dies leaves, the next one takes."""
    surface.world.clock.advance(days=8)
    exports = [job.id for job in surface.world.table.values() if isinstance(job, ExportJob)]
    with surface.watch():
        assert surface.world.clean_up_exports(dry_run=True).jobs == len(exports)
        surface.attempt(rng, surface.world.clean_up_exports)
        assert not surface.world.clean_up_exports().failed
    assert list(surface.world.files.list_keys("exports/")) == []
    assert not [job for job in surface.world.table.values() if isinstance(job, ExportJob)]


def shortened(seed: str, length: int) -> list[int]:
    """The numbers of the steps that a sequence which fails can't do without."""
    left_out: set[int] = set()
    for number in reversed(range(length)):
        if _fails(seed, length, left_out | {number}):
            left_out.add(number)
    return [number for number in range(length) if number not in left_out]


def steps_of(seed: str, length: int, numbers: Collection[int]) -> list[tuple[int, str]]:
    """The names of a failing sequence's steps, without all others, up to the one that fails."""
    steps: list[tuple[int, str]] = []
    without = set(range(length)).difference(numbers)
    with suppress(Exception):
        run_sequence(seed, length, without=without, on_step=lambda number, name: steps.append((number, name)))
    return steps


def _fails(seed: str, length: int, without: Collection[int]) -> bool:
    try:
        run_sequence(seed, length, without=without)
    except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
        return True
    return False
