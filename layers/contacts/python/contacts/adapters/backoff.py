"""Trying again what failed only because others were there first, with full jitter.

See "Exponential Backoff And Jitter", AWS Architecture Blog: full jitter needs the fewest calls under contention.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long and how patiently to try again.

    Attributes:
        deadline_seconds: no further try starts later than this after the first one; then the last error is raised.
        first_delay_seconds: upper bound of the first pause; it doubles with every try.
        longest_delay_seconds: upper bound of any pause.
        sleep, monotonic: the clock, in seconds, for tests to replace.
    """

    deadline_seconds: float = 20.0
    first_delay_seconds: float = 0.025
    longest_delay_seconds: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def call(self, attempt: Callable[[], Result], *, retry_if: Callable[[Exception], bool]) -> Result:
        """The result of the first attempt that succeeds; raises the first error that `retry_if` declines."""
        deadline = self.monotonic() + self.deadline_seconds
        tries = 0
        while True:
            try:
                return attempt()
            except Exception as error:
                pause = self.pause(tries)
                if not retry_if(error) or self.monotonic() + pause > deadline:
                    raise
            self.sleep(pause)
            tries += 1

    def pause(self, tries: int) -> float:
        """Seconds to wait after so many tries before this one."""
        # 2**10 is past every sensible bound and keeps the float small.
        bound = min(self.longest_delay_seconds, self.first_delay_seconds * 2 ** min(tries, 10))
        return random.uniform(0, bound)  # noqa: S311 - spreads load, secures nothing
