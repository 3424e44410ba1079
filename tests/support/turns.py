"""Several workers at once, of whom one moves at a time: interleavings of port calls that can be chosen and repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.support.port_faults import wrap_calls

_PATIENCE_SECONDS = 60


class Turns:
    """Before each call of a port it is decided anew who goes on.

    `choices` say who, one number a decision; when they run out, whoever moves goes on until the end.
    """

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = iter(choices)
        self._alive: list[str] = []
        self._current = ""
        self._condition = threading.Condition()
        self._failures: list[BaseException] = []
        self._me = threading.local()

    def wrap(self, name: str, port: Any) -> Any:
        """The port, taking turns where a worker of `run` calls it."""
        return wrap_calls(name, port, self._call)

    def run(self, workers: Mapping[str, Callable[[], object]]) -> None:
        """Run all workers to their end; raises what one of them raised."""
        self._alive = list(workers)
        threads = [threading.Thread(target=self._work, args=worker, daemon=True) for worker in workers.items()]
        with self._condition:
            self._choose()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_PATIENCE_SECONDS)
            assert not thread.is_alive(), "a worker hangs"
        if self._failures:
            raise self._failures[0]

    def _work(self, name: str, work: Callable[[], object]) -> None:
        self._me.name = name
        try:
            self._wait(name)
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by `run`
            self._failures.append(error)
        finally:
            with self._condition:
                self._alive.remove(name)
                if self._alive:
                    self._choose()

    def _call(self, _name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        worker = getattr(self._me, "name", None)
        if worker is not None:
            with self._condition:
                self._choose()
            self._wait(worker)
        return method(*args, **kwargs)

    def _choose(self) -> None:
        choice = next(self._choices, None)
        if choice is not None:
            self._current = self._alive[choice % len(self._alive)]
        elif self._current not in self._alive:
            self._current = self._alive[0]
        self._condition.notify_all()

    def _wait(self, worker: str) -> None:
        with self._condition:
            assert self._condition.wait_for(lambda: self._current == worker, _PATIENCE_SECONDS), "no turn came"
