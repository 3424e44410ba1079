"""Trying again, without ever waiting."""

from __future__ import annotations

import pytest

from contacts.adapters.backoff import Backoff


class Busy(Exception):
    pass


class FakeTime:
    """Time passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def backoff(self, deadline_seconds: float) -> Backoff:
        return Backoff(deadline_seconds=deadline_seconds, sleep=self.sleep, monotonic=lambda: self.now)


def _is_busy(error: Exception) -> bool:
    return isinstance(error, Busy)


def test_it_tries_until_it_succeeds() -> None:
    time, answers = FakeTime(), [Busy(), Busy(), "done"]

    def attempt() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert time.backoff(20).call(attempt, retry_if=_is_busy) == "done"
    assert len(time.pauses) == 2


def test_it_raises_the_last_error_before_the_deadline_has_passed() -> None:
    time = FakeTime()

    def attempt() -> None:
        raise Busy

    with pytest.raises(Busy):
        time.backoff(20).call(attempt, retry_if=_is_busy)
    assert 15 < time.now <= 20


def test_it_raises_at_once_what_no_second_try_helps() -> None:
    time = FakeTime()

    def attempt() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        time.backoff(20).call(attempt, retry_if=_is_busy)
    assert time.pauses == []


@pytest.mark.parametrize(("tries", "bound"), [(0, 0.025), (1, 0.05), (3, 0.2), (6, 1.0), (5_000, 1.0)])
def test_pauses_are_spread_from_nothing_to_a_bound_that_doubles_up_to_a_second(tries: int, bound: float) -> None:
    pauses = [Backoff().pause(tries) for _ in range(200)]
    assert max(pauses) <= bound
    assert min(pauses) < bound / 4
    assert max(pauses) > bound * 3 / 4
