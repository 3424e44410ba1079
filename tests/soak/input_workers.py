"""Stages damaged files in processes of their own, so that one that hangs, dies or takes too much memory is found."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.soak.input_mutants import Mutants
from tests.soak.input_staging import MAX_CPU_SECONDS, Sample, Verdict, stage

#: Seconds of CPU after which the system ends a worker, and of silence after which its parent does.
_LAST_CPU_SECONDS = int(2 * MAX_CPU_SECONDS)
_MOST_SILENCE = 300.0
#: What a worker may ask of the machine at all; the budget is resident memory, and far below.
_MOST_ADDRESS_SPACE = 4 << 30


@dataclass(frozen=True)
class Report:
    """What became of one mutant; `fault` where it is neither accepted nor refused as it should be."""

    number: int
    format: str
    kind: str
    verdict: Verdict | None
    fault: str | None
    peak_bytes: int


def try_one(mutants: Mutants, number: int, max_bytes: int | None = None) -> Report:
    """Stage a mutant in this process."""
    mutant = mutants.make(number)
    verdict, fault = None, None
    try:
        verdict = stage(mutant.upload)
    except Exception:  # noqa: BLE001 - whatever it is, it is the fault that is looked for, and is reported
        fault = traceback.format_exc()
    peak = peak_bytes()
    if max_bytes and peak > max_bytes:
        fault = f"{fault or ''}resident memory rose to {peak / 2**20:.0f} MB"
    return Report(number, mutant.format, mutant.kind, verdict, fault, peak)


def try_all(samples: Sequence[Sample], seed: str, count: int, *, workers: int, max_bytes: int) -> Iterator[Report]:
    """A report of each of the first `count` mutants, in no certain order."""
    crew = [_Worker(samples, seed, range(first, count, workers), max_bytes) for first in range(workers)]
    try:
        while any(worker.left for worker in crew):
            ready = wait([worker.connection for worker in crew if worker.left], timeout=1.0)
            for worker in crew:
                if worker.left and worker.connection in ready:
                    yield worker.take()
                elif worker.left and worker.is_silent():
                    yield worker.replace(f"silent for {_MOST_SILENCE:.0f} s")
    finally:
        for worker in crew:
            worker.end()


def peak_bytes() -> int:
    """This process's largest resident memory so far."""
    try:
        # What the process was before it became this program counts in getrusage, and not here.
        status = Path("/proc/self/status").read_text("ascii")
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


class _Worker:
    """A process, and which mutants are still its own; a new one takes over from one that dies."""

    def __init__(self, samples: Sequence[Sample], seed: str, numbers: range, max_bytes: int) -> None:
        self._samples, self._seed, self._max_bytes = samples, seed, max_bytes
        self._mutants = Mutants(samples, seed)
        self.left = numbers
        if self.left:
            self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, child = context.Pipe(duplex=False)
        arguments = (child, self._samples, self._seed, self.left, self._max_bytes)
        self._process = context.Process(target=_work, args=arguments, daemon=True)
        self._process.start()
        child.close()
        self._heard = time.monotonic()

    def take(self) -> Report:
        """The report that has arrived, or one on a worker that died over its mutant."""
        try:
            report: Report = self.connection.recv()
        except EOFError:
            self._process.join()
            return self.replace(f"its process died ({self._process.exitcode})")
        self._heard = time.monotonic()
        self.left = self.left[1:]
        # Its peak does not fall any more, and would be held against the next ones.
        if report.peak_bytes > self._max_bytes:
            self._start_anew()
        return report

    def is_silent(self) -> bool:
        return time.monotonic() - self._heard > _MOST_SILENCE

    def replace(self, fault: str) -> Report:
        """Go on after the mutant that is at work, which gets this fault."""
        number, self.left = self.left[0], self.left[1:]
        mutant = self._mutants.make(number)
        self._start_anew()
        return Report(number, mutant.format, mutant.kind, None, fault, 0)

    def _start_anew(self) -> None:
        self.end()
        if self.left:
            self._start()

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _work(connection: Connection, samples: Sequence[Sample], seed: str, numbers: range, max_bytes: int) -> None:
    if sys.platform == "linux":  # macOS refuses
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESS_SPACE, _MOST_ADDRESS_SPACE))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    mutants = Mutants(samples, seed)
    for number in numbers:
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + _LAST_CPU_SECONDS, hard))
        connection.send(try_one(mutants, number, max_bytes))
