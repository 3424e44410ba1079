"""Few places for many, handed out in turns: who has much to do keeps nobody waiting behind it."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Waiting:
    line: str | None
    turn: threading.Event = field(default_factory=threading.Event)


class FairPlaces:
    """A semaphore whose next place goes to the line that holds the fewest, then to the one that has had the fewest.

    In one line, whoever came first goes first.
    """

    def __init__(self, places: int) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._waiting: list[_Waiting] = []
        self._held: Counter[str | None] = Counter()
        self._had: Counter[str | None] = Counter()

    @contextmanager
    def place(self, line: str | None) -> Iterator[None]:
        """Waits in this line for a place, and holds it."""
        waiting = _Waiting(line)
        with self._lock:
            self._waiting.append(waiting)
            self._hand_out()
        waiting.turn.wait()
        try:
            yield
        finally:
            with self._lock:
                self._take_back(line)
                self._hand_out()

    def _hand_out(self) -> None:
        while self._free and self._waiting:
            first = min(self._waiting, key=lambda each: (self._held[each.line], self._had[each.line]))
            self._waiting.remove(first)
            self._free -= 1
            self._held[first.line] += 1
            self._had[first.line] += 1
            first.turn.set()

    def _take_back(self, line: str | None) -> None:
        self._free += 1
        self._held[line] -= 1
        if not self._held[line] and all(each.line != line for each in self._waiting):
            del self._held[line], self._had[line]
