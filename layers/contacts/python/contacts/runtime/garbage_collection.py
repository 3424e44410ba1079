"""How often a function looks for cyclic garbage."""

from __future__ import annotations

import gc

#: New containers between two collections. A contact on its way is some forty; a part's thousand would start
#: collections by the dozen, each of which finds nothing, and take a third of the worker's time. What is no cycle is
#: freed at once in any case.
_NEW_CONTAINERS = 50_000


def collect_seldom() -> None:
    """For processes that hold a thousand contacts at a time, or load as many modules. Once a process is enough."""
    gc.set_threshold(_NEW_CONTAINERS, *gc.get_threshold()[1:])
