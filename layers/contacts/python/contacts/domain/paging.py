"""A page of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, and where the next page starts; None after the last one.

    `next_position` is plain text that means something to the store alone. It names no tenant: the store puts the
    caller's own in front, so that a position of one tenant leads nowhere in another.
    """

    items: Sequence[Item]
    next_position: str | None = None
