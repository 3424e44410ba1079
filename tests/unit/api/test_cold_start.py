"""Functions start quickly: they find what they import in their layers, and import nothing that only others need."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.cold_imports import (
    BOTO3,
    HEAVY,
    MOST_OF_BOTO3,
    Function,
    Import,
    import_cold,
    template_functions,
)

FUNCTIONS = template_functions()
_MOST_RUNS = 15


@pytest.fixture(scope="module")
def bytecode() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def cold(function: Function, bytecode: Path, code: str = "") -> Import:
    return import_cold(code or function.code, function.surroundings, bytecode)


def test_every_function_of_the_template_is_there() -> None:
    folders = {path.parent.name for path in (Path(__file__).parents[3] / "functions").glob("*/handler.py")}
    assert {each.name for each in FUNCTIONS} == folders
    assert {each.name for each in FUNCTIONS if each.has_http_api} >= {"imports_api", "docs"}


@pytest.mark.parametrize("function", [each for each in FUNCTIONS if each.has_http_api], ids=lambda each: each.name)
def test_function_imports_nothing_heavy(function: Function, bytecode: Path) -> None:
    found = cold(function, bytecode)
    assert found.loaded(["aws_lambda_powertools"])
    assert not found.loaded([*HEAVY, "aws_xray_sdk", "contacts.tabular"])


def test_function_finds_only_what_its_layers_bring(bytecode: Path) -> None:
    functions = {each.name: each for each in FUNCTIONS}
    assert cold(functions["stage_import"], bytecode, "import openpyxl").loaded(["openpyxl"])
    for name, module in (("write_export", "openpyxl"), ("stage_import", "pandas"), ("imports_api", "pytest")):
        with pytest.raises(RuntimeError, match=f"No module named '{module}'"):
            cold(functions[name], bytecode, f"import {module}")


def test_import_takes_little_longer_than_boto3_alone(bytecode: Path) -> None:
    # The best of several in turn, bytecode at hand: what else this machine does must not matter.
    [function] = [each for each in FUNCTIONS if each.name == "imports_api"]
    cold(function, bytecode)
    cold(function, bytecode, BOTO3)
    boto3 = handler = float("inf")
    for _ in range(_MOST_RUNS):
        boto3 = min(boto3, cold(function, bytecode, BOTO3).seconds)
        handler = min(handler, cold(function, bytecode).seconds)
        if handler <= MOST_OF_BOTO3 * boto3:
            return
    raise AssertionError(f"{handler:.3f} s is more than {MOST_OF_BOTO3} times {boto3:.3f} s")
