"""Measurements in processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.benchmarks.own_process import in_own_process, peak_megabytes


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_what_was_measured_is_on_the_last_line(modules: Path) -> None:
    (modules / "measures.py").write_text(
        "import sys, json; print('a library talks'); print(json.dumps({'n': sys.argv[1:]}))"
    )
    assert in_own_process("measures", "csv", "3") == {"n": ["csv", "3"]}


def test_a_failure_says_why(modules: Path) -> None:
    (modules / "fails.py").write_text("print('{}'); raise SystemExit('staged wrongly')")
    with pytest.raises(RuntimeError, match="fails csv ended with 1:\nstaged wrongly"):
        in_own_process("fails", "csv")


@pytest.mark.skipif(sys.platform != "linux", reason="getrusage() leaves the parent out elsewhere")
def test_memory_is_the_processs_own_and_not_its_parents(modules: Path) -> None:
    (modules / "small.py").write_text(
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from tests.benchmarks.own_process import peak_megabytes\n"
        "import json; print(json.dumps({'megabytes': peak_megabytes()}))"
    )
    held = b"x" * 100_000_000
    assert in_own_process("small")["megabytes"] < peak_megabytes() - 50
    del held


def test_memory_once_taken_counts() -> None:
    before = peak_megabytes()
    held = bytearray(int(before * 2**20) + 64 * 2**20)
    del held
    assert peak_megabytes() > before + 32
