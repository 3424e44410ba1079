"""How much memory a piece of code takes at its worst."""

from __future__ import annotations

import tracemalloc
from types import TracebackType


class PeakMemory:
    """Counts what Python allocates within the `with` block, expat's and zlib's buffers included."""

    bytes = 0

    def __enter__(self) -> PeakMemory:
        tracemalloc.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
