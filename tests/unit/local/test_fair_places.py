"""Who has much to do keeps nobody waiting behind it, and there are never more at work than there are places."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from ministack.services import stepfunctions

from local.engine.adapter import _timed_by_the_function
from local.engine.fair_places import FairPlaces

PATIENCE_SECONDS = 20.0


def served(places: FairPlaces, lines: list[str | None], *, most: int) -> tuple[list[str | None], int]:
    """The order in which these come to a place, having come one after the other while none was free; and how many
    held one at once. What they do takes until the next one could have come."""
    order: list[str | None] = []
    at_once, largest = 0, 0
    lock = threading.Lock()

    def work(line: str | None) -> None:
        nonlocal at_once, largest
        with places.place(line):
            with lock:
                order.append(line)
                at_once += 1
                largest = max(largest, at_once)
            time.sleep(0.002)
            with lock:
                at_once -= 1

    with ThreadPoolExecutor(len(lines)) as threads:
        taken = [places.place("before") for _ in range(most)]
        for place in taken:
            place.__enter__()
        for number, line in enumerate(lines, start=1):
            threads.submit(work, line)
            wait_until(lambda number=number: len(places._waiting) == number)
        for place in taken:
            place.__exit__(None, None, None)
    return order, largest


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_lines_take_turns() -> None:
    order, _ = served(FairPlaces(1), ["many"] * 5 + ["few", None, "few"], most=1)
    assert order == ["many", "few", None, "many", "few", "many", "many", "many"]


def test_a_line_that_holds_none_goes_before_one_that_holds_some() -> None:
    places = FairPlaces(2)
    with places.place("long"):
        order, _ = served(places, ["long", "short", "short"], most=1)
    assert order == ["short", "short", "long"]


def test_there_are_no_more_at_work_than_places() -> None:
    order, largest = served(FairPlaces(3), [str(number % 4) for number in range(30)], most=3)
    assert (len(order), largest) == (30, 3)


def test_nothing_is_remembered_of_lines_that_are_over() -> None:
    places = FairPlaces(2)
    served(places, ["a", "b", "a"], most=2)
    assert (dict(places._held), dict(places._had)) == ({}, {})


def test_a_place_comes_back_from_what_fails() -> None:
    places = FairPlaces(1)
    with pytest.raises(RuntimeError), places.place("a"):
        raise RuntimeError
    order, _ = served(places, ["b"], most=1)
    assert order == ["b"]


def test_only_a_task_that_calls_a_function_is_left_to_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepfunctions, "_invoke_resource", lambda _resource, _parameters: "called in its own time")
    invoke = _timed_by_the_function(lambda _resource, _parameters, timeout: f"called for {timeout} s")
    assert invoke("arn:aws:states:::lambda:invoke", {}, 7) == "called in its own time"
    assert invoke("arn:aws:states:::sqs:sendMessage", {}, 7) == "called for 7 s"
