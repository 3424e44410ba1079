"""Takes the guards of the invariants out of a copy of the project, one at a time, and sees whether the tests notice.

    python -m tests.soak.guards [--invariant N ...] [--only TEXT] [--jobs N]

A guard that can go without a test failing is either not needed or not tested. The tests that a guard names run alone,
first with all guards in place, then without this one. Ends with 1 where a guard survives, or where nothing was proved:
a test that fails or is skipped with all guards in place, that can't be collected, or that ran out of time.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tests.soak.guards_model import PROJECT, Guard
from tests.soak.guards_table import GUARDS

_WIDEST = max(len(guard.what) for guard in GUARDS)

COPIED = (
    "pyproject.toml",
    "template.yaml",
    "Makefile",
    "layers",
    "functions",
    "statemachines",
    "events",
    "cli",
    "local",
    "tests",
)
#: Where tests run on several engines: DynamoDB Local needs Java, and a guard that stands must not depend on that.
_ENGINES = "not dynamodb-local"
#: Loading those of all that is installed takes longer than most of the tests.
_PLUGINS = ("-p", "pytest_timeout")
#: Far above what any of the named tests takes: a removed guard can make a loop endless.
TEST_SECONDS = 120
RUN_SECONDS = 900

_PASSED, _FAILED = 0, 1
_test_that_failed = re.compile(r"^FAILED (\S+)", re.MULTILINE).search
_reasons = re.compile(r"^(?:E  |ERROR |SKIPPED ).*", re.MULTILINE).findall
_skipped = re.compile(r"^SKIPPED |\b\d+ skipped\b", re.MULTILINE).search


class Verdict(StrEnum):
    """What came of a run."""

    PASSED = "passed"
    FAILED = "failed"
    PROVES_NOTHING = "proves nothing"
    """Neither: not collected, skipped, an error outside of a test, or out of time."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of some tests; `detail` names the test that failed, or that passed without its guard, or tells why nothing
    was proved."""

    verdict: Verdict
    detail: str = ""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.guards", description="Mutation check of the guards.")
    parser.add_argument("--invariant", type=int, action="append", help="only this one; can be repeated")
    parser.add_argument("--only", default="", help="only guards with this text in their file or description")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at the same time")
    chosen = parser.parse_args(arguments)
    guards = [
        guard
        for guard in GUARDS
        if guard.invariant in (chosen.invariant or [guard.invariant]) and chosen.only in f"{guard.file} {guard.what}"
    ]
    if not guards:
        parser.error("no guard is meant by this")
    return check(guards, project=PROJECT, jobs=chosen.jobs)


def check(guards: Sequence[Guard], *, project: Path, jobs: int) -> int:
    """Try the guards, print a line for each, and return the exit code."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="guards-") as directory:
        copies = [copy_project(project, Path(directory) / str(number)) for number in range(jobs)]
        tests = list(dict.fromkeys(test for guard in guards for test in guard.test_ids))
        print(f"{len(tests)} tests with all {len(guards)} guards in place ...", flush=True)
        intact = run_tests(copies[0], tests)
        if intact.verdict is not Verdict.PASSED:
            print(f"They have to pass before anything is proved: {intact.verdict}, {intact.detail}")
            return 1
        runs = _without_each(guards, copies)
        alive = 0
        for guard, run in zip(guards, runs, strict=True):
            alive += run.verdict is not Verdict.FAILED
            print(_line(guard, run), flush=True)
    killed = len(guards) - alive
    print(f"{killed} of {len(guards)} guards can't go unnoticed ({time.monotonic() - started:.0f} s)")
    return 1 if alive else 0


def copy_project(project: Path, target: Path) -> Path:
    """A copy of the project in which guards can be removed, compiled so that a changed source is always seen."""
    for name in COPIED:
        source = project / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        elif source.exists():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    # By their sources' hashes, not by time and size: two of our changes can have both in common.
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", str(target)]
    subprocess.run(command, check=True)
    return target


def run_without(project: Path, guard: Guard) -> Run:
    """Run each of the guard's tests by itself, in a copy of the project without it, up to the first that does not
    fail; the copy is whole again afterwards."""
    path = project / guard.path
    whole = path.read_bytes()
    without = guard.removed_from(whole.decode())
    path.write_bytes(without.encode())
    try:
        for test in guard.test_ids:
            run = run_tests(project, [test])
            if run.verdict is not Verdict.FAILED:
                return replace(run, detail=run.detail or test)
    finally:
        path.write_bytes(whole)
    return run


def run_tests(project: Path, tests: Sequence[str]) -> Run:
    """Run these tests in this copy of the project, up to the first that fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-k", _ENGINES, "-p", "no:cacheprovider", *_PLUGINS]
    # Nothing of the environment may lead to the project itself, or decide what is run.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH"))}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, f"--timeout={TEST_SECONDS}", *tests],
            cwd=project,
            env={**kept, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            return Run(Verdict.PROVES_NOTHING, f"out of time after {RUN_SECONDS} s")
        finally:
            _end_group(process)
        output.seek(0)
        return _judge(code, output.read().decode("utf-8", "replace"))


def _judge(code: int, output: str) -> Run:
    failed = _test_that_failed(output)
    if code == _PASSED and not _skipped(output):
        return Run(Verdict.PASSED)
    if code == _FAILED and failed and "Failed: Timeout" not in output:
        return Run(Verdict.FAILED, failed[1])
    return Run(Verdict.PROVES_NOTHING, f"pytest ended with {code}: {' | '.join(_reasons(output))}")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a run, with the servers that its tests started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 15)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)


def _without_each(guards: Sequence[Guard], copies: Sequence[Path]) -> Iterable[Run]:
    free: queue.Queue[Path] = queue.Queue()
    for copy in copies:
        free.put(copy)

    def run(guard: Guard) -> Run:
        project = free.get()
        try:
            return run_without(project, guard)
        finally:
            free.put(project)

    with ThreadPoolExecutor(len(copies)) as threads:
        yield from threads.map(run, guards)


def _line(guard: Guard, run: Run) -> str:
    if run.verdict is Verdict.FAILED:
        end = "killed by " + ", ".join(_name(test) for test in guard.tests)
    elif run.verdict is Verdict.PASSED:
        end = f"SURVIVED {_name(run.detail)}"
    else:
        end = f"NOTHING PROVED {run.detail}"
    return f"{guard.invariant:2}  {guard.what:{_WIDEST}}  {guard.path.name:26}  {end}"


def _name(test: str) -> str:
    """A test's file and name, without the folders."""
    file, _, name = test.partition("::")
    return f"{Path(file).name}::{name}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
